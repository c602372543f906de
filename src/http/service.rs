//! What every handler works with: the city, the limits, and the one seam to blocking work.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::Response;

use super::guard;
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
    fn progress(&self, headers: &HeaderMap, asked: Asked, progress: Result<Progress, Error>) -> Response;
}

/// How somebody wants a page, by its address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// `lang=en`; the browser's preference otherwise.
    pub lang: Option<Lang>,
    /// `large=1`: large type, 长辈版.
    pub large: bool,
}

/// How much one caller may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest body, bytes: a batch of rows or a photograph.
    pub body: usize,
    /// Most rows of one batch.
    pub rows: usize,
    /// Longest time in which a body arrives.
    pub receiving: Duration,
    /// Proxies of our own before this server, whose `X-Forwarded-For` tells who calls.
    pub proxies: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 16 << 20, rows: 5_000, receiving: Duration::from_secs(28), proxies: 0 }
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

/// Extracts who calls: a bearer token (RFC 6750) or a session's cookie; refused when there is neither, or nobody knows it.
pub struct Authenticated(pub Caller);

impl FromRequestParts<Shared> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Answer<Self> {
        if let Some(caller) = parts.extensions.get::<Caller>() {
            return Ok(Self(caller.clone()));
        }
        guard::known(parts, service, true).await.map(|known| Self(known.caller))
    }
}
