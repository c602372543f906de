//! Public documents: schemas, the context, problem types, the interface's own description.

use std::sync::OnceLock;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::extract::Path;
use super::problem::Answer;
use super::route::{JSON, Route};
use super::service::Shared;
use crate::base::json::{Value, json};
use crate::domain::catalogue::{Catalogue, context};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::matter::catalogue::published;

const SCHEMA_JSON: &str = "application/schema+json";
const SCHEMA: &[(u16, &str, &str)] = &[(200, SCHEMA_JSON, "The schema.")];

/// The operations of this resource.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/schemas/credentials", "The credential types.", get(types)),
        Route::get("/schemas/credentials/{code}/{version}", "The JSON Schema of a credential type.", get(schema))
            .answers(SCHEMA),
        Route::get(
            "/schemas/matters/{agency}/{version}",
            "The matters of an agency, as they are logged.",
            get(matters),
        ),
        Route::get("/schemas/code-lists", "The code lists that schemas refer to.", get(code_lists)).answers(SCHEMA),
        Route::get("/schemas/certificate-metadata", "The certificate metadata that schemas refer to.", get(metadata))
            .answers(SCHEMA),
        Route::get("/contexts/v1.jsonld", "The city's JSON-LD context.", get(jsonld)).answers(&[(
            200,
            "application/ld+json",
            "The context.",
        )]),
        Route::get("/problems/{code}", "What a problem type means.", get(problem)),
        Route::get("/openapi.json", "This description.", get(openapi)),
    ]
}

async fn types() -> Answer<Json<Value>> {
    let catalogue = Catalogue::embedded().map_err(Error::from)?;
    let types =
        catalogue.types().iter().map(|one| json!({"code": one.code(), "version": one.version(), "name": one.label()}));
    Ok(Json(json!({"types": types.collect::<Vec<_>>()})))
}

async fn schema(Path((code, version)): Path<(String, String)>) -> Answer<Response> {
    let catalogue = Catalogue::embedded().map_err(Error::from)?;
    let found = catalogue.find(&code).filter(|found| found.version().to_string() == version);
    let found = found.ok_or_else(|| Error::not_found("no such schema"))?;
    Ok(document(SCHEMA_JSON, found.text()))
}

async fn matters(Path((agency, version)): Path<(String, String)>) -> Answer<Response> {
    let files = published().map_err(Error::from)?;
    let found = files.into_iter().find(|(of, number, _)| of.as_str() == agency && number.to_string() == version);
    let (.., text) = found.ok_or_else(|| Error::not_found("no such matters"))?;
    Ok(document(JSON, text))
}

async fn code_lists() -> Answer<Response> {
    shared("code-lists")
}

async fn metadata() -> Answer<Response> {
    shared("certificate-metadata")
}

fn shared(name: &str) -> Answer<Response> {
    let catalogue = Catalogue::embedded().map_err(Error::from)?;
    let text = catalogue.shared_document(name).ok_or_else(|| Error::not_found("no such schema"))?;
    Ok(document(SCHEMA_JSON, text))
}

async fn jsonld() -> Answer<Response> {
    Ok(document("application/ld+json", context::TEXT))
}

fn document(media: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, media), (CACHE_CONTROL, "public, max-age=3600")], text).into_response()
}

async fn problem(Path(code): Path<String>) -> Answer<Json<Value>> {
    let kind = ErrorKind::ALL.into_iter().find(|kind| kind.code() == code);
    let kind = kind.ok_or_else(|| Error::not_found("no such problem type"))?;
    Ok(Json(problem_type(kind)))
}

/// What a problem type means, in both languages.
pub fn problem_type(kind: ErrorKind) -> Value {
    use crate::base::text::Lang;
    json!({
        "type": super::problem::type_uri(kind),
        "status": super::problem::status(kind).as_u16(),
        "zh": kind.title(Lang::Zh),
        "en": kind.title(Lang::En),
    })
}

async fn openapi(State(_): State<Shared>) -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| super::openapi::document(&super::routes()).to_string());
    ([(CONTENT_TYPE, JSON)], text.as_str()).into_response()
}
