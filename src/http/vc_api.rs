//! `/vc-api`: the W3C CCG VC API for issuers and verifiers, and the conformance issuers for published suites.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use super::credentials::{idempotency_key, waiting};
use super::extract::{Body, Path};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Service, Shared, blocking};
use crate::base::error::ParseError;
use crate::base::json::{Limits, Map, Value, json, parse};
use crate::domain::conformance::Conformance;
use crate::domain::error::Error;
use crate::domain::issuance::Order;
use crate::domain::pending::begin::Begun;
use crate::vc::verify::{Policy, Received, Scope};
use crate::wire::vc_api::{self, IssueRequest, VerifyRequest};

const VERIFIED: &[(u16, &str, &str)] =
    &[(200, JSON, "Verified: `verified` is true."), (400, JSON, "Not verified: `problemDetails` say why.")];
const ISSUED: &[(u16, &str, &str)] =
    &[(201, JSON, "The secured credential."), (400, JSON, "The credential breaks a rule: `problemDetails` say which.")];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let credential = &[(JSON, "VerifyCredential")];
    let presentation = &[(JSON, "VerifyPresentation")];
    vec![
        Route::post("/vc-api/credentials/issue", "Issues a credential of a type.", &[(JSON, "IssueVc")], post(issue))
            .only(Access::Agency)
            .idempotent()
            .answers(&[(201, JSON, "The secured credential."), (202, JSON, "A second person must approve.")]),
        Route::post("/vc-api/credentials/verify", "Verifies a credential.", credential, post(verify_credential))
            .answers(VERIFIED),
        Route::post(
            "/vc-api/presentations/verify",
            "Verifies a presentation.",
            presentation,
            post(verify_presentation),
        )
        .answers(VERIFIED),
        Route::post(
            "/vc-api/issuers/{issuer}/credentials/issue",
            "Signs any conforming credential for a test suite; only where the operator serves conformance issuers.",
            &[(JSON, "IssueVc")],
            post(issue_conformance),
        )
        .only(Access::Known)
        .answers(ISSUED),
    ]
}

type Reply = (StatusCode, Json<Value>);

async fn verify_credential(State(service): State<Shared>, Body(body): Body) -> Answer<Reply> {
    verify(service, VerifyRequest::credential(&body), Received::Credential).await
}

async fn verify_presentation(State(service): State<Shared>, Body(body): Body) -> Answer<Reply> {
    verify(service, VerifyRequest::presentation(&body), Received::Presentation).await
}

async fn verify(
    service: Shared,
    request: Result<VerifyRequest, ParseError>,
    kind: fn(Map) -> Received,
) -> Answer<Reply> {
    let request = match request {
        Ok(request) => request,
        Err(error) => return Ok(refused(vc_api::unreadable(&error))),
    };
    blocking(&service, move |service| decide(service, request, kind)).await
}

fn decide(service: &Service, request: VerifyRequest, kind: fn(Map) -> Received) -> Result<Reply, Error> {
    let scope = if request.proof_only { Scope::Proof } else { Scope::Full };
    let (nonce, audience) = (request.challenge.as_deref(), request.domain.as_slice());
    let policy = Policy { scope, audience, nonce, ..Policy::full(service.city.now()) };
    let verdict = service.city.verify_once(kind(request.document), &policy)?.verdict;
    let answer = vc_api::verified(&verdict);
    Ok(if verdict.accepted { (StatusCode::OK, Json(answer)) } else { refused(answer) })
}

async fn issue(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer<Reply> {
    let agency = caller.issuing_agency()?.clone();
    let request = IssueRequest::parse(&body).map_err(Error::from)?;
    let key = request.key().or_else(|| idempotency_key(&headers));
    blocking(&service, move |service| {
        let (type_names, row) = request.row().map_err(Error::from)?;
        let known = service.city.type_of(&type_names).ok_or_else(|| Error::not_found("no such credential type"))?;
        let type_code = known.annotation().code.clone();
        let order = Order { agency, type_code, row, key };
        let issued = match service.city.begin_issue(&order, &caller.author())? {
            Begun::Done(issued) => issued,
            Begun::Waits(pending) => return Ok((StatusCode::ACCEPTED, Json(waiting(service, &pending)))),
        };
        let registered = service.city.credential(&issued.id)?;
        let credential = parse(registered.package.credential.get().as_bytes(), &Limits::DEFAULT)?;
        Ok((StatusCode::CREATED, Json(json!({ "verifiableCredential": credential }))))
    })
    .await
}

async fn issue_conformance(
    State(service): State<Shared>,
    Authenticated(_): Authenticated,
    Path(issuer): Path<String>,
    Body(body): Body,
) -> Answer<Reply> {
    if !service.conformance {
        return Err(Error::not_found("conformance issuers are not served").into());
    }
    let issuer = Conformance::from_name(&issuer)?;
    let request = match IssueRequest::parse(&body) {
        Ok(request) => request,
        Err(error) => return Ok(refused(vc_api::unreadable(&error))),
    };
    blocking(&service, move |service| {
        Ok(match service.city.issue_conformance(issuer, request.credential)? {
            Ok(credential) => (StatusCode::CREATED, Json(json!({ "verifiableCredential": credential }))),
            Err(finding) => refused(vc_api::refused(&finding)),
        })
    })
    .await
}

fn refused(answer: Value) -> Reply {
    (StatusCode::BAD_REQUEST, Json(answer))
}
