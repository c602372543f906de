//! Judging an archive with nothing but a root key of the city, one of its time, an older or a newer one: no store, no
//! network, no clock.
//!
//! First `opening` it; what was changed is named. Then what the members say: registries by the
//! root key and their place in the log, use records by the root key and theirs, status lists by the keys of the agencies of
//! those days, presentations by the keys, lists and schemas of the moment when they were shown, events and results by their
//! place in the log.

use std::collections::{BTreeMap, BTreeSet};

use super::Archive;
use super::abroad::Believed;
use super::known::Known;
use super::lists::{List, Opened, stem};
use super::opening::{Frame, TRUST, check_members, frame, newest_registry, open_manifest};
use super::report::Report;
use crate::base::bytes::{from_base64url, hex};
use crate::base::json::{Limits, Value, parse_object};
use crate::base::text::Label;
use crate::base::time::{Timestamp, china_clock, china_date, from_unix, parse_rfc3339};
use crate::crypto::PublicKey;
use crate::crypto::digest::sha256;
use crate::domain::leaf::{Entry, Kind};
use crate::domain::trust::Registry;
use crate::domain::trust::roots::Anchor;
use crate::domain::usage::record::Signed;
use crate::tlog::merkle::leaf_hash;
use crate::tlog::proof::LogProof;
use crate::vc::verify::{Binding, LogEvidence, Policy, Scope, Sources, Verdict, receive, verify};

/// What was good when something was shown: status lists by the beginning of their names, other cities by the record.
type Then<'a> = (&'a BTreeMap<String, List>, &'a Believed);

/// Judges an archive by a root key of the city.
pub fn check(archive: &Archive, root: &PublicKey) -> Report {
    check_by(archive, &Anchor::new(root.clone()))
}

/// Judges an archive by what its reader holds of the city.
pub fn check_by(archive: &Archive, anchor: &Anchor) -> Report {
    let mut report = Report { manifest: None, findings: Vec::new() };
    let newest = newest_registry(archive, anchor);
    let roots = newest.as_ref().map(|newest| anchor.roots_of(newest));
    let manifest = match open_manifest(&archive.manifest, roots.as_ref(), anchor) {
        Ok(manifest) => manifest,
        Err(wrong) => {
            report.note("manifest", ("目录签名", "The manifest's signature"), Err(wrong));
            return report;
        }
    };
    report.note("manifest", ("目录签名", "The manifest's signature"), Ok(()));
    report.manifest = Some(manifest.clone());
    if !check_members(archive, &manifest, &mut report) {
        return report;
    }
    let (Some(newest), Some(roots)) = (newest, roots) else {
        report.note("trust", TRUST, Err("no registry follows from the root key".to_owned()));
        return report;
    };
    match frame(archive, &newest, roots, manifest, &mut report) {
        Ok(frame) => frame.check(&mut report),
        Err(error) => report.note("archive", ("归档内容", "The content"), Err(error.to_string())),
    }
    report
}

