//! JSON-LD documents as RDF datasets, without losing a statement.
//!
//! What it is: expansion and deserialisation to RDF (JSON-LD 1.1 API §4–8, by `oxjsonld`) with known contexts only, a
//! null base, and a refusal whenever the plain algorithm would drop something: undefined terms and types, relative
//! identifiers, null values, unknown keywords, base directions (Data Integrity 1.0 §2.5 "Securing Data Losslessly").
//! What it is not: canonicalisation ([`super::rdfc`]).
//!
//! How undefined terms are found: the document is read with a vocabulary and a base of our own underneath. They change
//! the result only where the plain algorithm would drop something; a result that names them is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};

use oxjsonld::{JsonLdParser, JsonLdRemoteDocument};
use oxrdf::{Dataset, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};

use super::contexts::{Contexts, UNDEFINED_TERM, harden};
use super::finding::{Check, Code, Finding};
use super::scoped;
use crate::base::json::{Map, Value};

const UNDEFINED: &str = "certless-undefined:";
const UNDEFINED_BASE: &str = "certless-undefined://base/";
/// Most statements of one document.
const MOST_QUADS: usize = 4096;
/// Most context references and inline contexts in one document; each costs one context processing.
const MOST_CONTEXTS: usize = 256;

/// Reads a document as an RDF dataset.
///
/// Fails with [`Code::ContextUnknown`] (state error) for a context that is not known, [`Code::TooMuchWork`] beyond 4096
/// statements or 256 contexts, [`Code::ModelViolation`] when the document is no JSON-LD or something would be lost.
pub fn dataset(document: &Map, contexts: &Contexts) -> Result<Dataset, Finding> {
    let mut budget = MOST_CONTEXTS;
    check_object(document, contexts, &mut budget)?;
    let mut whole = Value::Object(document.clone());
    harden(&mut whole);
    let types = scoped::join(&mut whole, contexts)?;
    put_first(types, &mut whole);
    let bytes = whole.to_string();
    // A panic of the parser on hostile input is an input that cannot be read.
    catch_unwind(AssertUnwindSafe(|| read(&bytes, contexts.clone())))
        .unwrap_or_else(|_| Err(lossy("the JSON-LD processor failed")))
}

/// Checks that every term and type of a document is defined by contexts that are known: what makes a document a
/// compacted JSON-LD document (VC Data Model 2.0 §1.3, §6.1).
///
/// Proofs are left out, those of embedded credentials too: each suite answers for its own terms. A base direction is
/// allowed here. Fails as [`dataset`].
pub fn check_terms(document: &Map, contexts: &Contexts) -> Result<(), Finding> {
    let mut bare = Value::Object(document.clone());
    strip(&mut bare);
    bare.as_object().map_or(Ok(()), |bare| dataset(bare, contexts).map(drop))
}

