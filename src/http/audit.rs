//! `/api/audit`: who did what, for the auditor.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::extract::Query;
use super::problem::Answer;
use super::route::{Access, Route};
use super::service::{Shared, blocking};
use crate::base::id::AgencyCode;
use crate::base::json::json;
use crate::base::time::{parse_rfc3339, rfc3339};
use crate::domain::audit::CITY;
use crate::domain::error::Error;

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/audit", "Audit events, oldest first; nothing that is sealed.", get(list))
            .only(Access::Auditor)
            .query(&[
                ("agency", "The agency; accounts of the whole city otherwise."),
                ("from", "From this time on, 2026-03-01T00:00:00Z."),
                ("after", "Where to go on."),
                ("names", "`pseudonyms`: a constant pseudonym in the place of every account, for an export."),
            ]),
    ]
}

async fn list(State(service): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Answer<Response> {
    let page = blocking(&service, move |service| {
        let agency = query.get("agency").map(|code| AgencyCode::parse(code)).transpose()?;
        let from = query.get("from").map(|from| parse_rfc3339(from)).transpose()?.map(rfc3339);
        let place = agency.as_ref().map_or(CITY, AgencyCode::as_str);
        let mut page = service.city.audit_events(place, from.as_deref(), query.get("after").map(String::as_str))?;
        match query.get("names").map(String::as_str) {
            None => {}
            Some("pseudonyms") => service.city.under_pseudonyms(&mut page),
            Some(_) => return Err(Error::malformed("names is `pseudonyms` or absent")),
        }
        Ok(page)
    });
    let page = page.await?;
    Ok(([("cache-control", "no-store")], Json(json!({"events": page.events, "next": page.next}))).into_response())
}
