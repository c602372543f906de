//! Every record of a store beside its leaf: only its operator can do this, because records are sealed and tags are keyed.
//!
//! Both ways: a record that the log does not tell of was made or changed in secret, a leaf whose record is gone tells of
//! one that was removed.

use std::collections::{BTreeMap, BTreeSet};

use super::published::differs;
use super::replay::{Digest, Records, Replay, Tag, status_name};
use super::{Fault, Findings};
use crate::base::bytes::from_base64url;
use crate::base::id::{ApplicationId, CredentialId, ListId};
use crate::base::json::{Map, Value};
use crate::crypto::digest::sha256;
use crate::domain::application::record::Head as Case;
use crate::domain::change::{Row, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::issuance::record::{CredentialHead, Life, Package};
use crate::domain::ports::{LOG_LEASE, LOG_LEASE_TIME, MAX_PAGE};
use crate::domain::record;
use crate::tlog::merkle::{Frontier, Node, leaf_hash};
use crate::vc::leaf::{Entry, Kind};
use crate::vc::status::Status;

/// Height of the subtrees that a store keeps hashes of.
const KEPT: u8 = 8;

/// Compares all records of a city's store with its log; `tell` hears how many leaves and records were done.
pub fn compare(city: &City, findings: &mut Findings, tell: &dyn Fn(u64)) -> Result<Replay, Error> {
    let mut replay = Replay::with_records();
    log(city, &mut replay, findings, tell)?;
    let records = replay.records.take().unwrap_or_default();
    let mut lists = BTreeSet::new();
    let known = credentials(city, &records, findings, &mut lists, tell)?;
    let mut names: Names = known.iter().map(|(tag, id)| (*tag, format!("credential {id}"))).collect();
    names.extend(applications(city, &records, findings)?);
    events(city, &records, names, findings)?;
    uses(city, &records, findings)?;
    lists.extend(replay.slots.keys().cloned());
    for list in lists {
        slots(city, &list, &replay, findings)?;
    }
    published(city, &replay, findings)?;
    Ok(replay)
}

/// The log by itself: every leaf in its form, the kept hashes and the head as the leaves make them.
fn log(city: &City, replay: &mut Replay, findings: &mut Findings, tell: &dyn Fn(u64)) -> Result<(), Error> {
    let head = city.store().log_head()?;
    let (mut frontier, mut wrong) = (Frontier::default(), Vec::new());
    while frontier.size() < head.size {
        let page = city.store().log_range(frontier.size(), MAX_PAGE)?;
        if page.is_empty() {
            return Err(Error::corrupt("the log ends before its head"));
        }
        for bytes in &page {
            let index = frontier.size();
            match Entry::parse(bytes) {
                Ok(entry) => replay.take(index, &entry, findings),
                Err(error) => findings.fault(changed(format!("leaf {index}"), &error.detail)),
            }
            frontier.push_with(leaf_hash(bytes), |node, hash| {
                if node.level == KEPT {
                    wrong.push((node, *hash));
                }
            });
        }
        for (node, hash) in wrong.drain(..) {
            if city.store().log_node(node.level, node.index)? != hash {
                findings.fault(changed(leaves_of(node), "another hash is kept for them"));
            }
        }
        let done = u64::try_from(page.len()).unwrap_or_default();
        findings.count("leaves", done);
        tell(done);
    }
    if frontier.root() != head.root {
        let from = head.size - head.size % 256;
        findings.fault(changed(
            format!("leaves {from} to {}, or one told above", head.size.saturating_sub(1)),
            "the head has another root",
        ));
    }
    Ok(())
}

fn leaves_of(node: Node) -> String {
    let first = node.index << node.level;
    format!("leaves {first} to {}", first + 255)
}

fn changed(what: String, detail: &str) -> Fault {
    let (zh, en) =
        (format!("日志条目被改过：{what}（{detail}）。"), format!("The log was changed: {what} ({detail})."));
    Fault::new("leaf_changed", what, &zh, &en)
}

/// The rows of a table.
fn each(city: &City, table: Table, mut take: impl FnMut(&[u8], &Row) -> Result<(), Error>) -> Result<(), Error> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = city.store().scan(table, b"", after.as_deref(), MAX_PAGE)?;
        for (key, row) in &page.rows {
            take(key, row)?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

fn tag_of(value: &Value) -> Tag {
    let bytes = value.as_str().and_then(|text| from_base64url(text).ok());
    bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

/// What a tag stands for, for people.
type Names = BTreeMap<Tag, String>;
/// The credentials by their tags.
type Known = BTreeMap<Tag, CredentialId>;

fn credentials(
    city: &City,
    records: &Records,
    findings: &mut Findings,
    lists: &mut BTreeSet<ListId>,
    tell: &dyn Fn(u64),
) -> Result<Known, Error> {
    let mut known = Known::new();
    each(city, Table::Credential, |key, row| {
        let head: CredentialHead = record::decode(Table::Credential, &row.value)?;
        let tag = tag_of(&city.credential_tag(&head.id));
        lists.extend(head.all_slots().map(|slot| slot.list_of(&head.agency)));
        let body = record::open(&city.keys().sealer, Table::Credential, key, &row.value);
        let digest = body.and_then(|body| Package::from_bytes(&body)).map(|package| digest_of(&package));
        judge(&head, digest.ok(), records.issued.get(&tag), findings);
        life(&head, records.lives.get(&tag), findings);
        known.insert(tag, head.id);
        findings.count("credentials", 1);
        tell(1);
        Ok(())
    })?;
    for (index, _) in records.issued.iter().filter(|(tag, _)| !known.contains_key(*tag)).flat_map(|(_, leaves)| leaves)
    {
        findings.fault(Fault::new(
            "credential_missing",
            format!("leaf {index}"),
            &format!("第 {index} 条所记的证照已不在存储中：记录被删除。"),
            &format!("The credential of leaf {index} is not in the store: its record was removed."),
        ));
    }
    Ok(known)
}

fn digest_of(package: &Package) -> Digest {
    sha256(package.credential.get().as_bytes())
}

fn judge(head: &CredentialHead, digest: Option<Digest>, told: Option<&Vec<(u64, Digest)>>, findings: &mut Findings) {
    let id = &head.id;
    let Some(digest) = digest else {
        return findings.fault(Fault::new(
            "credential_changed",
            format!("credential {id}"),
            &format!("证照 {id} 的密封内容打不开：字节被改过。"),
            &format!("What is sealed of credential {id} does not open: its bytes were changed."),
        ));
    };
    let Some(told) = told else {
        return findings.fault(Fault::new(
            "credential_unlogged",
            format!("credential {id}"),
            &format!("证照 {id} 没有签发条目：它不是公开签发的，或条目被改过。"),
            &format!("Credential {id} has no leaf of its issuing: it was issued in secret, or the leaf was changed."),
        ));
    };
    if !told.iter().any(|(_, logged)| *logged == digest) {
        let leaves = told.iter().map(|(index, _)| index.to_string()).collect::<Vec<_>>().join(", ");
        findings.fault(Fault::new(
            "credential_changed",
            format!("credential {id}, leaf {leaves}"),
            &format!("证照 {id} 的字节与签发条目（第 {leaves} 条）不符：证照或条目被改过。"),
            &format!("The bytes of credential {id} are not those of leaf {leaves}: it or the leaf was changed."),
        ));
    }
}

fn life(head: &CredentialHead, told: Option<&Vec<(Kind, u64)>>, findings: &mut Findings) {
    let last = told.and_then(|told| told.last()).map(|(kind, _)| *kind);
    let fits = match head.life {
        Life::Valid => matches!(last, None | Some(Kind::Reinstated)),
        Life::Suspended { .. } => last == Some(Kind::Suspended),
        Life::Revoked { .. } => last == Some(Kind::Revoked),
    };
    if !fits {
        let (id, is, told) = (&head.id, head.life.name(), last.map_or("valid", Kind::name));
        findings.fault(Fault::new(
            "life_differs",
            format!("credential {id}"),
            &format!("证照 {id} 在存储中为 {is}，按日志应为 {told}。"),
            &format!("Credential {id} is {is} in the store; the log says {told}."),
        ));
    }
}

fn slots(city: &City, list: &ListId, replay: &Replay, findings: &mut Findings) -> Result<(), Error> {
    let there: BTreeMap<u32, Status> = city.store().status_list(list)?.entries.into_iter().collect();
    let none = BTreeMap::new();
    let told = replay.slots.get(list).unwrap_or(&none);
    findings.count("lists", 1);
    for slot in there.keys().chain(told.keys()).collect::<BTreeSet<_>>() {
        let of = |slots: &BTreeMap<u32, Status>| slots.get(slot).copied().unwrap_or_default();
        if of(&there) != of(told) {
            findings.fault(differs(list, *slot, of(told), status_name(of(&there))));
        }
    }
    Ok(())
}

/// Audit events: as many of each as the log tells of each credential and each application.
fn events(city: &City, records: &Records, mut names: Names, findings: &mut Findings) -> Result<(), Error> {
    let mut there: BTreeMap<(Tag, String), u64> = BTreeMap::new();
    each(city, Table::Audit, |_, row| {
        let head: Map = record::decode(Table::Audit, &row.value)?;
        let text = |name: &str| head.get(name).and_then(Value::as_str).unwrap_or_default();
        if let Ok(id) = CredentialId::parse(text("credential")) {
            *there.entry((tag_of(&city.credential_tag(&id)), text("event").to_owned())).or_default() += 1;
        } else if let (Ok(id), "application") = (ApplicationId::parse(text("case")), text("event")) {
            let tag = tag_of(&city.case_tag(&id));
            names.insert(tag, format!("application {id}"));
            *there.entry((tag, text("state").to_owned())).or_default() += 1;
        }
        findings.count("events", 1);
        Ok(())
    })?;
    let mut told: BTreeMap<(Tag, String), Vec<u64>> = BTreeMap::new();
    for (tag, leaves) in &records.lives {
        for (kind, index) in leaves {
            told.entry((*tag, kind.name().to_owned())).or_default().push(*index);
        }
    }
    for (tag, states) in &records.cases {
        for (state, index) in states {
            told.entry((*tag, state.clone())).or_default().push(*index);
        }
    }
    for (tag, leaves) in &records.issued {
        told.insert((*tag, Kind::Issued.name().to_owned()), leaves.iter().take(1).map(|(index, _)| *index).collect());
    }
    for ((tag, event), leaves) in &told {
        let count = there.get(&(*tag, event.clone())).copied().unwrap_or_default();
        if count != u64::try_from(leaves.len()).unwrap_or_default() {
            let whose = names.get(tag).map_or("?", String::as_str);
            findings.fault(event_fault(whose, event, leaves, count));
        }
    }
    for ((tag, event), count) in &there {
        if names.contains_key(tag) && !told.contains_key(&(*tag, event.clone())) && is_logged(event) {
            let whose = names.get(tag).map_or("?", String::as_str);
            findings.fault(event_fault(whose, event, &[], *count));
        }
    }
    Ok(())
}

/// Whether events of this name have leaves.
fn is_logged(event: &str) -> bool {
    ["issued", "suspended", "reinstated", "revoked", "filed", "accepted", "notAccepted", "granted", "refused"]
        .contains(&event)
}

fn event_fault(whose: &str, event: &str, leaves: &[u64], count: u64) -> Fault {
    let told = leaves.len();
    let places = leaves.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    Fault::new(
        "event_differs",
        format!("{whose}: {event}, leaf {places}"),
        &format!("{whose} 的 {event} 事件：日志有 {told} 条（第 {places} 条），存储中有 {count} 条。"),
        &format!("Events {event} of {whose}: the log has {told} (leaf {places}), the store {count}."),
    )
}

fn applications(city: &City, records: &Records, findings: &mut Findings) -> Result<Names, Error> {
    let mut known = Names::new();
    each(city, Table::Application, |_, row| {
        let head: Case = record::decode(Table::Application, &row.value)?;
        let tag = tag_of(&city.case_tag(&head.id));
        known.insert(tag, format!("application {}", head.id));
        findings.count("applications", 1);
        let last = records.cases.get(&tag).and_then(|states| states.last());
        let (id, is) = (&head.id, head.state.name());
        if last.is_none_or(|(state, _)| state != is) {
            let told = last.map_or("-", |(state, _)| state);
            findings.fault(Fault::new(
                "application_differs",
                format!("application {id}"),
                &format!("办件 {id} 在存储中为 {is}，按日志应为 {told}。"),
                &format!("Application {id} is {is} in the store; the log says {told}."),
            ));
        }
        Ok(())
    })?;
    for (_, states) in records.cases.iter().filter(|(tag, _)| !known.contains_key(*tag)) {
        let index = states.first().map_or(0, |(_, index)| *index);
        findings.fault(Fault::new(
            "application_missing",
            format!("leaf {index}"),
            &format!("第 {index} 条所记的办件已不在存储中：记录被删除。"),
            &format!("The application of leaf {index} is not in the store: its record was removed."),
        ));
    }
    Ok(known)
}

/// Use records and their leaves, one for one.
fn uses(city: &City, records: &Records, findings: &mut Findings) -> Result<(), Error> {
    let mut known = BTreeSet::new();
    each(city, Table::UseRecord, |key, row| {
        let jwt = record::open(&city.keys().sealer, Table::UseRecord, key, &row.value).ok();
        let digest = jwt.map(|jwt| sha256(&jwt));
        findings.count("uses", 1);
        if let Some(digest) = digest.filter(|digest| records.uses.contains_key(digest)) {
            known.insert(digest);
            return Ok(());
        }
        let name = String::from_utf8_lossy(key).replace('\0', "/");
        findings.fault(Fault::new(
            "use_changed",
            format!("use record {name}"),
            &format!("用证记录 {name} 没有对应的日志条目：记录或条目被改过。"),
            &format!("Use record {name} has no leaf: it or the leaf was changed."),
        ));
        Ok(())
    })?;
    for (_, index) in records.uses.iter().filter(|(digest, _)| !known.contains(*digest)) {
        findings.fault(Fault::new(
            "use_missing",
            format!("leaf {index}"),
            &format!("第 {index} 条所记的用证记录已不在存储中，或被改过。"),
            &format!("The use record of leaf {index} is not in the store, or was changed."),
        ));
    }
    Ok(())
}

/// The versions of the trust registry, types and matters.
fn published(city: &City, replay: &Replay, findings: &mut Findings) -> Result<(), Error> {
    let mut rows: BTreeMap<String, Digest> = BTreeMap::new();
    each(city, Table::Trust, |key, row| {
        let name = String::from_utf8_lossy(key).into_owned();
        if let Some(version) = name.strip_prefix('v').and_then(|version| version.parse::<u64>().ok()) {
            rows.insert(format!("trust registry {version}"), sha256(&row.value));
        }
        Ok(())
    })?;
    for (table, what) in [(Table::Type, "type"), (Table::Matter, "matter")] {
        each(city, table, |key, row| {
            let digest = row.value.as_slice().try_into().unwrap_or_default();
            rows.insert(format!("{what} {}", String::from_utf8_lossy(key)), digest);
            Ok(())
        })?;
    }
    let trust = replay.trust.iter().map(|(version, digest)| (format!("trust registry {version}"), *digest));
    let named = |what: &str, (code, version): &(String, u64)| format!("{what} {code}/{version}");
    let types = replay.types.iter().map(|(key, digest)| (named("type", key), *digest));
    let matters = replay.matters.iter().map(|(key, digest)| (named("matter", key), *digest));
    let told: BTreeMap<String, Digest> = trust.chain(types).chain(matters).collect();
    findings.count("published", u64::try_from(told.len()).unwrap_or_default());
    for name in rows.keys().chain(told.keys()).collect::<BTreeSet<_>>() {
        if rows.get(name) != told.get(name) {
            findings.fault(Fault::new(
                "publication_differs",
                name.clone(),
                &format!("{name} 在存储中与日志所记不符。"),
                &format!("{name} in the store is not the one in the log."),
            ));
        }
    }
    Ok(())
}

impl City {
    /// Moves everything that is queued into the log, as the integrator does; `unavailable` while another is at it, or was
    /// cut off less than [`LOG_LEASE_TIME`] ago.
    pub fn settle_log(&self, owner: &str) -> Result<(), Error> {
        let Some(epoch) = self.store().lease(LOG_LEASE, owner, LOG_LEASE_TIME)? else {
            let error = Error::new(ErrorKind::Unavailable, "another process integrates the log");
            return Err(error.after(5).says(
                "日志正由另一个进程写入，或它刚被中断。请几秒后再试。",
                "Another process is writing the log, or was just cut off. Try again in a few seconds.",
            ));
        };
        while self.store().integrate(epoch, 4_096)?.added > 0 {}
        Ok(())
    }
}
