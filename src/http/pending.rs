//! `/api/pending`: actions that wait for a second person.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Path, Query};
use super::problem::Answer;
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::id::PendingId;
use crate::base::json::{Value, json};
use crate::domain::account::StaffRole;
use crate::domain::error::Error;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/pending", "Actions of the agency that wait for a second person.", get(list))
            .only(Access::AgencyReading)
            .query(&[
                ("state", "`all` for decided and expired ones too."),
                ("agency", "The agency, for those who watch all."),
                ("after", "Where to go on."),
            ]),
        Route::get("/api/pending/{id}", "One action with its row and reasons.", get(show))
            .only(Access::AgencyReading)
            .query(&[("agency", "The agency, for those who watch all.")]),
        Route::post("/api/pending/{id}/approve", "Carries an action out, as the second person.", &[], post(approve))
            .only(Access::Approver),
        Route::post(
            "/api/pending/{id}/refuse",
            "Closes an action without doing it: an approver, or who began it.",
            &[(JSON, "Reason")],
            post(refuse),
        )
        .only(Access::Agency),
    ]
}

type Asked = Query<BTreeMap<String, String>>;

async fn list(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Asked,
) -> Answer<Json<Value>> {
    let agency = caller.reading_agency(query.get("agency").map(String::as_str))?;
    let open = query.get("state").is_none_or(|state| state != "all");
    blocking(&service, move |service| {
        let (city, now) = (&service.city, service.city.now());
        let page = city.pendings(&agency, open, query.get("after").map(String::as_str))?;
        let pendings: Vec<_> = page.pendings.iter().map(|pending| pending.to_json(now)).collect();
        Ok(Json(json!({"pending": pendings, "next": page.next})))
    })
    .await
}

async fn show(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PendingId>,
    Query(query): Asked,
) -> Answer<Json<Value>> {
    let agency = caller.reading_agency(query.get("agency").map(String::as_str))?;
    blocking(&service, move |service| {
        let pending = service.city.pending(&agency, &id)?;
        Ok(Json(json!({"pending": pending.to_json_whole(service.city.now())})))
    })
    .await
}

async fn approve(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PendingId>,
) -> Answer<Json<Value>> {
    let agency = caller.issuing_agency()?.clone();
    let person = caller.person.ok_or_else(|| Error::corrupt("an approver is a person"))?;
    blocking(&service, move |service| {
        let pending = service.city.approve(&agency, &id, &person.account)?;
        Ok(Json(json!({"pending": pending.to_json_whole(service.city.now())})))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

async fn refuse(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<PendingId>,
    extract::Json(reason): extract::Json<Reason>,
) -> Answer<Json<Value>> {
    let agency = caller.issuing_agency()?.clone();
    let approver = caller.staff_role() == Some(StaffRole::AgencyApprover);
    blocking(&service, move |service| {
        let by = caller.author();
        let pending = service.city.refuse_pending(&agency, &id, &by, approver, &reason.reason)?;
        Ok(Json(json!({"pending": pending.to_json_whole(service.city.now())})))
    })
    .await
}
