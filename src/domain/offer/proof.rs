//! Whether key proofs are meant for this city, now, and answer its nonce (appendix F.4).

use std::collections::BTreeMap;

use super::Refusal;
use crate::base::time::{Timestamp, plus_seconds};
use crate::domain::city::City;
use crate::domain::issuance::claim::BoundKey;
use crate::wire::oid4vci::metadata::BATCH;
use crate::wire::oid4vci::proof::KeyProof;
use crate::wire::oid4vci::{ErrorCode, ProtocolError};

/// How old a proof may be, seconds.
const MOST_AGE: i64 = 300;
/// How far ahead a wallet's clock may be, seconds.
const MOST_AHEAD: i64 = 60;

/// Proofs that were found good.
#[derive(Debug)]
pub(super) struct Proved {
    /// The keys, each once, in the order of the proofs.
    pub(super) keys: Vec<BoundKey>,
    /// The nonces that they answer, with their ends.
    pub(super) nonces: BTreeMap<String, Timestamp>,
}

impl City {
    /// Checks the proofs of a request; nothing is used up yet.
    pub(super) fn check_proofs(&self, proofs: &[String]) -> Result<Proved, Refusal> {
        if proofs.len() > BATCH {
            return Err(refuse(ErrorCode::InvalidProof, "more proofs than batch_size"));
        }
        let mut proved = Proved { keys: Vec::new(), nonces: BTreeMap::new() };
        for jwt in proofs {
            let proof = KeyProof::parse(jwt)?;
            self.check_proof(&proof)?;
            if proved.keys.iter().any(|known| known.key == proof.key) {
                return Err(refuse(ErrorCode::InvalidProof, "two proofs of one key"));
            }
            let end = self.nonce_end(&proof.nonce);
            let end = end.ok_or_else(|| refuse(ErrorCode::InvalidNonce, "the nonce is unknown or too old"))?;
            proved.nonces.insert(proof.nonce, end);
            proved.keys.push(BoundKey { key: proof.key, holder: proof.holder });
        }
        Ok(proved)
    }

    fn check_proof(&self, proof: &KeyProof) -> Result<(), Refusal> {
        let now = self.now();
        if proof.audience != self.names.base() {
            return Err(refuse(ErrorCode::InvalidProof, "aud is not this issuer"));
        }
        if proof.issued_at < plus_seconds(now, -MOST_AGE) {
            return Err(refuse(ErrorCode::InvalidProof, "iat is too long ago: is the clock of the device right?"));
        }
        if proof.issued_at > plus_seconds(now, MOST_AHEAD) {
            return Err(refuse(ErrorCode::InvalidProof, "iat is in the future: is the clock of the device right?"));
        }
        Ok(())
    }
}

/// A refusal of the protocol.
pub(super) fn refuse(code: ErrorCode, told: &str) -> Refusal {
    Refusal::Protocol(ProtocolError::new(code, told))
}
