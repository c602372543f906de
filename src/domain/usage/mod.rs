//! Use records, 用证记录: what was verified at which window, for which matter and why; seen by the holder, who can object.
//!
//! Every verification at a window makes one record for each licence that was shown, accepted or not. A record is a JWT that
//! the city's root key signs and that names the digest of the one before it in its chain; its own digest is the log's leaf,
//! written in the change that remembers the verification. [`record`] is its form, [`write`](mod@write) makes it, `about` says
//! what it tells of a licence, [`read`] finds it for the
//! holder, the licence's agency and the auditor, [`holder`] is how a holder proves to be one without an account, [`licences`]
//! what they get by it of the licence itself,
//! [`objection`] what the holder may say against it, [`copy`] the one annotated copy (加注件) that may be made of what was
//! shown.

mod about;
pub mod copy;
pub mod holder;
pub mod licences;
pub mod objection;
pub mod read;
pub mod record;
pub mod write;

use serde::{Deserialize, Serialize};

use super::account::Author;
use super::error::Error;
use super::token::Caller;
use crate::base::id::{AccountName, AgencyCode};

/// Why the window may look at a licence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Basis {
    /// The holder agreed by showing it (个人信息保护法 13(1)).
    #[default]
    Consent,
    /// The law obliges the unit (13(3)); the holder is told all the same (35).
    Duty,
}

/// How a licence was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The holder's code was scanned (主动亮证), or a file was handed over.
    Shown,
    /// The holder's wallet answered the window's request (反扫).
    Requested,
    /// The holder gave eight digits (授权码).
    Spoken,
}

/// Where and by whom something is verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The agency whose window it is.
    pub unit: AgencyCode,
    /// The clerk's account, or the name of the machine's token; told to nobody.
    pub who: String,
    /// Whether a machine works there, whose name is then the window's.
    pub machine: bool,
    /// Why it may look.
    #[serde(default)]
    pub basis: Basis,
}

impl Place {
    /// Who works there, as records of the city name them.
    pub fn author(&self) -> Author {
        let account = if self.machine { None } else { AccountName::parse(&self.who).ok() };
        account.map_or_else(|| Author::Token(self.who.clone()), Author::Account)
    }

    /// A window with a name of its own.
    pub fn new(unit: AgencyCode, who: impl Into<String>) -> Self {
        Self { unit, who: who.into(), machine: true, basis: Basis::Consent }
    }

    /// Where a caller works; `not-allowed` for whoever has no window.
    pub fn of(caller: &Caller) -> Result<Self, Error> {
        let machine = caller.person.is_none();
        Ok(Self { unit: caller.window()?.clone(), who: caller.label.clone(), machine, basis: Basis::Consent })
    }

    /// The same under another legal basis.
    #[must_use]
    pub fn by(mut self, basis: Basis) -> Self {
        self.basis = basis;
        self
    }
}
