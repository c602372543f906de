//! Presenting: what was scanned is verified and ticks off the requirement that it meets.
//!
//! The presentation must be fresh, bound to its holder, and the holder must be the applicant (or, where the matter asks for
//! somebody else's licence, not the applicant's alone). What it showed is kept sealed with the case.

use super::record::{Application, By, Fulfilled};
use crate::base::bytes::hex;
use crate::base::id::{ApplicationId, CredentialId, TypeCode};
use crate::base::json::{Map, Value};
use crate::crypto::digest::sha256;
use crate::domain::catalogue::CredentialType;
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::holder::shown_codes;
use crate::domain::matter::words::Whose;
use crate::domain::matter::{Matter, Requirement};
use crate::domain::ports::StoreError;
use crate::domain::presentation::remember;
use crate::domain::spoken::Redeemed;
use crate::domain::usage::record::Signed;
use crate::domain::usage::write::{Context, Seen};
use crate::domain::usage::{Mode, Place};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::verify::{Binding, Evidence, Outcome, Policy, Presentation, Verified, receive};

/// What came of showing something for an application.
#[derive(Debug)]
pub struct Shown {
    /// The verdict, with the rules of the case applied.
    pub outcome: Outcome,
    /// The requirements that it met, empty when it was refused.
    pub met: Vec<String>,
    /// The application afterwards.
    pub application: Application,
    /// The records of it, one for each credential.
    pub uses: Vec<Signed>,
}

/// One scan at a window.
pub(super) struct Scan<'a> {
    pub(super) place: &'a Place,
    pub(super) mode: Mode,
    pub(super) received: &'a [u8],
    pub(super) spoken: Option<&'a Redeemed>,
}

impl<'a> Scan<'a> {
    /// Where, how and since when.
    pub(super) fn context(&self) -> Context<'a> {
        Context::new(self.place, self.mode).since(self.spoken.map(|spoken| spoken.handed_in))
    }
}

/// What is taken from a presentation.
pub(in crate::domain) struct Taken<'a> {
    /// The SHA-256 of what was verified.
    pub(in crate::domain) digest: &'a [u8; 32],
    /// The requirement that it was shown for; the first that fits otherwise.
    pub(in crate::domain) requirement: Option<&'a str>,
    /// The claims of a credential that are kept.
    pub(in crate::domain) claims: &'a dyn Fn(&Evidence) -> Value,
}

impl City {
    /// Verifies what was scanned for an application and ticks off what it meets.
    ///
    /// A refused presentation changes nothing but that it is remembered; its verdict says why.
    pub fn present(&self, place: &Place, id: &ApplicationId, scanned: &[u8]) -> Result<Shown, Error> {
        let application = self.application(id)?;
        application.head.state.require_open()?;
        let received = receive(scanned)?;
        let policy = Policy { binding: Binding::Required, ..Policy::full(self.now()) };
        let outcome = self.verify(received, &policy);
        let scan = Scan { place, mode: Mode::Shown, received: scanned, spoken: None };
        self.present_seen(application, outcome, &scan)
    }

    /// The same for the show code behind a spoken code, which is used up whatever comes of it.
    pub fn present_spoken(&self, place: &Place, id: &ApplicationId, code: &str) -> Result<Shown, Error> {
        let application = self.application(id)?;
        application.head.state.require_open()?;
        let redeemed = self.find_spoken(&place.unit, &place.who, code)?;
        let scan = Scan { place, mode: Mode::Spoken, received: &redeemed.text, spoken: Some(&redeemed) };
        self.present_seen(application, redeemed.outcome.clone(), &scan)
    }

    fn present_seen(&self, application: Application, outcome: Outcome, scan: &Scan<'_>) -> Result<Shown, Error> {
        let mut shown = self.present_verified(application, outcome, scan)?;
        if shown.outcome.verified.is_none() {
            let context = scan.context().of(&shown.application);
            shown.uses = self.note_refused_scan(&context, &shown.outcome, scan)?;
        }
        Ok(shown)
    }

    /// Remembers what was scanned and refused; a spoken code is used up with it.
    pub(super) fn note_refused_scan(
        &self,
        context: &Context<'_>,
        outcome: &Outcome,
        scan: &Scan<'_>,
    ) -> Result<Vec<Signed>, Error> {
        let change = Change::new(self.fresh_request("refused")?, sha256(scan.received));
        let change = if let Some(spoken) = scan.spoken { spoken.used_up(change) } else { change };
        Ok(self.commit_seen(change, context, &[Seen { outcome, received: scan.received }])??)
    }

