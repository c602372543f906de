//! Records as rows: keys whose parts cannot run into each other, values with a version, personal data sealed.
//!
//! A value is `version (1 byte) ‖ length of the head (4 bytes) ‖ head (JSON, no personal data) ‖ sealed body`. The body is
//! sealed for its table and key, so that a stolen value cannot be moved to another row.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::change::{Change, Table};
use super::error::Error;
use crate::base::json::{Map, Value};
use crate::base::random::Random;
use crate::crypto::seal::{Aad, Sealer};

/// The version of the layout.
const LAYOUT: u8 = 1;

/// A key out of parts, with a zero byte between them; parts are texts without a zero byte.
pub fn key(parts: &[&str]) -> Vec<u8> {
    parts.join("\0").into_bytes()
}

/// The prefix that all keys beginning with these parts share.
pub fn prefix(parts: &[&str]) -> Vec<u8> {
    let mut prefix = key(parts);
    prefix.push(0);
    prefix
}

/// A record without personal data.
pub fn encode(head: &impl Serialize) -> Result<Vec<u8>, Error> {
    let head = serde_json::to_vec(head).map_err(|error| Error::corrupt(format!("record head: {error}")))?;
    let length = u32::try_from(head.len()).map_err(|_| Error::corrupt("record head too long"))?;
    let mut value = Vec::with_capacity(5 + head.len());
    value.push(LAYOUT);
    value.extend_from_slice(&length.to_be_bytes());
    value.extend_from_slice(&head);
    Ok(value)
}

/// Reads the head of a record.
pub fn decode<T: DeserializeOwned>(table: Table, value: &[u8]) -> Result<T, Error> {
    let (head, _) = split(table, value)?;
    serde_json::from_slice(head).map_err(|error| Error::corrupt(format!("{}: {error}", table.name())))
}

/// Seals bodies for their rows.
pub struct Vault<'a> {
    /// The key of the store.
    pub sealer: &'a Sealer,
    /// For nonces.
    pub random: &'a dyn Random,
}

impl Vault<'_> {
    /// A record with a sealed body.
    pub fn encode(&self, table: Table, key: &[u8], head: &impl Serialize, body: &[u8]) -> Result<Vec<u8>, Error> {
        let mut value = encode(head)?;
        let place = Aad { table: table.name(), row: key, column: "body" };
        value.extend_from_slice(&self.sealer.seal(&place, body, self.random));
        Ok(value)
    }
}

/// Opens the body of a record.
pub fn open(sealer: &Sealer, table: Table, key: &[u8], value: &[u8]) -> Result<Vec<u8>, Error> {
    let (_, body) = split(table, value)?;
    let place = Aad { table: table.name(), row: key, column: "body" };
    sealer.open(&place, body).map_err(|_| Error::corrupt(format!("{}: the sealed body does not open", table.name())))
}

/// Adds members to the open part of every audit event of a change: who did it.
pub fn signed_by(mut change: Change, members: &Value) -> Result<Change, Error> {
    for write in &mut change.writes {
        let (Table::Audit, Some(value)) = (write.table, &mut write.value) else { continue };
        let (_, sealed) = split(Table::Audit, value)?;
        let mut head: Map = decode(Table::Audit, value)?;
        head.extend(members.as_object().cloned().unwrap_or_default());
        let mut signed = encode(&head)?;
        signed.extend_from_slice(sealed);
        *value = signed;
    }
    Ok(change)
}

fn split(table: Table, value: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let wrong = || Error::corrupt(format!("{}: unknown record layout", table.name()));
    let (&[LAYOUT, a, b, c, d], rest) = value.split_first_chunk::<5>().ok_or_else(wrong)? else { return Err(wrong()) };
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| wrong())?;
    rest.split_at_checked(length).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::SystemRandom;

    #[test]
    fn a_record_opens_in_its_row_only() {
        let sealer = Sealer::new(&[7; 32]);
        let vault = Vault { sealer: &sealer, random: &SystemRandom };
        let value = vault.encode(Table::Credential, b"GA\0x", &("head", 1), b"personal").unwrap();
        assert_eq!(decode::<(String, u32)>(Table::Credential, &value).unwrap(), ("head".to_owned(), 1));
        assert_eq!(open(&sealer, Table::Credential, b"GA\0x", &value).unwrap(), b"personal");
        assert!(open(&sealer, Table::Credential, b"GA\0y", &value).is_err());
        assert!(!value.windows(8).any(|part| part == b"personal"));
        assert!(decode::<(String, u32)>(Table::Credential, &[9, 0, 0, 0, 0]).is_err());
        assert!(decode::<(String, u32)>(Table::Credential, &value[..6]).is_err());
    }
}
