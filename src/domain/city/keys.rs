//! The keys that a running city signs and seals with.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::id::AgencyCode;
use crate::base::secret::Secret;
use crate::crypto::Signer;
use crate::crypto::seal::Sealer;
use crate::domain::error::{Error, ErrorKind};
use crate::vc::status::permutation::Permutation;

/// The keys of one city.
pub struct CityKeys {
    /// What the city itself signs with.
    pub own: RwLock<Arc<OwnKeys>>,
    /// Seals personal data in the store.
    pub sealer: Sealer,
    /// Makes holder tags and the log's commitments.
    pub holder_tag: Secret<[u8; 32]>,
    /// Makes the digests under which bearer tokens are kept.
    pub tokens: Secret<[u8; 32]>,
    /// Spreads status counters over the slots of the lists.
    pub permutations: BTreeMap<AgencyCode, Permutation>,
    /// Signs for the agencies: the keys in use.
    pub agencies: RwLock<BTreeMap<AgencyCode, Arc<AgencySigner>>>,
}

/// What the city itself signs with: the keys that the registry names.
#[derive(Clone)]
pub struct OwnKeys {
    /// Signs the trust registry, use records, copies, bundles and archives.
    pub root: OwnSigner,
    /// Sign the checkpoints of the log, oldest first: the newest, and those that overlap with it.
    pub logs: Vec<OwnSigner>,
    /// Cosign the checkpoints of other logs, in the same way.
    pub witnesses: Vec<OwnSigner>,
}

/// One of the city's own keys.
#[derive(Clone)]
pub struct OwnSigner {
    /// Its name, `root`, `log-2`.
    pub key_id: String,
    /// The key.
    pub signer: Arc<dyn Signer>,
}

/// What one of the city's own keys is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OwnRole {
    /// The trust registry and whatever the city says itself.
    Root,
    /// Checkpoints of the log.
    Log,
    /// Cosignatures of other logs.
    Witness,
}

impl OwnRole {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Root, Self::Log, Self::Witness];

    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Log => "log",
            Self::Witness => "witness",
        }
    }

    /// The role of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The name of a key: `root` for the first, then `root-2` and so on.
    pub fn key_id(self, generation: u32) -> String {
        if generation <= 1 { self.name().to_owned() } else { format!("{}-{generation}", self.name()) }
    }
}

/// The key that an agency signs with now.
pub struct AgencySigner {
    /// The fragment of its verification method, `key-1`.
    pub key_id: String,
    /// The key.
    pub signer: Arc<dyn Signer>,
}

impl CityKeys {
    /// What the city itself signs with now.
    pub fn own(&self) -> Arc<OwnKeys> {
        Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts the next of the city's own keys into use.
    pub fn take_own(&self, role: OwnRole, signer: OwnSigner) {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let mut next = own.as_ref().clone();
        match role {
            OwnRole::Root => next.root = signer,
            OwnRole::Log => next.logs.push(signer),
            OwnRole::Witness => next.witnesses.push(signer),
        }
        *own = Arc::new(next);
    }

    /// The key that an agency signs with now.
    pub fn agency(&self, code: &AgencyCode) -> Result<Arc<AgencySigner>, Error> {
        let agencies = self.agencies.read().unwrap_or_else(PoisonError::into_inner);
        agencies.get(code).cloned().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("no signing key of agency {code}"))
                .says(format!("没有机关 {code} 的签发密钥。"), format!("There is no signing key of agency {code}."))
        })
    }

    /// Puts another key of an agency into use.
    pub fn set_agency(&self, code: AgencyCode, signer: AgencySigner) {
        self.agencies.write().unwrap_or_else(PoisonError::into_inner).insert(code, Arc::new(signer));
    }
}
