//! Opening a city: keys, store, trust registry and ports put together.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::config::Config;
use crate::adapters::fetch::Fetcher;
use crate::adapters::keyring::{AgencyKeys, Keyring, KeyringError, key_name, publish_current};
use crate::adapters::store::sled::{Options, SledStore};
use crate::base::clock::{Clock, SystemClock};
use crate::base::id::AgencyCode;
use crate::base::random::{Random, SystemRandom};
use crate::base::text::{Label, Lang};
use crate::crypto::seal::Sealer;
use crate::crypto::{Algorithm, PublicKey, Signer, SigningKey};
use crate::domain::agency::Agencies;
use crate::domain::catalogue::context;
use crate::domain::city::keys::{AgencySigner, CityKeys, OwnKeys, OwnRole, OwnSigner};
use crate::domain::city::names::Names;
use crate::domain::city::rules::Rules;
use crate::domain::city::{City, Ports};
use crate::domain::error::{Error, ErrorKind};
use crate::domain::ports::{Fetched, KeyMaker, KeyMakerError, StoreError, Web, WebError};
use crate::domain::trust::Registry;
use crate::domain::trust::own::{OwnPublic, named_signers};
use crate::tlog::note::{Kind, VerifierKey};
use crate::vc::contexts::Contexts;
use crate::vc::status::permutation::Permutation;

/// Makes the key files and the folder of a new city; refuses where there is one, or no room for its store.
pub fn init(config: &Config, random: &dyn Random) -> Result<Keyring, Error> {
    SledStore::room(&config.data.join("store"), &options(config)).map_err(|error| {
        let place = config.data.display();
        Error::from(error).says(
            format!("{place} 所在的磁盘剩余空间不足，未创建任何内容。请清理磁盘，或换一个目录（--data）。"),
            format!("The disk of {place} has too little room; nothing was made. Free some, or choose another folder with --data."),
        )
    })?;
    let agencies: Vec<AgencyCode> = Agencies::shipped()?.iter().map(|agency| agency.code.clone()).collect();
    Keyring::create(&config.keys_folder(), &agencies, random).map_err(|error| key_error(&error))
}

/// The key files of a city.
pub fn keyring(config: &Config) -> Result<Keyring, Error> {
    Keyring::open(&config.keys_folder()).map_err(|error| key_error(&error))
}

/// The embedded store of a city; `Held` says which process has it.
pub fn store(config: &Config, clock: &Arc<dyn Clock>) -> Result<SledStore, Error> {
    let store = SledStore::open(&config.data.join("store"), &options(config), Arc::clone(clock), &SystemRandom);
    let store = store.map_err(|error| {
        let StoreError::Held(by) = &error else { return error.into() };
        Error::new(ErrorKind::Unavailable, by.clone()).says(
            format!("数据正被另一进程使用（{by}）。请改用 --server 网址 --token 文件，或先停止该进程。"),
            format!("Another process holds the data ({by}). Use --server URL --token FILE, or stop it first."),
        )
    })?;
    same_store(config, &store)?;
    Ok(store)
}

fn options(config: &Config) -> Options {
    Options { cache: config.store.cache_bytes, floor: config.store.free_bytes, ..Options::default() }
}

/// Holds the store against the name that was written beside it: a store that was deleted or exchanged is refused, because
/// an empty one would forget revocations and hand out status slots again.
fn same_store(config: &Config, store: &SledStore) -> Result<(), Error> {
    let (file, instance) = (config.data.join("store.instance"), store.instance()?);
    let failed = |error: std::io::Error| Error::new(ErrorKind::Unavailable, format!("{}: {error}", file.display()));
    match std::fs::read_to_string(&file) {
        Ok(known) if known.trim() == instance => Ok(()),
        Ok(_) => Err(Error::new(ErrorKind::Conflict, "another store than the city's").says(
            format!("数据目录中的存储不是本城市的（或已被清空）。请从备份导入；确认更换后再删除 {}。", file.display()),
            format!("The store is not the one of this city, or was emptied. Import a backup; delete {} only if the change is meant.", file.display()),
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let written = std::fs::File::create(&file).and_then(|mut out| {
                std::io::Write::write_all(&mut out, instance.as_bytes())?;
                out.sync_all()
            });
            written.map_err(failed)
        }
        Err(error) => Err(failed(error)),
    }
}

/// A running city on the embedded store and the machine's clock.
pub fn city(config: &Config) -> Result<City, Error> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ring = keyring(config)?;
    let store = Arc::new(store(config, &clock)?);
    let web = (!config.fetch.hosts.is_empty() || config.fetch.loopback).then(|| config.fetch_policy()).transpose()?;
    let web = web.map(|policy| Arc::new(Outbound(Fetcher::new(policy))) as Arc<dyn Web>);
    let maker = Maker(Mutex::new(keyring(config)?));
    let ports = Ports { store, clock, random: Arc::new(SystemRandom), web, key_maker: Some(Arc::new(maker)) };
    let city = assemble_with(&config.base_url, &ring, ports, config.rules()?)?;
    city.list_own_keys()?;
    city.publish()?;
    // A process that was killed while it changed a key may have left the copy of before. Whoever must have it writes it
    // again and is told when that cannot be done.
    let _ = write_trust_copy(&config.keys_folder(), &city);
    Ok(city)
}

