//! `/api/keys`: the operator rotates, retires and marks keys of agencies while the city runs.

use axum::Json;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Path};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::id::AgencyCode;
use crate::base::json::{Value, json};
use crate::base::time::{Timestamp, parse_rfc3339, rfc3339};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::trust::{Registry, TrustedKey};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/keys", "Every agency's keys with their validity.", get(list)).only(Access::Operator),
        Route::post(
            "/api/keys/{agency}/rotate",
            "Makes the next key of an agency and signs with it.",
            &[],
            post(rotate),
        )
        .only(Access::Operator),
        Route::post("/api/keys/{agency}/retire", "Ends a key that signs no more.", &[(JSON, "KeyAt")], post(retire))
            .only(Access::Operator),
        Route::post(
            "/api/keys/{agency}/compromise",
            "Declares a key known to others.",
            &[(JSON, "KeyAt")],
            post(compromise),
        )
        .only(Access::Operator),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyAt {
    key: String,
    at: Option<String>,
}

async fn list(State(service): State<Shared>, Authenticated(caller): Authenticated) -> Answer<Json<Value>> {
    caller.require_operator()?;
    Ok(Json(keys_json(&service.city.registry())))
}

/// The keys as the interface and the command line show them.
pub fn keys_json(registry: &Registry) -> Value {
    let agencies = registry.agencies.iter().map(|agency| {
        let keys: Vec<_> = agency.keys.iter().map(key_json).collect();
        json!({"agency": agency.code.as_str(), "name": agency.name, "keys": keys})
    });
    json!({
        "version": registry.version,
        "expires": rfc3339(registry.expires),
        "agencies": agencies.collect::<Vec<_>>(),
    })
}

fn key_json(key: &TrustedKey) -> Value {
    json!({
        "id": key.id,
        "thumbprint": key.key.thumbprint(),
        "validFrom": rfc3339(key.valid_from),
        "validUntil": key.valid_until.map(rfc3339),
        "compromisedFrom": key.compromised_from.map(rfc3339),
    })
}

async fn rotate(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(agency): Path<AgencyCode>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    blocking(&service, move |service| {
        let key = service.city.rotate_key(&agency)?;
        Ok(Json(json!({"agency": agency.as_str(), "key": key})))
    })
    .await
}

async fn retire(
    state: State<Shared>,
    caller: Authenticated,
    agency: Path<AgencyCode>,
    asked: extract::Json<KeyAt>,
) -> Answer<Json<Value>> {
    end(state, caller, agency, asked, City::retire_key).await
}

async fn compromise(
    state: State<Shared>,
    caller: Authenticated,
    agency: Path<AgencyCode>,
    asked: extract::Json<KeyAt>,
) -> Answer<Json<Value>> {
    end(state, caller, agency, asked, City::compromise_key).await
}

/// Ends a key one way or the other, from the time that was named or from now on.
async fn end(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(agency): Path<AgencyCode>,
    extract::Json(asked): extract::Json<KeyAt>,
    act: fn(&City, &AgencyCode, &str, Timestamp) -> Result<(), Error>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    blocking(&service, move |service| {
        let at = asked.at.as_deref().map(parse_rfc3339).transpose()?.unwrap_or_else(|| service.city.now());
        act(&service.city, &agency, &asked.key, at)?;
        Ok(Json(keys_json(&service.city.registry())))
    })
    .await
}
