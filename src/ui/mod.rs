//! Pages for people.
//!
//! Two kinds. Server-rendered HTML without scripts: `html` escapes, `progress` is the page behind a receipt's code; its
//! content security policy allows nothing but the style sheet. And apps (wallet, window, agency, …): `shell` serves their
//! empty pages, `assets` the modules, styles, texts and libraries that they load, all embedded in the program. Every page
//! is Chinese first with English one click away (`?lang=en`).

mod assets;
pub mod ca;
mod html;
mod progress;
mod shell;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use self::html::Look;
use crate::base::text::Lang;
use crate::domain::application::progress::Progress;
use crate::domain::error::Error;
use crate::http::problem;
use crate::http::service::{Asked, Pages};

/// What pages without scripts may load: their style sheet and pictures.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The pages.
pub struct Site;

impl Pages for Site {
    fn progress(&self, headers: &HeaderMap, asked: Asked, progress: Result<Progress, Error>) -> Response {
        let look = Look { lang: asked.lang.unwrap_or_else(|| preferred(headers)), large: asked.large };
        match progress {
            Ok(progress) => page(StatusCode::OK, &progress::page(&progress, look)),
            Err(error) => page(problem::status(error.kind), &progress::refused(&error, look)),
        }
    }
}

/// Addresses that belong to the pages alone.
pub fn router() -> Router {
    let router =
        Router::new().route("/assets/{*path}", get(assets::serve)).route("/wallet/worker.js", get(shell::worker));
    shell::SHELLS.iter().fold(router, |router, shell| {
        router.route(shell.path, get(move |headers: HeaderMap| async move { shell.answer(&headers) }))
    })
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
