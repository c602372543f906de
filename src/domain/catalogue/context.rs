//! The JSON-LD context of all types, `{base}/contexts/v1.jsonld`: generated, committed, and compared in a test.
//!
//! One name is one property: `address` means the same in every type, and `urn:certless:terms:address` is its name
//! outside. All terms are protected but those that the context of VCDM 2.0 defines again for a credential's own members
//! (`validFrom`, `validUntil`), which JSON-LD would refuse. `name` is the one of VCDM 2.0. Terms scoped by type would be
//! tidier, but processors disagree on scopes of several types.
//!
//! Specification: JSON-LD 1.1 §4.1 (contexts), VCDM 2.0 §5.2.

use std::collections::BTreeMap;

use crate::base::json::{Map, Value, json};

use super::annotation::FieldFormat;
use super::{Catalogue, embedded};

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

/// A type's name outside, as JSON-LD expands it.
pub fn type_iri(vc_type: &str) -> String {
    format!("{TERMS}{vc_type}")
}

/// Makes the context of a catalogue's types.
pub fn generate(catalogue: &Catalogue) -> Value {
    let mut terms = fields(catalogue);
    for kind in catalogue.types() {
        terms.insert(kind.vc_type().to_owned(), type_iri(kind.vc_type()).into());
    }
    terms.insert("certificate".to_owned(), scoped("certificate", certificate(catalogue)));
    let relation = Map::from_iter([("relation".to_owned(), json!(format!("{TERMS}relation")))]);
    terms.insert("heldBy".to_owned(), scoped("heldBy", relation));
    terms.insert("@protected".to_owned(), Value::Bool(true));
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

fn fields(catalogue: &Catalogue) -> Map {
    let mut formats: BTreeMap<&str, Vec<FieldFormat>> = BTreeMap::new();
    for field in catalogue.types().iter().flat_map(|kind| kind.fields()) {
        formats.entry(&field.name).or_default().push(field.format);
    }
    let own = formats.into_iter().filter(|(name, _)| !BORROWED.contains(name));
    own.map(|(name, formats)| (name.to_owned(), field_term(name, &formats))).collect()
}

/// A field's term; a datatype or list only when all types that have the field write it so.
fn field_term(name: &str, formats: &[FieldFormat]) -> Value {
    let all = |wanted: FieldFormat| formats.iter().all(|format| *format == wanted);
    let mut term = Map::from_iter([("@id".to_owned(), json!(format!("{TERMS}{name}")))]);
    let coerced = [
        (FieldFormat::Date, "@type", format!("{XSD}date")),
        (FieldFormat::Time, "@type", format!("{XSD}dateTime")),
        (FieldFormat::Url, "@type", "@id".to_owned()),
        (FieldFormat::List, "@container", "@list".to_owned()),
    ];
    let coerced = coerced.into_iter().filter(|(format, _, _)| all(*format));
    term.extend(coerced.map(|(_, keyword, value)| (keyword.to_owned(), Value::String(value))));
    if REDEFINED.contains(&name) {
        term.insert("@protected".to_owned(), Value::Bool(false));
    }
    Value::Object(term)
}

#[cfg(test)]
mod tests {
    use super::super::annotation::Field;
    use super::super::{CredentialType, parse};
    use super::*;
    use crate::vc::contexts::Contexts;
    use crate::vc::{jsonld, rdfc};

    #[test]
    fn the_committed_context_is_the_generated_one() {
        let generated = generate(Catalogue::embedded().unwrap());
        let same = parse(TEXT).unwrap() == generated;
        assert!(same, "schemas/contexts/v1.jsonld must be\n{}", serde_json::to_string_pretty(&generated).unwrap());
    }

    /// A credential of a type in which every field and every element has a value.
    fn complete(kind: &CredentialType) -> Map {
        let special = [
            (FieldFormat::List, json!(["一", "二"])),
            (FieldFormat::Url, json!("https://city.example/r/1")),
            (FieldFormat::Integer, json!(1)),
            (FieldFormat::Boolean, json!(true)),
        ];
        let value = |field: &Field| {
            let found = special.iter().find(|(format, _)| *format == field.format);
            found.map_or_else(|| json!("2026-03-01"), |(_, value)| value.clone())
        };
        let mut subject: Map = kind.fields().iter().map(|field| (field.name.clone(), value(field))).collect();
        subject.insert("heldBy".to_owned(), json!([{"id": "did:key:z6Mk", "relation": "mother"}]));
        let elements = kind.shared().elements.iter().filter(|element| element.name != "extendInfo");
        let certificate: Map = elements.map(|element| (element.name.clone(), json!("x"))).collect();
        let credential = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://city.example/contexts/v1.jsonld"],
            "id": "urn:certless:1", "type": ["VerifiableCredential", kind.vc_type()],
            "issuer": {"id": "did:web:city.example", "name": "演示"}, "validFrom": "2026-03-01T00:00:00Z",
            "validUntil": "2027-03-01T00:00:00Z", "credentialSubject": [subject], "certificate": certificate,
        });
        credential.as_object().unwrap().clone()
    }

    fn contexts() -> Contexts {
        Contexts::bundled().with("https://city.example/contexts/v1.jsonld", TEXT).unwrap()
    }

    #[test]
    fn every_type_is_processed_without_an_undefined_term() {
        for kind in Catalogue::embedded().unwrap().types() {
            let document = complete(kind);
            assert_eq!(jsonld::check_terms(&document, &contexts()), Ok(()), "{}", kind.code());
            let quads = rdfc::canonical(&document, &contexts()).unwrap();
            for field in kind.fields().iter().filter(|field| field.name != "name") {
                let term = format!("<{TERMS}{}>", field.name);
                assert!(quads.contains(&term), "{term} is lost");
            }
            assert!(quads.contains("<https://www.w3.org/2018/credentials#validFrom>"), "{}", kind.code());
        }
    }

    #[test]
    fn a_claim_of_no_type_is_an_undefined_term() {
        let catalogue = Catalogue::embedded().unwrap();
        let mut document = complete(catalogue.find("idCard").unwrap());
        document["credentialSubject"][0]["nickname"] = json!("x");
        assert!(jsonld::check_terms(&document, &contexts()).is_err());
    }

    #[test]
    fn every_field_and_element_has_a_term() {
        let context = generate(Catalogue::embedded().unwrap());
        for kind in Catalogue::embedded().unwrap().types() {
            assert!(context["@context"][kind.vc_type()].is_string());
            for field in kind.fields().iter().filter(|field| field.name != "name") {
                assert!(context["@context"][&field.name]["@id"].is_string(), "{}", field.name);
            }
        }
        let elements = context.pointer("/@context/certificate/@context").unwrap().as_object().unwrap();
        assert_eq!(elements.len(), 36, "35 elements and @protected");
    }
}