/// A city from its keys and ports, with the rules of every city; a store without a trust registry gets its first version.
pub fn assemble(base_url: &str, ring: &Keyring, ports: Ports) -> Result<City, Error> {
    assemble_with(base_url, ring, ports, Rules::default())
}

/// The same with the rules of this one.
pub fn assemble_with(base_url: &str, ring: &Keyring, ports: Ports, rules: Rules) -> Result<City, Error> {
    let names = Names::new(base_url)?;
    let contexts = Contexts::bundled().with(names.context(), context::TEXT)?;
    let registry = match load(ring, &ports, &contexts)? {
        Some(registry) => registry,
        None => first_registry(&names, ring, &ports, &contexts, &rules)?,
    };
    if registry.city != names.city_did() {
        return Err(Error::new(ErrorKind::Refused, format!("the store belongs to {}", registry.city)).says(
            format!("数据目录属于 {}，与配置的 baseUrl 不符。", registry.city),
            format!("The data belongs to {}, not to the configured baseUrl.", registry.city),
        ));
    }
    let keys = city_keys(ring, &registry);
    let mut city = City::new(ports, names, keys, contexts, registry);
    city.rules = rules;
    city.load_partners()?;
    Ok(city)
}

fn first_registry(
    names: &Names,
    ring: &Keyring,
    ports: &Ports,
    contexts: &Contexts,
    rules: &Rules,
) -> Result<Registry, Error> {
    let keys: Vec<(AgencyCode, String, PublicKey)> = ring
        .agency_signers()
        .into_iter()
        .map(|keys| (keys.agency, key_name(Algorithm::EdDsa, keys.generation), keys.eddsa.public_key().clone()))
        .collect();
    let own = ring.city();
    let origin = rules.log_origin.clone().unwrap_or_else(|| names.log_origin());
    let public = OwnPublic {
        root: own.root.public_key().clone(),
        log: VerifierKey::new(&origin, Kind::Ed25519, own.log.public_key())?,
        witness: VerifierKey::new(&names.witness(), Kind::Cosignature, own.witness.public_key())?,
    };
    let first = Registry::first(names, &keys, &public, ports.clock.now())?;
    first.keep_first(ports.store.as_ref(), &own.root, contexts, ports.random.as_ref())?;
    let kept = load(ring, ports, contexts)?;
    kept.ok_or_else(|| Error::corrupt("the trust registry was not kept"))
}

/// The registry in force, signed by a root whose seed is here.
fn load(ring: &Keyring, ports: &Ports, contexts: &Contexts) -> Result<Option<Registry>, Error> {
    let roots: Vec<_> = ring.own(OwnRole::Root).iter().map(|(_, key)| key.public_key().clone()).collect();
    Registry::load(ports.store.as_ref(), &roots, contexts)
}

/// What the registry says that the city itself signs with. A crash while a key was changed may have left a newer one that
/// nobody would believe.
fn own_keys(ring: &Keyring, registry: &Registry) -> OwnKeys {
    let made = |role: OwnRole| {
        let named =
            move |(generation, key): (u32, SigningKey)| (role.key_id(generation), Arc::new(key) as Arc<dyn Signer>);
        ring.own(role).into_iter().map(named)
    };
    let root = made(OwnRole::Root)
        .find(|(_, key)| registry.roots.last().is_some_and(|last| last.key.key == *key.public_key()));
    let (key_id, signer) = root.unwrap_or_else(|| (OwnRole::Root.key_id(1), Arc::new(ring.city().root)));
    OwnKeys {
        root: OwnSigner { key_id, signer },
        logs: named_signers(made(OwnRole::Log), &registry.logs),
        witnesses: named_signers(made(OwnRole::Witness), &registry.witnesses),
    }
}

fn city_keys(ring: &Keyring, registry: &Registry) -> CityKeys {
    let storage = ring.storage();
    let signers: BTreeMap<_, _> =
        ring.agencies().filter_map(|code| published_key(ring, registry, code)).map(agency_signer).collect();
    let permutations =
        ring.agencies().map(|code| (code.clone(), Permutation::new(ring.status_permutation(code).expose())));
    CityKeys {
        own: RwLock::new(Arc::new(own_keys(ring, registry))),
        sealer: Sealer::new(storage.sealing.expose()),
        holder_tag: storage.holder_tag,
        tokens: storage.tokens,
        permutations: permutations.collect(),
        agencies: RwLock::new(signers),
    }
}

