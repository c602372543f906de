//! The city's root keys: which of them signs, how one hands over to the next, and what follows for whoever knows an older one.
//!
//! A rotation is one version of the registry, signed by the root that it ends and by the one that it begins. So that whoever
//! missed that version can do without it, every later one repeats beside the new key its handover: a statement that names
//! both keys, signed by both. A reader who holds an older root follows the handovers to the one that signs. None is
//! followed away from a key that is marked compromised: who stole it can write the same, so that only a fingerprint
//! that was compared over another channel tells which root is the city's.

use super::{Registry, TrustedKey};
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, plus_seconds, rfc3339};
use crate::crypto::{PublicKey, Signer};
use crate::domain::city::City;
use crate::domain::city::keys::OwnSigner;
use crate::vc::contexts::Contexts;
use crate::vc::data_integrity::{self, Expect, ProofOptions};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::{self, Jws};
use crate::vc::keys::{Keys, Purpose, ResolvedKey};

/// The `type` of a handover.
const TYPE: &str = "CertlessRootHandover";
/// The name of the first root key, and of the only one where a registry lists none.
pub const FIRST: &str = "root";
/// The detail of a finding about a registry that does not follow from the root that its reader holds.
pub const OTHER_ROOT: &str = "signed by another root key";
/// How far a record's time may lie outside of its key's, seconds: what was begun before a rotation is signed after it.
const SLACK: i64 = 60;

/// A root key of the city.
#[derive(Clone, Debug, PartialEq)]
pub struct RootKey {
    /// The key.
    pub key: TrustedKey,
    /// The version of the registry that it signs first.
    pub since: u64,
    /// The statement by which the key before hands over; absent for the first.
    pub handover: Option<Map>,
}

impl RootKey {
    /// The first root of a city.
    pub fn first(key: PublicKey, valid_from: Timestamp) -> Self {
        Self { key: TrustedKey::new(FIRST.to_owned(), key, valid_from), since: 0, handover: None }
    }
}

impl Registry {
    /// The fragment of the verification method that signs this version.
    pub fn root_id(&self) -> &str {
        self.roots.last().map_or(FIRST, |root| root.key.id.as_str())
    }

    /// The verification method of the root key that signs this version.
    pub fn root_method(&self) -> String {
        format!("{}#{}", self.city, self.root_id())
    }

    /// Whether this version begins the time of its root key, so that the one before has to sign too.
    pub(super) fn is_handover(&self) -> bool {
        self.roots.len() > 1 && self.roots.last().is_some_and(|root| root.since == self.version)
    }

    /// The root before the one that signs.
    pub(super) fn root_before(&self) -> Option<&RootKey> {
        self.roots.iter().rev().nth(1)
    }

    /// Follows the handovers from the latest root that is `pinned` to the one that signs.
    pub(super) fn follow(&self, pinned: &dyn Fn(&PublicKey) -> bool, contexts: &Contexts) -> Result<(), Finding> {
        let Some(held) = self.roots.iter().rposition(|root| pinned(&root.key.key)) else {
            return Err(invalid(OTHER_ROOT));
        };
        let chain = self.roots.get(held..).unwrap_or_default();
        for (from, to) in chain.iter().zip(chain.iter().skip(1)) {
            if from.key.compromised_from.is_some() {
                let print = self.roots.last().map(|root| root.key.key.thumbprint()).unwrap_or_default();
                let detail = format!("{} was compromised; the new root is {print}", from.key.id);
                return Err(Finding::error(Check::Trust, Code::RootCompromised, detail));
            }
            self.check_handover(from, to, contexts)?;
        }
        Ok(())
    }

