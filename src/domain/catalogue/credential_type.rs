//! One credential type, ready for use: its annotation with the schema's bounds filled in, and its compiled schemas.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use crate::base::error::ParseError;
use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::vc::schema::{Schema, SchemaProblem};

use super::annotation::{Annotation, Field, FieldFormat, HolderRule, Kind, Numbering, ValidityRule, View};
use super::{Shared, parse, unreadable};

/// A credential type of one version.
#[derive(Debug)]
pub struct CredentialType {
    text: &'static str,
    document: Value,
    annotation: Annotation,
    positions: BTreeMap<String, usize>,
    shared: Arc<Shared>,
    whole: OnceLock<Result<Schema, ParseError>>,
    subject: OnceLock<Result<Schema, ParseError>>,
    disclosed: OnceLock<Result<Schema, ParseError>>,
}

impl CredentialType {
    /// Reads a schema file; `catalogue_malformed` when its annotation is not one.
    pub fn read(text: &'static str, shared: &Arc<Shared>) -> Result<Self, ParseError> {
        let document = parse(text)?;
        let mut annotation = read_annotation(&document)?;
        for field in &mut annotation.fields {
            complete(field, &document, shared);
        }
        let positions = annotation.fields.iter().enumerate().map(|(i, field)| (field.name.clone(), i)).collect();
        Ok(Self {
            text,
            document,
            annotation,
            positions,
            shared: Arc::clone(shared),
            whole: OnceLock::new(),
            subject: OnceLock::new(),
            disclosed: OnceLock::new(),
        })
    }

    /// The code, `idCard`.
    pub fn code(&self) -> &str {
        self.annotation.code.as_str()
    }

    /// The version, from 1.
    pub fn version(&self) -> u32 {
        self.annotation.version
    }

    /// The member of the credential's `type`, `IdCard`.
    pub fn vc_type(&self) -> &str {
        &self.annotation.vc_type
    }

    /// The name on the licence.
    pub fn label(&self) -> &Label {
        &self.annotation.name
    }

    /// Licence or attestation.
    pub fn kind(&self) -> Kind {
        self.annotation.kind
    }

    /// 证照类型代码, 21 characters.
    pub fn certificate_type_code(&self) -> &str {
        &self.annotation.certificate_type_code
    }

    /// How old a status list may be when this type is verified, in seconds.
    pub fn status_max_age(&self) -> u32 {
        self.annotation.status_max_age
    }

    /// The fields in the order of the paper licence.
    pub fn fields(&self) -> &[Field] {
        &self.annotation.fields
    }

    /// A field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.positions.get(name).and_then(|position| self.annotation.fields.get(*position))
    }

    /// The views, `basic` first and `full` last.
    pub fn views(&self) -> &[View] {
        &self.annotation.views
    }

    /// A view by name.
    pub fn view(&self, name: &str) -> Option<&View> {
        self.annotation.views.iter().find(|view| view.name == name)
    }

    /// How licence numbers are given.
    pub fn numbering(&self) -> &Numbering {
        &self.annotation.numbering
    }

    /// How long a licence is valid.
    pub fn validity(&self) -> &ValidityRule {
        &self.annotation.validity
    }

    /// Who holds it.
    pub fn holder(&self) -> &HolderRule {
        &self.annotation.holder
    }

    /// Everything the schema file says under `x-certless`.
    pub fn annotation(&self) -> &Annotation {
        &self.annotation
    }

    /// What all types share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// The schema file as published; its references are relative, so it holds at any base.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The path of its schema, `/schemas/credentials/idCard/1`.
    pub fn schema_path(&self) -> String {
        format!("/schemas/credentials/{}/{}", self.code(), self.version())
    }

    /// The `id` of its `credentialSchema` and the `vct` of its SD-JWT form, below a base without a slash at its end.
    pub fn schema_url(&self, base: &str) -> String {
        format!("{base}{}", self.schema_path())
    }

    /// Checks the parts of a whole credential that the schema is about: `type`, `credentialSubject`, `certificate`.
    pub fn check_credential(&self, credential: &Value) -> Result<(), Vec<SchemaProblem>> {
        run(self.compiled(&self.whole, Value::clone), credential)
    }

    /// Checks one subject with all its fields.
    pub fn check_subject(&self, subject: &Value) -> Result<(), Vec<SchemaProblem>> {
        run(self.compiled(&self.subject, subject_schema), subject)
    }

    /// Checks the part of a subject that a holder disclosed: what is there must be right, nothing must be there.
    pub fn check_disclosed(&self, claims: &Value) -> Result<(), Vec<SchemaProblem>> {
        let partial = |document: &Value| {
            let mut schema = subject_schema(document);
            if let Some(members) = schema.as_object_mut() {
                members.remove("required");
            }
            schema
        };
        run(self.compiled(&self.disclosed, partial), claims)
    }

    fn compiled<'a>(
        &self,
        cell: &'a OnceLock<Result<Schema, ParseError>>,
        part: impl Fn(&Value) -> Value,
    ) -> Result<&'a Schema, &'a ParseError> {
        cell.get_or_init(|| self.shared.schemas.compile(&part(&self.document))).as_ref()
    }
}

