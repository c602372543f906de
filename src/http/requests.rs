//! `/api/requests`: a window asks for licences, watches, and sees what came of it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream::{self, Stream};

use super::extract::{self, Path, Query};
use super::hub::Watch;
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Service, Shared, blocking};
use crate::base::id::AgencyCode;
use crate::base::json::{Value, json};
use crate::base::time::rfc3339;
use crate::domain::error::Error;
use crate::domain::request::Session;
use crate::domain::request::ask::Ask;
use crate::domain::usage::Place;
use crate::wire::oid4vp::request::SCHEME;
use crate::wire::qr::{Code, Correction};

/// How often a watcher reads the store again without having been woken.
const LOOK: Duration = Duration::from_secs(2);
/// How often a silent stream says that it is alive.
const HEARTBEAT: Duration = Duration::from_secs(10);
const NO_STORE: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/requests", "Asks for licences (OpenID4VP).", &[(JSON, "Ask")], post(ask))
            .only(Access::Window)
            .answers(&[(201, JSON, "The request with its code.")]),
        Route::get("/api/requests/{id}", "What came of a request.", get(show))
            .only(Access::Window)
            .query(&[("response_code", "For a request with `returnTo`: what its redirect carried.")]),
        Route::get("/api/requests/{id}/events", "What happens to a request, as it happens.", get(events))
            .only(Access::Window)
            .query(&[("response_code", "For a request with `returnTo`: what its redirect carried.")])
            .answers(&[(
                200,
                "text/event-stream",
                "Events `state`, `check` and `verdict`; ends when the request has.",
            )]),
        Route::post("/api/requests/{id}/cancel", "Takes a request back.", &[], post(cancel)).only(Access::Window),
    ]
}

async fn ask(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(ask): extract::Json<Ask>,
) -> Answer<Response> {
    let place = Place::of(&caller)?;
    blocking(&service, move |service| {
        let session = service.city.ask(&place, ask)?;
        Ok((StatusCode::CREATED, NO_STORE, Json(invitation(service, &session)?)).into_response())
    })
    .await
}

/// The request as a wallet takes it up: by scheme, by link, by code.
fn invitation(service: &Service, session: &Session) -> Result<Value, Error> {
    let reference = service.city.request_reference(session);
    let link = reference.link(&service.city.names.wallet_present());
    Ok(json!({
        "id": session.id,
        "requestUri": reference.link(&format!("{SCHEME}://")),
        "qr": Code::new(&link, Correction::Medium)?.to_svg(),
        "link": link,
        "expiresAt": rfc3339(session.head.expires),
    }))
}

async fn show(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    let watched = Watched::new(caller.window()?.clone(), id, &query);
    let (_, told) = blocking(&service, move |service| watched.read(service)).await?;
    Ok((NO_STORE, Json(told)).into_response())
}

async fn cancel(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
) -> Answer<Response> {
    let window = caller.window()?.clone();
    let told = blocking(&service, move |service| {
        let session = service.city.cancel_request(&window, &id)?;
        service.hub.wake(&id);
        Ok(session.to_json(service.city.now(), session.is_entitled(None)))
    });
    Ok((NO_STORE, Json(told.await?)).into_response())
}

async fn events(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    let watched = Watched::new(caller.window()?.clone(), id, &query);
    // Watches before it reads, so that nothing happens in between.
    let watch = service.hub.watch();
    let first = watched.clone();
    let (last, told) = blocking(&service, move |service| first.read(service)).await?;
    let follow = Follow { service, watched, watch, told, last, begun: false, ended: false };
    let stream = Sse::new(follow.into_stream()).keep_alive(KeepAlive::new().interval(HEARTBEAT));
    Ok((NO_STORE, stream).into_response())
}

/// Which request a window watches.
#[derive(Clone)]
struct Watched {
    window: AgencyCode,
    id: String,
    response_code: Option<String>,
}

impl Watched {
    fn new(window: AgencyCode, id: String, query: &BTreeMap<String, String>) -> Self {
        Self { window, id, response_code: query.get("response_code").cloned() }
    }

    /// Whether it has ended, and what the window sees of it.
    fn read(&self, service: &Service) -> Result<(bool, Value), Error> {
        let session = service.city.request_of(&self.window, &self.id)?;
        let now = service.city.now();
        let entitled = session.is_entitled(self.response_code.as_deref());
        let mut told = session.to_json(now, entitled);
        if let (Some(told), Some(outcome)) = (told.as_object_mut(), session.body.outcome.as_ref().filter(|_| entitled))
        {
            told.insert("uses".to_owned(), super::uses::told(&service.city.uses_named(&outcome.uses)?));
        }
        Ok((session.state(now).is_final(), told))
    }
}

/// One stream of events.
struct Follow {
    service: Shared,
    watched: Watched,
    watch: Watch,
    told: Value,
    last: bool,
    begun: bool,
    ended: bool,
}

impl Follow {
    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        let batches = stream::unfold(self, |mut follow| async move {
            let events = follow.next().await?;
            Some((stream::iter(events.into_iter().map(Ok)), follow))
        });
        futures_util::StreamExt::flatten(batches)
    }

    /// The events of the next change; `None` when there will be none.
    async fn next(&mut self) -> Option<Vec<Event>> {
        if self.ended {
            return None;
        }
        while self.begun && !self.last {
            let _ = tokio::time::timeout(LOOK, self.watch.changed(&self.watched.id)).await;
            if self.service.hub.is_closed() {
                return None;
            }
            let watched = self.watched.clone();
            let (last, told) = blocking(&self.service, move |service| watched.read(service)).await.ok()?;
            if told != self.told {
                (self.last, self.told) = (last, told);
                break;
            }
        }
        (self.begun, self.ended) = (true, self.last);
        Some(events_of(&self.told))
    }
}

/// `check` for each check of a verdict, `verdict`, and `state` with everything, which is the last of a request's end.
fn events_of(told: &Value) -> Vec<Event> {
    let event = |name: &str, data: &Value| Event::default().event(name).data(data.to_string());
    let mut events = Vec::new();
    if let Some(verdict) = told.get("verdict") {
        let checks = verdict.get("checks").and_then(Value::as_array);
        events.extend(checks.into_iter().flatten().map(|check| event("check", check)));
        events.push(event("verdict", verdict));
    }
    events.push(event("state", told));
    events
}

/// Says to those who watch a request that something happened to it.
pub(super) fn wake(service: &Arc<Service>, id: &str) {
    service.hub.wake(id);
}
