//! Controlled identifier documents (Controlled Identifiers 1.0 §2–3), built and parsed strictly.
//!
//! What it is: the identifier, who controls it, and its verification methods with the purposes each may be used for.
//! What it is not: services and other members, which are ignored when parsing.
//!
//! A method of a type or curve that we do not know stays in the document without a key, so that a document may hold
//! keys for others; two encodings of one key, private members and relative URLs refuse the whole document.

use crate::base::error::ParseError;
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, parse_rfc3339, rfc3339};
use crate::crypto::{KeyError, PublicKey};

const CONTEXTS: [&str; 2] = ["https://www.w3.org/ns/did/v1", "https://www.w3.org/ns/cid/v1"];
const MOST_METHODS: usize = 256;

/// A verification relationship: what a key may be used for (CID §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relationship {
    /// `assertionMethod`: issuing credentials.
    AssertionMethod,
    /// `authentication`: presenting, logging in.
    Authentication,
    /// `capabilityDelegation`.
    CapabilityDelegation,
    /// `capabilityInvocation`.
    CapabilityInvocation,
    /// `keyAgreement`: never for signatures.
    KeyAgreement,
}

impl Relationship {
    const ALL: [Self; 5] = [
        Self::AssertionMethod,
        Self::Authentication,
        Self::CapabilityDelegation,
        Self::CapabilityInvocation,
        Self::KeyAgreement,
    ];

    /// The name of the member in a document, and of the proof purpose that needs it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
            Self::CapabilityDelegation => "capabilityDelegation",
            Self::CapabilityInvocation => "capabilityInvocation",
            Self::KeyAgreement => "keyAgreement",
        }
    }

    /// The relationship of that name; `None` for every other name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relationship| relationship.as_str() == name)
    }

    fn bit(self) -> u8 {
        match self {
            Self::AssertionMethod => 1,
            Self::Authentication => 2,
            Self::CapabilityDelegation => 4,
            Self::CapabilityInvocation => 8,
            Self::KeyAgreement => 16,
        }
    }
}

/// A set of verification relationships.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relationships(u8);

impl Relationships {
    /// Issuing credentials only: what an agency's key may do.
    pub const ASSERTION: Self = Self(1);
    /// Presenting only: what a holder's key may do.
    pub const AUTHENTICATION: Self = Self(2);
    /// Everything that signs: assertion, authentication, capability delegation and invocation.
    pub const SIGNING: Self = Self(1 | 2 | 4 | 8);

    /// Tells whether the relationship is in the set.
    pub fn has(self, relationship: Relationship) -> bool {
        self.0 & relationship.bit() != 0
    }

    /// The set with one relationship more.
    #[must_use]
    pub fn with(self, relationship: Relationship) -> Self {
        Self(self.0 | relationship.bit())
    }
}

/// How a verification method writes its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `JsonWebKey` with `publicKeyJwk` (CID §2.2.3); `JsonWebKey2020` is read as well.
    Jwk,
    /// `Multikey` with `publicKeyMultibase` (CID §2.2.2).
    Multikey,
}

/// One verification method.
#[derive(Clone, Debug, PartialEq)]
pub struct Method {
    /// Absolute URL of the method.
    pub id: String,
    /// Who controls the key; equal to the document's `id` for a method that may be relied on.
    pub controller: String,
    /// The key; `None` for a type or curve that we do not know.
    pub key: Option<PublicKey>,
    /// How the key is written.
    pub form: Form,
    /// What the key may be used for.
    pub relationships: Relationships,
    /// From this time the key must not be used, and what it signed before stays valid.
    pub expires: Option<Timestamp>,
    /// From this time nothing is verified with the key.
    pub revoked: Option<Timestamp>,
}

impl Method {
    /// Makes a method that neither expires nor is revoked.
    pub fn new(
        id: impl Into<String>,
        controller: impl Into<String>,
        key: PublicKey,
        form: Form,
        relationships: Relationships,
    ) -> Self {
        let (id, controller) = (id.into(), controller.into());
        Self { id, controller, key: Some(key), form, relationships, expires: None, revoked: None }
    }

