//! What a format has told about one credential once its signature was looked at, and the checks that are the same for
//! every format: trust, validity, status, schema, log.

use std::sync::Arc;

use super::Policy;
use super::sources::{Content, Issuer, Sources, Status, StatusEntry, TrustQuestion};
use super::verdict::{ReliedOn, Report, Summary};
use crate::base::time::{Timestamp, rfc3339};
use crate::vc::finding::{Check, Code, Finding};

/// One credential, read out of its format.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Its identifier, where the format carries one.
    pub id: Option<String>,
    /// The names of its type.
    pub type_names: Vec<String>,
    /// The issuer's DID or URL.
    pub issuer: String,
    /// The verification method that signed.
    pub method: String,
    /// When it was signed, where the signature says so.
    pub signed_at: Option<Timestamp>,
    /// Valid from.
    pub valid_from: Option<Timestamp>,
    /// Valid until.
    pub valid_until: Option<Timestamp>,
    /// Where its status is told.
    pub status: Vec<StatusEntry>,
    /// What was shown.
    pub content: Arc<Content>,
    /// Thumbprints or DIDs of the holders that it is bound to.
    pub holders: Vec<String>,
}

/// What the checks found besides yes and no.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Who the issuer is, where it is trusted.
    pub issuer: Option<Issuer>,
    /// When the oldest status list that was asked had been read; absent for lists of the verifier's own.
    pub status_as_of: Option<Timestamp>,
}

impl Evidence {
    /// Makes the checks that do not depend on the format and says what they relied on.
    pub fn check(&self, policy: &Policy<'_>, sources: &Sources<'_>, report: &mut Report) -> Checked {
        let now = policy.now;
        let mut checked = Checked { issuer: self.check_trust(now, sources, report), status_as_of: None };
        report.take(Check::Validity, self.check_validity(now));
        if self.status.is_empty() {
            report.skip(Check::Status, Code::StatusAbsent);
        }
        for entry in &self.status {
            let as_of = report.take(Check::Status, self.check_status(entry, now, sources)).flatten();
            checked.status_as_of = [checked.status_as_of, as_of].into_iter().flatten().min();
        }
        report.take(Check::Schema, sources.types.check(&self.type_names, &self.content));
        if policy.log.is_none() {
            report.skip(Check::Log, Code::LogUnproven);
        }
        checked
    }

    /// Whether the issuer is trusted; the registry of another city, or an older one, is named beside the check.
    fn check_trust(&self, now: Timestamp, sources: &Sources<'_>, report: &mut Report) -> Option<Issuer> {
        let judged = self.judge(now, sources);
        if let Ok(Issuer { registry: Some(relied), .. }) = &judged {
            let age = now.as_second().saturating_sub(relied.as_of.as_second());
            report.pass_by(
                Check::Trust,
                format!("registry of {} version {}, known {age} s ago", relied.city, relied.version),
            );
        }
        report.take(Check::Trust, judged)
    }

    fn judge(&self, now: Timestamp, sources: &Sources<'_>) -> Result<Issuer, Finding> {
        let (issuer, method, type_names) = (self.issuer.as_str(), self.method.as_str(), self.type_names.as_slice());
        sources.trust.judge(&TrustQuestion { issuer, method, type_names, signed_at: self.signed_at, now })
    }

    fn check_validity(&self, now: Timestamp) -> Result<(), Finding> {
        if let Some(from) = self.valid_from.filter(|from| now < *from) {
            return Err(Finding::invalid(Check::Validity, Code::NotYetValid, format!("valid from {}", rfc3339(from))));
        }
        if let Some(until) = self.valid_until.filter(|until| *until < now) {
            return Err(Finding::invalid(Check::Validity, Code::Expired, format!("valid until {}", rfc3339(until))));
        }
        Ok(())
    }

    fn check_status(
        &self,
        entry: &StatusEntry,
        now: Timestamp,
        sources: &Sources<'_>,
    ) -> Result<Option<Timestamp>, Finding> {
        let told = sources.statuses.status(entry, &self.issuer, &self.type_names, now)?;
        match told.status {
            Status::Valid => Ok(told.as_of),
            Status::Suspended => Err(Finding::invalid(Check::Status, Code::Suspended, "")),
            Status::Revoked => Err(Finding::invalid(Check::Status, Code::Revoked, "")),
        }
    }

    /// What the verdict says about the credential.
    pub fn summary(&self, checked: &Checked, now: Timestamp, sources: &Sources<'_>) -> Summary {
        let issuer = checked.issuer.as_ref();
        Summary {
            id: self.id.clone(),
            type_names: self.type_names.clone(),
            type_label: sources.types.label(&self.type_names),
            issuer: self.issuer.clone(),
            issuer_name: issuer.map(|issuer| issuer.name.clone()),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            view: match self.content.as_ref() {
                Content::View { name, .. } => Some(name.clone()),
                Content::Whole(_) | Content::Part(_) => None,
            },
            relied: ReliedOn::new(issuer.and_then(|issuer| issuer.registry.as_ref()), checked.status_as_of, now),
            content: Some(Arc::clone(&self.content)),
        }
    }
}
