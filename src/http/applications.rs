//! `/api/applications`: a window files, presents, accepts and decides; `/r/{token}` tells anyone how it stands.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::credentials::idempotency_key;
use super::extract::{self, Body, Path, Query};
use super::offers;
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Asked, Authenticated, Service, Shared, blocking};
use super::uses::told;
use crate::base::id::ApplicationId;
use crate::base::json::{Value, json};
use crate::base::text::Lang;
use crate::domain::application::accept::Acceptance;
use crate::domain::application::decide::Decision;
use crate::domain::application::file::Filing;
use crate::domain::application::record::Application;
use crate::domain::error::Error;
use crate::domain::spoken;
use crate::domain::usage::{Basis, Place};
use crate::wire::qr::{Code, Correction};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let scanned = &[("text/plain", ""), (JSON, "Any")];
    vec![
        Route::post("/api/applications", "Files an application.", &[(JSON, "Filing")], post(file))
            .only(Access::Window)
            .idempotent()
            .answers(&[(201, JSON, "The application.")]),
        Route::post(
            "/api/applications/identify",
            "Files an application for the holder of what was scanned, and ticks off what it meets.",
            &[(JSON, "Identify")],
            post(identify),
        )
        .only(Access::Window)
        .answers(&[(201, JSON, "The verdict and the application."), (200, JSON, "The verdict; nothing was filed.")]),
        Route::get("/api/applications/{id}", "One application.", get(show)).only(Access::WindowReading),
        Route::post(
            "/api/applications/{id}/presentations",
            "Verifies what was scanned, or the eight digits of a spoken code, and ticks off what it meets.",
            scanned,
            post(present),
        )
        .only(Access::Window)
        .query(&[("basis", "Why the window may look: `consent` of the holder, or a `duty` by law.")])
        .answers(&[(200, JSON, "The verdict, the requirements met, the application and the use records.")]),
        Route::post(
            "/api/applications/{id}/accept",
            "Takes the application up (受理) and gives the receipt.",
            &[(JSON, "Acceptance")],
            post(accept),
        )
        .only(Access::Window),
        Route::post(
            "/api/applications/{id}/reject",
            "Does not take the application up (不予受理).",
            &[(JSON, "Reason")],
            post(reject),
        )
        .only(Access::Window),
        Route::post(
            "/api/applications/{id}/decide",
            "Decides the application; results are issued at once.",
            &[(JSON, "Decision")],
            post(decide),
        )
        .only(Access::Window)
        .answers(&[
            (200, JSON, "The application."),
            (202, JSON, "The application; its grant waits for a second person."),
        ]),
        Route::post(
            "/api/applications/{id}/offers",
            "Offers the results of a granted application to the applicant's wallet; the PINs are told once.",
            &[],
            post(hand_over),
        )
        .only(Access::Window)
        .answers(&[(201, JSON, "An offer for each result, as of `/api/offers`.")]),
        Route::get(
            "/api/applications/{id}/archive",
            "The archive package (归档包) of a settled application; it proves itself with the city's root key alone.",
            get(archive),
        )
        .only(Access::WindowReading),
        Route::get("/r/{token}", "How an application stands, behind its receipt's code.", get(progress)).answers(&[(
            200,
            JSON,
            "The progress, or a page for people.",
        )]),
    ]
}

