//! What verification is told when an archive is checked: only what the archive holds, as of the moment of use.

use std::collections::BTreeMap;

use super::abroad::Foreign;
use super::lists::List;
use crate::base::json::Value;
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::domain::trust::{Registry, TrustedAgency, TrustedKey};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey, SelfResolving};
use crate::vc::status::Status;
use crate::vc::verify::sources::{Content, Issuer, Replays, StatusEntry, Statuses, Told, Trust, TrustQuestion, Types};

/// The registry, the statuses and the types of one moment.
pub(super) struct Known<'a> {
    /// The own registry that was relied on.
    pub(super) registry: &'a Registry,
    /// The types as they were.
    pub(super) types: &'a Catalogue,
    /// The city's address.
    pub(super) base: &'a str,
    /// The other cities that were believed.
    pub(super) abroad: Vec<&'a Foreign>,
    /// The places in status lists that were looked up and found valid, with the lists where the archive holds them.
    pub(super) valid: BTreeMap<(String, u64), Option<&'a List>>,
    /// When they were looked up.
    pub(super) at: Timestamp,
}

impl<'a> Known<'a> {
    fn type_of(&self, names: &[String]) -> Option<&CredentialType> {
        let find = |name: &String| {
            if !name.contains("://") {
                return self.types.find(name);
            }
            let abroad = self.abroad.iter().map(|city| city.base.as_str());
            std::iter::once(self.base).chain(abroad).find_map(|base| self.types.find_url(base, name))
        };
        names.iter().find_map(find).map(AsRef::as_ref)
    }

    /// The registries, the own first.
    fn registries(&self) -> impl Iterator<Item = &'a Registry> {
        std::iter::once(self.registry).chain(self.abroad.iter().map(|city| &city.registry))
    }

    /// The agency and key of a verification method.
    pub(super) fn method(&self, method: &str) -> Option<(&'a TrustedAgency, &'a TrustedKey)> {
        self.registries().find_map(|registry| registry.method(method))
    }

    /// The agency that an issuer's DID or URL names.
    pub(super) fn issuer(&self, issuer: &str) -> Option<&'a TrustedAgency> {
        self.registries().find_map(|registry| registry.issuer(issuer))
    }
}

impl Keys for Known<'_> {
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
        let Some((agency, key)) = self.method(method) else {
            return SelfResolving.resolve(method, purpose, at);
        };
        if purpose != Purpose::AssertionMethod {
            return Err(Finding::invalid(Check::Proof, Code::KeyNotAuthorized, "an agency's key signs credentials"));
        }
        Ok(ResolvedKey { key: key.key.clone(), controller: agency.did.clone() })
    }
}

impl Trust for Known<'_> {
    fn judge(&self, question: &TrustQuestion<'_>) -> Result<Issuer, Finding> {
        let code = self.type_of(question.type_names).map(|found| &found.annotation().code);
        let abroad = self.abroad.iter().find(|city| city.registry.issuer(question.issuer).is_some());
        match abroad.filter(|_| self.registry.issuer(question.issuer).is_none()) {
            Some(city) => city.judge(question, code),
            None => self.registry.judge(question, code),
        }
    }
}

impl Statuses for Known<'_> {
    fn status(&self, entry: &StatusEntry, _: &str, _: &[String], _: Timestamp) -> Result<Told, Finding> {
        let place = match entry {
            StatusEntry::Bitstring(entry) => (entry.list.clone(), entry.index),
            StatusEntry::Token(reference) => (reference.uri.clone(), reference.index),
        };
        let told = |status| Ok(Told { status, as_of: None });
        match self.valid.get(&place) {
            Some(None) => told(Status::Valid),
            Some(Some(list)) => match list.is_valid(entry, self.at) {
                Ok(true) => told(Status::Valid),
                Ok(false) => told(Status::Revoked),
                Err(detail) => Err(Finding::error(Check::Status, Code::StatusInvalid, detail)),
            },
            None => Err(Finding::error(Check::Status, Code::StatusUnreachable, "no use record tells this status")),
        }
    }
}

impl Types for Known<'_> {
    fn label(&self, names: &[String]) -> Option<Label> {
        self.type_of(names).map(|found| found.label().clone())
    }

    fn fields(&self, type_code: &str, version: u32) -> Option<Vec<&str>> {
        let found = self.types.find(type_code).filter(|found| found.version() == version)?;
        Some(found.fields().iter().map(|field| field.name.as_str()).collect())
    }

    fn check(&self, names: &[String], content: &Content) -> Result<(), Finding> {
        let wrong = |detail: &str| Finding::invalid(Check::Schema, Code::SchemaViolation, detail);
        let found = self.type_of(names);
        let found = found.ok_or_else(|| Finding::error(Check::Schema, Code::SchemaUnknown, "no schema of it here"))?;
        let fits = match content {
            Content::Whole(credential) => found.check_credential(credential).is_ok(),
            Content::Part(claims) => found.check_disclosed(&Value::Object(claims.clone())).is_ok(),
            Content::View { name, .. } => found.view(name).is_some(),
        };
        if fits { Ok(()) } else { Err(wrong("not by the schema of those days")) }
    }
}

impl Replays for Known<'_> {
    fn seen(&self, _: &[u8; 32]) -> Result<bool, Finding> {
        Ok(false)
    }
}