/// Removes what is no claim: proofs, and the base directions of language values.
fn strip(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(map) => {
            if map.contains_key("@context") {
                map.remove("proof");
            }
            if map.contains_key("@value") {
                map.remove("@direction");
            }
            map.iter_mut().filter(|(name, _)| *name != "@context").for_each(|(_, member)| strip(member));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn read(bytes: &str, contexts: Contexts) -> Result<Dataset, Finding> {
    let parser = JsonLdParser::new()
        .lenient()
        .with_base_iri(UNDEFINED_BASE)
        .map_err(|error| lossy(&error.to_string()))?
        .for_slice(bytes)
        .with_load_document_callback(move |url, _| {
            let document = contexts.hardened(url).ok_or_else(|| format!("{url} is not known"))?.to_vec();
            Ok(JsonLdRemoteDocument { document, document_url: url.to_owned() })
        });
    let mut dataset = Dataset::new();
    for quad in parser {
        let quad = quad.map_err(|error| lossy(&error.to_string()))?;
        check_quad(&quad)?;
        dataset.insert(&quad);
        if dataset.len() > MOST_QUADS {
            return Err(too_much("more than 4096 statements"));
        }
    }
    Ok(dataset)
}

/// Puts the vocabulary of undefined terms and further terms before the document's contexts.
fn put_first(mut terms: Map, document: &mut Value) {
    let Some(map) = document.as_object_mut() else { return };
    terms.insert("@vocab".into(), UNDEFINED_TERM.into());
    let mut contexts = vec![Value::Object(terms)];
    match map.remove("@context") {
        Some(Value::Array(items)) => contexts.extend(items),
        Some(single) => contexts.push(single),
        None => {}
    }
    map.insert("@context".into(), contexts.into());
}

// What the processor would drop without telling, found in the document.

fn check_value(value: &Value, contexts: &Contexts, budget: &mut usize) -> Result<(), Finding> {
    match value {
        Value::Null => Err(lossy("a null value would be dropped")),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, contexts, budget)),
        Value::Object(map) => check_object(map, contexts, budget),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn check_object(map: &Map, contexts: &Contexts, budget: &mut usize) -> Result<(), Finding> {
    for (name, value) in map {
        match name.as_str() {
            "@context" => check_context(value, contexts, budget)?,
            "@id" if map.contains_key("id") => return Err(lossy("id and @id in one object")),
            "@type" if map.contains_key("type") => return Err(lossy("type and @type in one object")),
            "@id" | "@type" | "@value" | "@language" | "@list" | "@set" | "@graph" | "@index" | "@reverse"
            | "@nest" | "@included" | "@none" => check_value(value, contexts, budget)?,
            "@direction" => return Err(lossy("a base direction has no place in RDF and would be dropped")),
            _ if name.starts_with('@') => return Err(lossy("an unknown keyword would be dropped")),
            _ => check_value(value, contexts, budget)?,
        }
    }
    Ok(())
}

fn check_context(context: &Value, contexts: &Contexts, budget: &mut usize) -> Result<(), Finding> {
    *budget = budget.checked_sub(1).ok_or_else(|| too_much("more than 256 contexts"))?;
    match context {
        Value::Array(items) => items.iter().try_for_each(|item| check_context(item, contexts, budget)),
        Value::String(url) if contexts.knows(url) => Ok(()),
        Value::String(url) => {
            Err(Finding::error(Check::Proof, Code::ContextUnknown, format!("{url} is not known here")))
        }
        Value::Object(map) => check_inline(map, contexts, budget),
        Value::Null | Value::Bool(_) | Value::Number(_) => Err(lossy("a context is neither a URL nor an object")),
    }
}

/// Checks an inline context: a term defined as null would drop what is said with it.
fn check_inline(map: &Map, contexts: &Contexts, budget: &mut usize) -> Result<(), Finding> {
    for (name, value) in map {
        match (name.as_str(), value) {
            ("@context", nested) => check_context(nested, contexts, budget)?,
            ("@vocab" | "@language" | "@base", Value::Null) => {}
            ("@import" | "@direction", _) => {
                return Err(lossy("@import and @direction are not supported in a context"));
            }
            ("@id", Value::Null) => return Err(lossy("a term is defined as null")),
            (_, Value::Null) if !name.starts_with('@') => return Err(lossy("a term is defined as null")),
            (_, Value::Object(nested)) => check_inline(nested, contexts, budget)?,
            _ => {}
        }
    }
    Ok(())
}

// What the processor would drop without telling, found in the result.

fn check_quad(quad: &Quad) -> Result<(), Finding> {
    if let NamedOrBlankNode::NamedNode(node) = &quad.subject {
        check_iri(node)?;
    }
    check_iri(&quad.predicate)?;
    match &quad.object {
        Term::NamedNode(node) => check_iri(node)?,
        Term::Literal(literal) => check_literal(literal)?,
        Term::BlankNode(_) => {}
    }
    match &quad.graph_name {
        GraphName::NamedNode(node) => check_iri(node),
        GraphName::BlankNode(_) | GraphName::DefaultGraph => Ok(()),
    }
}

fn check_iri(node: &NamedNode) -> Result<(), Finding> {
    let iri = node.as_str();
    if let Some(rest) = iri.strip_prefix(UNDEFINED) {
        let what = if rest.starts_with("term/") { "a term or type is not defined" } else { "a relative URL" };
        let name: String = rest.rsplit('/').next().unwrap_or_default().chars().take(64).collect();
        return Err(lossy(&format!("{what}: {name}")));
    }
    NamedNode::new(iri).map(drop).map_err(|_| lossy("a term or value is not an absolute IRI"))
}

fn check_literal(literal: &Literal) -> Result<(), Finding> {
    let tag = |tag: &str| {
        tag.split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    if literal.language().is_some_and(|language| !tag(language)) {
        return Err(lossy("a language tag is not well-formed"));
    }
    check_iri(&literal.datatype().into_owned())
}

pub(super) fn lossy(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::ModelViolation, format!("JSON-LD: {detail}"))
}

pub(super) fn too_much(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::TooMuchWork, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;

    const BASE: &str = "https://www.w3.org/ns/credentials/v2";
    const EXAMPLES: &str = "https://www.w3.org/ns/credentials/examples/v2";

    fn run(document: &Value) -> Result<Dataset, Finding> {
        dataset(document.as_object().unwrap(), &Contexts::bundled())
    }

    #[test]
    fn defined_terms_become_statements() {
        let document = json!({
            "@context": [BASE, { "X": "https://example.org/#X", "nick": "https://example.org/#nick" }],
            "type": ["VerifiableCredential", "X"],
            "issuer": "did:example:issuer",
            "name": [{ "@value": "证照", "@language": "zh-Hans" }],
            "credentialSubject": { "id": "did:example:subject", "nick": "a", "zeta:x": 1 }
        });
        let dataset = run(&document).unwrap();
        let text = dataset.to_string();
        assert_eq!(dataset.len(), 7, "{text}");
        assert!(text.contains("\"证照\"@zh-Hans"), "the language tag keeps its case: {text}");
    }

    #[test]
    fn whatever_would_be_dropped_is_refused() {
        let with = |contexts: Value, extra: Value| {
            let mut document = json!({
                "@context": contexts,
                "type": ["VerifiableCredential"],
                "issuer": "did:example:issuer",
                "credentialSubject": { "id": "did:example:subject" }
            });
            document.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            document
        };
        let cases = [
            (json!([BASE]), json!({ "undefined": "x" })),
            (json!([BASE]), json!({ "undefined": { "id": "urn:a:b" } })),
            (json!([BASE]), json!({ "type": ["VerifiableCredential", "Undefined"] })),
            (json!([BASE]), json!({ "credentialSubject": { "deep": { "name": "x" } } })),
            (json!([BASE]), json!({ "id": "relative" })),
            (json!([BASE]), json!({ "id": "not a url" })),
            (json!([BASE]), json!({ "validUntil": null })),
            (json!([BASE]), json!({ "@unknown": "x" })),
            (json!([BASE]), json!({ "@id": "urn:a:b", "id": "urn:a:c" })),
            (json!([BASE]), json!({ "name": { "@value": "x", "@language": "en", "@direction": "ltr" } })),
            (json!([BASE]), json!({ "proof": { "type": "DataIntegrityProof", "undefined": 1 } })),
            (json!([BASE, { "@vocab": null }]), json!({ "type": ["VerifiableCredential", "Undefined"] })),
            (json!([BASE, { "x": null }]), json!({ "x": 1 })),
            (json!([BASE, { "x": "_:x" }]), json!({ "x": 1 })),
            (json!([BASE, { "X": "https ://not-a-url#X" }]), json!({ "type": ["VerifiableCredential", "X"] })),
            (json!([BASE, { "VerifiableCredential": "https://example.org/#Bad" }]), json!({})),
            (json!([BASE, { "x": { "@id": "urn:x:x", "@context": null } }]), json!({ "x": { "name": "n" } })),
            (json!([BASE]), json!({ "evidence": { "type": "https://example.org/#E", "@context": {}, "odd": 1 } })),
        ];
        for (contexts, extra) in cases {
            let finding = run(&with(contexts.clone(), extra.clone())).unwrap_err();
            assert_eq!(finding.code, Code::ModelViolation, "{contexts} {extra}");
        }
        assert!(run(&with(json!([BASE, EXAMPLES]), json!({ "undefined": "x" }))).is_ok(), "examples has a vocabulary");
        let embedded = json!({ "@context": [BASE], "type": "VerifiableCredential", "issuer": "did:a:b",
            "credentialSubject": { "id": "did:a:c", "undefined": 1 } });
        let presentation = json!({ "@context": [BASE, EXAMPLES], "type": "VerifiablePresentation", "verifiableCredential": [embedded] });
        assert_eq!(run(&presentation).unwrap_err().code, Code::ModelViolation, "its own context counts");
    }

    #[test]
    fn unknown_contexts_are_not_decided_on() {
        let document = json!({ "@context": [BASE, "https://example.org/context"], "type": "VerifiableCredential" });
        let finding = run(&document).unwrap_err();
        assert_eq!((finding.code, finding.state), (Code::ContextUnknown, crate::vc::finding::State::Error));
    }

    #[test]
    fn work_is_bounded() {
        let many = |item: Value, n: usize| Value::Array(vec![item; n]);
        let contexts = json!({ "@context": many(json!(BASE), 300), "type": "VerifiableCredential" });
        assert_eq!(run(&contexts).unwrap_err().code, Code::TooMuchWork);
        let evidence: Vec<Value> =
            (0..3000).map(|n| json!({ "id": format!("urn:e:{n}"), "type": "urn:x:E" })).collect();
        let statements = json!({ "@context": [BASE], "type": "VerifiableCredential", "evidence": evidence });
        assert_eq!(run(&statements).unwrap_err().code, Code::TooMuchWork);
    }
}
