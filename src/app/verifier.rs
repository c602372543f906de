//! A verifier without a city of its own: a trust registry from a file, status lists from the network, and a small file
//! that remembers which codes were accepted on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::adapters::client::read_authority;
use crate::adapters::fetch::allow::AllowList;
use crate::adapters::fetch::{Fetcher, Policy};
use crate::adapters::store::memory::MemoryStore;
use crate::app::open::Outbound;
use crate::base::bytes::hex;
use crate::base::clock::Clock;
use crate::base::id::RequestId;
use crate::base::json::{Limits, parse_object};
use crate::base::random::SystemRandom;
use crate::base::secret::Secret;
use crate::base::time::Timestamp;
use crate::crypto::seal::Sealer;
use crate::crypto::{PublicKey, SigningKey};
use crate::domain::catalogue::context;
use crate::domain::change::{Change, Table, expiring};
use crate::domain::city::keys::CityKeys;
use crate::domain::city::names::Names;
use crate::domain::city::{City, Ports};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::{Store, Web};
use crate::domain::trust::Registry;
use crate::domain::trust::abroad::subscribe::{fingerprint, is_named};
use crate::domain::trust::bundle::Bundle;
use crate::tlog::note::{Kind, VerifierKey};
use crate::vc::contexts::Contexts;
use crate::vc::verify::Once;

/// Longest time for one status list or DID document.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// Longest status list or DID document, bytes.
const FETCH_BYTES: u64 = 1 << 20;

/// Verifies with the trust of a registry file.
pub struct Verifier {
    /// A city in name only: it has the registry, and neither keys nor records.
    pub city: City,
    seen: Option<PathBuf>,
    /// The key of the city's log, where its file lies beside the registry.
    log_key: Option<VerifierKey>,
}

impl Verifier {
    /// A verifier that relies on a registry file; `folder`, where it exists, keeps the memory of accepted codes.
    /// The city's server is believed for the certificate authority `ca`, PEM, or the public ones without it.
    pub fn open(registry: &Path, folder: &Path, ca: Option<&Path>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let bytes = fs::read(registry).map_err(|error| {
            Error::new(ErrorKind::NotFound, format!("{}: {error}", registry.display())).says(
                format!("没有信任名录 {}。请用 --trust 指定，或用 --server 由服务器核验。", registry.display()),
                format!(
                    "There is no trust registry {}. Name one with --trust, or let a server verify with --server.",
                    registry.display()
                ),
            )
        })?;
        let log_key = fs::read(registry.with_file_name("log.pub.jwk")).ok();
        let registry = open_registry(registry, &bytes)?;
        let base = registry.agencies.first().and_then(|agency| agency.url.rsplit_once("/agencies/"));
        let base =
            base.map(|(base, _)| base.to_owned()).ok_or_else(|| Error::corrupt("the registry names no agency"))?;
        let web = Outbound(Fetcher::new(policy(&base, ca)?));
        let verifier = Self::assemble(Names::of_another(&base)?, registry, Some(Arc::new(web)), folder, clock)?;
        let log_key = log_key.map(|jwk| log_key_of(&jwk, &verifier.city.log_origin())).transpose()?;
        Ok(Self { log_key, ..verifier })
    }

