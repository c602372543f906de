//! `/api/reconcile`: a window hands in the journal of what was accepted without a network; what became of each entry is
//! listed for the window and for those who watch.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Query};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::id::AgencyCode;
use crate::base::json::{Value, json};
use crate::base::time::rfc3339;
use crate::domain::catalogue::Catalogue;
use crate::domain::error::Error;
use crate::domain::token::Role;
use crate::domain::trust::reconcile::{Note, Outcome, Sighting};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::post(
            "/api/reconcile",
            "Looks again at what was accepted without a network: one outcome for each new entry of a journal.",
            &[(JSON, "OfflineJournal")],
            post(reconcile),
        )
        .only(Access::Window),
        Route::get("/api/reconciliations", "What became of entries accepted without a network.", get(list))
            .only(Access::WindowReading)
            .query(&[("agency", "The agency, for those who watch all."), ("after", "Where to go on.")]),
    ]
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    journal: String,
}

async fn reconcile(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(asked): extract::Json<Asked>,
) -> Answer<Json<Value>> {
    let agency = caller.window()?.clone();
    blocking(&service, move |service| Ok(Json(outcomes_json(&service.city.reconcile(&asked.journal, Some(&agency))?))))
        .await
}

async fn list(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Json<Value>> {
    let named = query.get("agency").map(|code| AgencyCode::parse(code)).transpose();
    let agency = match &caller.role {
        Role::Window { agency } => Some(agency.clone()),
        Role::Agency { .. } | Role::Operator | Role::Supervisor | Role::Auditor => named.map_err(Error::from)?,
    };
    blocking(&service, move |service| {
        let page = service.city.reconciled(agency.as_ref(), query.get("after").map(String::as_str))?;
        let rows: Vec<_> = page.outcomes.iter().map(outcome_json).collect();
        Ok(Json(json!({"reconciliations": rows, "next": page.next})))
    })
    .await
}

/// The outcomes of a journal.
pub fn outcomes_json(outcomes: &[Outcome]) -> Value {
    let standing = outcomes.iter().filter(|outcome| outcome.stands()).count();
    let rows: Vec<_> = outcomes.iter().map(outcome_json).collect();
    json!({"entries": outcomes.len(), "standing": standing, "outcomes": rows})
}

fn outcome_json(outcome: &Outcome) -> Value {
    let catalogue = Catalogue::embedded().ok();
    let types = outcome
        .types
        .iter()
        .map(|code| json!({"code": code, "name": catalogue.and_then(|all| all.find(code)).map(|found| found.label())}));
    json!({
        "journal": outcome.used.journal, "seq": outcome.used.seq, "place": outcome.used.place,
        "at": outcome.used.at.map(rfc3339), "bundleAgeSeconds": outcome.bundle_age,
        "reconciledAt": rfc3339(outcome.reconciled_at), "agency": outcome.agency,
        "types": types.collect::<Vec<_>>(), "issuers": outcome.issuers, "stands": outcome.stands(),
        "notes": outcome.notes.iter().map(note_json).collect::<Vec<_>>(),
    })
}

fn note_json(note: &Note) -> Value {
    let said = note.found.label();
    json!({
        "found": note.found, "code": note.code, "grave": note.found.is_grave(), "zh": said.zh, "en": said.en,
        "other": note.other.as_ref().map(sighting_json),
    })
}

fn sighting_json(sighting: &Sighting) -> Value {
    json!({
        "place": sighting.place, "at": sighting.at.map(rfc3339), "seq": sighting.seq,
        "journal": Some(&sighting.journal).filter(|journal| !journal.is_empty()),
    })
}
