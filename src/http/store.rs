//! `/api/store`: the operator takes a backup of the running city, and has its store checked.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Sender, channel};

use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::bytes::hex;
use crate::base::json::{Value, json};
use crate::domain::backup::{Report, Snapshot};
use crate::domain::ports::StoreError;

/// JSON objects, one a line.
const LINES: &str = "application/x-ndjson";
/// Bytes that travel together.
const PIECE: usize = 64 * 1024;
/// Pieces that may wait for the caller.
const WAITING: usize = 4;
/// Longest wait for a caller that reads nothing.
const PATIENCE: Duration = Duration::from_mins(1);

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get(
            "/api/store/export",
            "The store of this moment as lines of JSON, the last with their digest.",
            get(export),
        )
        .only(Access::Operator)
        .answers(&[(200, LINES, "Every row; not whole without the line that says end.")]),
        Route::get("/api/store/check", "Reads every row, every index and the whole log.", get(check))
            .only(Access::Operator),
    ]
}

async fn export(state: State<Shared>, caller: Authenticated) -> Answer<Response> {
    answer(state, caller, LINES, |snapshot, out| snapshot.export(out).map(drop)).await
}

async fn check(state: State<Shared>, caller: Authenticated) -> Answer<Response> {
    answer(state, caller, JSON, |snapshot, out| {
        let report = report_json(&snapshot.check()?).to_string();
        out.write_all(report.as_bytes()).map_err(|error| StoreError::Refused(error.to_string()))
    })
    .await
}

/// What a check found, as the interface and the command line tell it.
pub fn report_json(report: &Report) -> Value {
    json!({
        "rows": report.rows, "faults": report.faults, "listed": report.listed,
        "log": {"size": report.log.size, "root": hex(&report.log.root)},
    })
}

/// Takes a snapshot and sends what is told of it while it is told: at any length, and for as long as that takes. What goes
/// wrong after the beginning cuts the answer short, so that half of one is never taken for the whole.
async fn answer(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    media: &'static str,
    tell: fn(&dyn Snapshot, &mut dyn Write) -> Result<(), StoreError>,
) -> Answer<Response> {
    caller.require_operator()?;
    let snapshot = blocking(&service, |service| Ok(service.city.store().snapshot()?)).await?;
    let (pieces, mut sent) = channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = Pieces { to: pieces, piece: Vec::with_capacity(PIECE) };
        let told = tell(snapshot.as_ref(), &mut out).map_err(|error| io::Error::other(error.to_string()));
        if let Err(error) = told.and_then(|()| out.flush()) {
            tracing::warn!(%error, "an export or check was not finished");
            let _ = out.send(Err(error));
        }
    });
    let body = futures_util::stream::poll_fn(move |context| sent.poll_recv(context));
    Ok(([(CONTENT_TYPE, media), (CACHE_CONTROL, "no-store")], Body::from_stream(body)).into_response())
}

/// Collects what is written and sends it on; fails when the caller has gone or reads nothing for a minute.
struct Pieces {
    to: Sender<io::Result<Bytes>>,
    piece: Vec<u8>,
}

impl Pieces {
    fn send(&self, piece: io::Result<Bytes>) -> io::Result<()> {
        let sent = Handle::current().block_on(tokio::time::timeout(PATIENCE, self.to.send(piece)));
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::BrokenPipe, "the caller has gone")),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the caller reads nothing")),
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PIECE));
        self.send(Ok(piece.into()))
    }
}
