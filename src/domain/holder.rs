//! Holders: the keys that they bring, and the tags under which their credentials are found.

use super::catalogue::CredentialType;
use super::catalogue::formats::holder_code_type;
use super::change::Table;
use super::city::City;
use super::error::{Error, ErrorKind};
use super::issuance::record::CredentialHead;
use super::record;
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::crypto::PublicKey;
use crate::did;

/// Reads a holder's public key: a JWK, a `did:key`, a `did:jwk` or a Multikey.
pub fn parse_key(text: &str) -> Result<PublicKey, Error> {
    let text = text.trim();
    let key = if text.starts_with('{') {
        let jwk = parse_object(text.as_bytes(), &Limits { bytes: 4096, depth: 4 })?;
        PublicKey::from_jwk(&jwk).map_err(|error| error.to_string())
    } else if text.starts_with("did:") {
        key_of_did(text).ok_or_else(|| "the DID holds no key".to_owned())
    } else {
        PublicKey::from_multikey(text).map_err(|error| error.to_string())
    };
    key.map_err(|detail| {
        Error::new(ErrorKind::Refused, format!("holder key: {detail}")).says(
            "持证人公钥有误：应为 JWK、did:key 或 did:jwk。",
            "The holder's key is wrong: give a JWK, a did:key or a did:jwk.",
        )
    })
}

/// The DID of a holder's key, the `id` of the subject in JSON credentials.
pub fn did_of(key: &PublicKey) -> String {
    did::key::did(key)
}

/// The key that a `did:key` or `did:jwk` holds.
pub fn key_of_did(did: &str) -> Option<PublicKey> {
    let (subject, _) = did::split_fragment(did);
    let document = did::expand(subject)?.ok()?;
    document.methods.into_iter().find_map(|method| method.key)
}

/// The thumbprint of the key that a DID holds, or the text itself when it is a thumbprint already.
pub fn thumbprint_of(holder: &str) -> Option<String> {
    if holder.starts_with("did:") {
        return key_of_did(holder).map(|key| key.thumbprint());
    }
    (holder.len() == 43).then(|| holder.to_owned())
}

/// The holder codes that claims show, with the kind of each: `("111", "430112…")`.
pub fn shown_codes(credential_type: &CredentialType, subject: &Map) -> Vec<(String, String)> {
    let text = |name: &str| subject.get(name).and_then(Value::as_str);
    let parties = credential_type.holder().parties.iter();
    parties
        .filter_map(|party| {
            let code = text(party.code.as_deref()?)?;
            let written = party.code_type.as_deref();
            let literal = written.filter(|written| written.bytes().all(|c| c.is_ascii_digit()));
            let code_type = literal.or_else(|| text(written?)).unwrap_or_else(|| holder_code_type(code));
            Some((code_type.to_owned(), code.to_owned()))
        })
        .collect()
}

impl City {
    /// The index tag of a holder's key.
    pub(super) fn key_tag(thumbprint: &str) -> String {
        format!("key:{thumbprint}")
    }

    /// The tags of the persons whom the city knows by a key: holders of credentials that are bound to it.
    pub(super) fn tags_of_key(&self, holder: &str) -> Result<Vec<String>, Error> {
        let Some(thumbprint) = thumbprint_of(holder) else { return Ok(Vec::new()) };
        let prefix = record::prefix(&[&Self::key_tag(&thumbprint)]);
        let page = self.store().scan(Table::HolderIndex, &prefix, None, 8)?;
        let mut tags = Vec::new();
        for (_, row) in page.rows {
            let Some(row) = self.store().get(Table::Credential, &row.value)? else { continue };
            let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
            tags.extend(head.tags_of_key(&thumbprint).map(str::to_owned));
        }
        tags.sort_unstable();
        tags.dedup();
        Ok(tags)
    }
}