    fn to_json(&self) -> Option<Value> {
        let key = self.key.as_ref()?;
        let mut method = match self.form {
            Form::Jwk => json!({ "type": "JsonWebKey", "publicKeyJwk": key.to_jwk() }),
            Form::Multikey => json!({ "type": "Multikey", "publicKeyMultibase": key.to_multikey() }),
        };
        let map = method.as_object_mut()?;
        map.insert("id".into(), self.id.clone().into());
        map.insert("controller".into(), self.controller.clone().into());
        for (name, time) in [("expires", self.expires), ("revoked", self.revoked)] {
            if let Some(time) = time {
                map.insert(name.into(), rfc3339(time).into());
            }
        }
        Some(method)
    }
}

/// A controlled identifier document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The identifier.
    pub id: String,
    /// Who may change the document; empty means the identifier itself.
    pub controller: Vec<String>,
    /// The same subject under other URLs.
    pub also_known_as: Vec<String>,
    /// The verification methods.
    pub methods: Vec<Method>,
}

impl Document {
    /// Makes a document without methods.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), controller: Vec::new(), also_known_as: Vec::new(), methods: Vec::new() }
    }

    /// The document with one verification method more.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.methods.push(method);
        self
    }

    /// Finds the method of a URL that this document's own identifier controls (CID §3.3 steps 7–10).
    pub fn method(&self, url: &str) -> Option<&Method> {
        self.methods.iter().find(|method| method.id == url && method.controller == self.id)
    }

    /// Writes the document as JSON-LD; methods without a known key are left out.
    pub fn to_json(&self) -> Map {
        let mut map = Map::new();
        map.insert("@context".into(), json!(CONTEXTS));
        map.insert("id".into(), self.id.clone().into());
        if !self.controller.is_empty() {
            map.insert("controller".into(), json!(self.controller));
        }
        if !self.also_known_as.is_empty() {
            map.insert("alsoKnownAs".into(), json!(self.also_known_as));
        }
        map.insert("verificationMethod".into(), self.methods.iter().filter_map(Method::to_json).collect());
        for relationship in Relationship::ALL {
            let related = |method: &&Method| method.key.is_some() && method.relationships.has(relationship);
            let ids: Vec<Value> = self.methods.iter().filter(related).map(|method| method.id.clone().into()).collect();
            if !ids.is_empty() {
                map.insert(relationship.as_str().into(), ids.into());
            }
        }
        map
    }

    /// Parses a document.
    ///
    /// Fails on a missing or relative `id`, members of a wrong form, equal method ids, references to methods that are
    /// not there, more than 256 methods, private key members, and two encodings of a key in one method.
    pub fn parse(map: &Map) -> Result<Self, ParseError> {
        let mut document = Self::new(url_of(map, "id")?);
        document.controller = urls_of(map, "controller")?;
        document.also_known_as = urls_of(map, "alsoKnownAs")?;
        for value in list(map, "verificationMethod")? {
            document.add(parse_method(object(value)?, &document.id)?)?;
        }
        for relationship in Relationship::ALL {
            for value in list(map, relationship.as_str())? {
                document.relate(relationship, value)?;
            }
        }
        Ok(document)
    }

    fn add(&mut self, method: Method) -> Result<(), ParseError> {
        if self.methods.len() >= MOST_METHODS {
            return Err(refuse("more than 256 verification methods"));
        }
        if self.methods.iter().any(|known| known.id == method.id) {
            return Err(refuse("two verification methods have the same id"));
        }
        self.methods.push(method);
        Ok(())
    }

    fn relate(&mut self, relationship: Relationship, value: &Value) -> Result<(), ParseError> {
        let Some(reference) = value.as_str() else {
            let mut method = parse_method(object(value)?, &self.id)?;
            method.relationships = method.relationships.with(relationship);
            return self.add(method);
        };
        let id = absolute(reference, &self.id);
        if let Some(method) = self.methods.iter_mut().find(|method| method.id == id) {
            method.relationships = method.relationships.with(relationship);
            return Ok(());
        }
        // A reference into another document is allowed (CID §2.3); it grants nothing here.
        if id.split('#').next() == Some(self.id.as_str()) {
            return Err(refuse("a relationship names a verification method that is not in the document"));
        }
        Ok(())
    }
}

