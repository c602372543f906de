//! What an agency may issue, how much of it there is, and how a file's table fits: what the pages of agencies
//! and of those who watch them are drawn from.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};

use super::extract::{Body, Query};
use super::problem::{Answer, document};
use super::route::{Access, JSON, Route};
use super::service::{Authenticated, Shared, blocking};
use crate::base::id::TypeCode;
use crate::base::json::{Map, Value, json};
use crate::domain::agency::Agencies;
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::domain::error::{Error, ErrorKind, Reason};
use crate::wire::table::{self, Fault, Format, Row, Table};

/// The media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/types", "The credential types that the agency may issue, with counts.", get(types))
            .only(Access::AgencyReading)
            .query(&[("agency", "The agency, for those who watch all.")]),
        Route::post(
            "/api/tables",
            "Reads a file of rows and says how its columns fit a type; nothing is issued or kept.",
            &[("text/csv", ""), (XLSX, "binary")],
            post(read),
        )
        .only(Access::Agency)
        .query(&[("type", "The type's code, as idCard.")])
        .answers(&[(200, JSON, "The columns, and the rows with their keys.")]),
    ]
}

async fn types(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer<Json<Value>> {
    let agency = caller.reading_agency(query.get("agency").map(String::as_str))?;
    blocking(&service, move |service| {
        let catalogue = Catalogue::embedded()?;
        let registry = service.city.registry();
        let may = |code: &TypeCode| registry.agency(&agency).is_some_and(|one| one.may_issue(code));
        let mut out = Vec::new();
        for one in catalogue.types().iter().filter(|one| may(&one.annotation().code)) {
            let tally = service.city.tally(&agency, &one.annotation().code)?;
            out.push(json!({
                "code": one.code(), "version": one.version(), "name": one.label(),
                "count": tally.count, "more": tally.more,
            }));
        }
        let name = Agencies::shipped()?.find(&agency).map(|one| one.name.clone());
        Ok(Json(json!({"agency": {"code": agency, "name": name}, "types": out})))
    })
    .await
}

async fn read(
    State(service): State<Shared>,
    Authenticated(caller): Authenticated,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer<Json<Value>> {
    caller.issuing_agency()?;
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let format = format_of(media)?;
    blocking(&service, move |_| {
        let code = query.get("type").map(String::as_str).unwrap_or_default();
        let found = Catalogue::embedded()?.find(code);
        let found = found.ok_or_else(|| Error::malformed("type is the code of a credential type"))?;
        let mut table = table::read(format, &body).map_err(|fault| told(&fault))?;
        table.drop_reasons();
        Ok(Json(fitted(&table, found)))
    })
    .await
}

fn format_of(media: &str) -> Result<Format, Error> {
    let media = media.split(';').next().unwrap_or_default().trim();
    match media {
        "text/csv" => Ok(Format::Csv),
        XLSX => Ok(Format::Xlsx),
        _ => Err(Error::malformed(format!("expected text/csv or {XLSX}, got {media}"))
            .says("请使用 CSV 或 XLSX 文件。", "Use a CSV or XLSX file.")),
    }
}

/// The columns with the field that each one is, and the rows.
fn fitted(table: &Table, credential_type: &CredentialType) -> Value {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|name| {
            let column = credential_type.column(name);
            let label = column.as_deref().map(|column| credential_type.column_label(column));
            json!({"name": name, "column": column, "label": label})
        })
        .collect();
    let wanted = credential_type.columns(1).into_iter();
    let wanted: Vec<_> =
        wanted.map(|name| json!({"column": name, "label": credential_type.column_label(&name)})).collect();
    json!({"columns": columns, "wanted": wanted, "rows": table.rows.iter().map(row).collect::<Vec<_>>()})
}

fn row(row: &Row) -> Value {
    let mut out = Map::new();
    out.insert("line".to_owned(), row.line.into());
    out.insert("key".to_owned(), row.key().into());
    out.insert("cells".to_owned(), row.cells.clone().into());
    if let Some(fault) = &row.fault {
        out.insert("problem".to_owned(), document(&told(fault)).into());
    }
    out.into()
}

/// A fault of the file as an error of the city's kind.
fn told(fault: &Fault) -> Error {
    let reason = Reason { field: String::new(), code: fault.code.to_owned(), message: fault.message.clone() };
    let (zh, en) =
        fault.line.map_or_else(Default::default, |line| (format!("第 {line} 行："), format!("Line {line}: ")));
    Error::new(ErrorKind::Malformed, fault.code)
        .says(format!("{zh}{}", fault.message.zh), format!("{en}{}", fault.message.en))
        .because(vec![reason])
}
