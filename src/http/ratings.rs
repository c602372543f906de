//! `POST /r/{token}`: whoever holds the receipt of a decided case rates the service; `/api/ratings`: those who watch read
//! what was said. The form of the receipt's page works without scripts.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::applications::asked;
use super::extract::{Body, Path, Query};
use super::problem::{Answer, Problem};
use super::route::{Access, JSON, Route};
use super::service::{Asked, Shared, blocking};
use crate::base::id::AgencyCode;
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::domain::application::rating::Opinion;
use crate::domain::error::{Error, ErrorKind};
use crate::wire::form;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/r/{token}",
            "Rates the service of a decided application, once.",
            &[(JSON, "Opinion"), (form::MEDIA_TYPE, "Opinion")],
            post(rate),
        )
        .answers(&[(201, JSON, "The rating."), (303, "text/html", "Back to the page, for browsers.")]),
        Route::get("/api/ratings", "What people said about an agency's service.", get(list))
            .only(Access::Watching)
            .query(&[("agency", "The agency that decides; the whole city otherwise."), ("after", "Where to go on.")])
            .answers(&[(200, JSON, "Ratings by case number, and all of them counted.")]),
    ]
}

async fn rate(
    State(service): State<Shared>,
    headers: HeaderMap,
    Path(token): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    Body(body): Body,
) -> Answer<Response> {
    let way = asked(&query);
    let back = address(&token, way);
    let opinion = opinion(&headers, &body);
    let rated = blocking(&service, move |service| service.city.rate(&token, &opinion?)).await;
    match rated {
        Ok(_) if super::wants_page(&headers) => Ok(Redirect::to(&back).into_response()),
        Err(Problem(error)) if super::wants_page(&headers) => Ok(service.pages.progress(&headers, way, Err(error))),
        rated => Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(rated?.to_json())).into_response()),
    }
}

/// The page that was rated, as it was looked at.
fn address(token: &str, way: Asked) -> String {
    let lang = way.lang.map(|lang| format!("lang={}", lang.pick("zh", "en")));
    let large = way.large.then(|| "large=1".to_owned());
    let query: Vec<_> = lang.into_iter().chain(large).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("/r/{}{mark}{}", form::encode(token), query.join("&"))
}

fn opinion(headers: &HeaderMap, body: &[u8]) -> Result<Opinion, Error> {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let given = if media.to_ascii_lowercase().starts_with(form::MEDIA_TYPE) {
        form::parse(body)?.into_iter().map(|(name, value)| (name, Value::String(value))).collect::<Map>()
    } else {
        parse_object(body, &Limits { bytes: body.len(), ..Limits::DEFAULT })?
    };
    serde_json::from_value(Value::Object(given)).map_err(|error| {
        Error::new(ErrorKind::Malformed, error.to_string())
            .says("请选择一个满意程度后提交。", "Choose how satisfied you are, then send.")
    })
}

async fn list(State(service): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Answer<Response> {
    let page = blocking(&service, move |service| {
        let agency = query.get("agency").map(|code| AgencyCode::parse(code)).transpose()?;
        service.city.ratings(agency.as_ref(), query.get("after").map(String::as_str))
    });
    let page = page.await?;
    let told = json!({"ratings": page.ratings, "tally": page.tally.to_json(), "next": page.next});
    Ok(([(CACHE_CONTROL, "no-store")], Json(told)).into_response())
}
