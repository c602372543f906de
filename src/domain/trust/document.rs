//! The registry as a signed JSON document: an `eddsa-jcs-2022` proof by the city's root key over all of it.

use super::{Registry, TrustedAgency, TrustedKey};
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::text::Label;
use crate::base::time::{Timestamp, parse_rfc3339, rfc3339};
use crate::crypto::{PublicKey, Signer};
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Expect, ProofOptions};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};

/// The `type` of the document.
const TYPE: &str = "CertlessTrustRegistry";
/// A registry of a large city stays far below this, bytes.
const LIMITS: Limits = Limits { bytes: 8 << 20, depth: 16 };

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
        let keys = Root { method: registry.root_method(), city: registry.city.clone(), key: root.clone() };
        let expect = Expect::new(Purpose::AssertionMethod, registry.issued);
        data_integrity::verify(&document, &keys, &expect, contexts)
            .map_err(|findings| wrong(findings.first().map(ToString::to_string).unwrap_or_default()))?;
        Ok(registry)
    }

    /// Reads a signed document that its reader trusts for other reasons than a known root key: a file that was named.
    /// The signature must still verify with the root key that the document names.
    pub fn open_named(bytes: &[u8], contexts: &Contexts) -> Result<Self, Finding> {
        let wrong = |detail: String| Finding::error(Check::Trust, Code::RegistryInvalid, detail);
        let document = parse_object(bytes, &LIMITS).map_err(|error| wrong(error.to_string()))?;
        let root = text(&document, "root").map_err(|error| wrong(error.to_string()))?;
        let root = PublicKey::from_multikey(root).map_err(|error| wrong(error.to_string()))?;
        Self::open(bytes, &root, contexts)
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
        if let Value::Object(map) = document { map } else { Map::new() }
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
                .map_err(|error| ParseError::new("registry_malformed", error.to_string()))?
                .prepared(),
            valid_from: time(map, "validFrom")?.ok_or_else(|| malformed("validFrom"))?,
            valid_until: time(map, "validUntil")?,
            compromised_from: time(map, "compromisedFrom")?,
        })
    }
}

/// The one key that may sign a registry.
struct Root {
    method: String,
    city: String,
    key: PublicKey,
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
