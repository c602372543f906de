//! The registry as a signed JSON document: an `eddsa-jcs-2022` proof by the city's root key over all of it.

use super::notes::NoteKey;
use super::roots::{RootKey, RootKeys};
use super::{Registry, TrustedAgency, TrustedKey};
use crate::base::bytes::{base64url, hex};
use crate::base::error::ParseError;
use crate::base::id::{AgencyCode, TypeCode};
use crate::base::json::{Limits, Map, Value, json, parse_object};
use crate::base::text::Label;
use crate::base::time::{Timestamp, from_unix, parse_rfc3339, rfc3339};
use crate::crypto::digest::sha256;
use crate::crypto::{KeyError, PublicKey, Signer};
use crate::tlog::note::VerifierKey;
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Expect, ProofOptions};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::Purpose;

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
    /// The signed document, as published.
    pub fn sign(&self, root: &dyn Signer, contexts: &Contexts) -> Result<Vec<u8>, Finding> {
        let signed = self.signed_as(self.to_json(root.public_key()), &self.root_method(), root, contexts)?;
        Ok(Value::Object(signed).to_string().into_bytes())
    }

    /// The signed document of a version with which one root hands over to the next: both sign.
    pub(super) fn sign_over(
        &self,
        old: &dyn Signer,
        new: &dyn Signer,
        contexts: &Contexts,
    ) -> Result<Vec<u8>, Finding> {
        let before = self.root_before().ok_or_else(|| wrong("no root key before"))?;
        let method = format!("{}#{}", self.city, before.key.id);
        let once = self.signed_as(self.to_json(new.public_key()), &method, old, contexts)?;
        let twice = self.signed_as(once, &self.root_method(), new, contexts)?;
        Ok(Value::Object(twice).to_string().into_bytes())
    }

    fn signed_as(&self, document: Map, method: &str, signer: &dyn Signer, contexts: &Contexts) -> Result<Map, Finding> {
        let options = ProofOptions::new(Purpose::AssertionMethod, method, self.issued);
        data_integrity::sign(document, &options, signer, contexts)
    }

    /// Reads a signed document and verifies it for a reader who holds a root key of the city: the one that signed it, or
    /// an older one from which handovers lead to that.
    ///
    /// A finding is of the check `trust` and of state `Error`: without a registry nothing can be decided.
    pub fn open(bytes: &[u8], root: &PublicKey, contexts: &Contexts) -> Result<Self, Finding> {
        Ok(Self::open_pinned(bytes, &|key| key == root, contexts)?.registry)
    }

    /// The same for a reader who tells by other means whether he holds a key: by its fingerprint, or by a list.
    pub fn open_pinned(
        bytes: &[u8],
        pinned: &dyn Fn(&PublicKey) -> bool,
        contexts: &Contexts,
    ) -> Result<Named, Finding> {
        let named = Self::open_named(bytes, contexts)?;
        named.registry.follow(pinned, contexts)?;
        Ok(named)
    }

    /// Reads a signed document that its reader trusts for other reasons than a known root key: a file that was named.
    /// The signature must still verify with the root key that the document names.
    pub fn open_named(bytes: &[u8], contexts: &Contexts) -> Result<Named, Finding> {
        let document = parse_object(bytes, &LIMITS).map_err(|error| wrong(error.to_string()))?;
        let root = text(&document, "root").map_err(|error| wrong(error.to_string()))?;
        let root = PublicKey::from_multikey(root).map_err(|error| wrong(error.to_string()))?;
        let registry = Self::from_json(&document, &root).map_err(|error| wrong(error.to_string()))?;
        if registry.roots.last().is_none_or(|last| last.key.key != root) {
            return Err(wrong("the root key is not the last of the roots"));
        }
        let expect = Expect::new(Purpose::AssertionMethod, registry.issued);
        let proofs = data_integrity::verify(&document, &RootKeys::of(&registry), &expect, contexts)
            .map_err(|findings| wrong(findings.first().map(ToString::to_string).unwrap_or_default()))?;
        let by = |id: &str| proofs.iter().any(|proof| proof.method == format!("{}#{id}", registry.city));
        let before = registry.root_before().filter(|_| registry.is_handover());
        if !by(registry.root_id()) || before.is_some_and(|before| !by(&before.key.id)) {
            return Err(wrong("a root key did not sign"));
        }
        Ok(Named { registry, root })
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
        map.extend(self.previous.clone().map(|previous| ("previous".to_owned(), previous.into())));
        let notes = |keys: &[NoteKey]| keys.iter().map(NoteKey::to_json).collect::<Vec<_>>();
        let roots = self.roots.iter().map(RootKey::to_json).collect::<Vec<_>>();
        for (name, keys) in [("roots", roots), ("logs", notes(&self.logs)), ("witnesses", notes(&self.witnesses))] {
            if !keys.is_empty() {
                map.insert(name.to_owned(), keys.into());
            }
        }
        map
    }

    fn from_json(document: &Map, root: &PublicKey) -> Result<Self, ParseError> {
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
            roots: roots(document, root)?,
            logs: some(document, "logs")?.iter().map(NoteKey::from_json).collect::<Result<_, _>>()?,
            witnesses: some(document, "witnesses")?.iter().map(NoteKey::from_json).collect::<Result<_, _>>()?,
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
        let mut value = json!({
            "id": self.id,
            "publicKeyMultibase": self.key.to_multikey(),
            "validFrom": rfc3339(self.valid_from),
        });
        put_times(&mut value, [("validUntil", self.valid_until), ("compromisedFrom", self.compromised_from)]);
        value
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

impl RootKey {
    fn to_json(&self) -> Value {
        let mut value = self.key.to_json();
        if let Some(map) = value.as_object_mut() {
            map.insert("since".to_owned(), self.since.into());
            map.extend(self.handover.clone().map(|handover| ("handover".to_owned(), Value::Object(handover))));
        }
        value
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let map = value.as_object().ok_or_else(|| malformed("roots"))?;
        let handover = map.get("handover").map(|handover| handover.as_object().cloned());
        Ok(Self {
            key: TrustedKey::from_json(value)?,
            since: map.get("since").and_then(Value::as_u64).ok_or_else(|| malformed("since"))?,
            handover: handover.map(|handover| handover.ok_or_else(|| malformed("handover"))).transpose()?,
        })
    }
}

/// The roots that a document lists, each under a name and a version of its own; the one under `root` where it lists none.
fn roots(document: &Map, root: &PublicKey) -> Result<Vec<RootKey>, ParseError> {
    let listed = some(document, "roots")?;
    if listed.is_empty() {
        let always = from_unix(0).ok_or_else(|| malformed("issued"))?;
        return Ok(vec![RootKey::first(root.clone(), always)]);
    }
    let roots: Vec<RootKey> = listed.iter().map(RootKey::from_json).collect::<Result<_, _>>()?;
    let apart = roots.iter().enumerate().all(|(n, one)| {
        roots
            .iter()
            .skip(n + 1)
            .all(|other| other.key.id != one.key.id && other.key.key != one.key.key && one.since < other.since)
    });
    if apart { Ok(roots) } else { Err(malformed("roots")) }
}

impl NoteKey {
    fn to_json(&self) -> Value {
        let mut value = json!({
            "id": self.id,
            "origin": self.key.name(),
            "keyId": hex(&self.key.id()),
            "key": self.key.to_string(),
            "validFrom": rfc3339(self.valid_from),
        });
        put_times(&mut value, [("validUntil", self.valid_until), ("compromisedFrom", self.compromised_from)]);
        value
    }

    fn from_json(value: &Value) -> Result<Self, ParseError> {
        let map = value.as_object().ok_or_else(|| malformed("logs"))?;
        let key = VerifierKey::parse(text(map, "key")?)?;
        if text(map, "origin")? != key.name() || text(map, "keyId")? != hex(&key.id()) {
            return Err(malformed("keyId"));
        }
        Ok(Self {
            id: text(map, "id")?.to_owned(),
            key,
            valid_from: time(map, "validFrom")?.ok_or_else(|| malformed("validFrom"))?,
            valid_until: time(map, "validUntil")?,
            compromised_from: time(map, "compromisedFrom")?,
        })
    }
}

fn put_times(value: &mut Value, times: [(&str, Option<Timestamp>); 2]) {
    if let Some(map) = value.as_object_mut() {
        map.extend(times.into_iter().filter_map(|(name, time)| Some((name.to_owned(), rfc3339(time?).into()))));
    }
}

fn wrong(detail: impl Into<String>) -> Finding {
    Finding::error(Check::Trust, Code::RegistryInvalid, detail)
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

/// A list that may be missing.
fn some<'a>(map: &'a Map, name: &'static str) -> Result<&'a [Value], ParseError> {
    if map.contains_key(name) { list(map, name) } else { Ok(&[]) }
}

fn time(map: &Map, name: &'static str) -> Result<Option<Timestamp>, ParseError> {
    map.get(name).map(|value| parse_rfc3339(value.as_str().unwrap_or_default())).transpose()
}

fn label(map: &Map, name: &'static str) -> Result<Label, ParseError> {
    let label = map.get(name).and_then(Value::as_object).ok_or_else(|| malformed(name))?;
    Ok(Label::new(text(label, "zh")?, text(label, "en")?))
}
