//! `/api/trust`: the operator says which other cities are believed, for which types and agencies.

use axum::Json;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract;
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::{Value, json};
use crate::base::time::{Timestamp, rfc3339};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::trust::abroad::subscribe::{Glimpse, NewPartner, fingerprint};
use crate::domain::trust::abroad::{Partner, Trouble};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/trust", "The cities that are believed, and the own root key.", get(list))
            .only(Access::Operator),
        Route::post("/api/trust", "Believes another city for named types.", &[(JSON, "NewPartner")], post(add))
            .only(Access::Operator),
        Route::post("/api/trust/look", "What another city says of itself.", &[(JSON, "PartnerAt")], post(look))
            .only(Access::Operator),
        Route::post(
            "/api/trust/update",
            "Asks one city, or every one, for a newer registry.",
            &[(JSON, "PartnerName")],
            post(update),
        )
        .only(Access::Operator),
        Route::post("/api/trust/remove", "Believes a city no more.", &[(JSON, "PartnerName")], post(remove))
            .only(Access::Operator),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    url: String,
    root: String,
    types: Vec<TypeCode>,
    #[serde(default)]
    agencies: Vec<AgencyCode>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    url: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    city: Option<String>,
}

async fn list(State(service): State<Shared>, Authenticated(caller): Authenticated) -> Answer<Json<Value>> {
    caller.require_operator()?;
    Ok(Json(partners_json(&service.city)))
}

async fn add(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<Asked>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    let Asked { url, root, types, agencies } = asked;
    blocking(&service, move |service| {
        let partner = service.city.add_partner(&NewPartner { url, root, types, agencies })?;
        Ok(Json(partner_json(&partner, service.city.now())))
    })
    .await
}

async fn look(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<At>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    blocking(&service, move |service| Ok(Json(glimpse_json(&service.city.glimpse(&asked.url)?)))).await
}

async fn update(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<Named>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    blocking(&service, move |service| update_json(&service.city, asked.city.as_deref()).map(Json)).await
}

async fn remove(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<Named>,
) -> Answer<Json<Value>> {
    caller.require_operator()?;
    let city = asked.city.ok_or_else(|| Error::malformed("no city"))?;
    blocking(&service, move |service| {
        service.city.remove_partner(&city)?;
        Ok(Json(partners_json(&service.city)))
    })
    .await
}

/// Asks one city or all of them, and tells how they stand.
pub fn update_json(city: &City, named: Option<&str>) -> Result<Value, Error> {
    let all = || city.partners().into_iter().map(|partner| partner.city).collect();
    let named: Vec<String> = named.map_or_else(all, |named| vec![named.to_owned()]);
    for one in named {
        city.update_partner(&one)?;
    }
    Ok(partners_json(city))
}

/// The cities that are believed, and what another city's operator compares of this one.
pub fn partners_json(city: &City) -> Value {
    let root = city.keys().own().root.signer.public_key().clone();
    let partners: Vec<_> = city.partners().iter().map(|partner| partner_json(partner, city.now())).collect();
    json!({
        "city": city.names.city_did(), "base": city.names.base(), "version": city.registry().version,
        "root": root.to_multikey(), "fingerprint": fingerprint(&root), "partners": partners,
    })
}

/// What another city says of itself.
pub fn glimpse_json(glimpse: &Glimpse) -> Value {
    let registry = &glimpse.named.registry;
    let agencies = registry
        .agencies
        .iter()
        .map(|agency| json!({"agency": agency.code, "name": agency.name, "types": agency.types}));
    json!({
        "city": registry.city, "name": registry.name, "version": registry.version, "expires": rfc3339(registry.expires),
        "root": glimpse.named.root.to_multikey(), "fingerprint": fingerprint(&glimpse.named.root),
        "agencies": agencies.collect::<Vec<_>>(),
    })
}

/// A city that is believed.
pub fn partner_json(partner: &Partner, now: Timestamp) -> Value {
    let (version, detail) = match &partner.trouble {
        Some(Trouble::NotHad { detail }) => (None, Some(detail)),
        Some(Trouble::RolledBack { version } | Trouble::Forked { version, .. }) => (Some(*version), None),
        Some(Trouble::RootCompromised { version, root }) => (Some(*version), Some(root)),
        None => (None, None),
    };
    let trouble =
        partner.trouble.as_ref().map(|trouble| json!({"kind": trouble.name(), "version": version, "detail": detail}));
    json!({
        "city": partner.city, "base": partner.base, "name": partner.name, "types": partner.types,
        "agencies": partner.agencies, "version": partner.version, "expires": rfc3339(partner.expires),
        "root": partner.signed_by, "acceptedAt": rfc3339(partner.accepted_at), "checkedAt": rfc3339(partner.checked_at),
        "ageSeconds": now.as_second().saturating_sub(partner.checked_at.as_second()).max(0), "trouble": trouble,
    })
}
