//! The only table of status codes: what the city says no with, as RFC 9457 problem documents.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::base::json::{Map, Value, json};
use crate::base::text::Lang;
use crate::domain::error::{Error, ErrorKind};

/// A refusal on its way out.
#[derive(Debug)]
pub struct Problem(pub Error);

/// The result of a handler.
pub type Answer<T> = Result<T, Problem>;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

/// The status code of a kind.
pub fn status(kind: ErrorKind) -> StatusCode {
    match kind {
        ErrorKind::Malformed => StatusCode::BAD_REQUEST,
        ErrorKind::Refused | ErrorKind::NotVerified => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::NotAllowed => StatusCode::FORBIDDEN,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::AlreadyUsed => StatusCode::GONE,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::Unavailable | ErrorKind::Unknown => StatusCode::SERVICE_UNAVAILABLE,
        ErrorKind::Full => StatusCode::INSUFFICIENT_STORAGE,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The problem type of a kind: a path below the public base URL.
pub fn type_uri(kind: ErrorKind) -> String {
    format!("/problems/{}", kind.code())
}

/// The problem document of an error; an internal error's detail stays in the log.
pub fn document(error: &Error) -> Map {
    let mut problem = Map::new();
    let mut put = |name: &str, value: Value| problem.insert(name.to_owned(), value);
    put("type", type_uri(error.kind).into());
    put("title", error.kind.title(Lang::En).into());
    put("status", status(error.kind).as_u16().into());
    put("zh", error.sentence(Lang::Zh).into());
    put("en", error.sentence(Lang::En).into());
    if error.kind != ErrorKind::Internal {
        put("detail", error.detail.as_str().into());
    }
    if let Some(code) = error.code() {
        put("code", code.into());
    }
    if let Some(seconds) = error.retry() {
        put("retryAfter", seconds.into());
    }
    if !error.reasons.is_empty() {
        let reasons = error.reasons.iter().map(|reason| {
            json!({"field": reason.field, "code": reason.code, "zh": reason.message.zh, "en": reason.message.en})
        });
        put("reasons", reasons.collect());
    }
    problem
}

/// After how many seconds asking again may help (RFC 9110 section 10.2.3).
pub fn again(error: &Error) -> Option<u32> {
    let passing = matches!(error.kind, ErrorKind::Unavailable | ErrorKind::Unknown | ErrorKind::RateLimited);
    passing.then(|| error.retry().unwrap_or(1))
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = self.0;
        let status = status(error.kind);
        if status.is_server_error() {
            tracing::error!(kind = error.kind.code(), detail = %error.detail, "request failed");
        } else {
            tracing::debug!(kind = error.kind.code(), detail = %error.detail, "request refused");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if error.kind == ErrorKind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = again(&error) {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        (status, headers, Json(document(&error))).into_response()
    }
}
