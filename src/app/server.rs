//! Serving a city: the interfaces on a socket, until the process is asked to stop or the store fails.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use super::background::Background;
use super::config::Config;
use super::telemetry;
use super::tls::{self, Gate, Tls};
use super::witnesses::Witnessing;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::http::service::{Limits, Service};
use crate::{http, ui};

/// Serves until interrupted; calls `ready` once the socket listens.
///
/// `unavailable` when the address is taken or the store failed while serving.
pub fn serve(config: &Config, city: City, ready: impl FnOnce()) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| failed(&error))?;
    let metrics = telemetry::metrics();
    let service = Arc::new(Service {
        city,
        conformance: config.conformance,
        limits: Limits {
            body: config.limits.body_bytes.max(config.limits.upload_bytes),
            rows: config.limits.batch_rows,
            proxies: usize::from(config.limits.proxies),
        },
        metrics: Some(Arc::new(|| metrics.render())),
        pages: Arc::new(ui::Site),
        hub: http::hub::Hub::default(),
    });
    let witnessing = Witnessing::start(Arc::clone(&service), config.fetch_policy()?);
    let background = Background::start(Arc::clone(&service), config.keys_folder());
    let outcome = runtime.block_on(listen(config, Arc::clone(&service), ready));
    drop(background);
    drop(witnessing);
    runtime.shutdown_timeout(Duration::from_secs(5));
    outcome?;
    let health = service.city.store().health();
    if health.ready { Ok(()) } else { Err(Error::new(ErrorKind::Unavailable, health.reason.unwrap_or_default())) }
}

/// A server on a free loopback port with threads of its own name, for measuring it.
pub struct Loopback {
    _runtime: tokio::runtime::Runtime,
    address: SocketAddr,
}

impl Loopback {
    /// What the names of its threads begin with.
    pub const THREADS: &str = "loopback";

    /// Starts serving a city.
    pub fn start(city: City) -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_name(Self::THREADS).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let service = Arc::new(Service {
            city,
            conformance: false,
            limits: Limits::default(),
            metrics: None,
            pages: Arc::new(ui::Site),
            hub: http::hub::Hub::default(),
        });
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).map_err(|error| failed(&error))?;
        let address = listener.local_addr().map_err(|error| failed(&error))?;
        let router = router(&Config::default(), &service);
        runtime.spawn(async move {
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
        });
        Ok(Self { _runtime: runtime, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn listen(config: &Config, service: Arc<Service>, ready: impl FnOnce()) -> Result<(), Error> {
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Error::new(ErrorKind::Unavailable, format!("{}: {error}", config.listen)).says(
            format!("无法监听 {}：{error}。请换一个端口（--listen）。", config.listen),
            format!("Cannot listen on {}: {error}. Choose another address with --listen.", config.listen),
        )
    })?;
    let certificate = Tls::open(config, service.city.now())?;
    let router = router(config, &service);
    if certificate.is_none() && tls::is_enclosed(config) {
        ready();
        return axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stop(service))
            .await
            .map_err(|error| failed(&error));
    }
    let origin = service.city.names.base().to_owned();
    let authority = certificate.as_ref().map(|tls| tls.authority(&origin)).transpose()?.flatten();
    let router = authority.iter().fold(router, |router, ca| router.merge(headed(ui::ca::router(ca))));
    let gate = Gate::new(certificate.as_ref(), headed(ui::ca::plain(&origin, authority.as_ref())));
    if let Some(certificate) = certificate {
        tokio::spawn(certificate.keep_fresh(Arc::clone(&service)));
    }
    ready();
    guarded(listener, gate, router, service).await.map_err(|error| failed(&error))
}

/// Serves behind a gate; connections under way get a moment to end.
async fn guarded(listener: TcpListener, gate: Gate, router: Router, service: Arc<Service>) -> std::io::Result<()> {
    let handle = axum_server::Handle::new();
    let ending = handle.clone();
    tokio::spawn(async move {
        stop(service).await;
        ending.graceful_shutdown(Some(Duration::from_secs(5)));
    });
    let server = axum_server::from_tcp(listener.into_std()?)?.acceptor(gate).handle(handle);
    server.serve(router.into_make_service()).await
}

/// The interfaces and pages with what every answer gets.
pub fn router(config: &Config, service: &Arc<Service>) -> Router {
    let limit = Duration::from_secs(u64::from(config.limits.request_seconds));
    // One layer out of four, outermost first: each layer by itself costs a request two allocations.
    http::router(Arc::clone(service)).merge(ui::router()).layer((
        SetResponseHeaderLayer::overriding(REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        CatchPanicLayer::new(),
        TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, limit),
    ))
}

/// What every answer says, for the few addresses beside the city's.
fn headed(router: Router) -> Router {
    router.layer((
        SetResponseHeaderLayer::overriding(REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ))
}

/// Ends when the process is interrupted or terminated, or the store has failed; open streams of events end with it.
async fn stop(service: Arc<Service>) {
    interrupted(&service).await;
    service.hub.close();
}

async fn interrupted(service: &Service) {
    let mut look = tokio::time::interval(Duration::from_secs(1));
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return,
            () = terminated(&mut terminate) => return,
            _ = look.tick() => {
                if !service.city.store().health().ready {
                    return;
                }
            }
        }
    }
}

async fn terminated(signal: &mut Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}
