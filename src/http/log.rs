//! `/log`: the transparency log for anyone, as static files: checkpoint, tiles, entry bundles (C2SP tlog-tiles).

use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::extract::Path;
use super::problem::Answer;
use super::route::{PROBLEM, Route};
use super::service::{Shared, blocking};
use crate::domain::error::Error;
use crate::tlog::tile::Tile;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";
/// Full and partial tiles never change once they are there.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/log/checkpoint", "The signed checkpoint of the log (C2SP tlog-checkpoint).", get(checkpoint))
            .answers(&[(200, TEXT, "A signed note: origin, size, root hash.")]),
        Route::get("/log/key", "The key of the checkpoints as a vkey (C2SP signed-note).", get(key)).answers(&[(
            200,
            TEXT,
            "name+id+key",
        )]),
        Route::get("/log/tile/{level}/{*index}", "A tile of hashes, or with level `entries` a bundle.", get(tile))
            .answers(&[
                (200, BYTES, "Hashes of 32 bytes, or entries behind their lengths of 16 bits."),
                (404, PROBLEM, "The log has no such tile."),
            ]),
        Route::get("/log/proof/{index}", "That an entry is in the log (C2SP tlog-proof).", get(proof)).answers(&[
            (200, TEXT, "Index, inclusion proof and signed checkpoint."),
            (404, PROBLEM, "The log has no such entry yet."),
        ]),
    ]
}

async fn checkpoint(State(service): State<Shared>) -> Answer<Response> {
    let note = blocking(&service, |service| service.city.served_checkpoint()).await?;
    Ok(answer(TEXT, "public, max-age=1", note.into_bytes()))
}

async fn key(State(service): State<Shared>) -> Answer<Response> {
    Ok(answer(TEXT, "public, max-age=3600", format!("{}\n", service.city.log_key()?).into_bytes()))
}

async fn tile(State(service): State<Shared>, Path((level, index)): Path<(String, String)>) -> Answer<Response> {
    let tile = Tile::parse(&format!("tile/{level}/{index}")).map_err(|_| Error::not_found("no such tile"))?;
    let bytes = blocking(&service, move |service| service.city.log_tile(tile)).await?;
    Ok(answer(BYTES, FOR_GOOD, bytes))
}

async fn proof(State(service): State<Shared>, Path(index): Path<u64>) -> Answer<Response> {
    let proof = blocking(&service, move |service| service.city.log_proof(index)).await?;
    Ok(answer(TEXT, "no-cache", proof.to_string().into_bytes()))
}

fn answer(media: &'static str, caching: &'static str, body: Vec<u8>) -> Response {
    let headers = [(CONTENT_TYPE, media), (CACHE_CONTROL, caching), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, body).into_response()
}
