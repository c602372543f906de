//! Serving a city: the interfaces on a socket, until the process is asked to stop or the store fails.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::background::Background;
use super::config::Config;
use super::telemetry;
use super::tls::{self, Gate, Tls};
use super::witnesses::Witnessing;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::http::problem::Problem;
use crate::http::service::{Limits, Service};
use crate::{http, ui};

/// How long a connection may say nothing, or not finish the head of a request, before it is closed.
const SILENCE: Duration = Duration::from_secs(30);

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
            receiving: receiving(config),
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

/// Fails where the address cannot be had, for work that would be in vain without it.
pub fn require_free(address: SocketAddr) -> Result<(), Error> {
    std::net::TcpListener::bind(address).map(drop).map_err(|error| taken(address, &error))
}

fn taken(address: SocketAddr, error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, format!("{address}: {error}")).says(
        format!("无法监听 {address}：{error}。请换一个端口（--listen）。"),
        format!("Cannot listen on {address}: {error}. Choose another address with --listen."),
    )
}

async fn listen(config: &Config, service: Arc<Service>, ready: impl FnOnce()) -> Result<(), Error> {
    let listener = TcpListener::bind(config.listen).await.map_err(|error| taken(config.listen, &error))?;
    let certificate = Tls::open(config, service.city.now())?;
    let router = router(config, &service);
    if certificate.is_none() && tls::is_enclosed(config) {
        ready();
        return plain(listener, router, service).await.map_err(|error| failed(&error));
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

/// Serves without encryption.
async fn plain(listener: TcpListener, router: Router, service: Arc<Service>) -> std::io::Result<()> {
    let server = prepared(listener, service)?;
    server.serve(router.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// Serves behind a gate.
async fn guarded(listener: TcpListener, gate: Gate, router: Router, service: Arc<Service>) -> std::io::Result<()> {
    let server = prepared(listener, service)?.acceptor(gate);
    server.serve(router.into_make_service()).await
}

/// A server that ends with the process; connections under way get a moment to end.
fn prepared(listener: TcpListener, service: Arc<Service>) -> std::io::Result<axum_server::Server<SocketAddr>> {
    let handle = axum_server::Handle::new();
    let ending = handle.clone();
    tokio::spawn(async move {
        stop(service).await;
        ending.graceful_shutdown(Some(Duration::from_secs(5)));
    });
    Ok(bounded(listener)?.handle(handle))
}

/// A server that does not wait for ever for a request.
pub(super) fn bounded(listener: TcpListener) -> std::io::Result<axum_server::Server<SocketAddr>> {
    let mut server = axum_server::from_tcp(listener.into_std()?)?;
    let http = server.http_builder();
    http.http1().timer(TokioTimer::new()).header_read_timeout(SILENCE);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(SILENCE).keep_alive_timeout(SILENCE);
    Ok(server)
}

/// How long a body may take: a little less than the whole request, so that the sender hears whose fault it was.
fn receiving(config: &Config) -> Duration {
    let limit = Duration::from_secs(u64::from(config.limits.request_seconds));
    limit.saturating_sub(Duration::from_secs(2)).max(limit / 2)
}

/// The interfaces and pages with what every answer gets.
pub fn router(config: &Config, service: &Arc<Service>) -> Router {
    let limit = Duration::from_secs(u64::from(config.limits.request_seconds));
    layered(http::router(Arc::clone(service)).merge(ui::router()), limit)
}

/// What every answer gets, and what is answered where a handler panics or does not end in time.
fn layered(router: Router, limit: Duration) -> Router {
    // One layer out of four, outermost first: each layer by itself costs a request two allocations.
    router.layer((
        SetResponseHeaderLayer::overriding(REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        SetResponseHeaderLayer::overriding(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        CatchPanicLayer::custom(panicked),
        from_fn_with_state(limit, in_time),
    ))
}

/// The answer of a handler, or after the longest time that nobody knows what came of it.
async fn in_time(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let error = Error::new(ErrorKind::Unknown, format!("no answer within {} s", limit.as_secs()));
        let error = error.coded("timeout").after(5).says(
            "办理超时，可能已经完成。请核对后再试。",
            "It took too long and may have been done. Look before trying again.",
        );
        Problem(error).into_response()
    })
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    Problem(Error::new(ErrorKind::Internal, "a handler panicked")).into_response()
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

pub(super) fn failed(error: &std::io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, error.to_string())
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// What a server with these routes answers to bytes, the connection left open.
    async fn answered(sent: &str) -> String {
        async fn hang() {
            std::future::pending::<()>().await;
        }
        async fn panics() {
            assert!(std::hint::black_box(false), "a handler that panics");
        }
        let router = Router::new().route("/hang", get(hang)).route("/panic", get(panics));
        let router = router.route("/read", post(|body: axum::body::Bytes| async move { body.len().to_string() }));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = layered(router, Duration::from_millis(200));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
        socket.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4_096];
        let length = socket.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    #[tokio::test]
    async fn a_handler_that_hangs_or_panics_is_told_as_a_problem() {
        let hung = answered("GET /hang HTTP/1.1\r\nhost: x\r\n\r\n").await;
        for told in ["503 Service Unavailable", "application/problem+json", "retry-after: 5", "\"code\":\"timeout\""] {
            assert!(hung.contains(told), "{told}: {hung}");
        }
        let panicked = answered("GET /panic HTTP/1.1\r\nhost: x\r\n\r\n").await;
        for told in
            ["500 Internal", "application/problem+json", "/problems/internal", "x-content-type-options: nosniff"]
        {
            assert!(panicked.contains(told), "{told}: {panicked}");
        }
        assert!(!panicked.contains("a handler that"), "no detail leaves: {panicked}");
    }

    #[tokio::test]
    async fn a_body_that_never_arrives_ends_in_time() {
        let half = answered("POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf").await;
        assert!(half.contains("503") && half.contains("application/problem+json"), "{half}");
    }
}
