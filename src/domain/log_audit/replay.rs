//! What the leaves say together: every status slot, every version of trust, types and matters, and what was issued.

use std::collections::BTreeMap;

use super::{Fault, Findings};
use crate::base::id::{AgencyCode, ListId};
use crate::vc::leaf::{Entry, Kind};
use crate::vc::status::Status;

/// A tag of the log.
pub type Tag = [u8; 16];
/// A digest of the log.
pub type Digest = [u8; 32];

/// What the leaves so far amount to.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// Leaves by kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// The slots that are not valid.
    pub slots: BTreeMap<ListId, BTreeMap<u32, Status>>,
    /// Digests of the trust registry by version.
    pub trust: BTreeMap<u64, Digest>,
    /// Digests of types by code and version; the last told stands.
    pub types: BTreeMap<(String, u64), Digest>,
    /// Digests of the matters by agency and version.
    pub matters: BTreeMap<(String, u64), Digest>,
    /// What is remembered for comparison with records.
    pub records: Option<Records>,
}

/// What the log says of single records, which only their keeper can compare.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Digests of issued credentials by the credential's tag, with their leaves.
    pub issued: BTreeMap<Tag, Vec<(u64, Digest)>>,
    /// What was done to credentials: kind and leaf, in order.
    pub lives: BTreeMap<Tag, Vec<(Kind, u64)>>,
    /// Claims by their tag.
    pub claims: BTreeMap<Tag, Vec<(Kind, u64)>>,
    /// States of applications by the case's tag, in order.
    pub cases: BTreeMap<Tag, Vec<(String, u64)>>,
    /// Records of uses.
    pub uses: BTreeMap<Digest, u64>,
}

impl Replay {
    /// A replay that remembers single records.
    pub fn with_records() -> Self {
        Self { records: Some(Records::default()), ..Self::default() }
    }

    /// Takes the next leaf.
    pub fn take(&mut self, index: u64, entry: &Entry, findings: &mut Findings) {
        *self.kinds.entry(entry.kind).or_default() += 1;
        match entry.kind {
            Kind::Suspended | Kind::Reinstated | Kind::Revoked | Kind::Ended => self.status(index, entry, findings),
            Kind::Trust => self.version(index, entry, findings),
            Kind::Type => drop(self.types.insert(numbered(entry, "type"), digest(entry, "digest"))),
            Kind::Matter => drop(self.matters.insert(numbered(entry, "agency"), digest(entry, "digest"))),
            Kind::Issued
            | Kind::Claimed
            | Kind::Key
            | Kind::ForeignTrust
            | Kind::Used
            | Kind::Copied
            | Kind::Objection
            | Kind::Application => {}
        }
        if let Some(records) = &mut self.records {
            records.take(index, entry);
        }
    }

    fn status(&mut self, index: u64, entry: &Entry, findings: &mut Findings) {
        let Ok(agency) = AgencyCode::parse(entry.text("agency").unwrap_or_default()) else {
            return findings.fault(impossible(index, "发证机关代码", "the agency"));
        };
        for (number, idx) in entry.slots() {
            let list = self.slots.entry(ListId { agency: agency.clone(), number }).or_default();
            let before = list.get(&idx).copied().unwrap_or(Status::Valid);
            let fits = if entry.kind == Kind::Suspended {
                before == Status::Valid
            } else if entry.kind == Kind::Reinstated {
                before == Status::Suspended
            } else {
                before != Status::Revoked
            };
            if !fits {
                let what = format!("{agency}-{number}/{idx} {}", status_name(before));
                findings.fault(impossible(index, &format!("状态位 {what}"), &format!("slot {what}")));
                continue;
            }
            if entry.kind == Kind::Reinstated {
                list.remove(&idx);
            } else {
                list.insert(idx, if entry.kind == Kind::Suspended { Status::Suspended } else { Status::Revoked });
            }
        }
    }

