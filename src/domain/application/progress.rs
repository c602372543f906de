//! What the receipt's code tells anyone who scans it: the matter, a masked name, the steps with their times.

use super::State;
use super::rating::Rating;
use super::record::Application;
use crate::base::json::{Value, json};
use crate::base::text::{Label, mask_name};
use crate::base::time::{Timestamp, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::agency::Agencies;
use crate::domain::change::Table;
use crate::domain::city::City;
use crate::domain::error::Error;

/// The state of a case without personal data beyond a masked name.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The case number.
    pub number: String,
    /// The matter.
    pub matter: Label,
    /// The agency that decides.
    pub agency: Label,
    /// Its telephone.
    pub phone: String,
    /// The applicant's masked name.
    pub applicant: String,
    /// The frozen name of the state.
    pub state: &'static str,
    /// The word for the state.
    pub state_name: Label,
    /// Steps with their times.
    pub steps: Vec<(Label, Timestamp)>,
    /// The day by which it will be decided.
    pub due: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Whether the service may be rated now.
    pub may_rate: bool,
    /// How it was rated.
    pub rating: Option<Rating>,
}

impl City {
    /// The progress behind a receipt's token; `not-found` for every other text.
    pub fn progress(&self, token: &str) -> Result<Progress, Error> {
        let application = self.application_behind(token)?;
        let rating = self.rating_of(&application)?;
        progress_of(&application, rating)
    }

    /// The application behind a receipt's token.
    pub(super) fn application_behind(&self, token: &str) -> Result<Application, Error> {
        let row = self.store().get(Table::ReceiptToken, &sha256(token.as_bytes()))?;
        let row = row.ok_or_else(|| {
            Error::not_found("no such receipt")
                .says("没有找到这张回执，请核对后重试。", "There is no such receipt. Check the code and try again.")
        })?;
        self.application_at(&row.value)
    }
}

fn progress_of(application: &Application, rating: Option<Rating>) -> Result<Progress, Error> {
    let matter = application.matter()?;
    let head = &application.head;
    let agencies = Agencies::shipped()?;
    let agency = agencies.find(&head.agency);
    Ok(Progress {
        number: head.id.to_string(),
        matter: matter.name.clone(),
        agency: agency.map(|agency| agency.name.clone()).unwrap_or_default(),
        phone: agency.map(|agency| agency.window.phone.clone()).unwrap_or_default(),
        applicant: mask_name(&application.body.applicant.name),
        state: head.state.name(),
        state_name: head.state.label(),
        steps: steps(application),
        due: match &head.state {
            State::Accepted { due, .. } => Some(due.to_string()),
            State::Filed | State::NotAccepted { .. } | State::Granted { .. } | State::Refused { .. } => None,
        },
        reason: match &head.state {
            State::NotAccepted { reason, .. } | State::Refused { reason, .. } => Some(reason.clone()),
            State::Filed | State::Accepted { .. } | State::Granted { .. } => None,
        },
        may_rate: rating.is_none() && !matches!(head.state, State::Filed | State::Accepted { .. }),
        rating,
    })
}

fn steps(application: &Application) -> Vec<(Label, Timestamp)> {
    let head = &application.head;
    let mut steps = vec![(State::Filed.label(), head.filed_at)];
    match &head.state {
        State::Filed => {}
        State::NotAccepted { at, .. } | State::Accepted { at, .. } => steps.push((head.state.label(), *at)),
        State::Granted { accepted_at, at, .. } | State::Refused { accepted_at, at, .. } => {
            steps.push((Label::new("已受理", "Accepted"), *accepted_at));
            steps.push((head.state.label(), *at));
        }
    }
    steps
}

impl Progress {
    /// The progress as JSON.
    pub fn to_json(&self) -> Value {
        let steps: Vec<_> = self.steps.iter().map(|(label, at)| json!({"step": label, "at": rfc3339(*at)})).collect();
        json!({
            "number": self.number,
            "matter": self.matter,
            "agency": {"name": self.agency, "phone": self.phone},
            "applicant": self.applicant,
            "state": self.state,
            "stateName": self.state_name,
            "steps": steps,
            "due": self.due,
            "reason": self.reason,
            "mayRate": self.may_rate,
            "rating": self.rating.as_ref().map(Rating::to_json),
        })
    }
}
