//! Pages for people.
//!
//! Server-rendered HTML without scripts: `html` escapes, `progress` is the page behind a receipt's code. Every page is
//! Chinese first with English one click away (`?lang=en`), and carries a content security policy that allows nothing but
//! its own style sheet.

mod html;
mod progress;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::base::text::Lang;
use crate::domain::application::progress::Progress;
use crate::domain::error::Error;
use crate::http::problem;
use crate::http::service::Pages;

/// The style sheet of all pages.
const STYLE: &str = include_str!("assets/certless.css");
/// What pages may load: their own style sheet and pictures.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The pages.
pub struct Site;

impl Pages for Site {
    fn progress(&self, headers: &HeaderMap, lang: Option<Lang>, progress: Result<Progress, Error>) -> Response {
        let lang = lang.unwrap_or_else(|| preferred(headers));
        match progress {
            Ok(progress) => page(StatusCode::OK, &progress::page(&progress, lang)),
            Err(error) => page(problem::status(error.kind), &progress::missing(&error, lang)),
        }
    }
}

/// Addresses that belong to the pages alone.
pub fn router() -> Router {
    let style =
        || async { ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], STYLE) };
    Router::new().route("/assets/certless.css", get(style))
}

/// English when the browser prefers it over Chinese.
fn preferred(headers: &HeaderMap) -> Lang {
    let accept = headers.get("accept-language").and_then(|value| value.to_str().ok()).unwrap_or_default();
    Lang::from_tag(accept)
}

fn page(status: StatusCode, html: &str) -> Response {
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", POLICY),
        ("cache-control", "no-store"),
    ];
    (status, headers, html.to_owned()).into_response()
}
