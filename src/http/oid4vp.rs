//! OpenID4VP 1.0 as wallets see it: the request object, and where answers are posted.
//!
//! Errors are those of OAuth 2.0 (RFC 6749 section 5.2): `error`, `error_description`, and for our own wallet the checks
//! that failed with their sentences. Any origin may ask, because wallets are pages too; nothing here goes by cookies.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::extract::{Body, Path};
use super::problem;
use super::requests::wake;
use super::route::{JSON, Route};
use super::service::{Shared, blocking};
use crate::base::json::{Value, json};
use crate::base::text::Lang;
use crate::domain::error::{Error, ErrorKind};
use crate::wire::form;
use crate::wire::oid4vp::request::{MEDIA_TYPE, WalletRequest};

const HEADERS: [(HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];
/// Longest body, bytes: presentations of many whole credentials.
const MOST: usize = 1 << 20;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let object = &[
        (200, MEDIA_TYPE, "The signed request object."),
        (400, JSON, "The request is malformed."),
        (404, JSON, "There is no such request."),
        (410, JSON, "It can no longer be answered."),
    ];
    let routes = [
        Route::get("/oid4vp/requests/{id}", "A request object (OpenID4VP 1.0).", get(open)).answers(object),
        Route::post(
            "/oid4vp/requests/{id}",
            "A request object for a wallet that says what it supports.",
            &[(form::MEDIA_TYPE, "WalletRequest")],
            post(open_for),
        )
        .answers(object),
        Route::post(
            "/oid4vp/responses/{id}",
            "A wallet's answer: `direct_post` or `direct_post.jwt`.",
            &[(form::MEDIA_TYPE, "VpResponse")],
            post(answer),
        )
        .answers(&[
            (200, JSON, "Taken; where the wallet leads its user."),
            (400, JSON, "Not accepted, and why."),
            (404, JSON, "There is no such request."),
            (410, JSON, "It has been answered."),
        ]),
    ];
    routes.map(Route::any_origin).into()
}

async fn open(State(service): State<Shared>, Path(id): Path<String>) -> Result<Response, Refusal> {
    object(&service, id, WalletRequest::default()).await
}

async fn open_for(
    State(service): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Refusal> {
    require_form(&headers, body.len())?;
    object(&service, id, WalletRequest::parse(&body).map_err(Error::from)?).await
}

async fn object(service: &Shared, id: String, wallet: WalletRequest) -> Result<Response, Refusal> {
    let known = id.clone();
    let signed = blocking(service, move |service| service.city.open_request(&known, &wallet)).await;
    let signed = signed.map_err(|problem| Refusal(problem.0))?;
    wake(service, &id);
    Ok((HEADERS, [(CONTENT_TYPE, MEDIA_TYPE)], signed).into_response())
}

async fn answer(
    State(service): State<Shared>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Refusal> {
    require_form(&headers, body.len())?;
    let known = id.clone();
    let answered = blocking(&service, move |service| service.city.answer_request(&known, &body)).await;
    // Refused or not, the window wants to see it.
    wake(&service, &id);
    let answered = answered.map_err(|problem| Refusal(problem.0))?;
    let mut body = json!({"use_records": answered.uses});
    if let (Some(uri), Some(body)) = (answered.redirect_uri, body.as_object_mut()) {
        body.insert("redirect_uri".to_owned(), uri.into());
    }
    Ok((HEADERS, Json(body)).into_response())
}

fn require_form(headers: &HeaderMap, length: usize) -> Result<(), Refusal> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media.to_ascii_lowercase().starts_with(form::MEDIA_TYPE) {
        return Err(Refusal(Error::malformed(format!("expected {}", form::MEDIA_TYPE))));
    }
    if length > MOST {
        return Err(Refusal(Error::new(ErrorKind::TooLarge, format!("more than {MOST} bytes"))));
    }
    Ok(())
}

/// A refusal as OAuth spells it.
struct Refusal(Error);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = self.0;
        // An answer that was understood and is not accepted is what RFC 6749 calls an invalid request.
        let refused = matches!(error.kind, ErrorKind::NotVerified | ErrorKind::Refused);
        let status = if refused { StatusCode::BAD_REQUEST } else { problem::status(error.kind) };
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(kind = error.kind.code(), detail = %error.detail, "request failed");
        }
        let mut response = (status, HEADERS, Json(document(&error))).into_response();
        if let Some(seconds) = problem::again(&error) {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn document(error: &Error) -> Value {
    let code = match error.kind {
        ErrorKind::Internal => "server_error",
        ErrorKind::Unavailable | ErrorKind::Unknown | ErrorKind::Full | ErrorKind::RateLimited => {
            "temporarily_unavailable"
        }
        ErrorKind::Malformed
        | ErrorKind::Refused
        | ErrorKind::NotFound
        | ErrorKind::WrongMethod
        | ErrorKind::Unauthenticated
        | ErrorKind::NotAllowed
        | ErrorKind::Conflict
        | ErrorKind::AlreadyUsed
        | ErrorKind::NotVerified
        | ErrorKind::TooLarge => "invalid_request",
    };
    let description = if error.kind == ErrorKind::Internal { "" } else { error.detail.as_str() };
    let checks = error.reasons.iter().map(
        |reason| json!({"check": reason.field, "code": reason.code, "zh": reason.message.zh, "en": reason.message.en}),
    );
    json!({
        "error": code,
        "error_description": ascii(description),
        "zh": error.sentence(Lang::Zh),
        "en": error.sentence(Lang::En),
        "checks": checks.collect::<Vec<_>>(),
    })
}

/// The characters that RFC 6749 appendix A.8 allows.
fn ascii(text: &str) -> String {
    let allowed = |c: char| matches!(c, ' '..='~') && c != '"' && c != '\\';
    text.chars().map(|c| if allowed(c) { c } else { '\'' }).collect()
}
