//! `/api/matters`: what people come for, found while typing; and what each needs.

use std::collections::BTreeMap;

use axum::Json;
use axum::routing::get;

use super::extract::{Path, Query};
use super::problem::Answer;
use super::route::Route;
use crate::base::id::TypeCode;
use crate::base::json::{Value, json};
use crate::domain::agency::Agencies;
use crate::domain::application::record::{catalogue, requirement_label};
use crate::domain::catalogue::Catalogue;
use crate::domain::error::Error;
use crate::domain::matter::{Material, Matter, Requirement, search};

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/matters", "Matters by name, pinyin initials or code, the best first.", get(find))
            .query(&[("q", "What was typed; absent or empty for the first matters.")]),
        Route::get("/api/matters/{matter}", "One matter with its requirements.", get(show)),
    ]
}

async fn find(Query(query): Query<BTreeMap<String, String>>) -> Answer<Json<Value>> {
    let text = query.get("q").map(String::as_str).unwrap_or_default();
    let found = search::index()?.find(text);
    let matters = found.into_iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(json!({"matters": matters})))
}

async fn show(Path(code): Path<String>) -> Answer<Json<Value>> {
    let matter = catalogue()?.named(&code).ok_or_else(|| {
        Error::not_found("no such matter")
            .says("没有这个事项，请核对名称或编码。", "There is no such matter. Check its name or code.")
    })?;
    let mut out = serde_json::to_value(matter).map_err(|error| Error::corrupt(format!("matter: {error}")))?;
    let requirements = matter.requirements.iter().map(requirement).collect::<Result<Vec<_>, _>>()?;
    let results = matter.results.iter().map(type_name).collect::<Result<Vec<_>, _>>()?;
    if let Value::Object(members) = &mut out {
        members.insert("agencyName".to_owned(), agency_name(matter)?);
        members.insert("requirements".to_owned(), requirements.into());
        members.insert("resultTypes".to_owned(), results.into());
    }
    Ok(Json(out))
}

fn summary(matter: &Matter) -> Result<Value, Error> {
    Ok(json!({
        "code": matter.code.to_string(),
        "name": matter.name,
        "agency": matter.agency.as_str(),
        "agencyName": agency_name(matter)?,
        "caseType": matter.case_type,
        "applicants": matter.applicants,
        "limits": matter.limits,
    }))
}

fn agency_name(matter: &Matter) -> Result<Value, Error> {
    Ok(json!(Agencies::shipped()?.find(&matter.agency).map(|agency| &agency.name)))
}

fn requirement(one: &Requirement) -> Result<Value, Error> {
    let kind = match &one.material {
        Material::Credential(_) => "credential",
        Material::AnyOf(_) => "anyOf",
        Material::Form(_) => "form",
    };
    let names = one.types().iter().map(type_name).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({
        "id": one.id,
        "kind": kind,
        "label": requirement_label(one),
        "types": one.types().iter().map(TypeCode::as_str).collect::<Vec<_>>(),
        "typeNames": names,
        "whose": one.whose.as_str(),
        "predicate": one.predicate,
        "tolerableDays": one.tolerable_days,
        "replaceable": one.replaceable,
    }))
}

fn type_name(code: &TypeCode) -> Result<Value, Error> {
    let found = Catalogue::embedded()?.find(code.as_str());
    Ok(json!({"type": code.as_str(), "name": found.map(|found| found.label())}))
}