/// The newest key of an agency that the registry says is in use. A crash while a key was changed may leave a newer one in
/// the ring that nobody would believe; without a published key the agency does not sign at all.
fn published_key(ring: &Keyring, registry: &Registry, code: &AgencyCode) -> Option<AgencyKeys> {
    let published = registry.agency(code)?;
    let in_use = |keys: &AgencyKeys| {
        let own = published.keys.iter().find(|known| known.key == *keys.eddsa.public_key());
        own.is_some_and(|known| known.valid_until.is_none() && known.compromised_from.is_none())
    };
    let newest_first = ring.generations(code).into_iter().rev();
    newest_first.filter_map(|generation| ring.agency(code, generation)).find(in_use)
}

/// What an agency signs with from now on.
pub fn agency_signer(keys: AgencyKeys) -> (AgencyCode, Arc<AgencySigner>) {
    let key_id = key_name(Algorithm::EdDsa, keys.generation);
    (keys.agency, Arc::new(AgencySigner { key_id, signer: Arc::new(keys.eddsa) }))
}

/// The key files as the domain sees them.
struct Maker(Mutex<Keyring>);

impl KeyMaker for Maker {
    fn next_key(&self, agency: &AgencyCode) -> Result<(String, Arc<dyn Signer>), KeyMakerError> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = ring.rotate(agency, &SystemRandom).map_err(|error| not_made(&error))?;
        let keys = ring.agency(agency, generation).ok_or_else(not_in_ring)?;
        Ok((key_name(Algorithm::EdDsa, generation), Arc::new(keys.eddsa)))
    }

    fn next_own_key(&self, role: OwnRole) -> Result<(String, Arc<dyn Signer>), KeyMakerError> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = ring.rotate_own(role, &SystemRandom).map_err(|error| not_made(&error))?;
        let made = ring.own(role).into_iter().find(|(number, _)| *number == generation);
        let (_, key) = made.ok_or_else(not_in_ring)?;
        Ok((role.key_id(generation), Arc::new(key)))
    }

    fn destroy_key(&self, agency: &AgencyCode, key_id: &str) -> Result<(), KeyMakerError> {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = ring.generations(agency);
        let generation = known.into_iter().find(|generation| key_name(Algorithm::EdDsa, *generation) == key_id);
        generation.map_or(Ok(()), |generation| ring.destroy(agency, generation).map_err(|error| not_made(&error)))
    }
}

fn not_in_ring() -> KeyMakerError {
    KeyMakerError {
        detail: "the new key is not in the ring".to_owned(),
        message: Label::new("新密钥未能读取。", "The new key could not be read."),
    }
}

fn not_made(error: &KeyringError) -> KeyMakerError {
    let message = Label::new(error.message(Lang::Zh), error.message(Lang::En));
    KeyMakerError { message, detail: error.to_string() }
}

/// A key file's problem as the city tells it.
pub fn key_error(error: &KeyringError) -> Error {
    Error::new(ErrorKind::Refused, error.to_string()).says(error.message(Lang::Zh), error.message(Lang::En))
}

/// The public copy of the trust registry beside the keys: what `verify` relies on without a server. The root key follows
/// it: whoever reads between the two has the older key, from which the registry hands over to the newer.
pub fn write_trust_copy(keys: &Path, city: &City) -> Result<(), Error> {
    let folder = keys.join("trust");
    let failed = |error: std::io::Error| Error::new(ErrorKind::Unavailable, format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let file = folder.join("registry.json");
    let fresh = folder.join("registry.json.new");
    let document = city.trust_document()?;
    if std::fs::read(&file).is_ok_and(|there| there == document) {
        return publish_own(keys, city);
    }
    std::fs::write(&fresh, document).map_err(failed)?;
    std::fs::rename(&fresh, &file).map_err(failed)?;
    publish_own(keys, city)
}

fn publish_own(keys: &Path, city: &City) -> Result<(), Error> {
    let own = city.keys().own();
    let log = city.log_key()?;
    publish_current(keys, own.root.signer.public_key(), log.key()).map_err(|error| key_error(&error))
}

/// Outbound fetches as the domain sees them.
pub struct Outbound(pub Fetcher);

impl Web for Outbound {
    fn get(&self, url: &str, accept: &str) -> Result<Fetched, WebError> {
        let fetched = self.0.get(url, accept).map_err(|error| WebError(error.to_string()))?;
        Ok(Fetched { media_type: fetched.content_type.unwrap_or_default(), bytes: fetched.bytes })
    }
}
