//! What is kept with a case beside its state: presentations as received, sealed and in parts that fit a row.

use super::record::Application;
use crate::base::bytes::hex;
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::record;

/// Longest part, bytes: sealed it fits a row.
const PART: usize = 48 * 1024;

/// Where something of a case is kept.
pub(in crate::domain) fn place(application: &Application, kind: &str, name: &str, part: &str) -> Vec<u8> {
    let head = &application.head;
    record::key(&[head.agency.as_str(), head.id.as_str(), kind, name, part])
}

impl City {
    /// Adds to a change that a presentation is kept as it was received; what is kept already is written again.
    pub(in crate::domain) fn keep_presentation(
        &self,
        mut change: Change,
        application: &Application,
        received: &[u8],
    ) -> Result<Change, Error> {
        let name = hex(&sha256(received));
        for (i, part) in received.chunks(PART).enumerate() {
            let key = place(application, "presentation", &name, &format!("{i:04}"));
            let value = self.vault().encode(Table::CaseFile, &key, &received.len(), part)?;
            change = change.put(Table::CaseFile, key, value);
        }
        Ok(change)
    }

    /// A presentation of a case as it was received, by its SHA-256.
    pub(in crate::domain) fn presentation_of(
        &self,
        application: &Application,
        digest: &[u8],
    ) -> Result<Option<Vec<u8>>, Error> {
        let head = &application.head;
        let prefix = record::prefix(&[head.agency.as_str(), head.id.as_str(), "presentation", &hex(digest)]);
        let page = self.store().scan(Table::CaseFile, &prefix, None, crate::domain::ports::MAX_PAGE)?;
        let mut bytes = Vec::new();
        for (key, row) in &page.rows {
            bytes.extend(record::open(&self.keys.sealer, Table::CaseFile, key, &row.value)?);
        }
        Ok((!page.rows.is_empty() && sha256(&bytes).as_slice() == digest).then_some(bytes))
    }
}
