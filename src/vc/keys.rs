//! What verification needs to know about keys: a port, implemented by the city's trust registry and by self-contained
//! DID methods.

use crate::base::time::Timestamp;
use crate::crypto::PublicKey;

use super::finding::Finding;

/// What a key may be used for: the verification relationships of Controlled Identifiers 1.0 section 2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `assertionMethod`: signing credentials.
    AssertionMethod,
    /// `authentication`: signing presentations.
    Authentication,
}

impl Purpose {
    /// The name as `proofPurpose` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssertionMethod => "assertionMethod",
            Self::Authentication => "authentication",
        }
    }
}

/// A key found for a verification method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedKey {
    /// The key.
    pub key: PublicKey,
    /// Who controls it: a DID or URL.
    pub controller: String,
}

/// Finds keys.
pub trait Keys: Send + Sync {
    /// The key of a verification method (a DID URL, or the `kid` of a JWS) that may be used for `purpose` and was
    /// valid at `at`, the time of signing.
    ///
    /// A finding of state `Error` means that the key could not be looked up, `Invalid` that it may not be used.
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding>;
}