fn parse_method(map: &Map, document: &str) -> Result<Method, ParseError> {
    let id = absolute(text_of(map, "id")?, document);
    let controller = url_of(map, "controller")?.to_owned();
    if ["secretKeyMultibase", "secretKeyJwk", "privateKeyMultibase", "privateKeyJwk"]
        .iter()
        .any(|name| map.contains_key(*name))
    {
        return Err(refuse("a verification method holds a private key"));
    }
    let (multibase, jwk) = (map.get("publicKeyMultibase"), map.get("publicKeyJwk"));
    if multibase.is_some() && jwk.is_some() {
        return Err(refuse("a verification method holds its key twice"));
    }
    let form = if jwk.is_some() { Form::Jwk } else { Form::Multikey };
    let key = match (text_of(map, "type")?, multibase, jwk) {
        ("Multikey" | "Ed25519VerificationKey2020", Some(Value::String(text)), None) => {
            known(PublicKey::from_multikey(text))?
        }
        ("JsonWebKey" | "JsonWebKey2020", None, Some(Value::Object(jwk))) => known(PublicKey::from_jwk(jwk))?,
        ("Multikey" | "JsonWebKey" | "JsonWebKey2020" | "Ed25519VerificationKey2020", ..) => {
            return Err(refuse("a verification method lacks the key member of its type"));
        }
        _ => None,
    };
    let (expires, revoked) = (time_of(map, "expires")?, time_of(map, "revoked")?);
    Ok(Method { id, controller, key, form, relationships: Relationships::default(), expires, revoked })
}

/// A key of an unknown type is no key; a broken key is a broken document.
fn known(key: Result<PublicKey, KeyError>) -> Result<Option<PublicKey>, ParseError> {
    match key {
        Ok(key) => Ok(Some(key)),
        Err(KeyError::Unsupported) => Ok(None),
        Err(error @ (KeyError::Malformed(_) | KeyError::Weak)) => Err(refuse(&error.to_string())),
    }
}

/// Completes a fragment with the document's identifier (CID §3.3: the absolute URL value of the method's id).
fn absolute(reference: &str, document: &str) -> String {
    if reference.starts_with('#') { format!("{document}{reference}") } else { reference.to_owned() }
}

fn object(value: &Value) -> Result<&Map, ParseError> {
    value.as_object().ok_or_else(|| refuse("a verification method is not an object"))
}

fn list<'a>(map: &'a Map, name: &str) -> Result<&'a [Value], ParseError> {
    match map.get(name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(_) => Err(refuse(&format!("{name} is not an array"))),
    }
}

fn text_of<'a>(map: &'a Map, name: &str) -> Result<&'a str, ParseError> {
    map.get(name).and_then(Value::as_str).ok_or_else(|| refuse(&format!("{name} is missing or not a string")))
}

fn url_of<'a>(map: &'a Map, name: &str) -> Result<&'a str, ParseError> {
    let text = text_of(map, name)?;
    if is_url(text) { Ok(text) } else { Err(refuse(&format!("{name} is not an absolute URL"))) }
}

fn urls_of(map: &Map, name: &str) -> Result<Vec<String>, ParseError> {
    match map.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) if is_url(text) => Ok(vec![text.clone()]),
        Some(Value::Array(items)) => {
            let text = |item: &Value| item.as_str().filter(|text| is_url(text)).map(str::to_owned);
            items.iter().map(|item| text(item).ok_or_else(|| refuse(&format!("{name} is not a set of URLs")))).collect()
        }
        Some(_) => Err(refuse(&format!("{name} is not a set of URLs"))),
    }
}

fn time_of(map: &Map, name: &str) -> Result<Option<Timestamp>, ParseError> {
    match map.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => parse_rfc3339(text).map(Some),
        Some(_) => Err(refuse(&format!("{name} is not a time"))),
    }
}

