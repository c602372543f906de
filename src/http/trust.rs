//! Who the city is: DID documents, the trust registry, issuer metadata.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::extract::Path;
use super::problem::Answer;
use super::route::{JSON, Route};
use super::service::{Service, Shared, blocking};
use crate::base::id::AgencyCode;
use crate::base::json::{Map, Value, json};
use crate::did::{Document, Form, Method, Relationships};
use crate::domain::error::Error;
use crate::domain::trust::TrustedAgency;
use crate::domain::trust::roots::RootKey;

/// The media type of DID documents.
pub(super) const DID_JSON: &str = "application/did+json";
const DOCUMENT: &[(u16, &str, &str)] = &[(200, DID_JSON, "The document.")];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/.well-known/did.json", "The city's DID document.", get(city_document)).answers(DOCUMENT),
        Route::get("/agencies/{code}/did.json", "An agency's DID document.", get(agency_document)).answers(DOCUMENT),
        Route::get("/.well-known/certless/trust", "The signed trust registry in force.", get(registry)),
        Route::get(
            "/.well-known/certless/trust/{version}",
            "A version of the trust registry, as it was published.",
            get(version),
        ),
        Route::get(
            "/.well-known/certless/bundle",
            "What a verifier without a network takes along: registries, status lists, checkpoint, and their ages.",
            get(bundle),
        ),
        Route::get(
            "/.well-known/jwt-vc-issuer",
            "The agencies whose SD-JWT issuer metadata is served below this path.",
            get(issuers),
        ),
        Route::get(
            "/.well-known/jwt-vc-issuer/agencies/{code}",
            "SD-JWT VC issuer metadata of an agency.",
            get(issuer),
        ),
    ]
}

async fn city_document(State(service): State<Shared>) -> Answer<Response> {
    Ok(did_json(&city(&service)))
}

async fn agency_document(State(service): State<Shared>, Path(code): Path<String>) -> Answer<Response> {
    let code = AgencyCode::parse(&code).map_err(Error::from)?;
    let registry = service.city.registry();
    let agency = registry.agency(&code).ok_or_else(|| Error::not_found("no such agency"))?;
    Ok(did_json(&document(agency)))
}

fn did_json(document: &Document) -> Response {
    ([(CONTENT_TYPE, DID_JSON), (CACHE_CONTROL, "public, max-age=60")], Value::Object(document.to_json()).to_string())
        .into_response()
}

/// The DID document of the city, with every root key that it ever had.
pub(super) fn city(service: &Service) -> Document {
    let (registry, did) = (service.city.registry(), service.city.names.city_did());
    let methods = registry.roots.iter().map(|RootKey { key, .. }| {
        let may = if key.compromised_from.is_some() { Relationships::default() } else { Relationships::ASSERTION };
        let mut method = Method::new(format!("{did}#{}", key.id), did, key.key.clone(), Form::Multikey, may);
        (method.expires, method.revoked) = (key.valid_until, key.compromised_from);
        method
    });
    methods.fold(Document::new(did), Document::with_method)
}

/// The DID document of an agency, the keys of the past among its keys.
pub(super) fn document(agency: &TrustedAgency) -> Document {
    let methods = agency.keys.iter().map(|key| {
        // A key that others know stays named, and may sign for nobody.
        let may = if key.compromised_from.is_some() { Relationships::default() } else { Relationships::ASSERTION };
        let mut method = Method::new(agency.method(key), agency.did.as_str(), key.key.clone(), Form::Multikey, may);
        method.revoked = key.compromised_from;
        method
    });
    methods.fold(Document::new(agency.did.as_str()), Document::with_method)
}

async fn registry(State(service): State<Shared>) -> Answer<Response> {
    let signed = blocking(&service, |service| service.city.trust_document()).await?;
    Ok(([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "public, max-age=60")], signed).into_response())
}

async fn version(State(service): State<Shared>, Path(version): Path<u64>) -> Answer<Response> {
    let signed = blocking(&service, move |service| service.city.trust_version(version)).await?;
    Ok(([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "public, max-age=31536000, immutable")], signed).into_response())
}

async fn bundle(State(service): State<Shared>) -> Answer<Response> {
    let bundle = blocking(&service, |service| service.city.bundle()).await?;
    let headers = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "public, max-age=60")];
    Ok((headers, bundle.as_ref().clone()).into_response())
}

async fn issuers(State(service): State<Shared>) -> Answer<Json<Value>> {
    let registry = service.city.registry();
    let issuers: Vec<_> =
        registry.agencies.iter().map(|agency| json!({"issuer": agency.url, "name": agency.name})).collect();
    Ok(Json(json!({"issuers": issuers})))
}

async fn issuer(State(service): State<Shared>, Path(code): Path<String>) -> Answer<Json<Value>> {
    let code = AgencyCode::parse(&code).map_err(Error::from)?;
    let registry = service.city.registry();
    let agency = registry.agency(&code).ok_or_else(|| Error::not_found("no such agency"))?;
    let keys = agency.keys.iter().filter(|key| key.compromised_from.is_none()).map(|key| {
        let mut jwk: Map = key.key.to_jwk();
        jwk.insert("kid".to_owned(), key.id.as_str().into());
        jwk.insert("alg".to_owned(), key.key.algorithm().jose().into());
        Value::Object(jwk)
    });
    Ok(Json(json!({"issuer": agency.url, "jwks": {"keys": keys.collect::<Vec<_>>()}})))
}
