//! OpenID4VCI 1.0 for any wallet: metadata, offers by reference, token, nonce, credential, deferred, notification.
//!
//! Answers and errors are the protocol's own (JSON with `error`), not problem documents. None may be cached but the
//! metadata.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::extract::Path;
use super::guard::Address;
use super::problem::{Answer, Problem, again, status};
use super::route::{JSON, Route};
use super::service::{Service, Shared};
use crate::base::id::OfferId;
use crate::base::json::{Value, json};
use crate::base::text::Lang;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::offer::Refusal;
use crate::wire::form::MEDIA_TYPE;
use crate::wire::oid4vci::credential::{CredentialRequest, CredentialResponse, Notification, parse_deferred};
use crate::wire::oid4vci::token::TokenRequest;
use crate::wire::oid4vci::{ErrorCode, ProtocolError, metadata};

/// Longest body of a request, bytes.
const MOST_BODY: usize = 256 << 10;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let denied: &[(u16, &str, &str)] = &[(200, JSON, "The answer."), (400, JSON, "An error of the protocol.")];
    let guarded: &[(u16, &str, &str)] = &[
        (200, JSON, "The credentials."),
        (202, JSON, "The credentials are not ready: ask the deferred endpoint."),
        (400, JSON, "An error of the protocol."),
        (401, JSON, "The access token is missing or no good."),
    ];
    let routes = [
        Route::get("/.well-known/openid-credential-issuer", "OpenID4VCI: the issuer's metadata.", get(issuer)),
        Route::get(
            "/.well-known/oauth-authorization-server",
            "OpenID4VCI: the authorization server's metadata.",
            get(authorization_server),
        ),
        Route::get("/oid4vci/offers/{id}", "OpenID4VCI: a credential offer by reference.", get(offer)),
        Route::post(
            "/oid4vci/token",
            "OpenID4VCI: a code becomes an access token.",
            &[(MEDIA_TYPE, "TokenRequest")],
            post(token),
        )
        .answers(denied),
        Route::post("/oid4vci/nonce", "OpenID4VCI: a nonce for key proofs.", &[], post(nonce)),
        Route::post(
            "/oid4vci/credential",
            "OpenID4VCI: proved keys become copies.",
            &[(JSON, "CredentialRequest")],
            post(credential),
        )
        .answers(guarded),
        Route::post(
            "/oid4vci/deferred",
            "OpenID4VCI: copies that were not ready at once.",
            &[(JSON, "DeferredCredentialRequest")],
            post(deferred),
        )
        .answers(guarded),
        Route::post(
            "/oid4vci/notification",
            "OpenID4VCI: what became of copies in the wallet.",
            &[(JSON, "CredentialNotification")],
            post(notification),
        )
        .answers(&[
            (204, "", "Noted."),
            (400, JSON, "An error of the protocol."),
            (401, JSON, "No good access token."),
        ]),
    ];
    routes.map(Route::any_origin).into()
}

/// A refusal in the words of the protocol.
struct Denied(Refusal);

type Told<T> = Result<T, Denied>;

impl<E: Into<Refusal>> From<E> for Denied {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let mut wait = None;
        let (status, body, challenge) = match self.0 {
            Refusal::Protocol(error) => {
                tracing::debug!(code = error.code.name(), detail = %error.description, "request refused");
                let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::BAD_REQUEST);
                let bearer = matches!(error.code, ErrorCode::InvalidToken | ErrorCode::InsufficientScope);
                (status, error.to_json(), bearer.then(|| challenge(&error)))
            }
            Refusal::City(error) => {
                let status = status(error.kind);
                if status.is_server_error() {
                    tracing::error!(kind = error.kind.code(), detail = %error.detail, "request failed");
                }
                wait = again(&error);
                (status, json!({"error": unable(error.kind), "error_description": error.kind.title(Lang::En)}), None)
            }
        };
        let mut response = (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response();
        if let Some(challenge) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// `WWW-Authenticate` (RFC 6750 section 3).
fn challenge(error: &ProtocolError) -> String {
    format!("Bearer error=\"{}\", error_description=\"{}\"", error.code.name(), error.description)
}

/// The error code of a failure that is none of the protocol's (RFC 6749 section 4.1.2.1).
fn unable(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unavailable | ErrorKind::Unknown | ErrorKind::Full | ErrorKind::RateLimited => {
            "temporarily_unavailable"
        }
        ErrorKind::Malformed | ErrorKind::Refused | ErrorKind::WrongMethod | ErrorKind::TooLarge => "invalid_request",
        ErrorKind::NotFound
        | ErrorKind::Unauthenticated
        | ErrorKind::NotAllowed
        | ErrorKind::Conflict
        | ErrorKind::AlreadyUsed
        | ErrorKind::NotVerified
        | ErrorKind::Internal => "server_error",
    }
}