fn is_url(text: &str) -> bool {
    let scheme = text.split_once(':').map(|(scheme, rest)| (scheme.as_bytes(), rest));
    scheme.is_some_and(|(scheme, rest)| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte))
            && !rest.is_empty()
            && !rest.bytes().any(|byte| byte <= b' ' || byte == 0x7F || b"<>\"{}|\\^`".contains(&byte))
    })
}

fn refuse(detail: &str) -> ParseError {
    ParseError::new("did_document_malformed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

    fn sample() -> Map {
        let value = json!({
            "id": "did:web:example.com",
            "controller": "did:web:root.example",
            "verificationMethod": [
                { "id": "#a", "type": "Multikey", "controller": "did:web:example.com", "publicKeyMultibase": KEY,
                  "revoked": "2026-01-01T00:00:00Z" },
                { "id": "did:web:example.com#p384", "type": "JsonWebKey", "controller": "did:web:example.com",
                  "publicKeyJwk": { "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" } },
                { "id": "did:web:example.com#odd", "type": "FutureKey2030", "controller": "did:web:example.com" }
            ],
            "assertionMethod": ["did:web:example.com#a", "did:web:other.example#x"],
            "authentication": [
                { "id": "did:web:example.com#b", "type": "Multikey", "controller": "did:web:mallory.example",
                  "publicKeyMultibase": KEY }
            ]
        });
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_document_is_parsed_with_the_purposes_of_each_method() {
        let document = Document::parse(&sample()).unwrap();
        assert_eq!(document.methods.len(), 4);
        let method = document.method("did:web:example.com#a").unwrap();
        assert!(method.relationships.has(Relationship::AssertionMethod));
        assert!(!method.relationships.has(Relationship::Authentication));
        assert_eq!(method.revoked.map(rfc3339).as_deref(), Some("2026-01-01T00:00:00Z"));
        assert!(document.method("did:web:example.com#p384").unwrap().key.is_none());
        assert!(document.method("did:web:example.com#odd").unwrap().key.is_none());
    }

    #[test]
    fn a_method_controlled_by_another_is_never_found() {
        let document = Document::parse(&sample()).unwrap();
        assert!(document.methods.iter().any(|method| method.id == "did:web:example.com#b"));
        assert!(document.method("did:web:example.com#b").is_none());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let key = PublicKey::from_multikey(KEY).unwrap();
        let mut document = Document::new("did:web:example.com");
        document.controller = vec!["did:web:root.example".into()];
        for (form, relationships) in [(Form::Multikey, Relationships::ASSERTION), (Form::Jwk, Relationships::SIGNING)] {
            let id = format!("did:web:example.com#{form:?}");
            document = document.with_method(Method::new(id, "did:web:example.com", key.clone(), form, relationships));
        }
        assert_eq!(Document::parse(&document.to_json()).unwrap(), document);
    }

    #[test]
    fn broken_documents_are_refused() {
        let cases: [fn(&mut Map); 11] = [
            |map| drop(map.remove("id")),
            |map| drop(map.insert("id".into(), "no-url".into())),
            |map| drop(map.insert("controller".into(), json!([1]))),
            |map| drop(map.insert("alsoKnownAs".into(), json!("not a url"))),
            |map| drop(map.insert("verificationMethod".into(), json!({}))),
            |map| drop(map.insert("assertionMethod".into(), json!("did:web:example.com#a"))),
            |map| drop(map.insert("assertionMethod".into(), json!(["#nowhere"]))),
            |map| map["verificationMethod"][0]["publicKeyJwk"] = json!({}),
            |map| map["verificationMethod"][0]["secretKeyMultibase"] = json!("z"),
            |map| map["verificationMethod"][0]["publicKeyMultibase"] = json!("u7QE"),
            |map| map["verificationMethod"][1]["id"] = json!("#a"),
        ];
        for (index, case) in cases.into_iter().enumerate() {
            let mut map = sample();
            case(&mut map);
            assert!(Document::parse(&map).is_err(), "case {index}");
        }
    }
}
