//! The one verification pipeline: whatever was scanned or dropped becomes one verdict.
//!
//! [`receive()`] tells the format, [`verify`] makes every check that applies and lists them all. [`Verified`] can be made
//! only here: what acts on a presentation takes `Verified<Presentation>` and so cannot forget to verify. Read
//! [`verdict`] (the answer), [`sources`] (the ports), `evidence` (checks common to all formats), then one file a format.

mod compact;
mod evidence;
mod json;
pub mod log;
mod receive;
mod sd_jwt;
pub mod sources;
pub mod verdict;

use std::ops::Deref;

pub use evidence::{Checked, Evidence};
pub use log::{LogEvidence, TrustedLog};
pub use receive::{Received, receive, receive_map};
pub use sd_jwt::verify_with_key;
pub use sources::Sources;
pub use verdict::{Format, Report, Verdict};

use crate::base::time::Timestamp;
use crate::vc::finding::{Check, Code, Finding};

/// How long a show code is accepted after it was made, seconds (DESIGN section 4).
pub const CODE_LIFE: i64 = 90;
/// How long any other presentation is accepted after it was made when no nonce ties it to a request, seconds.
pub const PRESENTATION_LIFE: i64 = 300;
/// How far a holder's clock may be ahead, seconds.
pub const CLOCK_SKEW: i64 = 30;

/// Which checks are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The whole policy of the city.
    #[default]
    Full,
    /// The data model and the proofs only.
    Proof,
}

/// Whether the holder must have proved to be the holder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// A holder proof is checked when there is one; without it the check is skipped and says so.
    #[default]
    WhenShown,
    /// Without a holder proof the presentation is refused.
    Required,
}

/// What the verifier wants.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    /// The time of the check.
    pub now: Timestamp,
    /// Which checks are wanted.
    pub scope: Scope,
    /// Whether the holder must prove to be the holder.
    pub binding: Binding,
    /// Who the verifier is (`aud`, `domain`); a presentation made for another is refused. Empty accepts any.
    pub audience: &'a [String],
    /// The nonce of the request (`nonce`, `challenge`).
    pub nonce: Option<&'a str>,
    /// Proofs that the issuing stands in a public log, and which logs are relied on; nothing is said of it without.
    pub log: Option<&'a LogEvidence>,
}

impl Policy<'_> {
    /// The full policy at a time, without a request: what anyone who verifies wants.
    pub fn full(now: Timestamp) -> Self {
        Self { now, scope: Scope::Full, binding: Binding::WhenShown, audience: &[], nonce: None, log: None }
    }

    fn required(&self) -> &'static [Check] {
        match (self.scope, self.binding) {
            (Scope::Proof, Binding::WhenShown) => &[Check::Parse, Check::Proof],
            (Scope::Proof, Binding::Required) => &[Check::Parse, Check::Proof, Check::Binding],
            (Scope::Full, Binding::WhenShown) => {
                &[Check::Parse, Check::Proof, Check::Trust, Check::Validity, Check::Schema]
            }
            (Scope::Full, Binding::Required) => {
                &[Check::Parse, Check::Proof, Check::Trust, Check::Validity, Check::Schema, Check::Binding]
            }
        }
    }

    /// Judges the age of something that a holder made at `made`.
    fn check_age(&self, made: Timestamp, life: i64) -> Result<(), Finding> {
        let age = self.now.as_second().saturating_sub(made.as_second());
        if age > life {
            return Err(Finding::invalid(
                Check::Freshness,
                Code::CodeExpired,
                format!("made {age} s ago, limit {life} s"),
            ));
        }
        if age < -CLOCK_SKEW {
            return Err(Finding::invalid(Check::Freshness, Code::ClockAhead, format!("made {} s in the future", -age)));
        }
        Ok(())
    }
}

/// Something whose every required check was valid. Only [`verify`] makes it.
#[derive(Clone, Debug)]
pub struct Verified<T>(T);

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What was presented: one or more credentials.
#[derive(Clone, Debug)]
pub struct Presentation {
    /// How it was presented.
    pub format: Format,
    /// The credentials with their claims as shown.
    pub credentials: Vec<Evidence>,
    /// Whether the holder proved to be the holder.
    pub bound: bool,
    /// What must be remembered so that it is accepted once; absent for what may be shown again, a plain credential.
    pub once: Option<Once>,
}

/// The mark of a presentation that may be accepted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Once {
    /// The digest of what the holder signed, the signature itself left out (it may have several spellings).
    pub digest: [u8; 32],
    /// Until when it must be remembered.
    pub until: Timestamp,
}

/// A verdict, and what was verified when it accepts.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Present exactly when the verdict accepts.
    pub verified: Option<Verified<Presentation>>,
}

/// What a format's file returns: the credentials it could read and the mark of the presentation.
struct Shown {
    format: Format,
    credentials: Vec<Evidence>,
    once: Option<Once>,
}

/// Makes every check that applies.
pub fn verify(received: Received, policy: &Policy<'_>, sources: &Sources<'_>) -> Outcome {
    let mut report = Report::default();
    let shown = match received {
        Received::Credential(map) => json::verify_credential(map, policy, sources, &mut report),
        Received::Presentation(map) => json::verify_presentation(&map, policy, sources, &mut report),
        Received::SdJwt(sd_jwt) => sd_jwt::verify(&sd_jwt, policy, sources, &mut report),
        Received::Compact(code) => compact::verify(&code, policy, sources, &mut report),
    };
    if let (Some(once), Scope::Full) = (&shown.once, policy.scope) {
        check_once(once, sources, &mut report);
    }
    conclude(shown, report, policy, sources)
}

fn check_once(once: &Once, sources: &Sources<'_>, report: &mut Report) {
    match sources.replays.seen(&once.digest) {
        Ok(false) => {}
        Ok(true) => report.fail(Finding::invalid(Check::Freshness, Code::Replayed, "accepted before")),
        Err(finding) => report.fail(finding),
    }
}

fn conclude(shown: Shown, mut report: Report, policy: &Policy<'_>, sources: &Sources<'_>) -> Outcome {
    let mut credentials = Vec::with_capacity(shown.credentials.len());
    for evidence in &shown.credentials {
        let checked = match policy.scope {
            Scope::Full => evidence.check(policy, sources, &mut report),
            Scope::Proof => Checked::default(),
        };
        credentials.push(evidence.summary(&checked, policy.now, sources));
    }
    if let (Some(log), Scope::Full) = (policy.log, policy.scope) {
        log.check(shown.credentials.iter().map(|evidence| evidence.content.as_ref()), &mut report);
    }
    // A presentation without credentials proves who holds a key, which is all that the proof scope asks.
    let something = !shown.credentials.is_empty() || policy.scope == Scope::Proof;
    let accepted = something && report.accepts(policy.required());
    let bound = report.state(Check::Binding) == crate::vc::finding::State::Valid;
    let Shown { format, credentials: evidence, once } = shown;
    let verified = accepted.then_some(Verified(Presentation { format, credentials: evidence, bound, once }));
    Outcome { verdict: Verdict { accepted, format, credentials, report, checked_at: policy.now }, verified }
}

impl Outcome {
    /// Turns an acceptance into a refusal because the presentation was accepted by another caller meanwhile.
    pub fn refuse_replay(&mut self) {
        self.refuse(Finding::invalid(Check::Freshness, Code::Replayed, "accepted meanwhile"));
    }

    /// Turns an acceptance into a refusal by a rule that only the caller knows.
    pub fn refuse(&mut self, finding: Finding) {
        self.verified = None;
        self.verdict.accepted = false;
        self.verdict.report.fail(finding);
    }
}
