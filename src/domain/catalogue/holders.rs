//! The holders of a row: who they are, and where their keys go in the credential.

use crate::base::json::{Map, Value};

use super::CredentialType;
use super::annotation::{HolderMode, Party};
use super::fault::Fault;
use super::filling::Filling;
use super::formats::{holder_code_type, is_holder_code};
use super::row::{HOLDER_CODE, HOLDER_KEY, HOLDER_NAME, HOLDER_TYPE};

/// One holder of the credential to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name.
    pub name: String,
    /// The identity code.
    pub code: String,
    /// The code's type, three digits of GB/T 36903.
    pub code_type: String,
    /// `self`, `spouse`, `owner`, `mother`, `father`, `guardian`.
    pub relation: String,
    /// The holder's public key or DID, as the row gives it.
    pub key: Option<String>,
    /// The subject that stands for the holder; none = the holder is in the subject's `heldBy`.
    pub subject: Option<usize>,
}

/// The columns that name a guardian.
pub const GUARDIAN_NAME: &str = "guardianName";
/// The guardian's identity code.
pub const GUARDIAN_CODE: &str = "guardianCode";

impl CredentialType {
    /// How many holders a row may have at most.
    pub fn most_holders(&self) -> usize {
        let rule = self.holder();
        rule.joint.as_ref().map_or(rule.parties.len(), |joint| joint.max).max(1)
    }

    /// Whether every holder has an own subject.
    pub fn is_joint(&self) -> bool {
        self.holder().mode == HolderMode::Joint
    }

    /// Whether every co-owner is described by the same one party.
    pub(super) fn has_open_parties(&self) -> bool {
        self.is_joint() && self.holder().parties.len() == 1
    }
}

/// Reads the holders; faults are noted in `filling`.
pub(super) fn read(filling: &mut Filling<'_>) -> Vec<Holder> {
    if filling.columns.shared.contains_key(GUARDIAN_NAME) {
        return guardian(filling).into_iter().collect();
    }
    let rule = filling.kind.holder();
    let open = filling.kind.has_open_parties();
    let count = if open { filling.subjects.len() } else { rule.parties.len() };
    (0..count)
        .filter_map(|i| {
            let party = rule.parties.get(if open { 0 } else { i })?;
            let subject = (rule.mode != HolderMode::Relation).then_some(if filling.kind.is_joint() { i } else { 0 });
            one(filling, party, i, subject)
        })
        .collect()
}

fn one(filling: &mut Filling<'_>, party: &Party, i: usize, subject: Option<usize>) -> Option<Holder> {
    let name = said(filling, party.name.as_deref(), HOLDER_NAME, i, subject);
    let code = said(filling, party.code.as_deref(), HOLDER_CODE, i, subject).map(|code| code.to_ascii_uppercase());
    if party.optional && (name.is_none() || code.is_none()) {
        return None;
    }
    let name_column = party.name.as_deref().unwrap_or(HOLDER_NAME);
    let code_column = party.code.as_deref().unwrap_or(HOLDER_CODE);
    if name.is_none() {
        filling.fault(&numbered(filling, name_column, i), Fault::Missing);
    }
    match &code {
        None => filling.fault(&numbered(filling, code_column, i), Fault::Missing),
        Some(code) if !is_holder_code(code) => filling.fault(&numbered(filling, code_column, i), Fault::BadCode),
        Some(_) => {}
    }
    let (name, code) = (name?, code?);
    let code_type = code_type(filling, party, &code, i);
    let key = filling.holder_text(HOLDER_KEY, i);
    Some(Holder { name, code, code_type, relation: party.relation.clone(), key, subject })
}

fn numbered(filling: &Filling<'_>, column: &str, i: usize) -> String {
    if filling.kind.most_holders() > 1 && filling.kind.field(column).is_none_or(|field| field.per_holder) {
        format!("{column}.{}", i + 1)
    } else {
        column.to_owned()
    }
}

/// What a field says, or the column otherwise.
fn said(filling: &Filling<'_>, field: Option<&str>, column: &str, i: usize, subject: Option<usize>) -> Option<String> {
    match field {
        Some(field) => filling.subjects.get(subject.unwrap_or(0))?.get(field)?.as_str().map(str::to_owned),
        None => filling.holder_text(column, i),
    }
}

fn code_type(filling: &Filling<'_>, party: &Party, code: &str, i: usize) -> String {
    let written = party.code_type.as_deref();
    let literal = written.filter(|text| text.bytes().all(|c| c.is_ascii_digit())).map(str::to_owned);
    let from_field = || Some(filling.subjects.first()?.get(written?)?.as_str()?.to_owned());
    let from_column = || filling.holder_text(HOLDER_TYPE, i);
    literal.or_else(from_field).or_else(from_column).unwrap_or_else(|| holder_code_type(code).to_owned())
}

fn guardian(filling: &mut Filling<'_>) -> Option<Holder> {
    let name = filling.shared_text(GUARDIAN_NAME);
    let code = filling.shared_text(GUARDIAN_CODE).map(|code| super::cell::compact(&code).to_ascii_uppercase());
    if code.is_none() {
        filling.fault(GUARDIAN_CODE, Fault::Missing);
    }
    if code.as_ref().is_some_and(|code| !is_holder_code(code)) {
        filling.fault(GUARDIAN_CODE, Fault::BadCode);
    }
    let (name, code) = (name?, code?);
    let code_type = holder_code_type(&code).to_owned();
    let key = filling.holder_text(HOLDER_KEY, 0);
    Some(Holder { name, code, code_type, relation: "guardian".to_owned(), key, subject: None })
}

/// Puts the holders' identifiers (DIDs) where they belong: the subject's `id`, or `heldBy` for who holds for another.
/// Holders without an identifier keep their place without `id`.
pub fn bind(subjects: &mut [Map], holders: &[Holder], ids: &[Option<String>]) {
    let mut held = Vec::new();
    for (i, holder) in holders.iter().enumerate() {
        let id = ids.get(i).cloned().flatten();
        if let Some(position) = holder.subject {
            if let (Some(subject), Some(id)) = (subjects.get_mut(position), id) {
                subject.insert("id".to_owned(), Value::String(id));
            }
        } else {
            let mut entry = Map::new();
            entry.insert("relation".to_owned(), Value::String(holder.relation.clone()));
            entry.extend(id.map(|id| ("id".to_owned(), Value::String(id))));
            held.push(Value::Object(entry));
        }
    }
    if let (Some(subject), false) = (subjects.first_mut(), held.is_empty()) {
        subject.insert("heldBy".to_owned(), Value::Array(held));
    }
}