    fn version(&mut self, index: u64, entry: &Entry, findings: &mut Findings) {
        let version = entry.number("version").unwrap_or_default();
        let next = self.trust.last_key_value().map_or(1, |(last, _)| last + 1);
        if version != next {
            findings.fault(impossible(
                index,
                &format!("信任名录第 {version} 版（应为第 {next} 版）"),
                &format!("version {version} of the trust registry (expected {next})"),
            ));
        }
        self.trust.insert(version, digest(entry, "digest"));
    }
}

impl Records {
    fn take(&mut self, index: u64, entry: &Entry) {
        let tag = |name: &str| entry.bytes(name).and_then(|tag| tag.try_into().ok()).unwrap_or_default();
        match entry.kind {
            Kind::Issued => self.issued.entry(tag("credential")).or_default().push((index, digest(entry, "digest"))),
            Kind::Suspended | Kind::Reinstated | Kind::Revoked => {
                self.lives.entry(tag("credential")).or_default().push((entry.kind, index));
            }
            Kind::Claimed | Kind::Ended => {
                self.claims.entry(tag("credential")).or_default().push((entry.kind, index));
            }
            // A rating is told of the case and is no state of it.
            Kind::Application if entry.text("state") == Some("rated") => {}
            Kind::Application => {
                let state = entry.text("state").unwrap_or_default().to_owned();
                self.cases.entry(tag("case")).or_default().push((state, index));
            }
            Kind::Used => drop(self.uses.insert(digest(entry, "record"), index)),
            Kind::Trust
            | Kind::Key
            | Kind::Type
            | Kind::Matter
            | Kind::ForeignTrust
            | Kind::Copied
            | Kind::Objection => {}
        }
    }
}

/// The name of a status as faults tell it.
pub(super) fn status_name(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Revoked => "revoked",
        Status::Suspended => "suspended",
    }
}

fn numbered(entry: &Entry, name: &str) -> (String, u64) {
    (entry.text(name).unwrap_or_default().to_owned(), entry.number("version").unwrap_or_default())
}

fn digest(entry: &Entry, name: &str) -> Digest {
    entry.bytes(name).and_then(|digest| digest.try_into().ok()).unwrap_or_default()
}

fn impossible(index: u64, zh: &str, en: &str) -> Fault {
    Fault::new(
        "leaf_impossible",
        format!("leaf {index}"),
        &format!("第 {index} 条与前面的条目矛盾：{zh}。"),
        &format!("Leaf {index} contradicts those before it: {en}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::base64url;
    use crate::base::json::json;
    use crate::base::time::from_unix;
    use crate::vc::leaf::{encode, slot_number};

    fn entry(kind: Kind, slot: u64) -> Entry {
        let members = [("agency", json!("GA")), ("credential", json!(base64url(&[1; 16]))), ("slots", json!([slot]))];
        Entry::parse(&encode(kind, from_unix(1).unwrap(), &members)).unwrap()
    }

    #[test]
    fn slots_follow_from_the_leaves_and_contradictions_are_told() {
        let (mut replay, mut findings) = (Replay::default(), Findings::default());
        let slot = slot_number(2, 9);
        let steps = [Kind::Suspended, Kind::Reinstated, Kind::Suspended, Kind::Revoked];
        for (index, kind) in (0..).zip(steps) {
            replay.take(index, &entry(kind, slot), &mut findings);
        }
        assert_eq!(findings.faults, 0, "{findings:?}");
        assert_eq!(replay.slots[&ListId::parse("GA-2").unwrap()][&9], Status::Revoked);
        for (index, kind) in (4..).zip([Kind::Reinstated, Kind::Suspended, Kind::Ended]) {
            replay.take(index, &entry(kind, slot), &mut findings);
        }
        let named: Vec<_> = findings.listed.iter().map(|fault| fault.what.as_str()).collect();
        assert_eq!(named, ["leaf 4", "leaf 5", "leaf 6"]);
    }
}
