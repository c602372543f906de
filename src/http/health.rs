//! `/health`, `/ready`, `/metrics`: for whoever runs the city.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::route::{JSON, Route};
use super::service::Shared;
use crate::base::json::{Value, json};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/health", "The process lives.", get(health)),
        Route::get("/ready", "The city serves and takes changes.", get(ready))
            .answers(&[(200, JSON, "Ready."), (503, JSON, "Not ready, and why.")]),
        Route::get("/metrics", "Metrics as Prometheus reads them.", get(metrics)).answers(&[(
            200,
            "text/plain",
            "The metrics.",
        )]),
    ]
}

async fn health() -> Json<Value> {
    Json(json!({"alive": true, "version": env!("CARGO_PKG_VERSION")}))
}

async fn ready(State(service): State<Shared>) -> (StatusCode, Json<Value>) {
    let health = service.city.store().health();
    let status = if health.ready && health.writable { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body =
        json!({"ready": health.ready, "writable": health.writable, "reason": health.reason, "freeBytes": health.free});
    (status, Json(body))
}

async fn metrics(State(service): State<Shared>) -> Response {
    let text = service.metrics.as_ref().map(|render| render()).unwrap_or_default();
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
