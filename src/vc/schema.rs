//! JSON Schema 2020-12 for the content of credentials: compiled once, bounded in its answers, without network.
//!
//! What it is: a wrapper over the crate `jsonschema`, the only file that names it (its interface changes often). Patterns
//! run on an engine with linear time. A reference is resolved among the documents given to [`Schemas::new`] or not at
//! all. `format` is asserted, with the caller's own formats beside the standard ones.
//! What it is not: a catalogue of types (that is the city's), nor a check of a credential's envelope.
//!
//! Specification: JSON Schema 2020-12 core and validation; VC JSON Schema (the type `JsonSchema` in `credentialSchema`).

use jsonschema::{PatternOptions, Registry, Validator};

use crate::base::error::ParseError;
use crate::base::json::Value;

/// A format's check: whether the text has it.
pub type FormatCheck = fn(&str) -> bool;

/// Where documents with relative `$id`s stand; references between them are resolved against it.
const BASE: &str = "json-schema:///";
/// The most problems that one validation reports.
pub const MAX_PROBLEMS: usize = 20;
/// The largest compiled pattern, in bytes.
const PATTERN_BYTES: usize = 1 << 20;

/// One way in which a value breaks its schema; carries no value, so that it may be logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaProblem {
    /// JSON pointer to the value, `/credentialSubject/idNumber`; for `required` and `additionalProperties` the object.
    pub path: String,
    /// The keyword that the value breaks, `format`.
    pub keyword: String,
    /// The member that is missing or not allowed, for `required` and `additionalProperties`.
    pub member: Option<String>,
}

/// The documents that schemas may refer to, and the formats they may name.
#[derive(Debug)]
pub struct Schemas {
    registry: Registry<'static>,
    formats: &'static [(&'static str, FormatCheck)],
}

impl Schemas {
    /// Takes shared documents by their `$id` (an absolute path such as `/schemas/code-lists`, or an absolute URI);
    /// `schema_reference` when one refers to a document that is not among them.
    pub fn new(
        documents: impl IntoIterator<Item = (String, Value)>,
        formats: &'static [(&'static str, FormatCheck)],
    ) -> Result<Self, ParseError> {
        let refused = |error: &dyn std::fmt::Display| ParseError::new("schema_reference", error.to_string());
        let mut builder = Registry::new().retriever(Nowhere);
        for (id, document) in documents {
            builder = builder.add(absolute(&id), document).map_err(|error| refused(&error))?;
        }
        Ok(Self { registry: builder.prepare().map_err(|error| refused(&error))?, formats })
    }

    /// Compiles a schema; `schema_malformed` when it is none, refers to a document that is not known here, or names an
    /// unknown format.
    pub fn compile(&self, document: &Value) -> Result<Schema, ParseError> {
        let options = jsonschema::options()
            .with_base_uri(BASE)
            .with_retriever(Nowhere)
            .with_registry(&self.registry)
            .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES))
            .should_validate_formats(true)
            .should_ignore_unknown_formats(false);
        let options = self.formats.iter().fold(options, |options, (name, check)| options.with_format(*name, *check));
        let validator =
            options.build(document).map_err(|error| ParseError::new("schema_malformed", error.masked().to_string()))?;
        Ok(Schema { validator })
    }
}

fn absolute(id: &str) -> String {
    id.strip_prefix('/').map_or_else(|| id.to_owned(), |path| format!("{BASE}{path}"))
}

/// Refuses every document that is not already known: nothing is fetched.
struct Nowhere;

impl jsonschema::Retrieve for Nowhere {
    fn retrieve(&self, _uri: &jsonschema::Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        Err("schemas are not fetched".into())
    }
}

/// A compiled schema. Compiling takes tens of microseconds, validating about one: keep it.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
}

impl Schema {
    /// Whether the value keeps the schema; the quick way when the reasons do not matter.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// The first [`MAX_PROBLEMS`] ways in which the value breaks the schema.
    pub fn validate(&self, value: &Value) -> Result<(), Vec<SchemaProblem>> {
        if self.validator.is_valid(value) {
            return Ok(());
        }
        Err(self.validator.iter_errors(value).flat_map(|error| problems(&error)).take(MAX_PROBLEMS).collect())
    }
}

