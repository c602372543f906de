//! The register of issued credentials: found by identifier, by holder, by agency, page by page.

use super::catalogue::Catalogue;
use super::change::Table;
use super::city::City;
use super::error::Error;
use super::holder::thumbprint_of;
use super::issuance::record::{Copy, CredentialHead, Package};
use super::ports::MAX_PAGE;
use super::record;
use crate::base::bytes::{base64url, from_base64url};
use crate::base::id::{AgencyCode, CredentialId, TypeCode};
use crate::base::json::{Value, json};
use crate::base::time::rfc3339;

/// A credential as the register knows it.
#[derive(Debug)]
pub struct Registered {
    /// What stands in the open.
    pub head: CredentialHead,
    /// What the holder receives.
    pub package: Package,
}

/// How far credentials are counted one by one; beyond, a page says “more than”.
pub const MOST_COUNTED: usize = 5_000;

/// A count that may have stopped at [`MOST_COUNTED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many were counted.
    pub count: usize,
    /// Whether there are more.
    pub more: bool,
}

/// One page of heads.
#[derive(Debug)]
pub struct Heads {
    /// The heads.
    pub heads: Vec<CredentialHead>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

impl City {
    /// A credential by its identifier; `not-found` when the city issued none.
    pub fn credential(&self, id: &CredentialId) -> Result<Registered, Error> {
        let key = self.store().get(Table::CredentialById, id.as_str().as_bytes())?;
        let key = key.ok_or_else(|| Error::not_found("no such credential"))?.value;
        let row = self.store().get(Table::Credential, &key)?;
        let row = row.ok_or_else(|| Error::corrupt("an index leads to no credential"))?;
        let body = record::open(&self.keys.sealer, Table::Credential, &key, &row.value)?;
        let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
        let mut package = Package::from_bytes(&body)?;
        if package.copies.iter().all(Copy::is_unsigned) {
            package.copies = self.copies_of(&head, &package)?;
        }
        Ok(Registered { head, package })
    }

    /// Credentials of a holder that an agency issued. `holder` is the holder's tag, or the DID or thumbprint of the key.
    pub fn credentials_of(&self, agency: &AgencyCode, holder: &str, after: Option<&str>) -> Result<Heads, Error> {
        let tag = match thumbprint_of(holder) {
            Some(thumbprint) => Self::key_tag(&thumbprint),
            None => holder.to_owned(),
        };
        self.heads(Table::HolderIndex, &record::prefix(&[&tag, agency.as_str()]), after)
    }

    /// Credentials of an agency that carry a licence number, of whatever type. Where numbers are unique for each holder
    /// only, the holder's code is needed, unless it is the number.
    pub fn credentials_numbered(
        &self,
        agency: &AgencyCode,
        number: &str,
        holder: Option<&str>,
    ) -> Result<Heads, Error> {
        let mut heads = Vec::new();
        for credential_type in Catalogue::embedded()?.types() {
            let key = self.licence_key(credential_type, number, holder.unwrap_or(number));
            let Some(index) = self.store().get(Table::Licence, &key)? else { continue };
            let row = self.store().get(Table::Credential, &index.value)?;
            let row = row.ok_or_else(|| Error::corrupt("an index leads to no credential"))?;
            let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
            if head.agency == *agency {
                heads.push(head);
            }
        }
        Ok(Heads { heads, next: None })
    }

    /// Credentials that an agency issued, oldest first.
    pub fn credentials_by(&self, agency: &AgencyCode, after: Option<&str>) -> Result<Heads, Error> {
        self.heads(Table::AgencyIndex, &record::prefix(&[agency.as_str()]), after)
    }

    /// Credentials of one type that an agency issued.
    pub fn credentials_of_type(
        &self,
        agency: &AgencyCode,
        code: &TypeCode,
        after: Option<&str>,
    ) -> Result<Heads, Error> {
        self.heads(Table::TypeIndex, &record::prefix(&[code.as_str(), agency.as_str()]), after)
    }

    /// How many credentials of a type an agency issued, counted no further than [`MOST_COUNTED`].
    pub fn tally(&self, agency: &AgencyCode, code: &TypeCode) -> Result<Tally, Error> {
        let prefix = record::prefix(&[code.as_str(), agency.as_str()]);
        let mut tally = Tally { count: 0, more: false };
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.store().scan(Table::TypeIndex, &prefix, after.as_deref(), MAX_PAGE)?;
            tally.count += page.rows.len();
            after = page.next;
            tally.more = after.is_some();
            if after.is_none() || tally.count >= MOST_COUNTED {
                return Ok(tally);
            }
        }
    }

    fn heads(&self, index: Table, prefix: &[u8], after: Option<&str>) -> Result<Heads, Error> {
        let after = after.map(from_base64url).transpose()?;
        let page = self.store().scan(index, prefix, after.as_deref(), 100)?;
        let mut heads = Vec::with_capacity(page.rows.len());
        for (_, row) in &page.rows {
            let found = self.store().get(Table::Credential, &row.value)?;
            let found = found.ok_or_else(|| Error::corrupt("an index leads to no credential"))?;
            heads.push(record::decode(Table::Credential, &found.value)?);
        }
        Ok(Heads { heads, next: page.next.map(|key| base64url(&key)) })
    }
}

impl CredentialHead {
    /// What lists show: no personal data.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id.as_str(),
            "agency": self.agency.as_str(),
            "type": self.type_code.as_str(),
            "status": self.life.name(),
            "issuedAt": rfc3339(self.issued_at),
            "validFrom": rfc3339(self.valid_from),
            "validUntil": self.valid_until.map(rfc3339),
        })
    }
}
