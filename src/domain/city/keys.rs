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
    /// Signs the trust registry.
    pub root: Arc<dyn Signer>,
    /// Signs the checkpoints of the log.
    pub log: Arc<dyn Signer>,
    /// Cosigns the checkpoints of other logs.
    pub witness: Arc<dyn Signer>,
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

/// The key that an agency signs with now.
pub struct AgencySigner {
    /// The fragment of its verification method, `key-1`.
    pub key_id: String,
    /// The key.
    pub signer: Arc<dyn Signer>,
}

impl CityKeys {
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
