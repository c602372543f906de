//! The JSON-LD context of all types, `{base}/contexts/v1.jsonld`: generated, committed, and compared in a test.
//!
//! Every type brings its own terms (a type-scoped context that reaches into the subject), so that `subject` of an archive
//! extract and `subject` of a teacher's certificate are two properties, and a processor reads only the terms of the type
//! at hand. All terms are protected but those that the context of VCDM 2.0 defines again inside a credential
//! (`validFrom`, `validUntil`), which JSON-LD would refuse. `name` is the one of VCDM 2.0.
//!
//! Specification: JSON-LD 1.1 §4.1 (contexts), VCDM 2.0 §5.2.

use crate::base::json::{Map, Value, json};

use super::annotation::{Field, FieldFormat};
use super::{Catalogue, CredentialType, embedded};

/// What all our terms begin with.
const TERMS: &str = "urn:certless:terms:";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
/// Terms of the VCDM 2.0 context that mean here what they mean there.
const BORROWED: [&str; 2] = ["name", "description"];
/// Terms that the VCDM 2.0 context defines for a credential's own members.
const REDEFINED: [&str; 2] = ["validFrom", "validUntil"];

/// The committed context, as published.
pub const TEXT: &str = embedded::CONTEXT;

/// The path below the city's base.
pub const PATH: &str = "/contexts/v1.jsonld";

/// Makes the context of a catalogue's types.
pub fn generate(catalogue: &Catalogue) -> Value {
    let mut terms = Map::new();
    terms.insert("@protected".to_owned(), Value::Bool(true));
    terms.insert("certificate".to_owned(), scoped("certificate", certificate(catalogue)));
    let relation = Map::from_iter([("relation".to_owned(), json!(format!("{TERMS}relation")))]);
    terms.insert("heldBy".to_owned(), scoped("heldBy", relation));
    for kind in catalogue.types() {
        terms.insert(kind.vc_type().to_owned(), scoped(kind.vc_type(), fields(kind)));
    }
    json!({ "@context": terms })
}

fn scoped(name: &str, mut terms: Map) -> Value {
    terms.insert("@protected".to_owned(), Value::Bool(true));
    json!({"@id": format!("{TERMS}{name}"), "@context": terms})
}

fn certificate(catalogue: &Catalogue) -> Map {
    let term = |name: &str| {
        let id = format!("{TERMS}{name}");
        // Its members are named by every licence in its own way.
        if name == "extendInfo" { json!({"@id": id, "@type": "@json"}) } else { json!(id) }
    };
    catalogue.shared().elements.iter().map(|element| (element.name.clone(), term(&element.name))).collect()
}

fn fields(kind: &CredentialType) -> Map {
    let own = kind.fields().iter().filter(|field| !BORROWED.contains(&field.name.as_str()));
    let mut terms: Map = own.map(|field| (field.name.clone(), field_term(kind, field))).collect();
    terms.insert("@propagate".to_owned(), Value::Bool(true));
    terms
}

fn field_term(kind: &CredentialType, field: &Field) -> Value {
    let mut term = Map::new();
    term.insert("@id".to_owned(), json!(format!("{TERMS}{}.{}", kind.code(), field.name)));
    match field.format {
        FieldFormat::Date => {
            term.insert("@type".to_owned(), json!(format!("{XSD}date")));
        }
        FieldFormat::Time => {
            term.insert("@type".to_owned(), json!(format!("{XSD}dateTime")));
        }
        FieldFormat::Url => {
            term.insert("@type".to_owned(), json!("@id"));
        }
        FieldFormat::List => {
            term.insert("@container".to_owned(), json!("@list"));
        }
        FieldFormat::Text
        | FieldFormat::Pattern
        | FieldFormat::Code
        | FieldFormat::Choice
        | FieldFormat::DateOrPermanent
        | FieldFormat::Month
        | FieldFormat::Minute
        | FieldFormat::Integer
        | FieldFormat::Decimal
        | FieldFormat::Boolean
        | FieldFormat::CitizenId
        | FieldFormat::Uscc
        | FieldFormat::IdentityCode
        | FieldFormat::Division
        | FieldFormat::MatterCode
        | FieldFormat::CaseNumber
        | FieldFormat::Digest => {}
    }
    if REDEFINED.contains(&field.name.as_str()) {
        term.insert("@protected".to_owned(), Value::Bool(false));
    }
    Value::Object(term)
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn the_committed_context_is_the_generated_one() {
        let generated = generate(Catalogue::embedded().unwrap());
        let same = parse(TEXT).unwrap() == generated;
        assert!(same, "schemas/contexts/v1.jsonld must be\n{}", serde_json::to_string_pretty(&generated).unwrap());
    }

    #[test]
    fn types_sort_before_the_class_whose_scope_does_not_reach_into_the_subject() {
        // JSON-LD applies type-scoped contexts in the order of the types' names; a type after `VerifiableCredential`
        // would lose its terms inside the subject.
        for kind in Catalogue::embedded().unwrap().types() {
            assert!(kind.vc_type() < "VerifiableCredential", "{}", kind.vc_type());
        }
    }

    #[test]
    fn every_field_and_element_has_a_term() {
        let context = generate(Catalogue::embedded().unwrap());
        for kind in Catalogue::embedded().unwrap().types() {
            for field in kind.fields().iter().filter(|field| field.name != "name") {
                let pointer = format!("/@context/{}/@context/{}/@id", kind.vc_type(), field.name);
                assert!(context.pointer(&pointer).is_some(), "{pointer}");
            }
        }
        let elements = context.pointer("/@context/certificate/@context").unwrap().as_object().unwrap();
        assert_eq!(elements.len(), 36, "35 elements and @protected");
    }
}
