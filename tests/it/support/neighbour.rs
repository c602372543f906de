//! Another city without a server: what it publishes is answered as if it were fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use certless::adapters::store::memory::MemoryStore;
use certless::app::open::assemble;
use certless::base::clock::Clock;
use certless::base::id::{ListId, TypeCode};
use certless::base::random::SystemRandom;
use certless::domain::city::{City, Ports};
use certless::domain::error::Error;
use certless::domain::ports::{Fetched, Web, WebError};
use certless::domain::status::publish::Form;
use certless::domain::trust::abroad::subscribe::NewPartner;

use super::city::keyring_of;

/// Where it would be served.
pub(crate) const BASE: &str = "https://neighbour.example";
const SEED: u8 = 99;

/// A neighbouring city.
pub(crate) struct Neighbour {
    /// The city.
    pub(crate) city: City,
    away: AtomicBool,
}

impl Neighbour {
    /// A city on a clock.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
        let ports = Ports { store, clock, random: Arc::new(SystemRandom), web: None, key_maker: None };
        let city = assemble(BASE, &keyring_of(SEED), ports).unwrap();
        Arc::new(Self { city, away: AtomicBool::new(false) })
    }

    /// Its DID.
    pub(crate) fn did(&self) -> String {
        self.city.names.city_did().to_owned()
    }

    /// What an operator asks for who believes its identity cards.
    pub(crate) fn as_partner(&self) -> NewPartner {
        let root = self.city.keys().own().root.signer.public_key().thumbprint();
        NewPartner { url: BASE.to_owned(), root, types: vec![TypeCode::parse("idCard").unwrap()], agencies: Vec::new() }
    }

    /// Publishes a new version of its registry.
    pub(crate) fn renew(&self) {
        self.city.change_trust(|_| Ok(())).unwrap();
    }

    /// Whether nothing is answered from now on.
    pub(crate) fn leave(&self, away: bool) {
        self.away.store(away, Ordering::Relaxed);
    }

    fn document(&self, path: &str, accept: &str) -> Result<Vec<u8>, Error> {
        if let Some(version) = path.strip_prefix("/.well-known/certless/trust") {
            return match version.strip_prefix('/') {
                Some(version) => self.city.trust_version(version.parse().unwrap()),
                None => self.city.trust_document(),
            };
        }
        let list = ListId::parse(path.strip_prefix("/status/").unwrap_or_default())?;
        let form = if accept.contains("statuslist+jwt") { Form::Jwt } else { Form::Credential };
        Ok(self.city.published_list(&list, form)?.bytes.clone())
    }
}

impl Web for Neighbour {
    fn get(&self, url: &str, accept: &str) -> Result<Fetched, WebError> {
        let path = url.strip_prefix(BASE).filter(|_| !self.away.load(Ordering::Relaxed));
        let path = path.ok_or_else(|| WebError("unreachable".to_owned()))?;
        let bytes = self.document(path, accept).map_err(|error| WebError(error.to_string()))?;
        Ok(Fetched { media_type: accept.to_owned(), bytes })
    }
}