impl Frame<'_> {
    fn check(&self, report: &mut Report) {
        for (version, registry) in &self.registries {
            let about = Label::new(format!("第 {version} 版"), format!("version {version}"));
            report.note_of(&format!("trust/{version}.json"), TRUST, Some(about), self.check_trust(registry));
        }
        let mut uses = Vec::new();
        for name in self.archive.folder("uses/").filter(|name| name.strip_suffix(".jwt").is_some()) {
            let checked = self.check_use(name);
            let about = checked.as_ref().ok().map(what);
            let outcome = checked.map(|signed| uses.push((name.to_owned(), signed)));
            report.note_of(name, ("用证记录及其日志证明", "The use record and its place in the log"), about, outcome);
        }
        let abroad = self.check_abroad(&uses, report);
        let uses: Vec<_> = uses.into_iter().map(|(_, signed)| signed).collect();
        let lists = self.check_lists(&uses, &abroad, report);
        self.check_presentations(&uses, (&lists, &abroad), report);
        let outcome = self.check_events();
        report.note("events.json", ("办理经过及其日志证明", "The events and their places in the log"), outcome);
        for name in self.archive.folder("results/").filter(|name| name.strip_suffix(".json").is_some()) {
            report.note(name, ("办理结果", "The result"), self.check_result(name));
        }
        report.note("case.json", ("办件", "The case"), self.check_case(&uses));
    }

    /// The entry behind a proof, if it stands in the city's log.
    pub(super) fn entry(&self, name: &str) -> Result<Entry, String> {
        let proof = LogProof::parse(self.archive.text(name).map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())?;
        let leaf = proof.extra.clone().unwrap_or_default();
        let accepted = proof.verify(&leaf_hash(&leaf), &self.log).map_err(|error| error.to_string())?;
        let entry = Entry::parse(&leaf).map_err(|error| error.to_string())?;
        accepted.require_at(entry.at).map_err(|error| error.to_string())?;
        Ok(entry)
    }

    fn check_use(&self, name: &str) -> Result<Signed, String> {
        let signed = Signed::open(self.archive.text(name).map_err(|error| error.to_string())?, &self.roots)
            .map_err(|one| one.to_string())?;
        if signed.record.application.as_ref().is_none_or(|case| case.as_str() != self.manifest.case) {
            return Err("of another case".to_owned());
        }
        let entry = self.entry(&name.replace(".jwt", ".tlog-proof"))?;
        let digest = sha256(signed.jwt.as_bytes());
        if entry.kind != Kind::Used || entry.bytes("record") != Some(digest.as_slice()) {
            return Err("the log's entry is of something else".to_owned());
        }
        Ok(signed)
    }

    /// A registry by its place in the log, where the archive tells it.
    fn check_trust(&self, registry: &Registry) -> Result<(), String> {
        let name = |end: &str| format!("trust/{}.{end}", registry.version);
        if !self.archive.members.contains_key(&name("tlog-proof")) {
            return Ok(());
        }
        let entry = self.entry(&name("tlog-proof"))?;
        let digest = sha256(self.archive.member(&name("json")).map_err(|error| error.to_string())?);
        if entry.kind != Kind::Trust || entry.bytes("digest") != Some(digest.as_slice()) {
            return Err("the log's entry is of something else".to_owned());
        }
        Ok(())
    }

    /// The status lists that the records name, as of then.
    fn check_lists(&self, uses: &[Signed], abroad: &Believed, report: &mut Report) -> BTreeMap<String, List> {
        let mut opened = Opened::default();
        for record in uses.iter().map(|used| &used.record) {
            let Some(registry) = self.registries.get(&record.verdict.registry) else { continue };
            let known = self.known(registry, BTreeMap::new(), record.at);
            let known = Known { abroad: abroad.get(&record.id).into_iter().collect(), ..known };
            if let Some(used) = &record.credential {
                for place in &used.status {
                    opened.take(self.archive, (used, place), record.at, &known, &self.contexts);
                }
            }
        }
        for name in self.archive.folder("status/").filter(|name| !opened.told.contains_key(*name)).collect::<Vec<_>>() {
            opened.told.insert(name.to_owned(), Some("no use record names it".to_owned()));
        }
        for (name, wrong) in opened.told {
            report.note(&name, ("当时的证照状态名单", "The status list of that moment"), wrong.map_or(Ok(()), Err));
        }
        opened.good
    }

    fn known<'a>(
        &'a self,
        registry: &'a Registry,
        valid: BTreeMap<(String, u64), Option<&'a List>>,
        at: Timestamp,
    ) -> Known<'a> {
        Known { registry, types: &self.types, base: &self.manifest.base, abroad: Vec::new(), valid, at }
    }

    /// Each presentation, by what its records say of the moment when it was shown.
    fn check_presentations(&self, uses: &[Signed], then: Then<'_>, report: &mut Report) {
        let label = ("出示内容", "What was shown");
        let mut wanted: BTreeMap<String, Vec<&Signed>> = BTreeMap::new();
        for used in uses.iter().filter(|used| used.record.verdict.accepted) {
            let shown = from_base64url(&used.record.presentation).map(|shown| hex(&shown)).unwrap_or_default();
            wanted.entry(format!("presentations/{shown}")).or_default().push(used);
        }
        for (name, uses) in &wanted {
            let about = uses.first().map(|used| what(used));
            report.note_of(name, label, about, self.check_presentation(name, uses, then));
        }
        for name in self.archive.folder("presentations/").filter(|name| !wanted.contains_key(*name)) {
            report.note(name, label, Err("no use record is of it".to_owned()));
        }
    }

    fn check_presentation(&self, name: &str, uses: &[&Signed], (lists, abroad): Then<'_>) -> Result<(), String> {
        let received = self.archive.member(name).map_err(|error| error.to_string())?;
        let first = uses.first().ok_or("no use record")?;
        if name != format!("presentations/{}", hex(&sha256(received))) {
            return Err("not what the use record names".to_owned());
        }
        let registry =
            self.registries.get(&first.record.verdict.registry).ok_or("the registry of that day is missing")?;
        let places = uses.iter().filter_map(|used| used.record.credential.as_ref()).flat_map(|used| &used.status);
        let mut valid = BTreeMap::new();
        for place in places {
            let list = match stem(place) {
                Some(stem) => Some(lists.get(&stem).ok_or("the status list of that moment is not good")?),
                None => None,
            };
            valid.insert((place.list.clone(), place.index), list);
        }
        let now = first.record.shown_at.unwrap_or(first.record.at);
        let policy = Policy { binding: Binding::Required, ..Policy::full(now) };
        let known = self.known(registry, valid, first.record.at);
        let abroad = uses.iter().filter_map(|used| abroad.get(&used.record.id)).collect();
        accepted(&self.verify(received, &Known { abroad, ..known }, &policy)?)
    }

    fn verify(&self, received: &[u8], known: &Known<'_>, policy: &Policy<'_>) -> Result<Verdict, String> {
        let sources = Sources {
            keys: known,
            trust: known,
            statuses: known,
            types: known,
            replays: known,
            contexts: &self.contexts,
        };
        let received = receive(received).map_err(|finding| finding.to_string())?;
        Ok(verify(received, policy, &sources).verdict)
    }

    fn check_events(&self) -> Result<(), String> {
        let told_events: Value =
            serde_json::from_slice(self.archive.member("events.json").map_err(|error| error.to_string())?)
                .map_err(|error| error.to_string())?;
        let mut tag: Option<Vec<u8>> = None;
        for (n, event) in told_events.as_array().ok_or("no list")?.iter().enumerate() {
            let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
            let (state, at) = (text("state"), parse_rfc3339(text("at")).map_err(|error| error.to_string())?);
            let entry = self.entry(&format!("events/{n}-{state}.tlog-proof"))?;
            let same = entry.kind == Kind::Application
                && entry.text("state") == Some(state)
                && seconds(entry.at) == seconds(at);
            let case = entry.bytes("case").unwrap_or_default().to_vec();
            if !same || tag.as_ref().is_some_and(|tag| *tag != case) {
                return Err(format!("{state}: the log's entry is of something else"));
            }
            tag = Some(case);
        }
        if tag.is_some() { Ok(()) } else { Err("no event".to_owned()) }
    }

    /// A result by its signature, its issuer's right to issue it, and its place in the log.
    fn check_result(&self, name: &str) -> Result<(), String> {
        let received = self.archive.member(name).map_err(|error| error.to_string())?;
        let (_, registry) = self.registries.last_key_value().ok_or("no registry")?;
        let proof = LogProof::parse(
            self.archive.text(&name.replace(".json", ".tlog-proof")).map_err(|error| error.to_string())?,
        )
        .map_err(|error| error.to_string())?;
        let log =
            LogEvidence { proofs: vec![proof.clone()], logs: vec![self.log.clone().into()], ..LogEvidence::default() };
        let document = parse_object(received, &Limits::DEFAULT).map_err(|error| error.to_string())?;
        let entry = proof.extra.as_deref().and_then(|entry| Entry::parse(entry).ok()).ok_or("no entry in the proof")?;
        let places = document.get("credentialStatus").into_iter().flat_map(places);
        let valid = places.map(|place| (place, None)).collect();
        let policy = Policy { log: Some(&log), scope: Scope::Full, ..Policy::full(entry.at) };
        accepted(&self.verify(received, &self.known(registry, valid, entry.at), &policy)?)
    }

    /// The case by its records: number and city.
    fn check_case(&self, uses: &[Signed]) -> Result<(), String> {
        let case: Value = serde_json::from_slice(self.archive.member("case.json").map_err(|error| error.to_string())?)
            .map_err(|error| error.to_string())?;
        let same = |name: &str, wanted: &str| case.get(name).and_then(Value::as_str) == Some(wanted);
        if !same("id", &self.manifest.case) || !same("city", &self.manifest.iss) {
            return Err("of another case or city".to_owned());
        }
        let shown: BTreeSet<_> =
            uses.iter().filter_map(|used| Some(hex(&from_base64url(&used.record.presentation).ok()?))).collect();
        let met = case.get("fulfilled").and_then(Value::as_array).into_iter().flatten();
        let digests = met.filter_map(|one| one.get("digest")?.as_str());
        match digests.into_iter().find(|digest| !shown.contains(*digest)) {
            Some(digest) => Err(format!("no use record is of what met a requirement: {digest}")),
            None => Ok(()),
        }
    }
}

