//! The verdict: every check listed, with its state, its frozen code and a sentence in both languages.

use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::sources::{Claims, Content, Relied};
use crate::base::json::{Map, Value, json};
use crate::base::text::{Label, Lang};
use crate::base::time::{Timestamp, rfc3339};
use crate::vc::finding::{Check, Code, Finding, State};

/// The format in which something was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON credential with Data Integrity proofs.
    Credential,
    /// A JSON presentation with Data Integrity proofs.
    Presentation,
    /// An SD-JWT VC, with or without key binding.
    SdJwt,
    /// A compact credential in a show code or a printed code.
    Compact,
    /// None that is known.
    Unknown,
}

impl Format {
    /// The frozen name, as the protocols spell it where they have one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Credential => "ldp_vc",
            Self::Presentation => "ldp_vp",
            Self::SdJwt => "dc+sd-jwt",
            Self::Compact => "compact",
            Self::Unknown => "unknown",
        }
    }
}

/// How one check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckResult {
    /// The check.
    pub check: Check,
    /// How it came out.
    pub state: State,
    /// The reason, where there is one.
    pub code: Option<Code>,
    /// Technical English, without personal data.
    pub detail: String,
}

impl CheckResult {
    /// A check that has not been made.
    pub fn skipped(check: Check) -> Self {
        Self { check, state: State::Skipped, code: None, detail: String::new() }
    }

    /// The sentence for people.
    pub fn sentence(&self, lang: Lang) -> &'static str {
        match (self.code, self.state) {
            (Some(code), _) => lang.pick(code.zh(), code.en()),
            (None, State::Valid) => lang.pick("核验通过。", "Verified."),
            (None, State::Invalid) => lang.pick("核验未通过。", "Not accepted."),
            (None, State::Error) => lang.pick("暂时无法核验。", "Cannot verify right now."),
            (None, State::Skipped) => lang.pick("不适用。", "Does not apply."),
        }
    }
}

impl Serialize for CheckResult {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut map = writer.serialize_map(None)?;
        map.serialize_entry("check", self.check.name())?;
        map.serialize_entry("state", self.state.name())?;
        entry(&mut map, "code", self.code.map(Code::as_str).as_ref())?;
        map.serialize_entry("zh", self.sentence(Lang::Zh))?;
        map.serialize_entry("en", self.sentence(Lang::En))?;
        entry(&mut map, "detail", Some(&self.detail).filter(|detail| !detail.is_empty()))?;
        map.end()
    }
}

/// The checks made so far; of two results for one check the worse stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report([CheckResult; 9]);

impl Default for Report {
    fn default() -> Self {
        Self(Check::ALL.map(CheckResult::skipped))
    }
}

impl Report {
    /// Notes that a check came out well, unless it already came out badly.
    pub fn pass(&mut self, check: Check) {
        self.note(CheckResult { check, state: State::Valid, code: None, detail: String::new() });
    }

    /// Notes that a check came out well, and by what.
    pub fn pass_by(&mut self, check: Check, detail: String) {
        self.note(CheckResult { check, state: State::Valid, code: None, detail });
    }

    /// Notes a finding.
    pub fn fail(&mut self, finding: Finding) {
        let Finding { check, state, code, detail } = finding;
        self.note(CheckResult { check, state, code: Some(code), detail });
    }

    /// Notes several findings.
    pub fn fail_all(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.fail(finding);
        }
    }

    /// Notes that a check does not apply, and why.
    pub fn skip(&mut self, check: Check, code: Code) {
        self.note(CheckResult { check, state: State::Skipped, code: Some(code), detail: String::new() });
    }

    /// Notes the outcome of a check and passes on what it found.
    pub fn take<T>(&mut self, check: Check, outcome: Result<T, Finding>) -> Option<T> {
        match outcome {
            Ok(value) => {
                self.pass(check);
                Some(value)
            }
            Err(finding) => {
                self.fail(finding);
                None
            }
        }
    }

    /// Notes what another report says, check by check: the report of several presentations.
    pub fn merge(&mut self, other: &Self) {
        for result in other.results() {
            self.note(result.clone());
        }
    }

    /// The results, one for each check, in order.
    pub fn results(&self) -> &[CheckResult] {
        &self.0
    }

    /// The state of one check.
    pub fn state(&self, check: Check) -> State {
        self.0.iter().find(|result| result.check == check).map_or(State::Skipped, |result| result.state)
    }

    /// Whether nothing is wrong or undecided and every one of `required` is valid.
    pub fn accepts(&self, required: &[Check]) -> bool {
        let nothing_bad = self.0.iter().all(|result| matches!(result.state, State::Valid | State::Skipped));
        nothing_bad && required.iter().all(|check| self.state(*check) == State::Valid)
    }

    fn note(&mut self, new: CheckResult) {
        if let Some(old) = self.0.iter_mut().find(|old| old.check == new.check)
            && rank(&new) > rank(old)
        {
            *old = new;
        }
    }
}

fn rank(result: &CheckResult) -> u8 {
    match result.state {
        State::Skipped if result.code.is_none() => 0,
        State::Valid => 1,
        State::Skipped => 2,
        State::Error => 3,
        State::Invalid => 4,
    }
}

