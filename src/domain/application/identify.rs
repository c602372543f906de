//! Opening a case by showing: the first presentation names the applicant, so that nobody types what a licence says.
//!
//! Filing and ticking off are one change: a code that was used before, or a presentation that is refused, leaves no case
//! behind.

use super::file::DRAWS;
use super::present::Taken;
use super::record::{Applicant, Application, catalogue};
use crate::base::id::AgencyCode;
use crate::crypto::digest::sha256;
use crate::domain::catalogue::CredentialType;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::holder::{key_of_did, shown_codes};
use crate::domain::matter::Matter;
use crate::domain::ports::StoreError;
use crate::domain::presentation::remember;
use crate::domain::spoken::Redeemed;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::verify::{Binding, Evidence, Outcome, Policy, Presentation, Verified, receive};

/// What came of showing something to open a case.
#[derive(Debug)]
pub struct Identified {
    /// The verdict.
    pub outcome: Outcome,
    /// The requirements that it met.
    pub met: Vec<String>,
    /// The application; none when the presentation was refused.
    pub application: Option<Application>,
}

impl City {
    /// Verifies what was scanned, files an application of a matter for its holder and ticks off what it meets.
    pub fn identify(&self, window: &AgencyCode, matter: &str, scanned: &[u8]) -> Result<Identified, Error> {
        let matter = named(matter)?;
        let policy = Policy { binding: Binding::Required, ..Policy::full(self.now()) };
        let outcome = self.verify(receive(scanned)?, &policy);
        self.identify_verified(window, matter, outcome, &sha256(scanned), None)
    }

    /// The same for the show code behind a spoken code, which is used up whatever comes of it.
    pub fn identify_spoken(
        &self,
        window: &AgencyCode,
        who: &str,
        matter: &str,
        code: &str,
    ) -> Result<Identified, Error> {
        let matter = named(matter)?;
        let redeemed = self.find_spoken(window, who, code)?;
        let outcome = redeemed.outcome.clone();
        let identified = self.identify_verified(window, matter, outcome, &redeemed.digest, Some(&redeemed))?;
        if identified.application.is_none() {
            let change = Change::new(self.fresh_request("spoken")?, redeemed.digest);
            self.store().commit(redeemed.used_up(change))?;
        }
        Ok(identified)
    }

    fn identify_verified(
        &self,
        window: &AgencyCode,
        matter: &Matter,
        outcome: Outcome,
        digest: &[u8; 32],
        spoken: Option<&Redeemed>,
    ) -> Result<Identified, Error> {
        let Some(verified) = outcome.verified.clone() else { return Ok(refused(outcome)) };
        let all = |evidence: &Evidence| evidence.content.claims();
        for _ in 0..DRAWS {
            match self.open_case(
                window,
                matter,
                &verified,
                &Taken { digest, requirement: None, claims: &all },
                spoken,
            )? {
                Opened::Case(application, met) => {
                    return Ok(Identified { outcome, met, application: Some(*application) });
                }
                Opened::Taken => {}
                Opened::Refused(finding) => {
                    let mut outcome = outcome;
                    outcome.refuse(finding);
                    return Ok(refused(outcome));
                }
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "no free case number was drawn"))
    }

    fn open_case(
        &self,
        window: &AgencyCode,
        matter: &Matter,
        verified: &Verified<Presentation>,
        taken: &Taken<'_>,
        spoken: Option<&Redeemed>,
    ) -> Result<Opened, Error> {
        let Some(applicant) = verified.credentials.iter().find_map(|one| self.applicant_of(one)) else {
            let detail = "no credential shows its holder's name and code";
            return Ok(Opened::Refused(Finding::invalid(Check::Binding, Code::ApplicantUnnamed, detail)));
        };
        let mut application = self.new_application(window, matter, applicant)?;
        let met = match self.tick(&mut application, verified, taken)? {
            Ok(met) => met,
            // It still says who applies; the matter's own materials follow.
            Err(finding) if finding.code == Code::NotAskedFor => Vec::new(),
            Err(finding) => return Ok(Opened::Refused(finding)),
        };
        let change = Change::new(self.fresh_request("file")?, *taken.digest);
        let change = self.put_or_file(change, &application)?;
        let change = self.used(change, verified, "case", application.head.id.as_str());
        let change = match (spoken, &verified.once) {
            (Some(spoken), _) => spoken.used_up(change),
            (None, Some(once)) => remember(change, once),
            (None, None) => change,
        };
        match self.store().commit(change) {
            Ok(_) => Ok(Opened::Case(Box::new(self.application(&application.head.id)?), met)),
            Err(StoreError::Duplicate { table: Table::Replay, .. }) => {
                Ok(Opened::Refused(Finding::invalid(Check::Freshness, Code::Replayed, "accepted meanwhile")))
            }
            Err(StoreError::Duplicate { .. }) => Ok(Opened::Taken),
            Err(error) => Err(error.into()),
        }
    }

    /// Who holds a credential, where it shows name and code of its only holder.
    pub(in crate::domain) fn applicant_of(&self, evidence: &Evidence) -> Option<Applicant> {
        applicant(evidence, self.type_of(&evidence.type_names)?)
    }
}

/// What came of one draw of a case number.
enum Opened {
    /// A case with the requirements met.
    Case(Box<Application>, Vec<String>),
    /// The number is another case's.
    Taken,
    /// The presentation opens no case.
    Refused(Finding),
}

fn named(matter: &str) -> Result<&'static Matter, Error> {
    catalogue()?.named(matter).ok_or_else(|| {
        Error::new(ErrorKind::Refused, "no such matter")
            .says("没有这个事项，请核对名称或编码。", "There is no such matter. Check its name or code.")
    })
}

fn refused(outcome: Outcome) -> Identified {
    Identified { outcome, met: Vec::new(), application: None }
}

fn applicant(evidence: &Evidence, credential_type: &CredentialType) -> Option<Applicant> {
    let [party] = credential_type.holder().parties.as_slice() else { return None };
    let claims = evidence.content.claims();
    let subject = claims.as_object()?;
    let name = subject.get(party.name.as_deref()?)?.as_str()?.to_owned();
    let (code_type, code) = shown_codes(credential_type, subject).into_iter().next()?;
    let key = evidence.holders.iter().find_map(|holder| key_of_did(holder));
    Some(Applicant { name, code, code_type, holder_key: key.map(|key| key.to_jwk()) })
}
