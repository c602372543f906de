//! Acceptance (受理): every requirement is met, the clock starts, the receipt is given.

use serde::Deserialize;

use super::State;
use super::record::{Application, By, Fulfilled, requirement_label};
use crate::base::id::ApplicationId;
use crate::base::text::Label;
use crate::base::time::china_date;
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::calendar::Calendar;
use crate::domain::change::Change;
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind, Reason, given_reason};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::matter::{Material, Matter, Requirement};

/// What the clerk adds to what was scanned.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceptance {
    /// Forms that the clerk has seen, by requirement.
    #[serde(default)]
    pub forms: Vec<String>,
    /// Requirements replaced by a signed commitment, 告知承诺.
    #[serde(default)]
    pub commitments: Vec<String>,
    /// Requirements to be handed in later, 容缺.
    #[serde(default)]
    pub tolerated: Vec<String>,
}

impl City {
    /// Takes an application up; `refused` with what is missing when a requirement is not met.
    pub fn accept(&self, id: &ApplicationId, acceptance: &Acceptance, by: &Author) -> Result<Application, Error> {
        let mut application = self.application(id)?;
        let matter = application.matter()?;
        let calendar = Calendar::shipped()?;
        self.add(&mut application, matter, acceptance, &calendar)?;
        let missing: Vec<_> = application.missing(matter).map(missing_reason).collect();
        if !missing.is_empty() {
            let names = |part: fn(&Label) -> &str, comma: &str| {
                missing.iter().map(|reason| part(&reason.message)).collect::<Vec<_>>().join(comma)
            };
            let told = (names(|label| &label.zh, "、"), names(|label| &label.en, ", "));
            return Err(Error::new(ErrorKind::Refused, "materials are missing")
                .says(format!("还缺：{}。", told.0), format!("Still missing: {}.", told.1))
                .because(missing));
        }
        let due = calendar.plus_working_days(china_date(self.now()), matter.limits.promised);
        application.head.state = application.head.state.accept(self.this_second(), due)?;
        self.commit_state(&application, by)?;
        self.application(id)
    }

    /// Does not take an application up, for a reason that the applicant is told.
    pub fn reject(&self, id: &ApplicationId, reason: &str, by: &Author) -> Result<Application, Error> {
        let mut application = self.application(id)?;
        let reason = given_reason(reason)?;
        application.head.state = application.head.state.reject(self.this_second(), reason)?;
        self.commit_state(&application, by)?;
        self.application(id)
    }

    fn add(
        &self,
        application: &mut Application,
        matter: &Matter,
        acceptance: &Acceptance,
        calendar: &Calendar,
    ) -> Result<(), Error> {
        let now = self.this_second();
        for id in &acceptance.forms {
            let form = asked(matter, id, |one| matches!(one.material, Material::Form(_)), "form")?;
            add(application, Fulfilled { requirement: form.id.clone(), at: now, by: By::Form });
        }
        for id in &acceptance.commitments {
            let one = asked(matter, id, |one| one.replaceable, "commitment")?;
            add(application, Fulfilled { requirement: one.id.clone(), at: now, by: By::Commitment });
        }
        for id in &acceptance.tolerated {
            let one = asked(matter, id, Requirement::is_tolerable, "tolerated")?;
            let until = calendar.due(china_date(now), one.tolerable_days.unwrap_or_default());
            add(application, Fulfilled { requirement: one.id.clone(), at: now, by: By::Tolerated { until } });
        }
        Ok(())
    }

    /// Commits a new state with its log leaf.
    pub(super) fn commit_state(&self, application: &Application, by: &Author) -> Result<(), Error> {
        let change = Change::new(self.fresh_request("state")?, sha256(application.head.state.name().as_bytes()));
        self.store().commit(self.state_change(change, application, by)?)?;
        Ok(())
    }

    /// Adds a new state to a change, with its log leaf and who brought it about.
    pub(super) fn state_change(&self, change: Change, application: &Application, by: &Author) -> Result<Change, Error> {
        // `refused` is what becomes of an action of the second person.
        let step = match &application.head.state {
            State::Refused { .. } => "denied",
            other @ (State::Filed | State::NotAccepted { .. } | State::Accepted { .. } | State::Granted { .. }) => {
                other.name()
            }
        };
        let change = self.step(change, application, step, by)?;
        let head = &application.head;
        let mut change = self.put_application(change, application)?;
        let members = [("case", self.case_tag(&head.id)), ("state", head.state.name().into())];
        change.leaves.push(leaf(Kind::Application, self.now(), &members));
        self.audited_case(change, &head.agency, &head.id, head.state.name())
    }
}

fn add(application: &mut Application, fulfilled: Fulfilled) {
    if application.fulfilled(&fulfilled.requirement).is_none() {
        application.head.fulfilled.push(fulfilled);
    }
}

fn asked<'a>(
    matter: &'a Matter,
    id: &str,
    allowed: impl Fn(&Requirement) -> bool,
    how: &str,
) -> Result<&'a Requirement, Error> {
    matter.requirement(id).filter(|one| allowed(one)).ok_or_else(|| {
        Error::new(ErrorKind::Refused, format!("requirement {id} cannot be met by {how}"))
            .says(format!("材料 {id} 不能以此方式办理。"), format!("Requirement {id} cannot be met this way."))
    })
}

fn missing_reason(requirement: &Requirement) -> Reason {
    Reason { field: requirement.id.clone(), code: "missing".to_owned(), message: requirement_label(requirement) }
}
