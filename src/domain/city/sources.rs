//! The city as verification sees it: its registry, its keys, its status lists, its types, the codes it has accepted.

use std::sync::Arc;

use super::City;
use crate::base::bytes::hex;
use crate::base::json::Value;
use crate::base::text::Label;
use crate::base::time::Timestamp;
use crate::crypto::PublicKey;
use crate::did::split_fragment;
use crate::domain::catalogue::{Catalogue, CredentialType};
use crate::domain::change::Table;
use crate::domain::trust::Registry;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::keys::{Keys, Purpose, ResolvedKey, SelfResolving};
use crate::vc::schema::SchemaProblem;
use crate::vc::verify::Sources;
use crate::vc::verify::sources::{
    Content, Issuer, Relied, Replays, StatusEntry, Statuses, Told, Trust, TrustQuestion, Types,
};

impl City {
    /// Everything that verification asks, answered by this city.
    pub fn sources(&self) -> Sources<'_> {
        Sources { keys: self, trust: self, statuses: self, types: self, replays: self, contexts: &self.contexts }
    }

    /// The credential type that one of these names means: a VC type, a type code, or the `vct` of this city or of one
    /// whose registry is trusted.
    pub fn type_of(&self, type_names: &[String]) -> Option<&'static CredentialType> {
        let catalogue = Catalogue::embedded().ok()?;
        let find = |name: &String| {
            if !name.contains("://") {
                return catalogue.find(name);
            }
            let own = catalogue.find_url(self.names.base(), name);
            own.or_else(|| self.abroad.bases().iter().find_map(|base| catalogue.find_url(base, name)))
        };
        type_names.iter().find_map(find).map(AsRef::as_ref)
    }
}

impl Keys for City {
    fn resolve(&self, method: &str, purpose: Purpose, at: Timestamp) -> Result<ResolvedKey, Finding> {
        if let Some(key) = self.agency_key(method) {
            if purpose != Purpose::AssertionMethod {
                return Err(Finding::invalid(
                    Check::Proof,
                    Code::KeyNotAuthorized,
                    "an agency's key signs credentials",
                ));
            }
            let (controller, _) = split_fragment(method);
            return Ok(ResolvedKey { key, controller: controller.to_owned() });
        }
        if method.starts_with("did:web:") || method.starts_with("https://") || method.starts_with("http://") {
            return self.resolve_foreign(method, purpose, at);
        }
        SelfResolving.resolve(method, purpose, at)
    }
}

impl Trust for City {
    fn judge(&self, question: &TrustQuestion<'_>) -> Result<Issuer, Finding> {
        let code = self.type_of(question.type_names).map(|credential_type| &credential_type.annotation().code);
        let own = self.registry();
        let abroad = own.issuer(question.issuer).is_none().then(|| self.abroad.issuer(question.issuer)).flatten();
        match abroad {
            Some(known) => known.judge(question, code, i64::from(self.rules.abroad.max_age)),
            None => Ok(self.relied(own.judge(question, code)?, &own)),
        }
    }
}

impl City {
    /// The key of an agency, of this city or of one that is believed; that one is asked for a key that is new.
    fn agency_key(&self, method: &str) -> Option<PublicKey> {
        let own = self.registry().method(method).map(|(_, key)| key.key.clone());
        let anew = || self.ask_anew(split_fragment(method).0).then(|| self.abroad.key(method)).flatten();
        own.or_else(|| self.abroad.key(method)).or_else(anew)
    }

    /// Names the own registry beside the issuer where it is not known from the store but from a bundle.
    fn relied(&self, issuer: Issuer, registry: &Registry) -> Issuer {
        let Some(as_of) = self.abroad.own_as_of() else { return issuer };
        let (city, name) = (registry.city.clone(), registry.name.clone());
        let relied = Relied { city, name, version: registry.version, as_of, taken: None };
        Issuer { registry: Some(Arc::new(relied)), ..issuer }
    }
}

impl Statuses for City {
    fn status(
        &self,
        entry: &StatusEntry,
        issuer: &str,
        type_names: &[String],
        now: Timestamp,
    ) -> Result<Told, Finding> {
        let max_age =
            self.type_of(type_names).map_or(86_400, |credential_type| i64::from(credential_type.status_max_age()));
        self.status_of(entry, issuer, max_age, now)
    }
}

impl Types for City {
    fn label(&self, type_names: &[String]) -> Option<Label> {
        self.type_of(type_names).map(|credential_type| credential_type.label().clone())
    }

    fn fields(&self, type_code: &str, version: u32) -> Option<Vec<&str>> {
        let found = Catalogue::embedded().ok()?.find(type_code).filter(|found| found.version() == version)?;
        Some(found.fields().iter().map(|field| field.name.as_str()).collect())
    }

    fn check(&self, type_names: &[String], content: &Content) -> Result<(), Finding> {
        let Some(credential_type) = self.type_of(type_names) else {
            return Err(Finding::error(Check::Schema, Code::SchemaUnknown, "no such type in the catalogue"));
        };
        let checked = match content {
            Content::Whole(credential) => credential_type.check_credential(credential),
            Content::Part(claims) => credential_type.check_disclosed(&Value::Object(claims.clone())),
            Content::View { name, claims } => return check_view(credential_type, name, claims),
        };
        checked.map_err(|problems| violation(&problems))
    }
}

/// A view holds the claims and predicates that the type names for it, nothing else.
fn check_view(credential_type: &CredentialType, name: &str, claims: &crate::base::json::Map) -> Result<(), Finding> {
    let wrong = |detail: String| Finding::invalid(Check::Schema, Code::SchemaViolation, detail);
    let view = credential_type.view(name).ok_or_else(|| wrong("no such view".to_owned()))?;
    let named = |claim: &str| {
        view.claims.iter().any(|name| name == claim) || view.predicates.iter().any(|rule| rule.predicate == claim)
    };
    match claims.keys().find(|claim| !named(claim)) {
        Some(claim) => Err(wrong(format!("{claim} is not part of the view {name}"))),
        None => Ok(()),
    }
}

fn violation(problems: &[SchemaProblem]) -> Finding {
    let places: Vec<_> =
        problems.iter().take(5).map(|problem| format!("{} ({})", problem.path, problem.keyword)).collect();
    Finding::invalid(Check::Schema, Code::SchemaViolation, places.join(", "))
}

impl Replays for City {
    fn seen(&self, digest: &[u8; 32]) -> Result<bool, Finding> {
        match self.store().get(Table::Replay, hex(digest).as_bytes()) {
            Ok(row) => Ok(row.is_some()),
            Err(error) => Err(Finding::error(Check::Freshness, Code::ReplayUnknown, error.to_string())),
        }
    }
}
