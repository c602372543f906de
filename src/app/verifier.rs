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
use crate::domain::city::keys::{CityKeys, OwnKeys, OwnSigner};
use crate::domain::city::names::Names;
use crate::domain::city::{City, Ports};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::{Store, Web};
use crate::domain::trust::Registry;
use crate::domain::trust::abroad::subscribe::{fingerprint, is_named};
use crate::domain::trust::bundle::Bundle;
use crate::domain::trust::document::Named;
use crate::domain::trust::roots::{Anchor, OTHER_ROOT};
use crate::tlog::checkpoint::Policy as LogPolicy;
use crate::tlog::note::{Kind, VerifierKey};
use crate::vc::contexts::Contexts;
use crate::vc::finding::{Code, Finding};
use crate::vc::verify::{Once, TrustedLog};

/// Longest time for one status list or DID document.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// Longest status list or DID document, bytes.
const FETCH_BYTES: u64 = 1 << 20;

/// Verifies with the trust of a registry file.
pub struct Verifier {
    /// A city in name only: it has the registry, and neither keys nor records.
    pub city: City,
    seen: Option<PathBuf>,
    /// The logs that count: those of the registries that are relied on, or the key whose file lies beside a registry that
    /// lists none.
    logs: Vec<TrustedLog>,
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
        let beside = fs::read(registry.with_file_name("log.pub.jwk")).ok();
        let registry = open_registry(registry, &bytes)?;
        let base = registry.agencies.first().and_then(|agency| agency.url.rsplit_once("/agencies/"));
        let base =
            base.map(|(base, _)| base.to_owned()).ok_or_else(|| Error::corrupt("the registry names no agency"))?;
        let web = Outbound(Fetcher::new(policy(&base, ca)?));
        let verifier = Self::assemble(Names::of_another(&base)?, registry, Some(Arc::new(web)), folder, clock)?;
        let beside = beside.filter(|_| verifier.logs.is_empty());
        let key = beside.map(|jwk| log_key_of(&jwk, &verifier.city.log_origin())).transpose()?;
        let logs = verifier.logs.iter().cloned().chain(key.map(|key| LogPolicy::of_key(key).into())).collect();
        Ok(Self { logs, ..verifier })
    }

    /// A verifier without a network: it relies on a bundle that follows from the root key `root` where one is given, else from
    /// what lies beside the registry in `trust`, else is signed by the one that the bundle names.
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
        let bundle = open_bundle(&bytes, root, trust, &contexts)?;
        let (made, key) = (bundle.made, VerifierKey::parse(&bundle.log_key)?);
        let verifier = Self::assemble(bundle.names()?, bundle.own.registry.clone(), None, folder, clock)?;
        let listed = !verifier.logs.is_empty();
        verifier.city.rely_on(bundle)?;
        let logs = if listed { verifier.city.trusted_logs()? } else { vec![LogPolicy::of_key(key).into()] };
        Ok((Self { logs, ..verifier }, made))
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
        let logs = city.trusted_logs()?;
        Ok(Self { city, seen, logs })
    }

    /// The logs whose proofs count here.
    pub fn logs(&self) -> &[TrustedLog] {
        &self.logs
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
        Some(root) => Registry::open(bytes, &root, &contexts).map_err(|finding| replaced(&finding)),
        None => Ok(Registry::open_named(bytes, &contexts)?.registry),
    }
}

/// What to do about a registry that does not open: its root key replaces a compromised one, or is another than the one that
/// is held.
pub fn replaced(finding: &Finding) -> Error {
    if finding.detail == OTHER_ROOT {
        return Error::new(ErrorKind::Refused, OTHER_ROOT).says(
            "信任名录不是由所持的根密钥签署，也不是由它移交而来，不能采信。请核对城市和根密钥指纹。",
            "The trust registry is not signed by the root key that is held, nor does that hand over to the one that signed it. Check the city and the fingerprint.",
        );
    }
    if finding.code != Code::RootCompromised {
        return finding.clone().into();
    }
    Error::new(ErrorKind::Refused, finding.detail.clone()).coded("root_compromised").says(
        format!("该城市的根密钥已失密并更换（{}）。请通过电话核对新指纹，一致后用新的根公钥替换 city.pub.jwk，或用 --root 指定。", finding.detail),
        format!("The city's root key was compromised and replaced ({}). Compare the new fingerprint by telephone, then put the new root key in the place of city.pub.jwk or name it with --root.", finding.detail),
    )
}

