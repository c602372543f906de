//! The seeds of the city on disk, and the keys that follow from them.
//!
//! A seed is 32 random bytes in a file of mode 0400; every key is derived from it by purpose, so one file an owner is
//! all there is to guard and to back up. `city.seed` is the root of trust, `city/ROLE.N.seed` a later generation of one of its
//! keys, `agencies/CODE.N.seed` is generation N of an
//! agency, `storage.seed` seals what the store keeps. Public keys are written beside them to `trust/`. Until when a key
//! counts, or from when it is compromised, is said by the trust registry and not here.

mod files;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::base::id::AgencyCode;
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::base::text::Lang;
use crate::crypto::derive::Seed;
use crate::crypto::{Algorithm, PublicKey, SigningKey};
use crate::domain::city::keys::OwnRole;

/// What the city itself signs with.
#[derive(Debug)]
pub struct CityKeys {
    /// Signs the trust registry and what the city issues; Ed25519.
    pub root: SigningKey,
    /// Signs request objects and whatever else needs ES256.
    pub es256: SigningKey,
    /// Signs the checkpoints of the log; Ed25519.
    pub log: SigningKey,
    /// Cosigns the checkpoints of other logs; Ed25519.
    pub witness: SigningKey,
}

/// One generation of an agency's keys.
#[derive(Debug)]
pub struct AgencyKeys {
    /// Whose keys they are.
    pub agency: AgencyCode,
    /// Counts from 1; the highest signs.
    pub generation: u32,
    /// Ed25519.
    pub eddsa: SigningKey,
    /// P-256.
    pub es256: SigningKey,
}

/// What the store is sealed and indexed with.
#[derive(Debug)]
pub struct StorageKeys {
    /// Seals personal data at rest.
    pub sealing: Secret<[u8; 32]>,
    /// Turns an identity number into the holder tag under which it is found.
    pub holder_tag: Secret<[u8; 32]>,
    /// Hashes access tokens at rest.
    pub tokens: Secret<[u8; 32]>,
}

/// The name of a key inside the DID document of its owner: `key-1`, `es256-2`.
pub fn key_name(algorithm: Algorithm, generation: u32) -> String {
    match algorithm {
        Algorithm::EdDsa => format!("key-{generation}"),
        Algorithm::Es256 => format!("es256-{generation}"),
    }
}

/// The opened seeds of one city.
#[derive(Debug)]
pub struct Keyring {
    /// `None` for a ring that lives in memory only.
    folder: Option<PathBuf>,
    city: Seed,
    /// The city's own keys from the second generation on; the first follows from `city`.
    own: BTreeMap<(OwnRole, u32), Seed>,
    storage: Seed,
    agencies: BTreeMap<AgencyCode, BTreeMap<u32, Seed>>,
}

impl Keyring {
    /// Makes the seeds of a new city: generation 1 of every agency, storage, and the city's last, so that an interrupted
    /// creation can be repeated. Refuses a folder that already holds a city.
    pub fn create(folder: &Path, agencies: &[AgencyCode], random: &dyn Random) -> Result<Self, KeyringError> {
        if files::exists(&files::city(folder)) {
            return Err(KeyringError::new(&files::city(folder), Problem::AlreadyThere));
        }
        for agency in agencies {
            files::create_or_keep(&files::agency(folder, agency, 1), random)?;
        }
        files::create_or_keep(&files::storage(folder), random)?;
        files::create(&files::city(folder), random)?;
        let ring = Self::open(folder)?;
        files::publish(folder, &ring)?;
        Ok(ring)
    }

    /// Reads the seeds of a city; refuses files that others may read, and files that are no seeds.
    pub fn open(folder: &Path) -> Result<Self, KeyringError> {
        Ok(Self {
            folder: Some(folder.to_owned()),
            city: files::read(&files::city(folder))?,
            own: files::own_seeds(folder)?,
            storage: files::read(&files::storage(folder))?,
            agencies: files::agencies(folder)?,
        })
    }

    /// Whether a folder holds the seeds of a city.
    pub fn is_in(folder: &Path) -> bool {
        files::exists(&files::city(folder))
    }

