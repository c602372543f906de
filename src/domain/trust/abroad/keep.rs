//! Documents of other cities in the store: registries of every version that was taken, status lists as last read. A
//! document longer than a row stands in parts, written with the record that counts on them.

use super::{Known, Partner};
use crate::base::bytes::hex;
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::domain::change::{Change, Row, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::record;
use crate::domain::status::foreign::KeptList;
use crate::domain::trust::Registry;
use crate::domain::trust::document::digest;

/// Bytes of one part.
const PART: usize = 48 * 1024;
/// Most parts of a document: what one change may write.
const MOST_PARTS: usize = 512;
/// Most status lists of one city that are kept.
const MOST_LISTS: usize = 256;

impl City {
    /// Reads what the store says about other cities; to be called at the start, and now and then where several processes
    /// share a store.
    pub fn load_partners(&self) -> Result<(), Error> {
        let (mut known, mut after) = (Vec::new(), None);
        loop {
            let page = self.store().scan(Table::Partner, b"", after.as_deref(), 100)?;
            for (_, row) in &page.rows {
                known.push(self.known_of(row)?);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let fresh: Vec<_> = known.iter().filter(|one| self.abroad.city(&one.partner.city).is_none()).cloned().collect();
        self.abroad.set(known, None);
        fresh.iter().try_for_each(|known| self.load_lists(known))
    }

    fn known_of(&self, row: &Row) -> Result<std::sync::Arc<Known>, Error> {
        let partner: Partner = record::decode(Table::Partner, &row.value)?;
        if let Some(known) = self.abroad.city(&partner.city).filter(|known| known.row == row.version) {
            return Ok(known);
        }
        let document = self.registry_abroad(&partner.city, partner.version, &partner.digest)?;
        let root = PublicKey::from_multikey(&partner.signed_by).map_err(|error| Error::corrupt(error.to_string()))?;
        let registry = Registry::open(&document, &root, &self.contexts)?;
        Ok(std::sync::Arc::new(Known::new(partner, registry, document, row.version)))
    }

    /// Adds to a change that a version was taken.
    pub(super) fn keep_version(change: Change, partner: &Partner, document: &[u8]) -> Result<Change, Error> {
        keep(change, &[&partner.city, &version_part(partner.version, &partner.digest)], document)
    }

    /// The registry of another city as it was taken once, which stays when newer ones come and when the city is believed no
    /// more; `corrupt` when it is not there or another.
    pub(in crate::domain) fn registry_abroad(&self, city: &str, version: u64, of: &str) -> Result<Vec<u8>, Error> {
        // In stores of earlier days the digest was no part of the name.
        for place in [version_part(version, of), format!("v{version:010}")] {
            let document = self.document(&[city, &place])?;
            if digest(&document) == of {
                return Ok(document);
            }
        }
        Err(Error::corrupt(format!("partner_document: not the registry of {city}, version {version}")))
    }

    /// Keeps the status lists of a city that were read, so that they outlive this process.
    pub(super) fn keep_lists(&self, partner: &Partner) -> Result<(), Error> {
        for list in self.statuses.foreign.lists(&partner.base).into_iter().take(MOST_LISTS) {
            let bytes = serde_json::to_vec(&list).map_err(|error| Error::corrupt(error.to_string()))?;
            let change = Change::new(self.fresh_request("list")?, sha256(&bytes));
            let place = list_part(&list);
            self.store().commit(keep(change, &[&partner.city, &place], &bytes)?)?;
        }
        Ok(())
    }

    /// Takes the status lists that an earlier process has read. One that no longer verifies is left out: it will be asked for.
    fn load_lists(&self, known: &Known) -> Result<(), Error> {
        let (mut last, mut after) = (Vec::new(), None);
        loop {
            let prefix = [record::prefix(&[&known.partner.city]), b"s".to_vec()].concat();
            let page = self.store().scan(Table::PartnerDocument, &prefix, after.as_deref(), 100)?;
            let firsts = page.rows.iter().filter(|(key, _)| key.ends_with(b"\x00000"));
            last.extend(firsts.filter_map(|(key, _)| String::from_utf8(key.clone()).ok()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        for key in last {
            let Some((_, place)) = key.trim_end_matches("\u{0}000").rsplit_once('\0') else { continue };
            let bytes = self.document(&[&known.partner.city, place])?;
            let list: Option<KeptList> = serde_json::from_slice(&bytes).ok();
            let _ = list.map(|list| self.take_list(list));
        }
        Ok(())
    }

    /// The document at a place; empty where there is none.
    fn document(&self, place: &[&str]) -> Result<Vec<u8>, Error> {
        let mut document = Vec::new();
        for part in 0..MOST_PARTS {
            let number = format!("{part:03}");
            let key = record::key(&[place, &[number.as_str()]].concat());
            let row = self.store().get(Table::PartnerDocument, &key)?;
            if row.is_none() && part == 0 {
                break;
            }
            let missing = || Error::corrupt("partner_document: a part is missing");
            let (&last, bytes) = row.as_ref().ok_or_else(missing)?.value.split_first().ok_or_else(missing)?;
            document.extend_from_slice(bytes);
            if last == 1 {
                break;
            }
        }
        Ok(document)
    }
}

/// Adds a document to a change, in parts that say whether they are the last.
fn keep(mut change: Change, place: &[&str], document: &[u8]) -> Result<Change, Error> {
    let parts: Vec<_> = document.chunks(PART).collect();
    if parts.is_empty() || parts.len() > MOST_PARTS {
        return Err(Error::new(ErrorKind::TooLarge, "the document of another city is too long"));
    }
    for (at, part) in parts.iter().enumerate() {
        let number = format!("{at:03}");
        let value = [&[u8::from(at + 1 == parts.len())], *part].concat();
        change = change.put(Table::PartnerDocument, record::key(&[place, &[number.as_str()]].concat()), value);
    }
    Ok(change)
}

/// Of two documents under one number, as a city may show that forked, both are kept.
fn version_part(version: u64, digest: &str) -> String {
    format!("v{version:010}-{digest}")
}

fn list_part(list: &KeptList) -> String {
    format!("s{}", hex(&sha256(format!("{:?} {}", list.form, list.uri).as_bytes())))
}
