//! Opening a case by showing: the first presentation names the applicant, so that nobody types what a licence says.
//!
//! Filing and ticking off are one change: a code that was used before, or a presentation that is refused, leaves no case
//! behind.

use super::file::DRAWS;
use super::present::{Scan, Taken};
use super::record::{Applicant, Application, catalogue};
use crate::crypto::digest::sha256;
use crate::domain::catalogue::CredentialType;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::holder::{key_of_did, shown_codes};
use crate::domain::matter::Matter;
use crate::domain::ports::StoreError;
use crate::domain::presentation::remember;
use crate::domain::usage::record::Signed;
use crate::domain::usage::write::Seen;
use crate::domain::usage::{Mode, Place};
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
    /// The records of it, one for each credential.
    pub uses: Vec<Signed>,
}

impl City {
    /// Verifies what was scanned, files an application of a matter for its holder and ticks off what it meets.
    pub fn identify(&self, place: &Place, matter: &str, scanned: &[u8]) -> Result<Identified, Error> {
        let matter = named(matter)?;
        let policy = Policy { binding: Binding::Required, ..Policy::full(self.now()) };
        let outcome = self.verify(receive(scanned)?, &policy);
        self.identify_seen(matter, outcome, &Scan { place, mode: Mode::Shown, received: scanned, spoken: None })
    }

    /// The same for the show code behind a spoken code, which is used up whatever comes of it.
    pub fn identify_spoken(&self, place: &Place, matter: &str, code: &str) -> Result<Identified, Error> {
        let matter = named(matter)?;
        let redeemed = self.find_spoken(&place.unit, &place.who, code)?;
        let scan = Scan { place, mode: Mode::Spoken, received: &redeemed.text, spoken: Some(&redeemed) };
        self.identify_seen(matter, redeemed.outcome.clone(), &scan)
    }

    fn identify_seen(&self, matter: &Matter, outcome: Outcome, scan: &Scan<'_>) -> Result<Identified, Error> {
        let mut identified = self.identify_verified(matter, outcome, scan)?;
        if identified.application.is_none() {
            let context = scan.context().about(Some(matter));
            identified.uses = self.note_refused_scan(&context, &identified.outcome, scan)?;
        }
        Ok(identified)
    }

    fn identify_verified(&self, matter: &Matter, mut outcome: Outcome, scan: &Scan<'_>) -> Result<Identified, Error> {
        let Some(verified) = outcome.verified.clone() else { return Ok(refused(outcome)) };
        let (digest, all) = (sha256(scan.received), |evidence: &Evidence| evidence.content.claims());
        let taken = Taken { digest: &digest, requirement: None, claims: &all };
        for _ in 0..DRAWS {
            match self.open_case(matter, &outcome, &verified, &taken, scan)? {
                Opened::Case(application, met, uses) => {
                    return Ok(Identified { outcome, met, application: Some(*application), uses });
                }
                Opened::Taken => {}
                Opened::Refused(finding) => {
                    outcome.refuse(finding);
                    return Ok(refused(outcome));
                }
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "no free case number was drawn"))
    }

    fn open_case(
        &self,
        matter: &Matter,
        outcome: &Outcome,
        verified: &Verified<Presentation>,
        taken: &Taken<'_>,
        scan: &Scan<'_>,
    ) -> Result<Opened, Error> {
        let Some(applicant) = verified.credentials.iter().find_map(|one| self.applicant_of(one)) else {
            let detail = "no credential shows its holder's name and code";
            return Ok(Opened::Refused(Finding::invalid(Check::Binding, Code::ApplicantUnnamed, detail)));
        };
        let mut application = self.new_application(&scan.place.unit, matter, applicant)?;
        let met = match self.tick(&mut application, verified, taken)? {
            Ok(met) => met,
            // It still says who applies; the matter's own materials follow.
            Err(finding) if finding.code == Code::NotAskedFor => Vec::new(),
            Err(finding) => return Ok(Opened::Refused(finding)),
        };
        let change = Change::new(self.fresh_request("file")?, *taken.digest);
        let change = self.put_or_file(change, &application)?;
        let change = match (scan.spoken, &verified.once) {
            (Some(spoken), _) => spoken.used_up(change),
            (None, Some(once)) => remember(change, once),
            (None, None) => change,
        };
        let seen = [Seen { outcome, received: scan.received }];
        match self.commit_seen(change, &scan.context().of(&application), &seen)? {
            Ok(uses) => Ok(Opened::Case(Box::new(self.application(&application.head.id)?), met, uses)),
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
    /// A case with the requirements met, and the records of what was shown.
    Case(Box<Application>, Vec<String>, Vec<Signed>),
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
    Identified { outcome, met: Vec::new(), application: None, uses: Vec::new() }
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
