//! The registry as a signed JSON document: an `eddsa-jcs-2022` proof by the city's root key over all of it.

use super::{Registry, TrustedAgency, TrustedKey};
use crate::base::bytes::base64url;
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::text::Label;
use crate::base::time::{Timestamp, parse_rfc3339, rfc3339};
use crate::crypto::digest::sha256;
use crate::crypto::{KeyError, PublicKey, Signer};
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Expect, ProofOptions};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};

/// The `type` of the document.
const TYPE: &str = "CertlessTrustRegistry";
/// A registry of a large city stays far below this, bytes.
const LIMITS: Limits = Limits { bytes: 8 << 20, depth: 16 };

/// What the next version says of this one: the SHA-256 of the document as it was published, in base64url.
pub fn digest(signed: &[u8]) -> String {
    base64url(&sha256(signed))
}

/// A document that verifies with the key that it names itself: whether that key counts is for its reader to say.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The registry.
    pub registry: Registry,
    /// The key that signed it.
    pub root: PublicKey,
}

impl Registry {
    /// The verification method of the city's root key.
    pub fn root_method(&self) -> String {
        format!("{}#root", self.city)
    }

    /// The signed document, as published.
    pub fn sign(&self, root: &dyn Signer, contexts: &Contexts) -> Result<Vec<u8>, Finding> {
        let options = ProofOptions::new(Purpose::AssertionMethod, self.root_method(), self.issued);
        let signed = data_integrity::sign(&self.to_json(root.public_key()), &options, root, contexts)?;
        Ok(Value::Object(signed).to_string().into_bytes())
    }

    /// Reads a signed document and verifies it against the city's root key.
    ///
    /// A finding is of the check `trust` and of state `Error`: without a registry nothing can be decided.
    pub fn open(bytes: &[u8], root: &PublicKey, contexts: &Contexts) -> Result<Self, Finding> {
        let wrong = |detail: String| Finding::error(Check::Trust, Code::RegistryInvalid, detail);
        let document = parse_object(bytes, &LIMITS).map_err(|error| wrong(error.to_string()))?;
        let registry = Self::from_json(&document).map_err(|error| wrong(error.to_string()))?;
        let keys = Root::of(&registry, root);
        let expect = Expect::new(Purpose::AssertionMethod, registry.issued);
        data_integrity::verify(&document, &keys, &expect, contexts)
            .map_err(|findings| wrong(findings.first().map(ToString::to_string).unwrap_or_default()))?;
        Ok(registry)
    }

    /// Reads a signed document that its reader trusts for other reasons than a known root key: a file that was named.
    /// The signature must still verify with the root key that the document names.
    pub fn open_named(bytes: &[u8], contexts: &Contexts) -> Result<Named, Finding> {
        let wrong = |detail: String| Finding::error(Check::Trust, Code::RegistryInvalid, detail);
        let document = parse_object(bytes, &LIMITS).map_err(|error| wrong(error.to_string()))?;
        let root = text(&document, "root").map_err(|error| wrong(error.to_string()))?;
        let root = PublicKey::from_multikey(root).map_err(|error| wrong(error.to_string()))?;
        Ok(Named { registry: Self::open(bytes, &root, contexts)?, root })
    }

    fn to_json(&self, root: &PublicKey) -> Map {
        let document = json!({
            "type": TYPE,
            "root": root.to_multikey(),
            "city": self.city,
            "name": self.name,
            "version": self.version,
            "issued": rfc3339(self.issued),
            "expires": rfc3339(self.expires),
            "agencies": self.agencies.iter().map(TrustedAgency::to_json).collect::<Vec<_>>(),
        });
        let Value::Object(mut map) = document else { return Map::new() };
        let successor = self.successor.as_ref().map(PublicKey::to_multikey);
        for (name, value) in [("previous", self.previous.clone()), ("successor", successor)] {
            map.extend(value.map(|value| (name.to_owned(), value.into())));
        }
        map
    }

    fn from_json(document: &Map) -> Result<Self, ParseError> {
        if document.get("type").and_then(Value::as_str) != Some(TYPE) {
            return Err(ParseError::new("registry_malformed", "type"));
        }
        let agencies = list(document, "agencies")?.iter().map(TrustedAgency::from_json).collect::<Result<_, _>>()?;
        Ok(Self {
            city: text(document, "city")?.to_owned(),
            name: label(document, "name")?,
            version: document.get("version").and_then(Value::as_u64).ok_or_else(|| malformed("version"))?,
            issued: time(document, "issued")?.ok_or_else(|| malformed("issued"))?,
            expires: time(document, "expires")?.ok_or_else(|| malformed("expires"))?,
            previous: optional(document, "previous")?.map(str::to_owned),
            successor: optional(document, "successor")?
                .map(PublicKey::from_multikey)
                .transpose()
                .map_err(|error| unusable(&error))?,
            agencies,
        })
    }
}