/// Which licence a record is of, and when it was shown.
fn what(used: &Signed) -> Label {
    let at = format!("{} {}", china_date(used.record.at), china_clock(used.record.at));
    let name = used.record.credential.as_ref().and_then(|used| used.type_name.clone());
    let name = name.unwrap_or_else(|| Label::new("无法识别的内容", "something unreadable"));
    Label::new(format!("{}，{at}", name.zh), format!("{}, {at}", name.en))
}

/// The places in status lists that a result names: nothing was decided by its status.
fn places(status: &Value) -> Vec<(String, u64)> {
    let entries = status.as_array().map_or(std::slice::from_ref(status), Vec::as_slice);
    let place = |entry: &Value| {
        let list = entry.get("statusListCredential")?.as_str()?.to_owned();
        Some((list, entry.get("statusListIndex")?.as_str()?.parse().ok()?))
    };
    entries.iter().filter_map(place).collect()
}

fn accepted(verdict: &Verdict) -> Result<(), String> {
    if verdict.accepted {
        return Ok(());
    }
    let bad = verdict
        .report
        .results()
        .iter()
        .filter(|one| matches!(one.state, crate::vc::finding::State::Invalid | crate::vc::finding::State::Error));
    let told: Vec<_> = bad
        .map(|one| {
            format!("{}: {} {}", one.check.name(), one.code.map_or("", crate::vc::finding::Code::as_str), one.detail)
        })
        .collect();
    Err(if told.is_empty() { "not accepted".to_owned() } else { told.join("; ") })
}

fn seconds(at: Timestamp) -> Option<Timestamp> {
    from_unix(at.as_second())
}
