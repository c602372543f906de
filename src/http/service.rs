//! What every handler works with: the city, the limits, and the one seam to blocking work.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::Response;

use super::hub::Hub;
use super::problem::{Answer, Problem};
use crate::base::text::Lang;
use crate::domain::application::progress::Progress;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::token::Caller;

/// The state of the HTTP interfaces.
pub struct Service {
    /// The city.
    pub city: City,
    /// Whether the conformance issuers are served.
    pub conformance: bool,
    /// How much one caller may ask for.
    pub limits: Limits,
    /// Renders the metrics.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Renders pages for people.
    pub pages: Arc<dyn Pages>,
    /// Wakes those who watch presentation requests.
    pub hub: Hub,
}

/// Pages that a machine interface shows to browsers; implemented by the pages' layer.
pub trait Pages: Send + Sync {
    /// The progress of an application, or why it cannot be told.
    fn progress(&self, headers: &HeaderMap, lang: Option<Lang>, progress: Result<Progress, Error>) -> Response;
}

/// How much one caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest body, bytes: a batch of rows or a photograph.
    pub body: usize,
    /// Most rows of one batch.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 16 << 20, rows: 5_000 }
    }
}

/// The state as axum passes it.
pub type Shared = Arc<Service>;

/// Runs work that touches the store, fetches or signs in bulk, off the threads that serve connections.
pub async fn blocking<T, F>(service: &Shared, work: F) -> Answer<T>
where
    T: Send + 'static,
    F: FnOnce(&Service) -> Result<T, Error> + Send + 'static,
{
    let service = Arc::clone(service);
    let done = tokio::task::spawn_blocking(move || work(&service)).await;
    done.map_err(|error| Problem(Error::new(ErrorKind::Internal, format!("worker: {error}"))))?.map_err(Problem)
}

/// Extracts who calls, by bearer token (RFC 6750); refused when there is none or nobody knows it.
pub struct Authenticated(pub Caller);

impl FromRequestParts<Shared> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        let token = bearer(parts).ok_or_else(|| Problem(Error::new(ErrorKind::Unauthenticated, "no bearer token")))?;
        blocking(service, move |service| service.city.authenticate(&token)).await.map(Self)
    }
}

fn bearer(parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= 256).then(|| token.to_owned())
}
