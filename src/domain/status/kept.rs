//! Status lists that a case relied on, kept as they were published, once for each version: what an archive shows later.
//!
//! A use record of a case names the list by its digest. The list itself is written in the same change, unless it is there
//! already: most cases find it there, and write nothing.

use std::sync::Arc;

use super::foreign;
use super::publish::{Form, Published};
use crate::base::bytes::{base64url, hex};
use crate::base::id::ListId;
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, MAX_VALUE, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::ports::MAX_PAGE;
use crate::domain::record;
use crate::vc::status::Status;
use crate::vc::verify::sources::StatusEntry;

/// A list as it is published at this moment.
pub(in crate::domain) struct Relied {
    digest: [u8; 32],
    bytes: Bytes,
}

enum Bytes {
    Own(Arc<Published>),
    Foreign(Arc<Vec<u8>>),
}

impl Relied {
    /// The SHA-256 of the list, base64url.
    pub(in crate::domain) fn name(&self) -> String {
        base64url(&self.digest)
    }

    fn bytes(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Own(published) => &published.bytes,
            Bytes::Foreign(bytes) => bytes,
        }
    }
}

impl City {
    /// The list that an entry was looked up in; `None` when it says by now that the entry is not valid, or is not at hand.
    pub(in crate::domain) fn list_relied_on(&self, entry: &StatusEntry) -> Option<Relied> {
        let (uri, index, form) = match entry {
            StatusEntry::Token(reference) => (&reference.uri, reference.index, Form::Jwt),
            StatusEntry::Bitstring(entry) => (&entry.list, entry.index / 2, Form::Credential),
        };
        if let Some(list) = self.names.own_status_list(uri) {
            // A list that cannot be signed now is not kept; that does not keep anybody waiting at a window.
            return self.own_list_relied_on(&list, index, form).unwrap_or_default();
        }
        let source = match form {
            Form::Jwt => foreign::source(&self.statuses.foreign.tokens, uri),
            Form::Credential | Form::Cwt => foreign::source(&self.statuses.foreign.bitstrings, uri),
        };
        source.map(|bytes| Relied { digest: sha256(&bytes), bytes: Bytes::Foreign(bytes) })
    }

    fn own_list_relied_on(&self, list: &ListId, index: u64, form: Form) -> Result<Option<Relied>, Error> {
        let published = self.published_list(list, form)?;
        let snapshot = self.status_list(list)?;
        let valid = u32::try_from(index).ok().and_then(|index| snapshot.bits.get(index)) == Some(Status::Valid);
        let same = snapshot.version == published.version;
        let digest = sha256(&published.bytes);
        Ok((valid && same).then_some(Relied { digest, bytes: Bytes::Own(published) }))
    }

    /// Adds a list to a change, unless it is kept already.
    pub(in crate::domain) fn keep_list(&self, mut change: Change, list: &Relied) -> Result<Change, Error> {
        let name = hex(&list.digest);
        let head = part_key(&name, 0);
        if self.store().get(Table::KeptList, &head)?.is_some() {
            return Ok(change);
        }
        for (i, part) in list.bytes().chunks(MAX_VALUE).enumerate() {
            change = change.put(Table::KeptList, part_key(&name, i), part);
        }
        Ok(change)
    }

    /// A list that is kept, by its SHA-256; `corrupt` when it is another by now.
    pub(in crate::domain) fn kept_list(&self, digest: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let page = self.store().scan(Table::KeptList, &record::prefix(&[&hex(digest)]), None, MAX_PAGE)?;
        let bytes: Vec<u8> = page.rows.into_iter().flat_map(|(_, row)| row.value).collect();
        match (bytes.is_empty(), sha256(&bytes) == digest) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(bytes)),
            (false, false) => Err(Error::corrupt(format!("the kept status list {} was changed", hex(digest)))),
        }
    }
}

fn part_key(name: &str, part: usize) -> Vec<u8> {
    record::key(&[name, &format!("{part:04}")])
}
