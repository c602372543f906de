//! `/witness`: this city as a witness of other logs (C2SP tlog-witness), and the configuration of both sides of it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Body, Path};
use super::guard::Address;
use super::problem::Answer;
use super::route::{Access, JSON, PROBLEM, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::bytes::from_hex;
use crate::base::json::{Value, json};
use crate::domain::error::Error;
use crate::domain::witness::collect::SIZE_TYPE;
use crate::domain::witness::serve::Told;

const TEXT: &str = "text/plain; charset=utf-8";

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let mut routes = protocol();
    routes.extend(settings());
    routes
}

/// What other logs and monitors ask.
fn protocol() -> Vec<Route> {
    vec![
        Route::post(
            "/witness/add-checkpoint",
            "Cosigns a checkpoint that continues the last one (C2SP tlog-witness).",
            &[("text/plain", "")],
            post(add_checkpoint),
        )
        .answers(&[
            (200, TEXT, "Signature lines: the cosignature."),
            (400, PROBLEM, "No request, or an old size beyond the new."),
            (403, PROBLEM, "No signature of a key of the log, or a wrong one."),
            (404, PROBLEM, "The log is not witnessed here."),
            (409, SIZE_TYPE, "The size of the latest checkpoint that was cosigned."),
            (422, PROBLEM, "The tree does not continue the last one."),
        ]),
        Route::get("/witness/key", "The key of the cosignatures as a vkey of type 4.", get(key)).answers(&[(
            200,
            TEXT,
            "name+id+key",
        )]),
        Route::get(
            "/witness/{hash}/checkpoint",
            "The latest checkpoint that was cosigned of the log whose origin has this SHA-256, in hex.",
            get(monitored),
        )
        .answers(&[(200, TEXT, "The cosigned checkpoint."), (404, PROBLEM, "None was cosigned.")]),
        Route::get("/log/witnesses", "The witnesses of the log, and the logs that are witnessed here.", get(state)),
        Route::get(
            "/log/witnessed",
            "The newest checkpoint of the log that has its quorum of cosignatures.",
            get(witnessed),
        )
        .answers(&[(200, TEXT, "The cosigned checkpoint."), (404, PROBLEM, "No witness has cosigned yet.")]),
        Route::get(
            "/log/growth",
            "How the log grew, and which checkpoints were cosigned, at up to 64 sizes.",
            get(growth),
        ),
    ]
}

/// What the operator decides.
fn settings() -> Vec<Route> {
    vec![
        Route::get("/api/witnesses", "The same as the open state, and why a witness failed.", get(settings_shown))
            .only(Access::Operator),
        Route::post("/api/witnesses", "Has a witness cosign the log.", &[(JSON, "NewWitness")], post(add_witness))
            .only(Access::Operator)
            .answers(&[(201, JSON, "The witness.")]),
        Route::post(
            "/api/witnesses/remove",
            "Asks a witness no longer.",
            &[(JSON, "WitnessName")],
            post(remove_witness),
        )
        .only(Access::Operator),
        Route::post("/api/witnessed-logs", "Witnesses a log.", &[(JSON, "NewWitnessedLog")], post(witness_log))
            .only(Access::Operator)
            .answers(&[(201, JSON, "The log.")]),
        Route::post(
            "/api/witnessed-logs/remove",
            "Witnesses a log no longer.",
            &[(JSON, "WitnessName")],
            post(forget_log),
        )
        .only(Access::Operator),
    ]
}

async fn add_checkpoint(
    State(service): State<Shared>,
    Address(address): Address,
    Body(body): Body,
) -> Answer<Response> {
    let told = blocking(&service, move |service| {
        service.hub.witnessing.admit(address, service.city.now())?;
        service.city.add_checkpoint(&body)
    });
    Ok(match told.await? {
        Told::Cosigned(lines) => plain(StatusCode::OK, TEXT, "no-store", lines),
        Told::Size(size) => plain(StatusCode::CONFLICT, SIZE_TYPE, "no-store", format!("{size}\n")),
    })
}

async fn key(State(service): State<Shared>) -> Answer<Response> {
    Ok(plain(StatusCode::OK, TEXT, "public, max-age=3600", format!("{}\n", service.city.witness_key()?)))
}

async fn monitored(State(service): State<Shared>, Path(hash): Path<String>) -> Answer<Response> {
    let lower = !hash.contains(|c: char| c.is_ascii_uppercase());
    let hash = from_hex(&hash).ok().filter(|_| lower).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let hash = hash.ok_or_else(|| Error::not_found("not a SHA-256 in hex"))?;
    let note = blocking(&service, move |service| service.city.monitored(&hash)).await?;
    Ok(plain(StatusCode::OK, TEXT, "public, max-age=5", note))
}

async fn state(State(service): State<Shared>) -> Answer<Json<Value>> {
    blocking(&service, |service| service.city.witness_state(false).map(Json)).await
}

async fn witnessed(State(service): State<Shared>) -> Answer<Response> {
    let found = blocking(&service, |service| service.city.witnessed_checkpoint()).await?;
    let (_, note) = found.ok_or_else(|| Error::not_found("no checkpoint has its quorum of witnesses yet"))?;
    Ok(plain(StatusCode::OK, TEXT, "public, max-age=1", note))
}

async fn growth(State(service): State<Shared>) -> Answer<Json<Value>> {
    blocking(&service, |service| service.city.log_growth().map(Json)).await
}

async fn settings_shown(State(service): State<Shared>) -> Answer<Json<Value>> {
    blocking(&service, |service| service.city.witness_state(true).map(Json)).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWitness {
    url: String,
    key: String,
}

async fn add_witness(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewWitness>,
) -> Answer<(StatusCode, Json<Value>)> {
    let made =
        blocking(&service, move |service| service.city.add_witness(&new.url, &new.key, &caller.author())).await?;
    Ok((StatusCode::CREATED, Json(json!({"name": made.name(), "url": made.url, "key": made.key}))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WitnessName {
    name: String,
}

async fn remove_witness(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(named): extract::Json<WitnessName>,
) -> Answer<Json<Value>> {
    blocking(&service, move |service| {
        service.city.remove_witness(&named.name, &caller.author())?;
        Ok(Json(json!({"name": named.name})))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewWitnessedLog {
    origin: Option<String>,
    keys: Vec<String>,
}

async fn witness_log(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(new): extract::Json<NewWitnessedLog>,
) -> Answer<(StatusCode, Json<Value>)> {
    let made =
        blocking(&service, move |service| service.city.witness_log(new.origin.as_deref(), &new.keys, &caller.author()));
    let made = made.await?;
    Ok((StatusCode::CREATED, Json(json!({"origin": made.origin, "keys": made.keys}))))
}

async fn forget_log(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(named): extract::Json<WitnessName>,
) -> Answer<Json<Value>> {
    blocking(&service, move |service| {
        service.city.forget_log(&named.name, &caller.author())?;
        Ok(Json(json!({"name": named.name})))
    })
    .await
}

fn plain(status: StatusCode, media: &'static str, caching: &'static str, body: String) -> Response {
    let headers = [(CONTENT_TYPE, media), (CACHE_CONTROL, caching), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (status, headers, body).into_response()
}
