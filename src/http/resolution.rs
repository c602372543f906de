//! DID resolution over HTTP: `GET /1.0/identifiers/{did}` (DID Resolution, section "HTTP(S) Binding").
//!
//! What it is: the resolution function with its result, or the DID document alone where `Accept` names a media type of
//! DID documents. What it is not: dereferencing of DID URLs; a fragment or a query is no DID and is refused.

use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE, VARY};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::extract::Path;
use super::problem::Answer;
use super::route::Route;
use super::service::{Service, Shared, blocking};
use super::trust::{DID_JSON, city, document};
use crate::base::json::{Value, json};
use crate::did::{self, Document};

/// The media type of resolution results.
const RESULT: &str = "application/did-resolution";
/// Media types of DID documents that callers name; the document is the same in all of them.
const DOCUMENTS: [&str; 3] = [DID_JSON, "application/did", "application/did+ld+json"];
/// Other names under which callers ask for the result: any type, plain JSON, and the name of earlier drafts.
const RESULTS: [&str; 5] = [RESULT, "*/*", "application/*", "application/json", "application/ld+json"];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/1.0/identifiers/{did}", "Resolves a DID.", get(resolve)).answers(&[
        (200, RESULT, "The resolution result."),
        (200, DID_JSON, "The document alone, where Accept names it."),
        (400, RESULT, "This is no DID."),
        (404, RESULT, "The DID is not found."),
        (406, RESULT, "None of the accepted forms is served."),
        (501, RESULT, "The DID method is not known here."),
    ])]
}

async fn resolve(
    State(service): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    Path(decoded): Path<String>,
) -> Answer<Response> {
    let accept = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",");
    let Some(media) = choose(&accept) else {
        return Ok(failed(Failure::Representation));
    };
    let did = asked(&uri, decoded);
    Ok(match blocking(&service, move |service| Ok(resolution(service, &did))).await? {
        Ok(found) if media == RESULT => answered(StatusCode::OK, RESULT, &resolved(Some(&found), None)),
        Ok(found) => answered(StatusCode::OK, media, &Value::Object(found.to_json())),
        Err(failure) => failed(failure),
    })
}

/// Why there is no document, as the specification's table of error types says it.
#[derive(Clone, Copy)]
enum Failure {
    Did,
    NotFound,
    Representation,
    Method,
}

impl Failure {
    fn told(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Did => (StatusCode::BAD_REQUEST, "INVALID_DID", "This is no DID."),
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND", "The DID is not found."),
            Self::Representation => {
                (StatusCode::NOT_ACCEPTABLE, "REPRESENTATION_NOT_SUPPORTED", "None of the accepted forms is served.")
            }
            Self::Method => (StatusCode::NOT_IMPLEMENTED, "METHOD_NOT_SUPPORTED", "The DID method is not known here."),
        }
    }
}

fn failed(failure: Failure) -> Response {
    let (status, code, title) = failure.told();
    let error = json!({
        "type": format!("https://www.w3.org/ns/did#{code}"),
        "title": title,
        "status": status.as_u16(),
    });
    answered(status, RESULT, &resolved(None, Some(error)))
}

fn answered(status: StatusCode, media: &'static str, body: &Value) -> Response {
    (status, [(CONTENT_TYPE, media), (VARY, "Accept")], body.to_string()).into_response()
}

/// The first media type of `Accept` that is served, as it is answered; the result where there is no `Accept`.
fn choose(accept: &str) -> Option<&'static str> {
    if accept.trim().is_empty() {
        return Some(RESULT);
    }
    let ranges = accept.split(',').filter_map(|range| range.split(';').next()).map(str::trim);
    ranges.into_iter().find_map(|range| {
        let same = |media: &str| media.eq_ignore_ascii_case(range);
        let document = DOCUMENTS.iter().find(|media| same(media)).copied();
        document.or_else(|| RESULTS.iter().any(|media| same(media)).then_some(RESULT))
    })
}

/// The DID that was asked for: percent-encoded as it should be, or put into the path as it stands, as many do. The two
/// differ for a `did:web` with a port, which has a percent sign of its own.
fn asked(uri: &Uri, decoded: String) -> String {
    let written = uri.path().rsplit('/').next().unwrap_or_default();
    if written.starts_with("did:") && !written.contains("%25") { written.to_owned() } else { decoded }
}

/// The document of a DID, or why there is none.
fn resolution(service: &Service, did: &str) -> Result<Document, Failure> {
    if !did::is_did(did) || did.contains('#') {
        return Err(Failure::Did);
    }
    if did == service.city.names.city_did() {
        return Ok(city(service));
    }
    if let Some(agency) = service.city.registry().issuer(did) {
        return Ok(document(agency));
    }
    if let Some(expanded) = did::expand(did) {
        return expanded.map_err(|_| Failure::Did);
    }
    if did.starts_with("did:web:") {
        let found = service.city.foreign_document(did).map_err(|_| Failure::NotFound)?;
        return Ok(found.as_ref().clone());
    }
    Err(Failure::Method)
}

/// The result: its `contentType` is that of the document inside.
fn resolved(document: Option<&Document>, error: Option<Value>) -> Value {
    let metadata = match error {
        Some(error) => json!({"error": error}),
        None => json!({"contentType": DID_JSON}),
    };
    json!({
        "@context": "https://w3id.org/did-resolution/v1",
        "didDocument": document.map(Document::to_json),
        "didResolutionMetadata": metadata,
        "didDocumentMetadata": {},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_names_the_result_or_the_document() {
        for (accept, media) in [
            ("", Some(RESULT)),
            ("*/*", Some(RESULT)),
            ("application/did-resolution", Some(RESULT)),
            ("application/ld+json;profile=\"https://w3id.org/did-resolution\"", Some(RESULT)),
            ("application/did+json", Some(DID_JSON)),
            ("Application/DID+LD+JSON", Some("application/did+ld+json")),
            ("text/html, application/did;q=0.5, */*;q=0.1", Some("application/did")),
            ("image/png", None),
            ("application/did-url-dereferencing", None),
        ] {
            assert_eq!(choose(accept), media, "{accept}");
        }
    }
}
