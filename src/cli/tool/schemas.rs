//! JSON Schema: the city's own types, or a schema that comes with the question.

use std::sync::Arc;

use super::Refusal;
use super::input;
use crate::base::json::{Map, Value, json};
use crate::domain::catalogue::formats::FORMATS;
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::schema::{SchemaProblem, Schemas};

/// `schema-validate`.
pub(super) fn validate(input: &Map) -> Result<Map, Refusal> {
    let document = input.get("document").ok_or_else(|| Refusal::input("document is missing"))?;
    let outcome = match (input::optional(input, "type")?, input.get("schema")) {
        (Some(name), None) => of_type(find(name)?, input::optional(input, "part")?, document)?,
        (None, Some(schema)) => {
            let documents = input.get("documents").and_then(Value::as_object).cloned().unwrap_or_default();
            Schemas::new(documents, FORMATS)?.compile(schema)?.validate(document)
        }
        _ => return Err(Refusal::input("give either type or schema")),
    };
    outcome.map(|()| Map::new()).map_err(|problems| refusal(&problems))
}

fn find(name: &str) -> Result<&'static CredentialType, Refusal> {
    let unknown = || Finding::error(Check::Schema, Code::SchemaUnknown, "no such type").into();
    Catalogue::embedded()?.find(name).map(Arc::as_ref).ok_or_else(unknown)
}

fn of_type(
    kind: &CredentialType,
    part: Option<&str>,
    document: &Value,
) -> Result<Result<(), Vec<SchemaProblem>>, Refusal> {
    match part {
        None | Some("credential") => Ok(kind.check_credential(document)),
        Some("subject") => Ok(kind.check_subject(document)),
        Some("disclosed") => Ok(kind.check_disclosed(document)),
        Some(_) => Err(Refusal::input("part is not credential, subject or disclosed")),
    }
}

fn refusal(problems: &[SchemaProblem]) -> Refusal {
    let list = problems
        .iter()
        .map(|problem| json!({"path": problem.path, "keyword": problem.keyword, "member": problem.member}));
    let finding = Finding::invalid(Check::Schema, Code::SchemaViolation, format!("{} problems", problems.len()));
    Refusal { problems: Some(list.collect()), ..finding.into() }
}
