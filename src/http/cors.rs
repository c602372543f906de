//! Which operations pages of other origins may call: those that wallets and verifiers of any maker use, which go by tokens
//! and never by cookies (Fetch standard, section 3.2).

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;

use super::service::Shared;

/// The answer to a browser that asks before it calls (a preflight).
const PREFLIGHT: [(HeaderName, &str); 4] = [
    (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
    // A wildcard would leave out Authorization.
    (ACCESS_CONTROL_ALLOW_HEADERS, "Accept, Authorization, Content-Type"),
    (ACCESS_CONTROL_MAX_AGE, "86400"),
];

/// A handler that pages of any origin may call.
pub fn opened(handler: MethodRouter<Shared>) -> MethodRouter<Shared> {
    handler.route_layer(map_response(any_origin))
}

/// Answers a preflight.
pub async fn preflight() -> Response {
    (StatusCode::NO_CONTENT, PREFLIGHT).into_response()
}

async fn any_origin(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Retry-After, WWW-Authenticate"));
    response
}