    /// A verifier without a network: it relies on a bundle, signed by the root key `root` where one is given, else by the
    /// one that lies beside the registry in `trust`, else by the one that the bundle names.
    pub fn offline(
        bundle: &Path,
        root: Option<&str>,
        trust: &Path,
        folder: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<(Self, Timestamp), Error> {
        let bytes = fs::read(bundle).map_err(|error| {
            Error::new(ErrorKind::NotFound, format!("{}: {error}", bundle.display())).says(
                format!("无法读取离线核验包 {}：{error}。", bundle.display()),
                format!("The offline bundle {} cannot be read: {error}.", bundle.display()),
            )
        })?;
        let contexts = Contexts::bundled();
        let pinned = if root.is_none() { root_beside(trust)? } else { None };
        let bundle = Bundle::open(&bytes, pinned.as_ref(), &contexts)?;
        if root.is_some_and(|root| !is_named(&bundle.own.root, root.trim())) {
            let print = fingerprint(&bundle.own.root);
            return Err(Error::new(ErrorKind::Refused, "another root key").says(
                format!("离线核验包由根密钥 {print} 签名，与所给的不同，不能使用。"),
                format!("The bundle is signed by the root key {print}, not by the one that was given."),
            ));
        }
        let (made, log_key) = (bundle.made, VerifierKey::parse(&bundle.log_key)?);
        let verifier = Self::assemble(bundle.names()?, bundle.own.registry.clone(), None, folder, clock)?;
        verifier.city.rely_on(bundle)?;
        Ok((Self { log_key: Some(log_key), ..verifier }, made))
    }

    fn assemble(
        names: Names,
        registry: Registry,
        web: Option<Arc<dyn Web>>,
        folder: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let contexts = Contexts::bundled().with(names.context(), context::TEXT)?;
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
        let seen = folder.is_dir().then(|| folder.join("verified-codes"));
        if let Some(seen) = &seen {
            recall(seen, store.as_ref(), clock.as_ref())?;
        }
        let ports = Ports { store, clock, random: Arc::new(SystemRandom), web, key_maker: None };
        let city = City::new(ports, names, no_keys(), contexts, registry);
        Ok(Self { city, seen, log_key: None })
    }

    /// The key of the city's own log, as far as it is known here.
    pub fn log_key(&self) -> Option<&VerifierKey> {
        self.log_key.as_ref()
    }

    /// Remembers an accepted code on this machine.
    pub fn remember(&self, once: &Once) -> Result<(), Error> {
        let Some(path) = &self.seen else { return Ok(()) };
        let failed = |error: std::io::Error| Error::new(ErrorKind::Unavailable, format!("{}: {error}", path.display()));
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
        writeln!(file, "{} {}", hex(&once.digest), once.until.as_second()).map_err(failed)?;
        file.sync_all().map_err(failed)
    }
}

fn log_key_of(jwk: &[u8], origin: &str) -> Result<VerifierKey, Error> {
    let key = PublicKey::from_jwk(&parse_object(jwk, &Limits::DEFAULT)?);
    let key = key.map_err(|error| Error::malformed(format!("log.pub.jwk: {error}")))?;
    Ok(VerifierKey::new(origin, Kind::Ed25519, &key)?)
}

/// Opens the registry with the city's root key where that lies beside the file, else with the key that the file names.
fn open_registry(path: &Path, bytes: &[u8]) -> Result<Registry, Error> {
    let contexts = Contexts::bundled();
    match root_beside(path)? {
        Some(root) => Ok(Registry::open(bytes, &root, &contexts)?),
        None => Ok(Registry::open_named(bytes, &contexts)?.registry),
    }
}

/// The city's root key, where it lies beside the registry.
fn root_beside(registry: &Path) -> Result<Option<PublicKey>, Error> {
    let Ok(jwk) = fs::read(registry.with_file_name("city.pub.jwk")) else { return Ok(None) };
    let jwk = parse_object(&jwk, &Limits::DEFAULT)?;
    PublicKey::from_jwk(&jwk).map(Some).map_err(|error| Error::malformed(format!("city.pub.jwk: {error}")))
}

/// Reads the memory of accepted codes; lines that have ended or that are no lines of it are passed over.
fn recall(path: &Path, store: &dyn Store, clock: &dyn Clock) -> Result<(), Error> {
    let Ok(text) = fs::read_to_string(path) else { return Ok(()) };
    let now = clock.now().as_second();
    let mut change = Change::new(RequestId::parse("recall")?, [0; 32]);
    for line in text.lines() {
        let Some((digest, until)) = line.split_once(' ') else { continue };
        let Ok(until) = until.parse::<i64>() else { continue };
        if now <= until && digest.len() == 64 {
            change = change.put(Table::Replay, digest, expiring(until, &[]));
        }
    }
    store.commit(change)?;
    Ok(())
}

/// The city's own host and nothing else; plain HTTP on this machine only.
fn policy(base: &str, ca: Option<&Path>) -> Result<Policy, Error> {
    let host = base.split_once("://").map_or(base, |(_, host)| host);
    Ok(Policy {
        hosts: AllowList::parse(&[host])?,
        loopback: true,
        private: true,
        total: FETCH_TIME,
        max_bytes: FETCH_BYTES,
        max_redirects: 2,
        authorities: ca.map(read_authority).transpose()?.into_iter().collect(),
    })
}

/// A verifier signs and seals nothing.
fn no_keys() -> CityKeys {
    CityKeys {
        root: Arc::new(SigningKey::ed25519(&[0; 32])),
        log: Arc::new(SigningKey::ed25519(&[0; 32])),
        witness: Arc::new(SigningKey::ed25519(&[0; 32])),
        sealer: Sealer::new(&[0; 32]),
        holder_tag: Secret::new([0; 32]),
        tokens: Secret::new([0; 32]),
        permutations: BTreeMap::new(),
        agencies: RwLock::new(BTreeMap::new()),
    }
}