    /// A ring in memory whose seeds all follow from one, for tests and benches; nothing is written.
    pub fn derived(root: &Seed, agencies: &[AgencyCode]) -> Self {
        let seed = |name: &str| Seed::new(root.derive(&format!("keyring/{name}")));
        let first = |agency: &AgencyCode| (agency.clone(), BTreeMap::from([(1, seed(&format!("{agency}.1")))]));
        let agencies = agencies.iter().map(first).collect();
        Self { folder: None, city: seed("city"), own: BTreeMap::new(), storage: seed("storage"), agencies }
    }

    /// What the city signs with in the first generation of its keys.
    pub fn city(&self) -> CityKeys {
        CityKeys {
            root: self.city.ed25519("sign/ed25519"),
            es256: self.city.p256("sign/p256"),
            log: self.city.ed25519("log/ed25519"),
            witness: self.city.ed25519("witness/ed25519"),
        }
    }

    /// Every generation of one of the city's own keys, oldest first.
    pub fn own(&self, role: OwnRole) -> Vec<(u32, SigningKey)> {
        let purpose = match role {
            OwnRole::Root => "sign/ed25519",
            OwnRole::Log => "log/ed25519",
            OwnRole::Witness => "witness/ed25519",
        };
        let later = self.own.iter().filter(|((of, _), _)| *of == role);
        let later = later.map(|((_, generation), seed)| (*generation, seed.ed25519(purpose)));
        std::iter::once((1, self.city.ed25519(purpose))).chain(later).collect()
    }

    /// Makes the next generation of one of the city's own keys and gives its number; older ones stay.
    pub fn rotate_own(&mut self, role: OwnRole, random: &dyn Random) -> Result<u32, KeyringError> {
        let generation = self.own(role).last().map_or(1, |(last, _)| *last).saturating_add(1);
        let seed = match &self.folder {
            Some(folder) => files::create(&files::own(folder, role, generation), random)?,
            None => Seed::generate(random),
        };
        self.own.insert((role, generation), seed);
        if let Some(folder) = &self.folder {
            files::publish(folder, self)?;
        }
        Ok(generation)
    }

    /// What the store is sealed and indexed with.
    pub fn storage(&self) -> StorageKeys {
        let key = |purpose: &str| Secret::new(self.storage.derive(purpose));
        StorageKeys { sealing: key("sealing"), holder_tag: key("holder-tag"), tokens: key("tokens") }
    }

    /// The key of the permutation that hands out an agency's status indices.
    pub fn status_permutation(&self, agency: &AgencyCode) -> Secret<[u8; 32]> {
        Secret::new(self.storage.derive(&format!("status-permutation/{agency}")))
    }

    /// The agencies that have keys here, in order of their codes.
    pub fn agencies(&self) -> impl Iterator<Item = &AgencyCode> {
        self.agencies.keys()
    }

    /// The generations of an agency that are here, oldest first; empty for an agency without keys.
    pub fn generations(&self, agency: &AgencyCode) -> Vec<u32> {
        self.agencies.get(agency).map(|seeds| seeds.keys().copied().collect()).unwrap_or_default()
    }

    /// One generation of an agency's keys.
    pub fn agency(&self, agency: &AgencyCode, generation: u32) -> Option<AgencyKeys> {
        self.agencies.get(agency)?.get(&generation).map(|seed| agency_keys(agency, generation, seed))
    }

    /// The newest keys of every agency: what signs now.
    pub fn agency_signers(&self) -> Vec<AgencyKeys> {
        let newest = |(agency, seeds): (&AgencyCode, &BTreeMap<u32, Seed>)| {
            seeds.last_key_value().map(|(generation, seed)| agency_keys(agency, *generation, seed))
        };
        self.agencies.iter().filter_map(newest).collect()
    }

    /// Makes the next generation of an agency's keys and gives its number; 1 for a new agency. Older generations stay,
    /// so that what they signed can be told apart; they sign no more.
    pub fn rotate(&mut self, agency: &AgencyCode, random: &dyn Random) -> Result<u32, KeyringError> {
        let generation = self.generations(agency).last().copied().unwrap_or(0).saturating_add(1);
        let seed = match &self.folder {
            Some(folder) => files::create(&files::agency(folder, agency, generation), random)?,
            None => Seed::generate(random),
        };
        self.agencies.entry(agency.clone()).or_default().insert(generation, seed);
        if let Some(folder) = &self.folder {
            files::publish(folder, self)?;
        }
        Ok(generation)
    }

