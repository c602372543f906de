//! Applications, 办件: what somebody files at a window, what was shown for it, and how it was decided.
//!
//! file → present → accept (受理) → decide → settle (办结). A state carries exactly what it has; a transition consumes the
//! state and refuses when it does not fit. The result is issued in the same change as the decision. [`record`] is the
//! stored form, [`file`](mod@file), [`identify`], [`present`], [`accept`], [`decide`] and [`hand_over`] the use cases,
//! `case_file` what is kept beside, [`progress`] what the receipt's code tells anyone, [`rating`] what its holder tells the
//! office.

pub mod accept;
pub(in crate::domain) mod case_file;
pub mod decide;
pub mod file;
pub mod hand_over;
pub mod identify;
pub mod present;
pub mod progress;
pub mod rating;
pub mod record;

use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorKind};
use crate::base::id::CredentialId;
use crate::base::text::Label;
use crate::base::time::{Date, Timestamp};

/// Where an application stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "state")]
pub enum State {
    /// Filed; materials are being shown.
    Filed,
    /// Not taken up (不予受理), for a reason.
    NotAccepted {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Taken up (受理).
    Accepted {
        /// When.
        at: Timestamp,
        /// The day by which it will be decided.
        due: Date,
    },
    /// Settled with what was applied for (办结).
    Granted {
        /// When it was taken up.
        accepted_at: Timestamp,
        /// When it was decided.
        at: Timestamp,
        /// The credentials that are the result.
        results: Vec<CredentialId>,
    },
    /// Refused (不予许可), for a reason.
    Refused {
        /// When it was taken up.
        accepted_at: Timestamp,
        /// When it was decided.
        at: Timestamp,
        /// Why.
        reason: String,
    },
}

impl State {
    /// The frozen name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Filed => "filed",
            Self::NotAccepted { .. } => "notAccepted",
            Self::Accepted { .. } => "accepted",
            Self::Granted { .. } => "granted",
            Self::Refused { .. } => "refused",
        }
    }

    /// The word for people.
    pub fn label(&self) -> Label {
        match self {
            Self::Filed => Label::new("已收件", "Received"),
            Self::NotAccepted { .. } => Label::new("不予受理", "Not accepted"),
            Self::Accepted { .. } => Label::new("已受理", "Accepted"),
            Self::Granted { .. } => Label::new("已办结", "Settled"),
            Self::Refused { .. } => Label::new("不予许可", "Refused"),
        }
    }

    /// Fails unless materials may still be shown.
    pub fn require_open(&self) -> Result<(), Error> {
        if *self == Self::Filed { Ok(()) } else { Err(self.does_not_fit()) }
    }

    /// Taken up.
    pub fn accept(self, at: Timestamp, due: Date) -> Result<Self, Error> {
        if self == Self::Filed { Ok(Self::Accepted { at, due }) } else { Err(self.does_not_fit()) }
    }

    /// Not taken up.
    pub fn reject(self, at: Timestamp, reason: String) -> Result<Self, Error> {
        if self == Self::Filed { Ok(Self::NotAccepted { at, reason }) } else { Err(self.does_not_fit()) }
    }

    /// Decided: granted with its results.
    pub fn grant(self, at: Timestamp, results: Vec<CredentialId>) -> Result<Self, Error> {
        let Self::Accepted { at: accepted_at, .. } = self else { return Err(self.does_not_fit()) };
        Ok(Self::Granted { accepted_at, at, results })
    }

    /// Decided: refused.
    pub fn refuse(self, at: Timestamp, reason: String) -> Result<Self, Error> {
        let Self::Accepted { at: accepted_at, .. } = self else { return Err(self.does_not_fit()) };
        Ok(Self::Refused { accepted_at, at, reason })
    }

    fn does_not_fit(&self) -> Error {
        let label = self.label();
        Error::new(ErrorKind::Conflict, format!("the application is {}", self.name())).says(
            format!("办件当前状态为“{}”，不能进行此操作。", label.zh),
            format!("The application is “{}”; this step does not fit.", label.en),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::{parse_date, parse_rfc3339};

    #[test]
    fn a_decision_needs_acceptance_and_is_final() {
        let at = parse_rfc3339("2026-03-02T01:00:00Z").unwrap();
        let due = parse_date("2026-03-09").unwrap();
        assert!(State::Filed.grant(at, Vec::new()).is_err());
        let accepted = State::Filed.accept(at, due).unwrap();
        assert!(accepted.clone().accept(at, due).is_err(), "accepted once");
        assert!(accepted.clone().reject(at, String::new()).is_err());
        let granted = accepted.grant(at, Vec::new()).unwrap();
        assert_eq!(granted.clone().refuse(at, String::new()).unwrap_err().kind, ErrorKind::Conflict);
        assert_eq!(serde_json::to_value(&granted).unwrap()["acceptedAt"], "2026-03-02T01:00:00Z");
    }
}