    fn check_handover(&self, from: &RootKey, to: &RootKey, contexts: &Contexts) -> Result<(), Finding> {
        let handover = to.handover.as_ref().ok_or_else(|| invalid("a root key without a handover"))?;
        let said = statement(&self.city, &from.key, &to.key, to.since);
        if said.iter().any(|(name, value)| handover.get(name) != Some(value)) {
            return Err(invalid("a handover of other keys"));
        }
        let keys = RootKeys { city: &self.city, keys: vec![&from.key, &to.key] };
        let expect = Expect::new(Purpose::AssertionMethod, to.key.valid_from);
        let proofs = data_integrity::verify(handover, &keys, &expect, contexts)
            .map_err(|findings| invalid(findings.first().map(ToString::to_string).unwrap_or_default()))?;
        let by = |key: &TrustedKey| proofs.iter().any(|proof| proof.method == format!("{}#{}", self.city, key.id));
        if by(&from.key) && by(&to.key) { Ok(()) } else { Err(invalid("a handover that both keys did not sign")) }
    }

    /// Ends the root that signs and begins the next one, with this version: both sign it.
    pub(super) fn hand_over(
        &mut self,
        old: &dyn Signer,
        (id, new): (&str, &dyn Signer),
        compromised_from: Option<Timestamp>,
        contexts: &Contexts,
    ) -> Result<(), Finding> {
        let (at, version, city) = (self.issued, self.version, self.city.clone());
        let next = TrustedKey::new(id.to_owned(), new.public_key().clone(), at);
        let Some(last) = self.roots.last_mut() else { return Err(invalid("no root key to hand over from")) };
        let mut handover = statement(&city, &last.key, &next, version);
        for (id, signer) in [(last.key.id.as_str(), old), (id, new)] {
            let options = ProofOptions::new(Purpose::AssertionMethod, format!("{city}#{id}"), at);
            handover = data_integrity::sign(handover, &options, signer, contexts)?;
        }
        last.key.valid_until = Some(at);
        last.key.compromised_from = compromised_from.or(last.key.compromised_from);
        self.roots.push(RootKey { key: next, since: version, handover: Some(handover) });
        Ok(())
    }
}

/// What a handover says.
fn statement(city: &str, from: &TrustedKey, to: &TrustedKey, version: u64) -> Map {
    let key = |key: &TrustedKey| json!({"id": key.id, "publicKeyMultibase": key.key.to_multikey()});
    let members = [
        ("type", TYPE.into()),
        ("city", city.into()),
        ("from", key(from)),
        ("to", key(to)),
        ("version", version.into()),
        ("at", rfc3339(to.valid_from).into()),
    ];
    members.into_iter().map(|(name, value): (_, Value)| (name.to_owned(), value)).collect()
}

/// The root keys that may sign a document of the city.
pub(super) struct RootKeys<'a> {
    pub(super) city: &'a str,
    pub(super) keys: Vec<&'a TrustedKey>,
}

impl<'a> RootKeys<'a> {
    /// All root keys that a registry lists.
    pub(super) fn of(registry: &'a Registry) -> Self {
        Self { city: &registry.city, keys: registry.roots.iter().map(|root| &root.key).collect() }
    }
}

impl Keys for RootKeys<'_> {
    fn resolve(&self, method: &str, purpose: Purpose, _at: Timestamp) -> Result<ResolvedKey, Finding> {
        let id = method.strip_prefix(self.city).and_then(|rest| rest.strip_prefix('#'));
        let key = self.keys.iter().find(|key| Some(key.id.as_str()) == id);
        let Some(key) = key.filter(|_| purpose == Purpose::AssertionMethod) else {
            return Err(Finding::invalid(Check::Proof, Code::KeyNotAuthorized, "not the city's root key"));
        };
        Ok(ResolvedKey { key: key.key.clone(), controller: self.city.to_owned() })
    }
}

/// The root keys that a reader believes about one city, for what the city signed under them.
#[derive(Clone, Debug)]
pub struct Roots {
    city: String,
    keys: Vec<TrustedKey>,
}

impl Roots {
    /// The roots that a registry lists, which its reader believes.
    pub fn of(registry: &Registry) -> Self {
        Self { city: registry.city.clone(), keys: registry.roots.iter().map(|root| root.key.clone()).collect() }
    }

