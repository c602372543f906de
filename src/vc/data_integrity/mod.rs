//! Data Integrity proofs: `eddsa-jcs-2022`, `eddsa-rdfc-2022`, `ecdsa-jcs-2019` and `ecdsa-rdfc-2019`, proof sets and chains.
//!
//! What it is: Data Integrity 1.0 §4 (add and verify proofs, sets, chains) with the suites of Data Integrity EdDSA
//! Cryptosuites 1.0 §3 and of Data Integrity ECDSA Cryptosuites 1.0 §3.2 and §3.3 on P-256, which differ in nothing but
//! the signature; P-384 and selective disclosure are not supported. Proofs are read and signed as raw JSON objects, so
//! that members this program does not know (an extension, a future option) are kept and covered by the signature. What
//! it is not: trust in the issuer, holder binding, the data model; those are other checks of the pipeline.
//!
//! Signing and verifying share one computation of the signed hash ([`hash`]). Read [`proof`] (the proof object),
//! [`hash`], [`mod@sign`], [`mod@verify`].

pub mod hash;
pub mod proof;
pub mod sign;
pub mod verify;

#[cfg(test)]
mod tests;

pub use sign::{ProofOptions, sign};
pub use verify::{Expect, VerifiedProof, verify};

use super::finding::{Check, Code, Finding};
use crate::crypto::Algorithm;

/// The `type` of every proof here.
pub const PROOF_TYPE: &str = "DataIntegrityProof";

/// Most proofs in one document.
pub const MOST_PROOFS: usize = 16;

/// A cryptosuite: how a document becomes the bytes that are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cryptosuite {
    /// `ecdsa-jcs-2019`: RFC 8785, SHA-256, ECDSA with P-256.
    EcdsaJcs2019,
    /// `ecdsa-rdfc-2019`: RDFC-1.0, SHA-256, ECDSA with P-256.
    EcdsaRdfc2019,
    /// `eddsa-jcs-2022`: RFC 8785, SHA-256, Ed25519.
    EddsaJcs2022,
    /// `eddsa-rdfc-2022`: RDFC-1.0, SHA-256, Ed25519.
    EddsaRdfc2022,
    /// The proof type `Ed25519Signature2020` (§A of the cryptosuites): as `eddsa-rdfc-2022`, verified only.
    Ed25519Signature2020,
}

impl Cryptosuite {
    /// Every suite that a `cryptosuite` member can name.
    pub const NAMED: [Self; 4] = [Self::EddsaJcs2022, Self::EddsaRdfc2022, Self::EcdsaJcs2019, Self::EcdsaRdfc2019];

    /// The suite over RFC 8785 that signs with keys of an algorithm.
    pub fn jcs(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::EdDsa => Self::EddsaJcs2022,
            Algorithm::Es256 => Self::EcdsaJcs2019,
        }
    }

    /// The algorithm of its signatures; keys of another neither sign nor verify.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::EcdsaJcs2019 | Self::EcdsaRdfc2019 => Algorithm::Es256,
            Self::EddsaJcs2022 | Self::EddsaRdfc2022 | Self::Ed25519Signature2020 => Algorithm::EdDsa,
        }
    }

    /// Whether the document is canonicalised as JSON (RFC 8785), and not as RDF.
    pub fn is_jcs(self) -> bool {
        matches!(self, Self::EcdsaJcs2019 | Self::EddsaJcs2022)
    }

    /// The name in the proof: its `cryptosuite`, or the `type` of the older kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaJcs2019 => "ecdsa-jcs-2019",
            Self::EcdsaRdfc2019 => "ecdsa-rdfc-2019",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::Ed25519Signature2020 => "Ed25519Signature2020",
        }
    }

    /// The suite of a `cryptosuite` member; `None` for every other name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|suite| suite.name() == name)
    }
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Proof, Code::ProofMalformed, detail)
}
