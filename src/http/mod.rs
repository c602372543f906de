//! Machine interfaces over HTTP: one file per resource.
//!
//! A handler extracts, calls one use case of the city and answers; it decides nothing. [`service`] holds what handlers
//! share and the one seam to blocking work, [`problem`] is the only table of status codes, [`route`] ties a path to its
//! handler and its description, [`guard`] lets only those through whom the route names. [`routes`] is the whole interface.

pub mod accounts;
pub mod applications;
pub mod audit;
pub mod companion;
pub mod cors;
pub mod credentials;
pub mod documents;
pub mod extract;
pub mod guard;
pub mod health;
pub mod hub;
pub mod keys;
pub mod log;
pub mod matters;
pub mod offers;
pub mod oid4vci;
pub mod oid4vp;
pub mod openapi;
pub mod pace;
pub mod partners;
pub mod pending;
pub mod problem;
pub mod ratings;
pub mod reconcile;
pub mod requests;
pub mod resolution;
pub mod route;
pub mod sd_jwt;
pub mod service;
pub mod session;
pub mod spoken;
pub mod status;
pub mod store;
pub mod trust;
pub mod types;
pub mod uses;
pub mod vc_api;
pub mod verify;
pub mod witness;

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::routing::options;
use route::{Access, Route};
use service::Shared;

use crate::domain::error::{Error, ErrorKind};

/// Every operation.
pub fn routes() -> Vec<Route> {
    let mut routes = verify::routes();
    routes.extend(sd_jwt::routes());
    routes.extend(credentials::routes());
    routes.extend(types::routes());
    routes.extend(oid4vci::routes());
    routes.extend(offers::routes());
    routes.extend(applications::routes());
    routes.extend(ratings::routes());
    routes.extend(matters::routes());
    routes.extend(requests::routes());
    routes.extend(spoken::routes());
    routes.extend(uses::routes());
    routes.extend(oid4vp::routes());
    routes.extend(status::routes());
    routes.extend(trust::routes().into_iter().map(published));
    routes.extend(resolution::routes().into_iter().map(published));
    routes.extend(partners::routes());
    routes.extend(reconcile::routes());
    routes.extend(keys::routes());
    routes.extend(session::routes());
    routes.extend(accounts::routes());
    routes.extend(pending::routes());
    routes.extend(audit::routes());
    routes.extend(store::routes());
    routes.extend(vc_api::routes());
    routes.extend(log::routes());
    routes.extend(companion::routes());
    routes.extend(witness::routes());
    routes.extend(documents::routes().into_iter().map(published));
    routes.extend(health::routes());
    routes
}

/// What is published for anyone, pages of other origins among them.
fn published(route: Route) -> Route {
    if route.access == Access::Open { route.any_origin() } else { route }
}

/// The router of every machine interface.
pub fn router(service: Shared) -> Router {
    let guarded = |route: Route| {
        let handler = guard::guarded(&service, route.access, route.handler);
        if route.any_origin { cors::opened(handler) } else { handler }
    };
    let asked_before: BTreeSet<_> = routes().iter().filter(|route| route.any_origin).map(|route| route.path).collect();
    let router =
        asked_before.into_iter().fold(Router::new(), |router, path| router.route(path, options(cors::preflight)));
    routes()
        .into_iter()
        .fold(router, |router, route| router.route(route.path, guarded(route)))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(service.limits.body))
        .with_state(service)
}

async fn not_found() -> problem::Problem {
    problem::Problem(Error::not_found("no such address"))
}

/// What an address answers to another method than its own; the framework adds `Allow` (RFC 9110 §15.5.6).
async fn wrong_method() -> problem::Problem {
    problem::Problem(Error::new(ErrorKind::WrongMethod, "no such method here"))
}

/// Whether a browser asks, which wants a page rather than JSON.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}
