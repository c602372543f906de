//! `/api/keys`: the operator rotates, retires and marks keys, of agencies and of the city itself, while it runs.

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
use crate::domain::city::keys::OwnRole;
use crate::domain::error::Error;
use crate::domain::trust::notes::NoteKey;
use crate::domain::trust::own::OVERLAP_DAYS;
use crate::domain::trust::{Registry, TrustedKey};

/// Longest time for which two keys overlap, days.
const MOST_DAYS: u16 = 3_650;

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
            "/api/keys/city/{role}/rotate",
            "Makes the next of the city's own keys (root, log, witness) and signs with it; the old one overlaps for some days.",
            &[(JSON, "OwnKeyRotation")],
            post(rotate_own),
        )
        .only(Access::Operator),
        Route::post(
            "/api/keys/city/{role}/compromise",
            "Declares one of the city's own keys known to others.",
            &[(JSON, "OwnKeyAt")],
            post(compromise_own),
        )
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Overlap {
    overlap_days: Option<u16>,
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
    let notes = |keys: &[NoteKey]| keys.iter().map(note_json).collect::<Vec<_>>();
    let roots: Vec<_> = registry.roots.iter().map(|root| key_json(&root.key)).collect();
    json!({
        "city": {"roots": roots, "logs": notes(&registry.logs), "witnesses": notes(&registry.witnesses)},
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

fn note_json(known: &NoteKey) -> Value {
    json!({
        "id": known.id,
        "key": known.key.to_string(),
        "validFrom": rfc3339(known.valid_from),
        "validUntil": known.valid_until.map(rfc3339),
        "compromisedFrom": known.compromised_from.map(rfc3339),
    })
}

async fn rotate_own(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(role): Path<String>,
    extract::Json(asked): extract::Json<Overlap>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    let role = role_of(&role)?;
    let days = asked.overlap_days.unwrap_or(OVERLAP_DAYS);
    if days > MOST_DAYS {
        return Err(Error::malformed("overlapDays is 3650 at most").into());
    }
    blocking(&service, move |service| {
        let overlap = i64::from(days) * 86_400;
        let key = service.city.rotate_own(role, overlap)?;
        let print = service.city.keys().own().root.signer.public_key().thumbprint();
        Ok(Json(json!({"role": role.name(), "key": key, "fingerprint": print})))
    })
    .await
}

async fn compromise_own(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(role): Path<String>,
    extract::Json(asked): extract::Json<KeyAt>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    let role = role_of(&role)?;
    blocking(&service, move |service| {
        let at = asked.at.as_deref().map(parse_rfc3339).transpose()?.unwrap_or_else(|| service.city.now());
        service.city.compromise_own(role, &asked.key, at)?;
        Ok(Json(keys_json(&service.city.registry())))
    })
    .await
}

fn role_of(name: &str) -> Result<OwnRole, Error> {
    OwnRole::from_name(name).ok_or_else(|| Error::not_found("no such kind of key"))
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
