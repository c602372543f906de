//! What came of judging an archive: everything that was looked at, and what is wrong with it.

use super::Manifest;
use crate::base::json::Value;
use crate::base::text::Label;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The member, or `manifest`.
    pub name: String,
    /// What it is.
    pub label: Label,
    /// Which one, for people: a licence, a version.
    pub about: Option<Label>,
    /// What is wrong with it; absent when nothing is.
    pub wrong: Option<String>,
}

/// What came of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the manifest says, where its signature verifies.
    pub manifest: Option<Manifest>,
    /// Everything that was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Whether all of it is as it should be.
    pub fn accepted(&self) -> bool {
        self.manifest.is_some() && self.findings.iter().all(|one| one.wrong.is_none())
    }

    /// The report for machines.
    pub fn to_json(&self) -> Value {
        let finding = |one: &Finding| {
            serde_json::json!({
                "name": one.name, "zh": one.label.zh, "en": one.label.en, "about": one.about, "wrong": one.wrong,
            })
        };
        serde_json::json!({
            "accepted": self.accepted(),
            "case": self.manifest.as_ref().map(|manifest| &manifest.case),
            "at": self.manifest.as_ref().map(|manifest| &manifest.at),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }

    pub(super) fn note(&mut self, name: &str, label: (&str, &str), outcome: Result<(), String>) {
        self.note_of(name, label, None, outcome);
    }

    pub(super) fn note_of(
        &mut self,
        name: &str,
        label: (&str, &str),
        about: Option<Label>,
        outcome: Result<(), String>,
    ) {
        let label = Label::new(label.0, label.1);
        self.findings.push(Finding { name: name.to_owned(), label, about, wrong: outcome.err() });
    }
}
