//! Companion proofs: where the log says that a document was issued, found by the document's digest.
//!
//! The companion of a credential is a C2SP tlog-proof whose `extra` is the log's entry, so that whoever holds credential
//! and companion checks the issuing without asking anyone ([`vc::verify::log`](crate::vc::verify::log) does).
//!
//! Issuing does not pay for the index: entries are found by the digest that they carry, through rows that
//! [`City::index_log`] writes behind the integrator, a page at a time; what is not indexed yet is looked through entry
//! by entry. The index follows from the log alone: it is written again from the beginning where its mark is missing.

use super::change::{Change, Table};
use super::city::City;
use super::error::{Error, ErrorKind};
use super::leaf::Entry;
use super::ports::{MAX_PAGE, StoreError};
use crate::base::id::CredentialId;
use crate::crypto::digest::sha256;
use crate::tlog::proof::LogProof;
use crate::vc::verify::LogEvidence;

/// The row that says how far the log is indexed; no digest is as short.
const NEXT: &[u8] = b"next";
/// Entries that are looked through one by one beyond the index: more than the integrator adds between two turns of it.
const TAIL: u64 = 20_000;

/// The digest that an entry of the log carries, if it is about a document.
pub fn digest_in(entry: &[u8]) -> Option<[u8; 32]> {
    Entry::parse(entry).ok()?.bytes("digest")?.try_into().ok()
}

impl City {
    /// The companion of a credential: that its issuing stands in the log. `not-found` until the log has it.
    pub fn companion(&self, id: &CredentialId) -> Result<LogProof, Error> {
        let credential = self.credential(id)?.package.credential;
        self.companion_of(&sha256(credential.get().as_bytes()))
    }

    /// The companion of whatever document has this digest.
    pub fn companion_of(&self, digest: &[u8; 32]) -> Result<LogProof, Error> {
        let index = self.find_in_log(digest)?.ok_or_else(not_yet)?;
        let entry = self.store().log_range(index, 1)?.pop().ok_or_else(not_yet)?;
        Ok(LogProof { extra: Some(entry), ..self.log_proof(index)? })
    }

    /// The place of the entry that carries a digest; `None` while the log has none.
    pub fn find_in_log(&self, digest: &[u8; 32]) -> Result<Option<u64>, Error> {
        if let Some(row) = self.store().get(Table::LogDigest, digest)? {
            return Ok(Some(number(&row.value)?));
        }
        let (mut at, _) = self.indexed()?;
        let end = self.store().log_head()?.size.min(at.saturating_add(TAIL));
        while at < end {
            let page = self.store().log_range(at, MAX_PAGE)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                if digest_in(&entry).as_ref() == Some(digest) {
                    return Ok(Some(at));
                }
                at += 1;
            }
        }
        Ok(None)
    }

    /// Indexes the next page of the log, if there is a whole one; whether there was.
    pub fn index_log(&self) -> Result<bool, Error> {
        let (from, version) = self.indexed()?;
        if self.store().log_head()?.size < from.saturating_add(u64::from(MAX_PAGE)) {
            return Ok(false);
        }
        let page = self.store().log_range(from, MAX_PAGE)?;
        let next = from.saturating_add(u64::try_from(page.len()).unwrap_or_default());
        let mut change = Change::new(self.fresh_request("log-index")?, sha256(&next.to_be_bytes()));
        for (at, entry) in (from..).zip(&page) {
            if let Some(digest) = digest_in(entry) {
                change = change.put(Table::LogDigest, digest, at.to_be_bytes());
            }
        }
        change = match version {
            Some(version) => change.update(Table::LogDigest, NEXT, version, next.to_be_bytes()),
            None => change.insert(Table::LogDigest, NEXT, next.to_be_bytes()),
        };
        match self.store().commit(change) {
            // Another process indexed this page.
            Ok(_) | Err(StoreError::Conflict(_) | StoreError::Duplicate { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    fn indexed(&self) -> Result<(u64, Option<u64>), Error> {
        let row = self.store().get(Table::LogDigest, NEXT)?;
        Ok(match row {
            Some(row) => (number(&row.value)?, Some(row.version)),
            None => (0, None),
        })
    }

    /// Reads companion files that came with something shown; they are held against the city's own log and those
    /// of the cities that are believed.
    pub fn log_evidence(&self, companions: &str) -> Result<LogEvidence, Error> {
        let evidence = LogEvidence { logs: self.trusted_logs()?, ..LogEvidence::default() };
        evidence.read(companions).map_err(|error| {
            Error::new(ErrorKind::Malformed, error.to_string()).says(
                "这不是公开日志证明（.tlog-proof 文件），请重新选择。",
                "This is no proof of the log (a .tlog-proof file). Choose another.",
            )
        })
    }
}

fn number(value: &[u8]) -> Result<u64, Error> {
    value.try_into().map(u64::from_be_bytes).map_err(|_| Error::corrupt("a row of the log's index"))
}

fn not_yet() -> Error {
    Error::not_found("the log has no entry of this document").says(
        "公开日志中还没有这份证照的登记，请稍后再查。",
        "The log has no entry of this document yet. Ask again in a moment.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::base64url;
    use crate::base::json::json;
    use crate::base::time::from_unix;
    use crate::domain::leaf::{Kind, leaf};

    #[test]
    fn an_entry_is_found_by_the_digest_that_it_carries() {
        let (at, digest) = (from_unix(0).unwrap(), json!(base64url(&[7; 32])));
        let entry = leaf(Kind::Trust, at, &[("version", json!(1)), ("digest", digest.clone())]);
        assert_eq!(digest_in(&entry.bytes), Some([7; 32]));
        let used = leaf(Kind::Used, at, &[("record", digest)]);
        assert_eq!(digest_in(&used.bytes), None);
        for without in [r#"{"kind":"used"}"#, "[]", ""] {
            assert_eq!(digest_in(without.as_bytes()), None, "{without}");
        }
    }
}