    /// Whether what one of them signed at a time counts.
    pub fn counts(&self, key: &PublicKey, at: Timestamp) -> bool {
        self.keys.iter().any(|known| known.key == *key && check(known, at).is_ok())
    }

    /// Marks what another, newer list of the same keys says was compromised.
    fn marked_by(mut self, newer: &Self) -> Self {
        for known in &mut self.keys {
            let marked = newer.keys.iter().find(|key| key.key == known.key).and_then(|key| key.compromised_from);
            known.compromised_from = [known.compromised_from, marked].into_iter().flatten().min();
        }
        self
    }

    /// Verifies what one of them signed at a time, which is what the content says.
    pub fn verify(&self, jws: &Jws, at: Timestamp) -> Result<(), Finding> {
        let id = jws.header().kid().and_then(|kid| kid.strip_prefix(self.city.as_str())?.strip_prefix('#'));
        let key = self.keys.iter().find(|key| Some(key.id.as_str()) == id);
        let key =
            key.ok_or_else(|| Finding::invalid(Check::Proof, Code::KeyNotAuthorized, "not a root key of the city"))?;
        jws.verify(&key.key)?;
        check(key, at)
    }
}

/// As [`TrustedKey::check`], with some room at both ends of a key's time, and none for a compromised key.
fn check(key: &TrustedKey, at: Timestamp) -> Result<(), Finding> {
    let from = plus_seconds(key.valid_from, -SLACK);
    let until = key.valid_until.map(|until| plus_seconds(until, SLACK));
    TrustedKey { valid_from: from, valid_until: until, ..key.clone() }.check(Some(at))
}

/// What a reader holds of a city: a root key that was compared, and what a registry that follows from it says of others.
#[derive(Clone, Debug)]
pub struct Anchor {
    /// The key.
    pub pinned: PublicKey,
    known: Option<Roots>,
}

impl Anchor {
    /// Holds a key alone.
    pub fn new(pinned: PublicKey) -> Self {
        Self { pinned, known: None }
    }

    /// Knows the roots of a registry besides, which was opened with the key.
    #[must_use]
    pub fn knowing(self, registry: &Registry) -> Self {
        Self { known: Some(Roots::of(registry)), ..self }
    }

    /// Whether a key is, or ever was, a root of the city.
    pub fn lists(&self, key: &PublicKey) -> bool {
        *key == self.pinned || self.known.iter().flat_map(|known| &known.keys).any(|known| known.key == *key)
    }

    /// The same without keys that others have.
    pub fn holds(&self, key: &PublicKey) -> bool {
        let stolen = |known: &TrustedKey| known.key == *key && known.compromised_from.is_some();
        self.lists(key) && !self.known.iter().flat_map(|known| &known.keys).any(stolen)
    }

    /// The roots of a registry, with what is known here of their being compromised.
    pub fn roots_of(&self, registry: &Registry) -> Roots {
        let roots = Roots::of(registry);
        match &self.known {
            Some(known) => roots.marked_by(known),
            None => roots,
        }
    }
}

fn invalid(detail: impl Into<String>) -> Finding {
    Finding::error(Check::Trust, Code::RegistryInvalid, detail)
}

impl City {
    /// The root keys of this city, for what it signed itself.
    pub fn roots(&self) -> Roots {
        Roots::of(&self.registry())
    }

    /// Signs claims with the root key under its name.
    pub(in crate::domain) fn sign_by_root(&self, typ: &str, claims: &Map) -> String {
        let OwnSigner { key_id, signer } = &self.keys.own().root;
        let kid = format!("{}#{key_id}", self.names.city_did());
        let header: Map = [("typ".to_owned(), typ.into()), ("kid".to_owned(), kid.into())].into_iter().collect();
        jws::sign(&header, claims, signer.as_ref())
    }
}
