//! `/api/credentials`: an agency issues, finds, suspends, reinstates and revokes its credentials.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde::Deserialize;

use super::extract::{self, Path, Query};
use super::problem::{Answer, document};
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Service, Shared, blocking};
use crate::base::id::{AgencyCode, CredentialId, TypeCode};
use crate::base::json::{Map, Value, json};
use crate::domain::account::Author;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::issuance::Order;
use crate::domain::issuance::life::Act;
use crate::domain::pending::Pending;
use crate::domain::pending::begin::Begun;
use crate::domain::register::{Heads, Registered};

/// Rows that go to the store in one trip.
const CHUNK: usize = 256;

/// The answer to what needs a second person.
const WAITS: (u16, &str, &str) = (202, JSON, "Waits for a second person: `pending` says for what.");

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    let issued = &[
        (201, JSON, "The credential in every form."),
        (200, JSON, "Issued before under the same key, or a dry run."),
        WAITS,
    ];
    let changed = &[(200, JSON, "The credential as it is now."), WAITS];
    vec![
        Route::post("/api/credentials", "Issues one credential.", &[(JSON, "Issue")], post(issue))
            .only(Access::Agency)
            .idempotent()
            .answers(issued),
        Route::post(
            "/api/credentials/batch",
            "Issues many credentials, row by row.",
            &[(JSON, "IssueBatch")],
            post(issue_batch),
        )
        .only(Access::Agency),
        Route::get("/api/credentials", "Lists the agency's credentials.", get(list)).only(Access::AgencyReading).query(
            &[
                ("agency", "The agency, for those who watch all."),
                ("holder", "The holder's tag, or the DID or thumbprint of the holder's key; never a personal number."),
                ("type", "Only this type, by its code."),
                ("after", "Where to go on."),
            ],
        ),
        Route::post(
            "/api/credentials/search",
            "Lists a holder's credentials by the holder's code, or those of a licence number.",
            &[(JSON, "HolderSearch")],
            post(search),
        )
        .only(Access::AgencyReading)
        .query(&[("agency", "The agency, for those who watch all."), ("after", "Where to go on.")]),
        Route::get(
            "/api/credentials/{id}",
            "One credential in every form; its public part for those who watch.",
            get(show),
        )
        .only(Access::AgencyReading)
        .query(&[("agency", "The agency, for those who watch all.")]),
        Route::post(
            "/api/credentials/{id}/suspend",
            "Suspends a credential (暂扣).",
            &[(JSON, "Reason")],
            post(suspend),
        )
        .only(Access::Agency)
        .answers(changed),
        Route::post("/api/credentials/{id}/reinstate", "Lifts a suspension.", &[(JSON, "Reason")], post(reinstate))
            .only(Access::Agency)
            .answers(changed),
        Route::post(
            "/api/credentials/{id}/revoke",
            "Revokes a credential for good (注销).",
            &[(JSON, "Reason")],
            post(revoke),
        )
        .only(Access::Agency)
        .answers(changed),
    ]
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Issue {
    #[serde(rename = "type")]
    type_code: TypeCode,
    row: Map,
    key: Option<String>,
    holder_key: Option<Value>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct IssueBatch {
    #[serde(rename = "type")]
    type_code: TypeCode,
    /// Who the caller believes to be; the token decides.
    agency: Option<AgencyCode>,
    rows: Vec<Map>,
    #[serde(default)]
    dry_run: bool,
}

async fn issue(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    headers: HeaderMap,
    extract::Json(issue): extract::Json<Issue>,
) -> Answer<(StatusCode, Json<Value>)> {
    let agency = caller.issuing_agency()?.clone();
    let key = issue.key.clone().or_else(|| idempotency_key(&headers));
    blocking(&service, move |service| {
        let order = order(agency, issue.type_code, issue.row, key, issue.holder_key.as_ref());
        if issue.dry_run {
            let filled = service.city.check_order(&order)?;
            return Ok((StatusCode::OK, Json(json!({"number": filled.number}))));
        }
        let issued = match service.city.begin_issue(&order, &caller.author())? {
            Begun::Done(issued) => issued,
            Begun::Waits(pending) => return Ok((StatusCode::ACCEPTED, Json(waiting(service, &pending)))),
        };
        let status = if issued.again { StatusCode::OK } else { StatusCode::CREATED };
        Ok((status, Json(registered(&service.city.credential(&issued.id)?)?)))
    })
    .await
}

/// What waits for a second person.
pub(super) fn waiting(service: &Service, pending: &Pending) -> Value {
    json!({"pending": pending.to_json(service.city.now())})
}

/// The key that makes asking twice harmless.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Option<String> {
    headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// An order from a row: `rowKey` in the row is its key, a `holderKey` beside it goes into it.
fn order(
    agency: AgencyCode,
    type_code: TypeCode,
    mut row: Map,
    key: Option<String>,
    holder_key: Option<&Value>,
) -> Order {
    let row_key = row.remove("rowKey").and_then(|key| key.as_str().map(str::to_owned));
    if let Some(holder_key) = holder_key {
        let text = holder_key.as_str().map_or_else(|| holder_key.to_string(), str::to_owned);
        row.insert("holderKey".to_owned(), text.into());
    }
    Order { agency, type_code, row, key: key.or(row_key) }
}

async fn issue_batch(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    extract::Json(batch): extract::Json<IssueBatch>,
) -> Answer<Json<Value>> {
    let agency = caller.issuing_agency()?.clone();
    check_batch(&batch, &agency, service.limits.rows)?;
    blocking(&service, move |service| {
        let orders: Vec<_> =
            batch.rows.into_iter().map(|row| order(agency.clone(), batch.type_code.clone(), row, None, None)).collect();
        Ok(Json(batch_report(service, &orders, batch.dry_run, &caller.author())))
    })
    .await
}

/// Refuses a batch that is too long, or meant for another agency than the token's.
fn check_batch(batch: &IssueBatch, agency: &AgencyCode, most: usize) -> Result<(), Error> {
    if batch.rows.len() > most {
        let error = Error::new(ErrorKind::TooLarge, format!("{} rows, limit {most}", batch.rows.len()));
        return Err(error.says(
            format!("一次最多 {most} 行，请分批提交。"),
            format!("At most {most} rows at once; send the rest separately."),
        ));
    }
    match &batch.agency {
        Some(named) if named != agency => {
            Err(Error::new(ErrorKind::NotAllowed, format!("the token is of {agency}, not of {named}")).says(
                format!("令牌属于 {agency}，不能以 {named} 名义签发。请换用 {named} 的令牌。"),
                format!("The token is of {agency}; to issue for {named}, use a token of {named}."),
            ))
        }
        _ => Ok(()),
    }
}

fn batch_report(service: &Service, orders: &[Order], dry_run: bool, by: &Author) -> Value {
    let results: Vec<Value> = if dry_run {
        orders
            .iter()
            .map(|order| service.city.check_order(order).map(|filled| json!({"number": filled.number})))
            .map(row_result)
            .collect()
    } else {
        let begun = orders.chunks(CHUNK).flat_map(|chunk| service.city.begin_issue_each(chunk, by));
        let told = begun.map(|one| {
            one.map(|begun| match begun {
                Begun::Done(issued) => json!({"id": issued.id.as_str(), "again": issued.again}),
                Begun::Waits(pending) => waiting(service, &pending),
            })
        });
        told.map(row_result).collect()
    };
    let failed = results.iter().filter(|result| result.get("problem").is_some()).count();
    let rows: Vec<_> = results.into_iter().enumerate().map(|(i, result)| numbered(i + 1, result)).collect();
    let waiting = rows.iter().filter(|row| row.get("pending").is_some()).count();
    json!({
        "rows": rows, "accepted": orders.len() - failed, "refused": failed, "waiting": waiting, "dryRun": dry_run,
    })
}

fn row_result(result: Result<Value, Error>) -> Value {
    result.unwrap_or_else(|error| json!({"problem": document(&error)}))
}

fn numbered(row: usize, mut result: Value) -> Value {
    if let Value::Object(map) = &mut result {
        map.insert("row".to_owned(), row.into());
    }
    result
}

async fn list(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Json<Value>> {
    let agency = caller.reading_agency(query.get("agency").map(String::as_str))?;
    if query.get("holder").is_some_and(|holder| holder.len() <= 20) {
        let error = Error::malformed("holder is a tag, a DID or a thumbprint");
        return Err(error
            .says(
                "网址中不得出现证件号码，请改用 POST /api/credentials/search。",
                "Personal numbers do not belong in URLs; use POST /api/credentials/search.",
            )
            .into());
    }
    blocking(&service, move |service| {
        let after = query.get("after").map(String::as_str);
        let heads = match (query.get("holder"), query.get("type")) {
            (Some(holder), _) => service.city.credentials_of(&agency, holder, after)?,
            (None, Some(code)) => service.city.credentials_of_type(&agency, &TypeCode::parse(code)?, after)?,
            (None, None) => service.city.credentials_by(&agency, after)?,
        };
        Ok(Json(page(&heads)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HolderSearch {
    code: Option<String>,
    code_type: Option<String>,
    number: Option<String>,
}

async fn search(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
    extract::Json(search): extract::Json<HolderSearch>,
) -> Answer<Json<Value>> {
    let agency = caller.reading_agency(query.get("agency").map(String::as_str))?;
    blocking(&service, move |service| {
        if let Some(number) = &search.number {
            let found = service.city.credentials_numbered(&agency, number.trim(), search.code.as_deref())?;
            return Ok(Json(page(&found)));
        }
        let code = search.code.ok_or_else(|| Error::malformed("code or number is needed"))?;
        let tag = service.city.holder_tag(search.code_type.as_deref().unwrap_or("111"), &code);
        let heads = service.city.credentials_of(&agency, &tag, query.get("after").map(String::as_str))?;
        let mut page = page(&heads);
        if let Value::Object(map) = &mut page {
            map.insert("holder".to_owned(), tag.into());
        }
        Ok(Json(page))
    })
    .await
}

fn page(heads: &Heads) -> Value {
    let credentials: Vec<_> =
        heads.heads.iter().map(crate::domain::issuance::record::CredentialHead::to_json).collect();
    json!({"credentials": credentials, "next": heads.next})
}

async fn show(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Json<Value>> {
    let agency = caller.reading_agency(query.get("agency").map(String::as_str))?;
    blocking(&service, move |service| {
        let found = service.city.credential(&CredentialId::parse(&id)?)?;
        if found.head.agency != agency {
            return Err(Error::not_found("the agency issued no such credential"));
        }
        // Who watches sees that it is there and how it stands; the licence itself is the agency's and the holder's.
        if caller.watches() { Ok(Json(found.head.to_json())) } else { registered(&found).map(Json) }
    })
    .await
}

/// The head and the package of a credential.
fn registered(found: &Registered) -> Result<Value, Error> {
    let package = serde_json::to_value(&found.package).map_err(|error| Error::corrupt(error.to_string()))?;
    let mut out = found.head.to_json();
    if let Value::Object(map) = &mut out {
        map.insert("package".to_owned(), package);
    }
    Ok(out)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    reason: String,
}

async fn suspend(
    state: State<Shared>,
    caller: Authenticated,
    id: Path<String>,
    reason: extract::Json<Reason>,
) -> Answer<(StatusCode, Json<Value>)> {
    change(state, caller, id, reason, Act::Suspend).await
}

async fn reinstate(
    state: State<Shared>,
    caller: Authenticated,
    id: Path<String>,
    reason: extract::Json<Reason>,
) -> Answer<(StatusCode, Json<Value>)> {
    change(state, caller, id, reason, Act::Reinstate).await
}

async fn revoke(
    state: State<Shared>,
    caller: Authenticated,
    id: Path<String>,
    reason: extract::Json<Reason>,
) -> Answer<(StatusCode, Json<Value>)> {
    change(state, caller, id, reason, Act::Revoke).await
}

async fn change(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    extract::Json(reason): extract::Json<Reason>,
    act: Act,
) -> Answer<(StatusCode, Json<Value>)> {
    let agency = caller.issuing_agency()?.clone();
    blocking(&service, move |service| {
        let (id, by) = (CredentialId::parse(&id)?, caller.author());
        Ok(match service.city.begin_life(&agency, &id, act, &reason.reason, &by)? {
            Begun::Done(head) => (StatusCode::OK, Json(head.to_json())),
            Begun::Waits(pending) => (StatusCode::ACCEPTED, Json(waiting(service, &pending))),
        })
    })
    .await
}
