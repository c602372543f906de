//! `/api/spoken`: eight digits for windows without a camera.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;

use super::extract;
use super::guard::Address;
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use super::uses::with_uses;
use crate::base::json::{Value, json};
use crate::base::time::rfc3339;
use crate::domain::error::Error;
use crate::domain::spoken::digits;
use crate::domain::usage::Place;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/spoken", "Eight digits for a fresh show code.", &[(JSON, "HandIn")], post(hand_in))
            .answers(&[(201, JSON, "The code, good for five minutes and once.")]),
        Route::post(
            "/api/spoken/redeem",
            "The verdict on what a spoken code stands for.",
            &[(JSON, "Spoken")],
            post(redeem),
        )
        .only(Access::Window),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandIn {
    presentation: String,
}

async fn hand_in(
    State(service): State<Shared>,
    Address(address): Address,
    extract::Json(hand_in): extract::Json<HandIn>,
) -> Answer<Response> {
    service.hub.spoken.admit(address, service.city.now())?;
    let spoken = blocking(&service, move |service| service.city.hand_in(hand_in.presentation.as_bytes())).await?;
    let body = json!({"code": spoken.code, "expiresAt": rfc3339(spoken.expires)});
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spoken {
    code: String,
}

async fn redeem(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(spoken): extract::Json<Spoken>,
) -> Answer<Json<Value>> {
    let place = Place::of(&caller)?;
    let code = digits(spoken.code.as_bytes()).ok_or_else(|| {
        Error::malformed("a spoken code has eight digits")
            .says("授权码是 8 位数字，请核对。", "A spoken code has eight digits. Check it.")
    })?;
    blocking(&service, move |service| {
        let (outcome, uses) = service.city.redeem(&place, &code)?;
        Ok(Json(with_uses(&outcome.verdict, &uses)))
    })
    .await
}