fn run(schema: Result<&Schema, &ParseError>, value: &Value) -> Result<(), Vec<SchemaProblem>> {
    let broken =
        |error: &ParseError| SchemaProblem { path: String::new(), keyword: error.code.to_owned(), member: None };
    schema.map_err(|error| vec![broken(error)])?.validate(value)
}

fn subject_schema(document: &Value) -> Value {
    document.pointer("/$defs/subject").cloned().unwrap_or(Value::Bool(false))
}

/// Reads `x-certless`; `catalogue_malformed` when it has not the shape.
pub(super) fn read_annotation(document: &Value) -> Result<Annotation, ParseError> {
    let said = document.get("x-certless").unwrap_or(&Value::Null);
    Annotation::deserialize(said).map_err(|error| unreadable(&error))
}

/// Fills in what JSON Schema says about a field.
fn complete(field: &mut Field, document: &Value, shared: &Shared) {
    let subject = document.pointer("/$defs/subject").and_then(Value::as_object);
    let required = subject.and_then(|subject| subject.get("required")).and_then(Value::as_array);
    field.required = required.is_some_and(|names| names.iter().any(|name| name == &field.name));
    field.max_length = property(subject, &field.name).and_then(|property| property.get("maxLength")?.as_u64());
    field.choices = match (field.format, &field.list) {
        (FieldFormat::Code, Some(list)) => shared.lists.get(list).cloned().unwrap_or_default(),
        _ => field.own_choices(),
    };
}

fn property<'a>(subject: Option<&'a Map>, name: &str) -> Option<&'a Value> {
    subject?.get("properties")?.get(name)
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;
    use crate::base::json::json;

    fn card() -> Value {
        json!({"name": "张三", "sex": "1", "ethnicity": "01", "birthDate": "1990-03-07", "address": "湖南省长沙市望城区演示路1号",
            "idNumber": "430112199003074016", "issuingAuthority": "望城区公安分局（演示）", "validFrom": "2020-03-01", "validUntil": "2040-03-01"})
    }

    fn changed(member: &str, value: Value) -> Vec<SchemaProblem> {
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        let mut subject = card();
        subject[member] = value;
        kind.check_subject(&subject).unwrap_err()
    }

    #[test]
    fn every_schema_compiles_in_its_three_forms() {
        for kind in Catalogue::embedded().unwrap().types() {
            for part in [&kind.whole, &kind.subject, &kind.disclosed] {
                assert!(part.get().is_none_or(Result::is_ok));
            }
            let problems = kind.check_credential(&json!({})).unwrap_err();
            assert!(problems.iter().all(|problem| problem.keyword == "required"), "{}: {problems:?}", kind.code());
            assert!(kind.check_subject(&json!({})).unwrap_err().len() >= 3, "{}", kind.code());
            assert_eq!(kind.check_disclosed(&json!({})), Ok(()), "{}", kind.code());
        }
    }

    #[test]
    fn a_subject_is_strict() {
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        assert_eq!(kind.check_subject(&card()), Ok(()));
        assert_eq!(changed("idNumber", json!("430112199003074017"))[0].keyword, "format");
        assert_eq!(changed("sex", json!("男"))[0].keyword, "enum");
        assert_eq!(changed("birthDate", json!("1990-02-30"))[0].path, "/birthDate");
        assert_eq!(changed("nickname", json!("x"))[0].member.as_deref(), Some("nickname"));
        assert_eq!(changed("name", json!("名".repeat(71)))[0].keyword, "maxLength");
    }

    #[test]
    fn disclosed_claims_may_be_few_but_not_wrong() {
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        assert_eq!(kind.check_disclosed(&json!({"name": "张三"})), Ok(()));
        assert!(kind.check_disclosed(&json!({"idNumber": "430112199003074017"})).is_err());
        assert!(kind.check_disclosed(&json!({"nickname": "x"})).is_err());
    }

    #[test]
    fn fields_know_their_bounds_and_choices() {
        let kind = Catalogue::embedded().unwrap().find("idCard").unwrap();
        let name = kind.field("name").unwrap();
        assert!(name.required && name.max_length == Some(70) && name.choices.is_empty());
        assert_eq!(kind.field("ethnicity").unwrap().choices.len(), 58);
        assert!(!kind.field("portraitHash").unwrap().required);
        assert!(kind.field("x").is_none());
    }
}
