//! What signing needs, out of what was issued before: a licence whose copies are made again, or for another key.

use super::Prepared;
use super::record::{Copy, CredentialHead, Package};
use crate::base::json::{Limits, Map, Value, parse_object};
use crate::crypto::PublicKey;
use crate::domain::agency::Agencies;
use crate::domain::catalogue::{Catalogue, CredentialType, Filled, Holder, Validity};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::holder::{self, thumbprint_of};

impl City {
    /// The copies of a licence for the holders that the register knows, dated as the licence, or from when on the agency
    /// signs with the key that it has now.
    pub(in crate::domain) fn copies_of(&self, head: &CredentialHead, package: &Package) -> Result<Vec<Copy>, Error> {
        let mut prepared = self.prepared_again(head, package)?;
        let registry = self.registry();
        let keys = registry.agency(&head.agency).map(|agency| agency.keys.as_slice()).unwrap_or_default();
        let key = keys.iter().find(|key| key.id == prepared.signer.key_id);
        prepared.at = key.map_or(head.issued_at, |key| key.valid_from.max(head.issued_at));
        self.sign_copies(&prepared)
    }

    /// What signing needs, out of what was issued before.
    pub(super) fn prepared_again(&self, head: &CredentialHead, package: &Package) -> Result<Prepared, Error> {
        let agency = Agencies::shipped()?.find(&head.agency).ok_or_else(|| Error::corrupt("agency of a credential"))?;
        let credential_type = Catalogue::embedded()?.find(head.type_code.as_str());
        let credential_type = credential_type.ok_or_else(|| Error::corrupt("type of a credential"))?;
        let limits = Limits { bytes: 1 << 22, ..Limits::DEFAULT };
        let credential = parse_object(package.credential.get().as_bytes(), &limits)?;
        let filled = filled_again(credential_type, head, &credential, &package.number);
        let keys = keys_again(head, package);
        let signer = self.keys.agency(&head.agency)?;
        let (id, slots, at) = (head.id.clone(), head.slots.clone(), self.this_second());
        let mut prepared = Prepared { credential_type, agency, signer, filled, keys, id, slots, at };
        prepared.bind_kept();
        Ok(prepared)
    }
}

impl Prepared {
    /// The DID of a holder whose key the row brought.
    pub(super) fn kept_id(&self, holder: usize) -> Option<String> {
        self.keys.get(holder)?.as_ref().map(holder::did_of)
    }

    /// Puts the identifiers of those holders where they belong, and of nobody else.
    pub(super) fn bind_kept(&mut self) {
        let ids: Vec<_> = (0..self.filled.holders.len()).map(|i| self.kept_id(i)).collect();
        for subject in &mut self.filled.subjects {
            subject.remove("id");
        }
        self.filled.bind(&ids);
    }
}

/// What the row had become, out of the credential that was signed. Names and codes of holders stay in the claims.
fn filled_again(credential_type: &CredentialType, head: &CredentialHead, credential: &Map, number: &str) -> Filled {
    let subjects: Vec<Map> = match credential.get("credentialSubject") {
        Some(Value::Object(one)) => vec![one.clone()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_object).cloned().collect(),
        _ => Vec::new(),
    };
    let held = subjects.first().and_then(|subject| subject.get("heldBy")).and_then(Value::as_array);
    let relations: Vec<_> = held.into_iter().flatten().map(|one| one.get("relation").and_then(Value::as_str)).collect();
    let joint = credential_type.is_joint();
    let holder = |i: usize| {
        let relation = relations.get(i).copied().flatten();
        let subject = if relation.is_some() { None } else { Some(if joint { i } else { 0 }) };
        let relation = relation.unwrap_or("self").to_owned();
        Holder { name: String::new(), code: String::new(), code_type: String::new(), relation, key: None, subject }
    };
    Filled {
        holders: (0..head.holders.len()).map(holder).collect(),
        certificate: credential.get("certificate").and_then(Value::as_object).cloned().unwrap_or_default(),
        number: number.to_owned(),
        validity: Validity::of_moments(head.valid_from, head.valid_until),
        subjects,
    }
}

/// The keys that the row brought, told by the copies that are bound to them.
fn keys_again(head: &CredentialHead, package: &Package) -> Vec<Option<PublicKey>> {
    let dids = || package.copies.iter().filter_map(|copy| copy.holder.as_deref());
    let key =
        |print: &str| dids().find(|did| thumbprint_of(did).as_deref() == Some(print)).and_then(holder::key_of_did);
    head.holders.iter().map(|holder| key(holder.key.as_deref()?)).collect()
}
