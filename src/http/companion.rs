//! Companion proofs: that a document's issuing stands in the log, for its agency by identifier, for anyone by digest.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Path, Query};
use super::problem::Answer;
use super::route::{Access, JSON, PROBLEM, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::bytes::{from_base64url, from_hex};
use crate::base::id::CredentialId;
use crate::base::json::json;
use crate::domain::error::Error;
use crate::domain::usage::licences::Mine;
use crate::tlog::proof::LogProof;

const TEXT: &str = "text/plain; charset=utf-8";

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let answers =
        &[(200, TEXT, "A tlog-proof whose extra data is the log's entry."), (404, PROBLEM, "The log has none yet.")];
    vec![
        Route::get(
            "/api/credentials/{id}/log-proof",
            "That the issuing of a credential stands in the log: its companion file (C2SP tlog-proof).",
            get(of_credential),
        )
        .only(Access::AgencyReading)
        .query(&[("agency", "The agency, for those who watch all.")])
        .answers(answers),
        Route::post(
            "/api/licences/mine",
            "A holder's licences as the register keeps them, with their companion files: each key proves itself by a signed `certless-licences+jwt` with a nonce.",
            &[(JSON, "MyLicences")],
            post(mine),
        )
        .answers(&[(200, JSON, "The licences.")]),
        Route::get(
            "/log/find/{digest}",
            "The companion file of whoever holds the document: by the SHA-256 of its canonical form, base64url or hex.",
            get(of_digest),
        )
        .answers(answers),
    ]
}

async fn of_credential(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    let named = query.get("agency").cloned();
    let proof = blocking(&service, move |service| {
        let id = CredentialId::parse(&id)?;
        let agency = service.city.credential(&id)?.head.agency;
        // Whoever watches need not know which agency it was.
        if !caller.watches() && caller.reading_agency(named.as_deref())? != agency {
            return Err(Error::not_found("the agency issued no such credential"));
        }
        service.city.companion(&id)
    });
    Ok(answer(&proof.await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MyLicences {
    proofs: Vec<String>,
}

async fn mine(State(service): State<Shared>, extract::Json(asked): extract::Json<MyLicences>) -> Answer<Response> {
    let found = blocking(&service, move |service| service.city.my_licences(&asked.proofs)).await?;
    let told = |one: &Mine| {
        json!({
            "id": one.id, "type": one.type_code, "keys": one.keys,
            "credential": one.credential, "logProof": one.log_proof,
        })
    };
    let licences: Vec<_> = found.iter().map(told).collect();
    Ok(([(CACHE_CONTROL, "no-store")], axum::Json(json!({"licences": licences}))).into_response())
}

async fn of_digest(State(service): State<Shared>, Path(digest): Path<String>) -> Answer<Response> {
    let read = if digest.len() == 64 { from_hex(&digest) } else { from_base64url(&digest) };
    let digest = read.ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let digest = digest.ok_or_else(|| Error::not_found("not a SHA-256 digest"))?;
    Ok(answer(&blocking(&service, move |service| service.city.companion_of(&digest)).await?))
}

fn answer(proof: &LogProof) -> Response {
    let headers = [(CONTENT_TYPE, TEXT), (CACHE_CONTROL, "no-cache"), (ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (headers, proof.to_string()).into_response()
}