fn open_bundle(bytes: &[u8], root: Option<&str>, trust: &Path, contexts: &Contexts) -> Result<Bundle, Error> {
    let Some(root) = root else {
        let opened = match anchor_beside(trust)? {
            Some(anchor) => Bundle::open(bytes, &|key| anchor.holds(key), contexts),
            None => Bundle::open(bytes, &|_| true, contexts),
        };
        return opened.map_err(|finding| replaced(&finding));
    };
    Bundle::open(bytes, &|key| is_named(key, root.trim()), contexts).map_err(|finding| {
        let signed = Bundle::open(bytes, &|_| true, contexts).ok().filter(|_| finding.code != Code::RootCompromised);
        let Some(signed) = signed else { return replaced(&finding) };
        let print = fingerprint(&signed.own.root);
        Error::new(ErrorKind::Refused, "another root key").says(
            format!("离线核验包由根密钥 {print} 签名，与所给的不同，不能使用。"),
            format!("The bundle is signed by the root key {print}, not by the one that was given."),
        )
    })
}

/// What lies beside a registry: the root key, and the older ones that the registry lists.
fn anchor_beside(registry: &Path) -> Result<Option<Anchor>, Error> {
    let Some(root) = root_beside(registry)? else { return Ok(None) };
    let known = fs::read(registry).ok().and_then(|bytes| Registry::open(&bytes, &root, &Contexts::bundled()).ok());
    let anchor = Anchor::new(root);
    Ok(Some(match known {
        Some(known) => anchor.knowing(&known),
        None => anchor,
    }))
}

/// The registries in a file: one that was published, or those of a bundle. They are believed for the key that is named in
/// `root`, for the one beside the file, or, for a file that was named, for their own.
pub fn registries(file: &Path, root: Option<&str>) -> Result<Vec<Registry>, Error> {
    let bytes = fs::read(file).map_err(|error| {
        Error::new(ErrorKind::NotFound, format!("{}: {error}", file.display())).says(
            format!("没有信任名录 {}，请核对 --trust。", file.display()),
            format!("There is no trust registry {}. Check --trust.", file.display()),
        )
    })?;
    let contexts = Contexts::bundled();
    if Bundle::is_bundle(&bytes) {
        let bundle = open_bundle(&bytes, root, file, &contexts)?;
        return bundle.registries(&contexts);
    }
    Ok(vec![named_registry(&bytes, root, file, &contexts)?.registry])
}

fn named_registry(bytes: &[u8], root: Option<&str>, file: &Path, contexts: &Contexts) -> Result<Named, Error> {
    let opened = match (root, root_beside(file)?) {
        (Some(root), _) => Registry::open_pinned(bytes, &|key| is_named(key, root.trim()), contexts),
        (None, Some(beside)) => Registry::open_pinned(bytes, &|key| *key == beside, contexts),
        (None, None) => Registry::open_named(bytes, contexts),
    };
    opened.map_err(|finding| replaced(&finding))
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
    let root = OwnSigner { key_id: String::new(), signer: Arc::new(SigningKey::ed25519(&[0; 32])) };
    CityKeys {
        own: RwLock::new(Arc::new(OwnKeys { root, logs: Vec::new(), witnesses: Vec::new() })),
        sealer: Sealer::new(&[0; 32]),
        holder_tag: Secret::new([0; 32]),
        tokens: Secret::new([0; 32]),
        permutations: BTreeMap::new(),
        agencies: RwLock::new(BTreeMap::new()),
    }
}
