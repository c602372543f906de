//! `/api/uses`, `/api/objections`, `/api/copies`: who used which licence, what its holder says to it, and copies.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Body, Path, Query};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use super::verify::received;
use crate::base::id::{AgencyCode, CredentialId};
use crate::base::json::{Value, json};
use crate::domain::error::Error;
use crate::domain::token::{Caller, Role};
use crate::domain::usage::Place;
use crate::domain::usage::objection::{Outcome, Wanted};
use crate::domain::usage::read::Uses;
use crate::domain::usage::record::Signed;
use crate::vc::verify::Verdict;

const NO_STORE: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let pages = &[
        ("agency", "The agency, for those who watch all."),
        ("credential", "The licence, by its identifier; all uses at the agency's windows without it."),
        ("after", "Where to go on."),
    ];
    vec![
        Route::post(
            "/api/uses",
            "Verifies what was scanned at a window where no application is open; the use is recorded (用证记录).",
            &[("text/plain", ""), (JSON, "Any")],
            post(check),
        )
        .only(Access::Window)
        .answers(&[(200, JSON, "The verdict with its use records.")]),
        Route::get("/api/uses", "Who used a licence of the agency, newest first.", get(list))
            .only(Access::AgencyReading)
            .query(pages),
        Route::post(
            "/api/uses/mine",
            "A holder's own use records: each key proves itself by a signed `certless-uses+jwt` with a nonce.",
            &[(JSON, "MyUses")],
            post(mine),
        ),
        Route::post(
            "/api/objections",
            "Objects to a use record: a `certless-objection+jwt` signed by a key of the licence.",
            &[(JSON, "NewObjection")],
            post(object),
        )
        .answers(&[(201, JSON, "The objection with its owner and the day it is due.")]),
        Route::get("/api/objections", "Objections to the uses of an agency.", get(objections))
            .only(Access::AgencyReading)
            .query(&[
                ("agency", "The agency; all of them for those who watch."),
                ("state", "`open` (also overdue, first due first) or `all`."),
                ("after", "Where to go on."),
            ]),
        Route::post(
            "/api/objections/{use}/answer",
            "Answers an objection.",
            &[(JSON, "ObjectionAnswer")],
            post(answer),
        )
        .only(Access::Answering),
        Route::post(
            "/api/uses/{use}/copy",
            "Makes the one annotated copy (加注件) of what a use of an application showed.",
            &[(JSON, "NewCopy")],
            post(copy),
        )
        .only(Access::Window)
        .answers(&[(201, JSON, "The copy, signed, with what to print.")]),
        Route::post("/api/copies/take", "Takes an annotated copy in, once.", &[(JSON, "CopyText")], post(take))
            .only(Access::Window),
    ]
}

/// Use records as the window and the wallet get them.
pub(super) fn told(uses: &[Signed]) -> Value {
    uses.iter().map(|one| json!({"use": one.record, "jwt": one.jwt})).collect()
}

/// A verdict with the records of the use.
pub(super) fn with_uses(verdict: &Verdict, uses: &[Signed]) -> Value {
    let mut out = verdict.to_json();
    if let Some(out) = out.as_object_mut() {
        out.insert("uses".to_owned(), told(uses));
    }
    out
}

async fn check(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Body(scanned): Body,
) -> Answer<Response> {
    let place = Place::of(&caller)?;
    let done = blocking(&service, move |service| {
        let (outcome, uses) = service.city.check(&place, received(&scanned)?, &scanned)?;
        Ok(with_uses(&outcome.verdict, &uses))
    });
    Ok((NO_STORE, Json(done.await?)).into_response())
}

