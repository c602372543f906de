//! Verifying what was shown to the city: the pipeline's verdict, and the memory that a code is accepted once.

use super::change::{Change, Table, expiring};
use super::city::City;
use super::error::{Error, ErrorKind, Reason};
use super::ports::StoreError;
use super::usage::record::Signed;
use super::usage::write::{Context, Seen};
use super::usage::{Mode, Place};
use crate::base::bytes::{base64url, hex};
use crate::base::id::RequestId;
use crate::base::json::{Map, Value};
use crate::base::random::bytes;
use crate::base::text::Label;
use crate::crypto::digest::sha256;
use crate::vc::finding::{Code, State};
use crate::vc::model::one_or_more;
use crate::vc::verify::verdict::CheckResult;
use crate::vc::verify::{Once, Outcome, Policy, Received, Verdict, verify};

impl City {
    /// Verifies without remembering: for looking at something again.
    pub fn verify(&self, received: Received, policy: &Policy<'_>) -> Outcome {
        verify(received, policy, &self.sources())
    }

    /// Whether nobody else has to be asked to verify a credential: the registry names its keys, the city keeps its status.
    pub fn verifies_alone(&self, credential: &Map) -> bool {
        fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
            object.get(name).and_then(Value::as_str)
        }
        let registry = self.registry();
        let known =
            |proof: &Value| text(proof, "verificationMethod").is_some_and(|method| registry.method(method).is_some());
        let own = |entry: &Value| {
            text(entry, "statusListCredential").is_some_and(|list| self.names.own_status_list(list).is_some())
        };
        one_or_more(credential.get("proof")).iter().all(known)
            && one_or_more(credential.get("credentialStatus")).iter().all(own)
    }

    /// Verifies, and remembers a presentation that is accepted, so that it is accepted once.
    ///
    /// Of two callers that present the same code at the same time, one is refused.
    pub fn verify_once(&self, received: Received, policy: &Policy<'_>) -> Result<Outcome, Error> {
        let mut outcome = self.verify(received, policy);
        let Some(once) = outcome.verified.as_ref().and_then(|verified| verified.once) else { return Ok(outcome) };
        let change = remember(Change::new(self.fresh_request("replay")?, once.digest), &once);
        match self.store().commit(change) {
            Ok(_) => Ok(outcome),
            Err(StoreError::Duplicate { .. }) => {
                outcome.refuse_replay();
                Ok(outcome)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Verifies what was scanned at a window where no application is open; remembered like every other use.
    pub fn check(&self, place: &Place, received: Received, scanned: &[u8]) -> Result<(Outcome, Vec<Signed>), Error> {
        let mut outcome = self.verify(received, &Policy::full(self.now()));
        for _ in 0..2 {
            let change = Change::new(self.fresh_request("check")?, sha256(scanned));
            let change = match outcome.verified.as_ref().and_then(|verified| verified.once) {
                Some(once) => remember(change, &once),
                None => change,
            };
            let seen = [Seen { outcome: &outcome, received: scanned }];
            match self.commit_seen(change, &Context::new(place, Mode::Shown), &seen)? {
                Ok(uses) => return Ok((outcome, uses)),
                // Accepted elsewhere meanwhile: what is remembered then is that it was refused.
                Err(StoreError::Duplicate { .. }) => outcome.refuse_replay(),
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable, "the code was used again and again"))
    }

    /// A request id for something that is never asked twice.
    pub(super) fn fresh_request(&self, purpose: &str) -> Result<RequestId, Error> {
        Ok(RequestId::parse(&format!("{purpose}/{}", base64url(&bytes::<16>(self.random()))))?)
    }
}

/// How much longer than it could be shown a presentation is remembered, seconds: three days, so that one which was also
/// accepted by a verifier without a network is noticed when that one's journal is reconciled.
const REMEMBERED: i64 = 3 * 86_400;

/// Adds to a change that a presentation was accepted.
pub(super) fn remember(change: Change, once: &Once) -> Change {
    let row = expiring(once.until.as_second().saturating_add(REMEMBERED), &[]);
    change.insert(Table::Replay, hex(&once.digest), row)
}

/// Why a presentation is refused, for who made it: the checks that failed.
pub(super) fn not_verified(verdict: &Verdict) -> Error {
    let bad = |result: &&CheckResult| matches!(result.state, State::Invalid | State::Error);
    let failed: Vec<_> = verdict.report.results().iter().filter(bad).collect();
    let kind = if verdict.is_undecided() { ErrorKind::Unavailable } else { ErrorKind::NotVerified };
    let reasons = failed.iter().filter_map(|result| {
        let code = result.code?;
        let message = Label::new(code.zh(), code.en());
        Some(Reason { field: result.check.name().to_owned(), code: code.as_str().to_owned(), message })
    });
    let detail = failed.iter().map(|result| {
        let code = result.code.map_or("", Code::as_str);
        format!("{}: {code} ({})", result.check.name(), result.detail)
    });
    let mut error = Error::new(kind, detail.collect::<Vec<_>>().join("; ")).because(reasons.collect());
    error.message = error.reasons.first().map(|reason| reason.message.clone());
    error
}