    /// Removes the seed of a generation that signs no more; its public keys stay published. The newest is refused.
    pub fn destroy(&mut self, agency: &AgencyCode, generation: u32) -> Result<(), KeyringError> {
        let path = files::agency(self.folder.as_deref().unwrap_or(Path::new("")), agency, generation);
        if self.generations(agency).last() == Some(&generation) {
            return Err(KeyringError::new(&path, Problem::StillSigns));
        }
        if self.folder.is_some() {
            files::remove(&path)?;
        }
        if let Some(seeds) = self.agencies.get_mut(agency) {
            seeds.remove(&generation);
        }
        Ok(())
    }
}

fn agency_keys(agency: &AgencyCode, generation: u32, seed: &Seed) -> AgencyKeys {
    let (eddsa, es256) = (seed.ed25519("sign/ed25519"), seed.p256("sign/p256"));
    AgencyKeys { agency: agency.clone(), generation, eddsa, es256 }
}

/// Writes the public keys that count now: the root's and the log's, under the names that verifiers look for.
pub fn publish_current(folder: &Path, root: &PublicKey, log: &PublicKey) -> Result<(), KeyringError> {
    files::publish_current(folder, root, log)
}

/// A key file that cannot be used: which, and why.
#[derive(Debug)]
pub struct KeyringError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a key file.
#[derive(Debug)]
pub enum Problem {
    /// Another city's seeds are here.
    AlreadyThere,
    /// The system refused to read or write it.
    Io(io::Error),
    /// The name is not `CODE.GENERATION.seed`, or `ROLE.GENERATION.seed` of the city.
    Name,
    /// Others than its owner may use it; the file's mode.
    Open(u32),
    /// Not 32 bytes; how many there are.
    Size(u64),
    /// The newest generation of an agency, which signs.
    StillSigns,
}

impl KeyringError {
    fn new(path: &Path, problem: Problem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// What to do about it, in the reader's language.
    pub fn message(&self, lang: Lang) -> String {
        let path = self.path.display();
        match (lang, &self.problem) {
            (Lang::En, Problem::AlreadyThere) => format!("{path} exists: this folder already holds a city"),
            (Lang::Zh, Problem::AlreadyThere) => format!("{path} 已存在：此目录中已有一座城市的密钥"),
            (Lang::En, Problem::Io(error)) => format!("{path}: {error}"),
            (Lang::Zh, Problem::Io(error)) => format!("{path} 无法读写：{error}"),
            (Lang::En, Problem::Name) => {
                format!("{path}: name key files CODE.GENERATION.seed, as GA.1.seed, or root.2.seed")
            }
            (Lang::Zh, Problem::Name) => {
                format!("{path}：密钥文件应命名为 机构代码.代数.seed，例如 GA.1.seed、root.2.seed")
            }
            (Lang::En, Problem::Open(mode)) => {
                format!("{path} is open to other users (mode {mode:04o}); run: chmod 400 {path}")
            }
            (Lang::Zh, Problem::Open(mode)) => {
                format!("{path} 可被其他用户访问（权限 {mode:04o}）；请执行：chmod 400 {path}")
            }
            (Lang::En, Problem::Size(found)) => {
                format!(
                    "{path} holds {found} bytes instead of 32; bring it back from the backup, or remove it if it was never used"
                )
            }
            (Lang::Zh, Problem::Size(found)) => {
                format!("{path} 有 {found} 字节，应为 32 字节；请从备份恢复，若从未使用过可删除")
            }
            (Lang::En, Problem::StillSigns) => format!("{path} signs; rotate the agency's keys before"),
            (Lang::Zh, Problem::StillSigns) => format!("{path} 正在用于签名；请先轮换该机构的密钥"),
        }
    }
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Lang::En))
    }
}

impl std::error::Error for KeyringError {}