async fn file(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    extract::Json(filing): extract::Json<Filing>,
) -> Answer<(StatusCode, Json<Value>)> {
    let window = caller.window()?.clone();
    blocking(&service, move |service| {
        let application = service.city.file(&window, filing, idempotency_key(&headers).as_deref(), &caller.author())?;
        Ok((StatusCode::CREATED, Json(application.to_json(&service.city)?)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identify {
    matter: String,
    presentation: String,
    #[serde(default)]
    basis: Basis,
}

async fn identify(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<Identify>,
) -> Answer<(StatusCode, Json<Value>)> {
    let place = Place::of(&caller)?.by(asked.basis);
    blocking(&service, move |service| {
        let (city, shown) = (&service.city, asked.presentation.as_bytes());
        let found = match spoken::digits(shown) {
            Some(code) => city.identify_spoken(&place, &asked.matter, &code)?,
            None => city.identify(&place, &asked.matter, shown)?,
        };
        let status = if found.application.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let application = found.application.map(|one| one.to_json(&service.city)).transpose()?;
        let told = json!({
            "verdict": found.outcome.verdict.to_json(),
            "met": found.met,
            "application": application,
            "uses": told(&found.uses),
        });
        Ok((status, Json(told)))
    })
    .await
}

async fn show(State(service): State<Shared>, Path(id): Path<String>) -> Answer<Json<Value>> {
    blocking(&service, move |service| {
        with_receipt(service, &service.city.application(&ApplicationId::parse(&id)?)?).map(Json)
    })
    .await
}

async fn present(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(why): Query<Why>,
    Body(scanned): Body,
) -> Answer<Json<Value>> {
    let place = Place::of(&caller)?.by(why.basis);
    blocking(&service, move |service| {
        let id = ApplicationId::parse(&id)?;
        let shown = match spoken::digits(&scanned) {
            Some(code) => service.city.present_spoken(&place, &id, &code)?,
            None => service.city.present(&place, &id, &scanned)?,
        };
        Ok(Json(json!({
            "verdict": shown.outcome.verdict.to_json(),
            "met": shown.met,
            "application": shown.application.to_json(&service.city)?,
            "uses": told(&shown.uses),
        })))
    })
    .await
}

/// Why the window may look at what is shown.
#[derive(Deserialize)]
struct Why {
    #[serde(default)]
    basis: Basis,
}

async fn accept(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    extract::Json(acceptance): extract::Json<Acceptance>,
) -> Answer<Json<Value>> {
    caller.window()?;
    blocking(&service, move |service| {
        let application = service.city.accept(&ApplicationId::parse(&id)?, &acceptance, &caller.author())?;
        with_receipt(service, &application).map(Json)
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

async fn reject(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    extract::Json(reason): extract::Json<Reason>,
) -> Answer<Json<Value>> {
    caller.window()?;
    blocking(&service, move |service| {
        let application = service.city.reject(&ApplicationId::parse(&id)?, &reason.reason, &caller.author())?;
        with_receipt(service, &application).map(Json)
    })
    .await
}

async fn decide(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    extract::Json(decision): extract::Json<Decision>,
) -> Answer<(StatusCode, Json<Value>)> {
    caller.window()?;
    blocking(&service, move |service| {
        let application = service.city.decide(&ApplicationId::parse(&id)?, decision, &caller.author())?;
        let status = if application.waits(&service.city) { StatusCode::ACCEPTED } else { StatusCode::OK };
        Ok((status, Json(with_receipt(service, &application)?)))
    })
    .await
}

async fn hand_over(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Response> {
    caller.window()?;
    let offers = blocking(&service, move |service| {
        let offered = service.city.offer_results(&ApplicationId::parse(&id)?, &caller.author())?;
        offered.iter().map(|one| offers::told(&service.city, one)).collect::<Result<Vec<_>, _>>()
    });
    let told = Json(json!({"offers": offers.await?}));
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], told).into_response())
}

/// The application with its receipt's code as a picture.
fn with_receipt(service: &Service, application: &Application) -> Result<Value, Error> {
    let mut out = application.to_json(&service.city)?;
    let code = Code::new(&service.city.names.receipt(&application.body.receipt), Correction::Medium)?;
    if let Some(Value::Object(receipt)) = out.get_mut("receipt") {
        receipt.insert("qr".to_owned(), code.to_svg().into());
    }
    Ok(out)
}

async fn archive(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Response> {
    let id = ApplicationId::parse(&id).map_err(Error::from)?;
    let file = format!("attachment; filename=\"{id}.archive.json\"");
    let made = blocking(&service, move |service| Ok(service.city.archive(&id, &caller.author())?.to_bytes())).await?;
    let headers =
        [(CONTENT_TYPE, JSON.to_owned()), (CACHE_CONTROL, "no-store".to_owned()), (CONTENT_DISPOSITION, file)];
    Ok((headers, made).into_response())
}

async fn progress(
    State(service): State<Shared>,
    headers: HeaderMap,
    Path(token): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    let progress = blocking(&service, move |service| service.city.progress(&token)).await;
    if super::wants_page(&headers) {
        return Ok(service.pages.progress(&headers, asked(&query), progress.map_err(|problem| problem.0)));
    }
    Ok(([("cache-control", "no-store")], Json(progress?.to_json())).into_response())
}

/// How the page is wanted, by its address.
pub(super) fn asked(query: &BTreeMap<String, String>) -> Asked {
    let lang = query.get("lang").map(|lang| Lang::from_tag(lang));
    Asked { lang, large: query.get("large").is_some_and(|large| large == "1") }
}