fn problems(error: &jsonschema::ValidationError<'_>) -> Vec<SchemaProblem> {
    use jsonschema::error::ValidationErrorKind::{AdditionalProperties, Required};

    let path = error.instance_path().as_str().to_owned();
    let keyword = error.kind().keyword().to_owned();
    let of = |member: Option<String>| SchemaProblem { path: path.clone(), keyword: keyword.clone(), member };
    if let AdditionalProperties { unexpected } = error.kind() {
        return unexpected.iter().take(MAX_PROBLEMS).map(|name| of(Some(name.clone()))).collect();
    }
    if let Required { property } = error.kind() {
        return vec![of(property.as_str().map(str::to_owned))];
    }
    vec![of(None)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    fn even(text: &str) -> bool {
        text.len().is_multiple_of(2)
    }

    fn schemas() -> Schemas {
        let shared = json!({"$id": "/schemas/shared", "$defs": {"sex": {"enum": ["1", "2"]}}});
        Schemas::new([("/schemas/shared".to_owned(), shared)], &[("even", even)]).unwrap()
    }

    fn problem(path: &str, keyword: &str, member: Option<&str>) -> SchemaProblem {
        SchemaProblem { path: path.to_owned(), keyword: keyword.to_owned(), member: member.map(str::to_owned) }
    }

    #[test]
    fn a_reference_to_a_known_document_is_followed() {
        let schema = schemas()
            .compile(&json!({"$id": "/schemas/x/1", "properties": {"sex": {"$ref": "/schemas/shared#/$defs/sex"}}}))
            .unwrap();
        assert!(schema.is_valid(&json!({"sex": "1"})));
        assert_eq!(schema.validate(&json!({"sex": "3"})).unwrap_err(), [problem("/sex", "enum", None)]);
    }

    #[test]
    fn a_reference_to_anything_else_is_refused_not_fetched() {
        for target in ["https://example.com/schema.json", "/schemas/other", "file:///etc/passwd"] {
            let error = schemas().compile(&json!({"$ref": target})).unwrap_err();
            assert_eq!(error.code, "schema_malformed", "{target}");
        }
        let shared = json!({"$id": "/schemas/a", "$ref": "https://example.com/b"});
        assert_eq!(Schemas::new([("/schemas/a".to_owned(), shared)], &[]).unwrap_err().code, "schema_reference");
    }

    #[test]
    fn own_formats_are_asserted_and_unknown_ones_refused() {
        let schema = schemas().compile(&json!({"format": "even"})).unwrap();
        assert!(schema.is_valid(&json!("ab")));
        assert_eq!(schema.validate(&json!("abc")).unwrap_err(), [problem("", "format", None)]);
        assert!(schemas().compile(&json!({"format": "odd"})).is_err());
    }

    #[test]
    fn missing_and_foreign_members_are_named() {
        let schema = schemas()
            .compile(&json!({"required": ["a", "b"], "properties": {"a": {}, "b": {}}, "additionalProperties": false}))
            .unwrap();
        let found = schema.validate(&json!({"a": 1, "x": 1, "y": 2})).unwrap_err();
        assert!(found.contains(&problem("", "required", Some("b"))), "{found:?}");
        assert!(found.contains(&problem("", "additionalProperties", Some("x"))), "{found:?}");
        assert!(found.contains(&problem("", "additionalProperties", Some("y"))), "{found:?}");
    }

    #[test]
    fn the_number_of_problems_is_bounded() {
        let schema = schemas().compile(&json!({"items": {"type": "string"}})).unwrap();
        let many: Vec<u32> = (0..1000).collect();
        assert_eq!(schema.validate(&json!(many)).unwrap_err().len(), MAX_PROBLEMS);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        assert_eq!(schemas().compile(&json!({"type": "text"})).unwrap_err().code, "schema_malformed");
        assert_eq!(schemas().compile(&json!({"pattern": "("})).unwrap_err().code, "schema_malformed");
    }

    #[test]
    fn patterns_take_linear_time() {
        let schema = schemas().compile(&json!({"pattern": "^(a+)+$"})).unwrap();
        assert!(!schema.is_valid(&json!(format!("{}b", "a".repeat(50_000)))));
        assert!(schemas().compile(&json!({"pattern": "^(a)\\1$"})).is_err(), "back references are not linear");
    }
}
