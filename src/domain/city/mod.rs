//! One running city: the ports, the keys and the present state that every use case works with.
//!
//! A use case is a plain function on [`City`]: load, decide, one commit, answer. What it decides with is pure and stands
//! in the modules of this layer; what it remembers between calls is a cache of what the store holds. [`keys`] says who
//! signs, [`names`] how everything is called.

pub mod keys;
pub mod names;
pub mod rules;
mod sources;

use std::sync::{Arc, PoisonError, RwLock};

use super::account::desk::Desk;
use super::counter::Counters;
use super::error::Error;
use super::issuance::Repeats;
use super::ports::{KeyMaker, Store, Web};
use super::record::Vault;
use super::status::StatusBook;
use super::trust::Registry;
use super::trust::abroad::Abroad;
use super::trust::bundle::Made;
use super::usage::write::Turns;
use super::witness::collect::WitnessBook;
use crate::base::clock::Clock;
use crate::base::json::Value;
use crate::base::random::Random;
use crate::base::time::Timestamp;
use crate::crypto::digest::hmac_sha256;
use crate::vc::contexts::Contexts;
use keys::CityKeys;
use names::Names;
use rules::Rules;

/// What the city needs from outside.
#[derive(Clone)]
pub struct Ports {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Outbound fetches; absent where none are allowed.
    pub web: Option<Arc<dyn Web>>,
    /// The agencies' seeds; absent where keys are not changed.
    pub key_maker: Option<Arc<dyn KeyMaker>>,
}

/// One running city.
pub struct City {
    pub(super) ports: Ports,
    /// How everything is called.
    pub names: Names,
    pub(super) keys: CityKeys,
    pub(super) contexts: Contexts,
    pub(super) statuses: StatusBook,
    pub(super) counters: Counters,
    pub(super) repeats: Repeats,
    pub(super) desk: Desk,
    pub(super) turns: Turns,
    pub(super) witness_book: WitnessBook,
    /// What this city decided about accounts and second persons.
    pub rules: Rules,
    registry: RwLock<Arc<Registry>>,
    pub(super) abroad: Abroad,
    pub(super) made_bundle: Made,
}

impl City {
    /// A city from its parts; `registry` is the version in force.
    pub fn new(ports: Ports, names: Names, keys: CityKeys, contexts: Contexts, registry: Registry) -> Self {
        let (statuses, counters) = (StatusBook::default(), Counters::default());
        let (desk, turns, rules) = (Desk::default(), Turns::default(), Rules::default());
        let (witness_book, registry) = (WitnessBook::default(), RwLock::new(Arc::new(registry)));
        let (abroad, made_bundle) = (Abroad::default(), Made::default());
        Self {
            ports,
            names,
            keys,
            contexts,
            statuses,
            counters,
            repeats: Repeats::default(),
            desk,
            turns,
            witness_book,
            rules,
            registry,
            abroad,
            made_bundle,
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The time now in whole seconds, as records keep it and documents tell it.
    pub fn this_second(&self) -> Timestamp {
        crate::base::time::from_unix(self.now().as_second()).unwrap_or_else(|| self.now())
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.ports.store.as_ref()
    }

    /// Randomness.
    pub fn random(&self) -> &dyn Random {
        self.ports.random.as_ref()
    }

    /// The bundled contexts, the city's own among them.
    pub fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// The keys that the city signs and seals with.
    pub fn keys(&self) -> &CityKeys {
        &self.keys
    }

    /// The trust registry in force.
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a newer registry in force; an older one is left alone.
    pub(super) fn set_registry(&self, registry: Registry) {
        let mut current = self.registry.write().unwrap_or_else(PoisonError::into_inner);
        if registry.version > current.version {
            *current = Arc::new(registry);
        }
    }

    /// Seals records of the store.
    pub(super) fn vault(&self) -> Vault<'_> {
        Vault { sealer: &self.keys.sealer, random: self.random() }
    }

    /// The tag under which a holder's records are found: a keyed digest of the kind of code and the code, in hex, so
    /// that the store holds no personal numbers.
    pub fn holder_tag(&self, code_type: &str, code: &str) -> String {
        let named = format!("{code_type}:{}", code.to_ascii_uppercase());
        crate::base::bytes::hex(&hmac_sha256(self.keys.holder_tag.expose(), named.as_bytes()))
    }

    /// A salted commitment for the log: nothing can be guessed back from it without the city's key.
    pub(super) fn commitment(&self, purpose: &str, bytes: &[u8]) -> String {
        crate::base::bytes::base64url(&self.keyed_digest(purpose, bytes))
    }

    /// The tag under which the log names something that is numbered or could be guessed: half a [`Self::commitment`].
    pub(super) fn log_tag(&self, purpose: &str, bytes: &[u8]) -> Value {
        let digest = self.keyed_digest(purpose, bytes);
        crate::base::bytes::base64url(digest.first_chunk::<16>().map_or(&digest[..], |half| half)).into()
    }

    /// A digest from which nothing can be guessed back without the city's key: for whatever is kept only to be compared.
    pub(super) fn keyed_digest(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        let key = hmac_sha256(self.keys.holder_tag.expose(), purpose.as_bytes());
        hmac_sha256(&key, bytes)
    }

    /// Fails when the store cannot take a change now.
    pub fn require_writable(&self) -> Result<(), Error> {
        let health = self.store().health();
        if health.ready && health.writable {
            return Ok(());
        }
        let kind = if health.ready { super::error::ErrorKind::Full } else { super::error::ErrorKind::Unavailable };
        Err(Error::new(kind, health.reason.unwrap_or_default()))
    }
}