    fn present_verified(
        &self,
        mut application: Application,
        mut outcome: Outcome,
        scan: &Scan<'_>,
    ) -> Result<Shown, Error> {
        let refused = |outcome, application| Ok(Shown { outcome, met: Vec::new(), application, uses: Vec::new() });
        let Some(verified) = outcome.verified.clone() else { return refused(outcome, application) };
        let all = |evidence: &Evidence| evidence.content.claims();
        let digest = &sha256(scan.received);
        let met = match self.tick(&mut application, &verified, &Taken { digest, requirement: None, claims: &all })? {
            Ok(met) => met,
            Err(finding) => {
                outcome.refuse(finding);
                return refused(outcome, application);
            }
        };
        let body = sha256(met.join(",").as_bytes());
        let change = self.put_application(Change::new(self.fresh_request("present")?, body), &application)?;
        let change = match (scan.spoken, &verified.once) {
            (Some(spoken), _) => spoken.used_up(change),
            (None, Some(once)) => remember(change, once),
            (None, None) => change,
        };
        let seen = [Seen { outcome: &outcome, received: scan.received }];
        let context = scan.context().of(&application);
        match self.commit_seen(change, &context, &seen)? {
            Ok(uses) => Ok(Shown { outcome, met, application: self.application(&application.head.id)?, uses }),
            Err(StoreError::Duplicate { .. }) => {
                outcome.refuse_replay();
                refused(outcome, self.application(&application.head.id)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Decides which requirement each credential meets; the inner error is a finding about the presentation.
    pub(in crate::domain) fn tick(
        &self,
        application: &mut Application,
        verified: &Verified<Presentation>,
        taken: &Taken<'_>,
    ) -> Result<Result<Vec<String>, Finding>, Error> {
        let matter = application.matter()?;
        let mut met = Vec::new();
        for evidence in &verified.credentials {
            let Some(credential_type) = self.type_of(&evidence.type_names) else {
                return Ok(Err(Finding::error(Check::Schema, Code::SchemaUnknown, "type not in the catalogue")));
            };
            let holders = self.holders_of(evidence, credential_type)?;
            let code = &credential_type.annotation().code;
            let found =
                open_requirement(application, matter, taken.requirement, code, &holders).and_then(|requirement| {
                    self.check_condition(requirement, credential_type, evidence).map(|()| requirement)
                });
            let requirement = match found {
                Ok(requirement) => requirement,
                Err(finding) => return Ok(Err(finding)),
            };
            let by = By::Credential {
                type_code: code.clone(),
                id: evidence.id.as_deref().and_then(|id| CredentialId::parse(id.strip_prefix("urn:certless:")?).ok()),
                digest: hex(taken.digest),
                holder: holders.first().cloned().unwrap_or_default(),
                format: verified.format.name().to_owned(),
            };
            application.head.fulfilled.push(Fulfilled {
                requirement: requirement.id.clone(),
                at: self.this_second(),
                by,
            });
            application.body.claims.insert(requirement.id.clone(), (taken.claims)(evidence));
            met.push(requirement.id.clone());
        }
        Ok(Ok(met))
    }

    /// Checks the one fact that a requirement asks of a licence: told by a view, or seen in the field that it is about.
    fn check_condition(
        &self,
        requirement: &Requirement,
        credential_type: &CredentialType,
        evidence: &Evidence,
    ) -> Result<(), Finding> {
        let Some(wanted) = &requirement.predicate else { return Ok(()) };
        let views = credential_type.views().iter();
        let views: Vec<_> = views.filter(|view| view.predicates.iter().any(|one| one.predicate == *wanted)).collect();
        let claims = evidence.content.claims();
        let holds = subjects(&claims).any(|subject| {
            let computed = |name: &str| credential_type.view_claims(name, subject, self.now())?.remove(wanted);
            let told = subject.get(wanted).cloned().or_else(|| views.iter().find_map(|view| computed(&view.name)));
            told == Some(Value::Bool(true))
        });
        if holds {
            return Ok(());
        }
        Err(Finding::invalid(Check::Schema, Code::ConditionNotMet, format!("{wanted} is not shown, or not so")))
    }

    /// The tags of those who hold a credential: by the codes that were shown, by the city's own record of it, or by
    /// the key that it is bound to.
    pub(in crate::domain) fn holders_of(
        &self,
        evidence: &Evidence,
        credential_type: &CredentialType,
    ) -> Result<Vec<String>, Error> {
        let claims = evidence.content.claims();
        let mut tags = Vec::new();
        for subject in subjects(&claims) {
            for (code_type, code) in shown_codes(credential_type, subject) {
                tags.push(self.holder_tag(&code_type, &code));
            }
        }
        for key in &evidence.holders {
            tags.extend(self.tags_of_key(key)?);
        }
        tags.dedup();
        Ok(tags)
    }
}

fn subjects(claims: &Value) -> impl Iterator<Item = &Map> {
    let items = claims.as_array().map_or(std::slice::from_ref(claims), Vec::as_slice);
    items.iter().filter_map(Value::as_object)
}

/// The first requirement that the type meets, is not met yet, and whose holder fits.
fn open_requirement<'a>(
    application: &Application,
    matter: &'a Matter,
    only: Option<&str>,
    code: &TypeCode,
    holders: &[String],
) -> Result<&'a Requirement, Finding> {
    let among = |one: &&Requirement| only.is_none_or(|only| one.id == only) && one.types().contains(code);
    let mut asked = matter.requirements.iter().filter(among).peekable();
    if asked.peek().is_none() {
        return Err(Finding::invalid(Check::Schema, Code::NotAskedFor, "the matter does not ask for this type"));
    }
    let mut open = asked.filter(|one| application.fulfilled(&one.id).is_none()).peekable();
    if open.peek().is_none() {
        return Err(Finding::invalid(Check::Schema, Code::AlreadyMet, "the requirement is met already"));
    }
    let applicant = holders.contains(&application.head.applicant);
    open.find(|one| applicant || one.whose != Whose::Applicant)
        .ok_or_else(|| Finding::invalid(Check::Binding, Code::NotTheHolder, "the holder is not the applicant"))
}