/// Runs work that touches the store off the threads that serve connections.
async fn blocking<T: Send + 'static>(
    service: &Shared,
    work: impl FnOnce(&Service) -> Result<T, Refusal> + Send + 'static,
) -> Told<T> {
    let done = super::service::blocking(service, move |service| Ok(work(service))).await;
    done.map_err(|Problem(error)| Denied(Refusal::City(error)))?.map_err(Denied)
}

async fn issuer(State(service): State<Shared>) -> Answer<Response> {
    static LAST: Mutex<Option<(String, Arc<str>)>> = Mutex::new(None);
    let base = service.city.names.base();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, text)) = last.as_ref().filter(|(of, _)| of == base) {
        return Ok(public(text.to_string()));
    }
    let text: Arc<str> = service.city.issuer_metadata()?.to_string().into();
    *last = Some((base.to_owned(), Arc::clone(&text)));
    Ok(public(text.to_string()))
}

async fn authorization_server(State(service): State<Shared>) -> Response {
    public(metadata::authorization_server(service.city.names.base()).to_string())
}

fn public(text: String) -> Response {
    ([(CONTENT_TYPE, JSON), (CACHE_CONTROL, "public, max-age=300")], text).into_response()
}

fn private(status: u16, body: Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    (status, [(CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

async fn offer(State(service): State<Shared>, Path(id): Path<String>) -> Answer<Response> {
    let message = super::service::blocking(&service, move |service| {
        let id = OfferId::parse(&id).map_err(|_| Error::not_found("no such offer"))?;
        service.city.open_offer(&id)
    });
    Ok(private(200, message.await?.to_json()))
}

async fn token(
    State(service): State<Shared>,
    Address(address): Address,
    headers: HeaderMap,
    body: Bytes,
) -> Told<Response> {
    service.hub.tokens.admit(address, service.city.now())?;
    let form = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if !form.to_ascii_lowercase().starts_with(MEDIA_TYPE) {
        return Err(ProtocolError::new(ErrorCode::InvalidRequest, "the body is a form").into());
    }
    let request = TokenRequest::parse(bounded(&body, ErrorCode::InvalidRequest)?)?;
    let answer = blocking(&service, move |service| service.city.redeem_offer(&request)).await?;
    Ok(private(200, answer.to_json()))
}

async fn nonce(State(service): State<Shared>, Address(address): Address) -> Told<Response> {
    service.hub.nonces.admit(address, service.city.now())?;
    Ok(private(200, json!({"c_nonce": service.city.new_nonce()})))
}

async fn credential(State(service): State<Shared>, headers: HeaderMap, body: Bytes) -> Told<Response> {
    let Some(access) = bearer(&headers) else { return Ok(unauthenticated()) };
    let body = bounded(&body, ErrorCode::InvalidCredentialRequest)?.to_vec();
    let claim = move |service: &Service| {
        service.city.check_access(&access)?;
        service.city.claim(&access, &CredentialRequest::parse(&body)?)
    };
    Ok(issued(&blocking(&service, claim).await?))
}

async fn deferred(State(service): State<Shared>, headers: HeaderMap, body: Bytes) -> Told<Response> {
    let Some(access) = bearer(&headers) else { return Ok(unauthenticated()) };
    let body = bounded(&body, ErrorCode::InvalidCredentialRequest)?.to_vec();
    let claim = move |service: &Service| {
        service.city.check_access(&access)?;
        service.city.claim_deferred(&access, &parse_deferred(&body)?)
    };
    Ok(issued(&blocking(&service, claim).await?))
}

async fn notification(State(service): State<Shared>, headers: HeaderMap, body: Bytes) -> Told<Response> {
    let Some(access) = bearer(&headers) else { return Ok(unauthenticated()) };
    let body = bounded(&body, ErrorCode::InvalidNotificationRequest)?.to_vec();
    let note = move |service: &Service| {
        service.city.check_access(&access)?;
        service.city.notify(&access, &Notification::parse(&body)?)
    };
    blocking(&service, note).await?;
    Ok((StatusCode::NO_CONTENT, [(CACHE_CONTROL, "no-store")]).into_response())
}

fn issued(answer: &CredentialResponse) -> Response {
    private(answer.status(), answer.to_json())
}

/// The answer to a request without any access token: a challenge without an error code (RFC 6750 section 3.1).
fn unauthenticated() -> Response {
    let headers = [(WWW_AUTHENTICATE, "Bearer"), (CACHE_CONTROL, "no-store")];
    (StatusCode::UNAUTHORIZED, headers, Json(json!({}))).into_response()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 256).then(|| token.to_owned())
}

fn bounded(body: &Bytes, code: ErrorCode) -> Result<&[u8], ProtocolError> {
    if body.len() > MOST_BODY {
        return Err(ProtocolError::new(code, "the body is too long"));
    }
    Ok(body)
}