impl TrustedAgency {
    fn to_json(&self) -> Value {
        json!({
            "code": self.code.as_str(),
            "did": self.did,
            "url": self.url,
            "name": self.name,
            "uscc": self.uscc,
            "types": self.types.iter().map(TypeCode::as_str).collect::<Vec<_>>(),
            "keys": self.keys.iter().map(TrustedKey::to_json).collect::<Vec<_>>(),
        })
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let map = value.as_object().ok_or_else(|| malformed("agencies"))?;
        let types = list(map, "types")?.iter().map(|code| TypeCode::parse(code.as_str().unwrap_or_default()));
        Ok(Self {
            code: AgencyCode::parse(text(map, "code")?)?,
            did: text(map, "did")?.to_owned(),
            url: text(map, "url")?.to_owned(),
            name: label(map, "name")?,
            uscc: text(map, "uscc")?.to_owned(),
            types: types.collect::<Result<_, _>>()?,
            keys: list(map, "keys")?.iter().map(TrustedKey::from_json).collect::<Result<_, _>>()?,
        })
    }
}

impl TrustedKey {
    fn to_json(&self) -> Value {
        let mut key = json!({
            "id": self.id,
            "publicKeyMultibase": self.key.to_multikey(),
            "validFrom": rfc3339(self.valid_from),
        });
        for (name, time) in [("validUntil", self.valid_until), ("compromisedFrom", self.compromised_from)] {
            if let (Value::Object(map), Some(time)) = (&mut key, time) {
                map.insert(name.to_owned(), rfc3339(time).into());
            }
        }
        key
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let map = value.as_object().ok_or_else(|| malformed("keys"))?;
        Ok(Self {
            id: text(map, "id")?.to_owned(),
            key: PublicKey::from_multikey(text(map, "publicKeyMultibase")?)
                .map_err(|error| unusable(&error))?
                .prepared(),
            valid_from: time(map, "validFrom")?.ok_or_else(|| malformed("validFrom"))?,
            valid_until: time(map, "validUntil")?,
            compromised_from: time(map, "compromisedFrom")?,
        })
    }
}

/// The one key that may sign a registry.
pub(super) struct Root {
    method: String,
    city: String,
    key: PublicKey,
}

impl Root {
    /// The root key of a registry's city.
    pub(super) fn of(registry: &Registry, key: &PublicKey) -> Self {
        Self { method: registry.root_method(), city: registry.city.clone(), key: key.clone() }
    }
}

impl Keys for Root {
    fn resolve(&self, method: &str, purpose: Purpose, _at: Timestamp) -> Result<ResolvedKey, Finding> {
        if method != self.method || purpose != Purpose::AssertionMethod {
            return Err(Finding::invalid(Check::Proof, Code::KeyNotAuthorized, "not the city's root key"));
        }
        Ok(ResolvedKey { key: self.key.clone(), controller: self.city.clone() })
    }
}

fn malformed(name: &'static str) -> ParseError {
    ParseError::new("registry_malformed", name)
}

fn text<'a>(map: &'a Map, name: &'static str) -> Result<&'a str, ParseError> {
    map.get(name).and_then(Value::as_str).ok_or_else(|| malformed(name))
}

fn optional<'a>(map: &'a Map, name: &'static str) -> Result<Option<&'a str>, ParseError> {
    map.get(name).map(|value| value.as_str().ok_or_else(|| malformed(name))).transpose()
}

fn unusable(error: &KeyError) -> ParseError {
    ParseError::new("registry_malformed", error.to_string())
}

fn list<'a>(map: &'a Map, name: &'static str) -> Result<&'a [Value], ParseError> {
    map.get(name).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| malformed(name))
}

fn time(map: &Map, name: &'static str) -> Result<Option<Timestamp>, ParseError> {
    map.get(name).map(|value| parse_rfc3339(value.as_str().unwrap_or_default())).transpose()
}

fn label(map: &Map, name: &'static str) -> Result<Label, ParseError> {
    let label = map.get(name).and_then(Value::as_object).ok_or_else(|| malformed(name))?;
    Ok(Label::new(text(label, "zh")?, text(label, "en")?))
}