async fn list(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    let done = blocking(&service, move |service| {
        let after = query.get("after").map(String::as_str);
        let named = query.get("agency").map(String::as_str);
        let Some(id) = query.get("credential") else {
            return Ok(page(&service.city.uses_of_unit(&caller.reading_agency(named)?, after)?));
        };
        let id = CredentialId::parse(id)?;
        let agency = service.city.credential(&id)?.head.agency;
        let own = caller.watches() || caller.reading_agency(named)? == agency;
        if !own {
            return Err(Error::not_found("the licence is another agency's"));
        }
        Ok(page(&service.city.uses_of_credential(&id, after)?))
    });
    Ok((NO_STORE, Json(done.await?)).into_response())
}

fn page(uses: &Uses<Value>) -> Value {
    json!({"uses": uses.uses, "next": uses.next})
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MyUses {
    proofs: Vec<String>,
    #[serde(default)]
    after: Option<String>,
}

async fn mine(State(service): State<Shared>, extract::Json(asked): extract::Json<MyUses>) -> Answer<Response> {
    let done = blocking(&service, move |service| {
        let found = service.city.my_uses(&asked.proofs, asked.after.as_deref())?;
        let uses: Vec<_> = found.uses.iter().map(|one| one.to_json(&service.city)).collect();
        Ok(json!({"uses": uses, "next": found.next}))
    });
    Ok((NO_STORE, Json(done.await?)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewObjection {
    proof: String,
}

async fn object(State(service): State<Shared>, extract::Json(new): extract::Json<NewObjection>) -> Answer<Response> {
    let done =
        blocking(&service, move |service| Ok(service.city.object(&new.proof)?.to_json(service.city.now(), true)));
    Ok((StatusCode::CREATED, NO_STORE, Json(done.await?)).into_response())
}

async fn objections(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Response> {
    let done = blocking(&service, move |service| {
        let named = query.get("agency").map(|code| AgencyCode::parse(code)).transpose()?;
        let unit =
            if caller.watches() { named } else { Some(caller.reading_agency(named.as_ref().map(AgencyCode::as_str))?) };
        let wanted = if query.get("state").is_some_and(|state| state == "all") { Wanted::All } else { Wanted::Open };
        let after = query.get("after").map(String::as_str);
        let (found, next) = service.city.objections(unit.as_ref(), wanted, after)?;
        let now = service.city.now();
        let whole = caller.role != Role::Auditor;
        let found: Vec<_> = found.iter().map(|one| one.to_json(now, whole)).collect();
        Ok(json!({"objections": found, "next": next}))
    });
    Ok((NO_STORE, Json(done.await?)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectionAnswer {
    outcome: Outcome,
    answer: String,
}

async fn answer(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    extract::Json(given): extract::Json<ObjectionAnswer>,
) -> Answer<Response> {
    let done = blocking(&service, move |service| {
        let unit = owner(&caller)?;
        let done = service.city.answer_objection(unit, &id, given.outcome, &given.answer, &caller.author())?;
        Ok(done.to_json(service.city.now(), true))
    });
    Ok((NO_STORE, Json(done.await?)).into_response())
}

/// Whose objections a caller may answer; all of them for supervisors.
fn owner(caller: &Caller) -> Result<Option<&AgencyCode>, Error> {
    if caller.role == Role::Supervisor { Ok(None) } else { caller.issuing_agency().map(Some) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCopy {
    cause: String,
    #[serde(default)]
    days: Option<u16>,
}

async fn copy(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    extract::Json(new): extract::Json<NewCopy>,
) -> Answer<Response> {
    let place = Place::of(&caller)?;
    let done = blocking(&service, move |service| {
        let copy = service.city.make_copy(&place, &id, &new.cause, new.days)?;
        Ok(json!({"copy": copy.claims, "jwt": copy.jwt}))
    });
    Ok((StatusCode::CREATED, NO_STORE, Json(done.await?)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CopyText {
    jwt: String,
}

async fn take(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(given): extract::Json<CopyText>,
) -> Answer<Response> {
    let place = Place::of(&caller)?;
    let done = blocking(&service, move |service| {
        let copy = service.city.take_copy(&place, &given.jwt)?;
        Ok(json!({"copy": copy.claims}))
    });
    Ok((NO_STORE, Json(done.await?)).into_response())
}