/// What is said about one credential.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Its identifier, where the format carries one.
    pub id: Option<String>,
    /// The names of its type: VC types, `vct` or type code.
    pub type_names: Vec<String>,
    /// The type's name for people, where the type is known.
    pub type_label: Option<Label>,
    /// The issuer's DID or URL.
    pub issuer: String,
    /// The issuer's name in the trust registry.
    pub issuer_name: Option<Label>,
    /// Valid from.
    pub valid_from: Option<Timestamp>,
    /// Valid until; absent for 长期.
    pub valid_until: Option<Timestamp>,
    /// The view that a compact credential shows.
    pub view: Option<String>,
    /// What was shown.
    pub content: Option<Arc<Content>>,
    /// What the answer rests on, where that is not what the verifier itself knows now.
    pub relied: Option<ReliedOn>,
}

/// Knowledge that was not the verifier's own of that moment: another city's registry, a list that was read before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReliedOn {
    /// The registry.
    pub registry: Option<Arc<Relied>>,
    /// When the oldest status list had been read.
    pub status_as_of: Option<Timestamp>,
    /// When it was relied on.
    pub now: Timestamp,
}

impl ReliedOn {
    /// What was relied on, if anything was.
    pub fn new(registry: Option<&Arc<Relied>>, status_as_of: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        let any = registry.is_some() || status_as_of.is_some();
        any.then(|| Self { registry: registry.cloned(), status_as_of, now })
    }

    /// How old something was when it was relied on, in seconds.
    pub fn age(&self, as_of: Timestamp) -> i64 {
        self.now.as_second().saturating_sub(as_of.as_second()).max(0)
    }

    fn to_json(&self) -> Value {
        let registry = self.registry.as_ref().map(|relied| {
            json!({
                "city": relied.city, "name": relied.name, "version": relied.version,
                "asOf": rfc3339(relied.as_of), "ageSeconds": self.age(relied.as_of),
            })
        });
        let status = self.status_as_of.map(|at| json!({"asOf": rfc3339(at), "ageSeconds": self.age(at)}));
        let members = [("registry", registry), ("status", status)];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Map>().into()
    }
}

impl Summary {
    /// The claims about the subject: an array where there are several subjects.
    pub fn claims(&self) -> Option<Claims<'_>> {
        self.content.as_deref().map(Content::shown)
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut map = writer.serialize_map(None)?;
        entry(&mut map, "id", self.id.as_ref())?;
        map.serialize_entry("type", &self.type_names)?;
        entry(&mut map, "typeName", self.type_label.as_ref())?;
        map.serialize_entry("issuer", &self.issuer)?;
        entry(&mut map, "issuerName", self.issuer_name.as_ref())?;
        entry(&mut map, "validFrom", self.valid_from.map(rfc3339).as_ref())?;
        entry(&mut map, "validUntil", self.valid_until.map(rfc3339).as_ref())?;
        entry(&mut map, "view", self.view.as_ref())?;
        entry(&mut map, "claims", self.claims().as_ref())?;
        entry(&mut map, "reliedOn", self.relied.as_ref().map(ReliedOn::to_json).as_ref())?;
        map.end()
    }
}

/// Writes a member that is there.
fn entry<M: SerializeMap, T: Serialize>(map: &mut M, name: &str, value: Option<&T>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

/// The sum of the checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it can be relied on.
    pub accepted: bool,
    /// How it was presented.
    pub format: Format,
    /// What was presented; empty when it could not be read.
    pub credentials: Vec<Summary>,
    /// Every check.
    pub report: Report,
    /// When it was checked.
    pub checked_at: Timestamp,
}

impl Verdict {
    /// The verdict on something that could not be read.
    pub fn unreadable(finding: Finding, now: Timestamp) -> Self {
        let mut report = Report::default();
        report.fail(finding);
        Self { accepted: false, format: Format::Unknown, credentials: Vec::new(), report, checked_at: now }
    }

    /// Whether the answer is that nothing could be decided: undecided checks and none that failed.
    pub fn is_undecided(&self) -> bool {
        let has = |state| self.report.results().iter().any(|result| result.state == state);
        !self.accepted && has(State::Error) && !has(State::Invalid)
    }

    /// The verdict as the interfaces give it: `credential` is the first, `credentials` all where there are several.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        let mut map = writer.serialize_map(None)?;
        map.serialize_entry("accepted", &self.accepted)?;
        map.serialize_entry("format", self.format.name())?;
        map.serialize_entry("credential", &self.credentials.first())?;
        if self.credentials.len() > 1 {
            map.serialize_entry("credentials", &self.credentials)?;
        }
        map.serialize_entry("checks", self.report.results())?;
        map.serialize_entry("checkedAt", &rfc3339(self.checked_at))?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_result_stands() {
        let mut report = Report::default();
        report.fail(Finding::error(Check::Status, Code::StatusUnreachable, "timeout"));
        report.pass(Check::Status);
        assert_eq!(report.state(Check::Status), State::Error);
        report.fail(Finding::invalid(Check::Status, Code::Revoked, ""));
        report.fail(Finding::error(Check::Status, Code::StatusUnreachable, "timeout"));
        assert_eq!(report.state(Check::Status), State::Invalid);
    }

    #[test]
    fn a_required_check_must_be_valid_and_none_may_be_bad() {
        let mut report = Report::default();
        report.pass(Check::Proof);
        assert!(report.accepts(&[Check::Proof]));
        assert!(!report.accepts(&[Check::Proof, Check::Binding]), "skipped is not valid");
        report.fail(Finding::error(Check::Status, Code::StatusUnreachable, ""));
        assert!(!report.accepts(&[Check::Proof]), "undecided is not accepted");
    }
}
