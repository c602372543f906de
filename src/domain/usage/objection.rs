//! Objections, 提出异议: what a holder says against a use of their licence, who must answer, and by when.
//!
//! The holder signs the reason with a key that the record is found by. The unit whose window it was must answer within the
//! working days that the city's rules give; what is not answered then is overdue, and every supervisor sees it. One objection
//! to a record; its answer ends it. Both are written with an audit event and a leaf, whose digest tells nothing to whoever
//! does not hold the signed text.

use serde::{Deserialize, Serialize};

use super::holder::nonce_used;
use super::read::no_use;
use super::record::UseId;
use crate::base::bytes::{base64url, from_base64url};
use crate::base::id::AgencyCode;
use crate::base::json::{Value, json};
use crate::base::random::bytes;
use crate::base::text::Label;
use crate::base::time::{Date, Timestamp, china_date, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::account::Author;
use crate::domain::calendar::Calendar;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::ports::{MAX_PAGE, StoreError};
use crate::domain::record;

/// The `typ` of an objection.
pub const TYP: &str = "certless-objection+jwt";
/// Longest reason and longest answer, characters.
const LONGEST: usize = 500;

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The use was as it should be, for the reason that is told.
    Explained,
    /// The holder is right; what follows is told.
    Upheld,
}

/// Where an objection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be answered.
    Open,
    /// Not answered in time.
    Overdue,
    /// Answered.
    Answered,
}

impl State {
    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Answered => "answered",
        }
    }

    /// The word for people.
    pub fn label(self) -> Label {
        match self {
            Self::Open => Label::new("待答复", "To be answered"),
            Self::Overdue => Label::new("已逾期", "Overdue"),
            Self::Answered => Label::new("已答复", "Answered"),
        }
    }
}

/// What stands in the open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    id: String,
    unit: AgencyCode,
    unit_name: Label,
    matter_name: Option<Label>,
    type_name: Option<Label>,
    used_at: Timestamp,
    at: Timestamp,
    due: Date,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    jwt: String,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<String>,
}

/// An objection as loaded.
#[derive(Clone, Debug)]
pub struct Objection {
    head: Head,
    body: Body,
    version: u64,
}

impl Objection {
    /// Where it stands at a time.
    pub fn state(&self, now: Timestamp) -> State {
        match self.head.answered_at {
            Some(_) => State::Answered,
            None if self.head.due < china_date(now) => State::Overdue,
            None => State::Open,
        }
    }

    /// What is shown of it; `whole` for the holder and for who answers.
    pub fn to_json(&self, now: Timestamp, whole: bool) -> Value {
        let (head, state) = (&self.head, self.state(now));
        let mut out = json!({
            "id": head.id,
            "state": state.name(),
            "stateName": state.label(),
            "unit": head.unit,
            "unitName": head.unit_name,
            "matterName": head.matter_name,
            "typeName": head.type_name,
            "usedAt": rfc3339(head.used_at),
            "at": rfc3339(head.at),
            "due": head.due.to_string(),
            "answeredAt": head.answered_at.map(rfc3339),
            "outcome": head.outcome,
        });
        if let Some(out) = out.as_object_mut().filter(|_| whole) {
            out.insert("reason".to_owned(), self.body.reason.as_str().into());
            out.insert("answer".to_owned(), json!(self.body.answer));
        }
        out
    }

    /// The digest of what the holder signed, which the log names.
    fn digest(&self) -> String {
        base64url(&sha256(self.body.jwt.as_bytes()))
    }
}

/// Which objections are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those that wait for an answer, the first due first.
    Open,
    /// All, the newest of each unit first.
    All,
}

impl City {
    /// Takes an objection: a proof of the type [`TYP`] with the claims `use` and `reason`.
    pub fn object(&self, jwt: &str) -> Result<Objection, Error> {
        let proved = self.prove_key(jwt, TYP)?;
        let reason = within(proved.text("reason").unwrap_or_default(), "异议理由", "reason")?;
        let signed = self.use_named(proved.text("use").unwrap_or_default())?;
        let id = UseId::parse(&signed.record.id)?;
        let names = self.names_of(&proved.thumbprint)?;
        let mut found = names.iter().map(|name| self.store().get(Table::UseIndex, &id.index_key(name)));
        if !found.any(|row| row.is_ok_and(|row| row.is_some())) {
            return Err(no_use());
        }
        let now = self.this_second();
        let due = Calendar::shipped()?.plus_working_days(china_date(now), self.rules.uses.objection_days);
        let said = &signed.record;
        let head = Head {
            id: said.id.clone(),
            unit: said.unit.clone(),
            unit_name: said.unit_name.clone(),
            matter_name: said.matter_name.clone(),
            type_name: said.credential.as_ref().and_then(|used| used.type_name.clone()),
            used_at: said.at,
            at: now,
            due,
            answered_at: None,
            outcome: None,
        };
        let objection = Objection { head, body: Body { jwt: jwt.to_owned(), reason, answer: None }, version: 0 };
        let change = Change::new(self.fresh_request("objection")?, sha256(jwt.as_bytes()));
        let mut change = proved.used_up(change);
        change.leaves.push(leaf(
            Kind::Objection,
            now,
            &[("objection", objection.digest().into()), ("record", signed.digest().into()), ("state", "raised".into())],
        ));
        let change = self.put_objection(change, &objection)?;
        let change = self.objection_event(change, &objection, "objected", None)?;
        match self.store().commit(change) {
            Ok(_) => self.objection_at(&id.key())?.ok_or_else(|| Error::corrupt("the objection is gone")),
            Err(StoreError::Duplicate { table: Table::Objection, .. }) => {
                Err(Error::new(ErrorKind::Conflict, "objected already")
                    .says("这条记录已提出过异议。", "There is an objection to this record already."))
            }
            Err(error) => Err(nonce_used(error)),
        }
    }

    /// Answers an objection; `unit` is whose it must be, nothing for those who watch all.
    pub fn answer_objection(
        &self,
        unit: Option<&AgencyCode>,
        id: &str,
        outcome: Outcome,
        answer: &str,
        author: &Author,
    ) -> Result<Objection, Error> {
        let none = || Error::not_found("no such objection").says("没有这条异议。", "There is no such objection.");
        let key = UseId::parse(id).map_err(|_| none())?.key();
        let mut objection = self.objection_at(&key)?.ok_or_else(none)?;
        if unit.is_some_and(|unit| *unit != objection.head.unit) {
            return Err(none());
        }
        if objection.head.answered_at.is_some() {
            return Err(answered());
        }
        let (now, answer) = (self.this_second(), within(answer, "答复", "answer")?);
        let due = due_key(&objection.head, &key);
        let said = self.commitment("answer", answer.as_bytes());
        objection.head.answered_at = Some(now);
        objection.head.outcome = Some(outcome);
        objection.body.answer = Some(answer);
        let mut change = Change::new(self.fresh_request("answer")?, sha256(said.as_bytes()));
        let members: [(&str, Value); 3] =
            [("objection", objection.digest().into()), ("answer", said.into()), ("state", "answered".into())];
        change.leaves.push(leaf(Kind::Objection, now, &members));
        let row = self.store().get(Table::ObjectionDue, &due)?;
        let change = match row {
            Some(row) => change.delete(Table::ObjectionDue, due, row.version),
            None => change,
        };
        let change = self.put_objection(change, &objection)?;
        let change = self.objection_event(change, &objection, "objectionAnswered", Some(author))?;
        match self.store().commit(change) {
            Ok(_) => self.objection_at(&key)?.ok_or_else(none),
            Err(StoreError::Conflict(_) | StoreError::NotFound { .. }) => Err(answered()),
            Err(error) => Err(error.into()),
        }
    }

    /// Objections to the uses of a unit, or of all: those that wait the first due first.
    pub fn objections(
        &self,
        unit: Option<&AgencyCode>,
        wanted: Wanted,
        after: Option<&str>,
    ) -> Result<(Vec<Objection>, Option<String>), Error> {
        let after = after.map(from_base64url).transpose()?;
        let (table, prefix) = match (wanted, unit) {
            (Wanted::All, Some(unit)) => (Table::Objection, record::prefix(&[unit.as_str()])),
            (Wanted::All, None) => (Table::Objection, Vec::new()),
            (Wanted::Open, _) => (Table::ObjectionDue, Vec::new()),
        };
        let page = self.store().scan(table, &prefix, after.as_deref(), MAX_PAGE / 5)?;
        let mut found = Vec::new();
        for (key, row) in &page.rows {
            let at = if table == Table::Objection { key } else { &row.value };
            let objection = self.objection_at(at)?;
            found.extend(objection.filter(|one| unit.is_none_or(|unit| one.head.unit == *unit)));
        }
        Ok((found, page.next.map(|key| base64url(&key))))
    }

    pub(super) fn objection_at(&self, key: &[u8]) -> Result<Option<Objection>, Error> {
        let Some(row) = self.store().get(Table::Objection, key)? else { return Ok(None) };
        let head = record::decode(Table::Objection, &row.value)?;
        let body = record::open(&self.keys.sealer, Table::Objection, key, &row.value)?;
        let body = serde_json::from_slice(&body).map_err(|error| Error::corrupt(format!("objection: {error}")))?;
        Ok(Some(Objection { head, body, version: row.version }))
    }

    fn put_objection(&self, change: Change, objection: &Objection) -> Result<Change, Error> {
        let key = UseId::parse(&objection.head.id)?.key();
        let body = serde_json::to_vec(&objection.body).map_err(|error| Error::corrupt(error.to_string()))?;
        let value = self.vault().encode(Table::Objection, &key, &objection.head, &body)?;
        Ok(match objection.version {
            0 => {
                let due = due_key(&objection.head, &key);
                change.insert(Table::Objection, key.clone(), value).insert(Table::ObjectionDue, due, key)
            }
            version => change.update(Table::Objection, key, version, value),
        })
    }

    fn objection_event(
        &self,
        change: Change,
        objection: &Objection,
        event: &str,
        author: Option<&Author>,
    ) -> Result<Change, Error> {
        let (at, head) = (rfc3339(self.now()), &objection.head);
        let key = record::key(&[head.unit.as_str(), &at, &base64url(&bytes::<9>(self.random()))]);
        let open = json!({"event": event, "use": head.id, "due": head.due.to_string(), "outcome": head.outcome, "at": at, "by": author});
        let value = self.vault().encode(Table::Audit, &key, &open, b"{}")?;
        Ok(change.put(Table::Audit, key, value))
    }
}

fn due_key(head: &Head, key: &[u8]) -> Vec<u8> {
    [head.due.to_string().as_bytes(), b"\0", key].concat()
}

fn answered() -> Error {
    Error::new(ErrorKind::Conflict, "answered already").says("该异议已答复。", "This objection has been answered.")
}

fn within(text: &str, zh: &str, en: &str) -> Result<String, Error> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(Error::new(ErrorKind::Refused, format!("{en} of 1 to {LONGEST} characters")).says(
            format!("请填写{zh}（{LONGEST} 字以内）。"),
            format!("Give the {en} in at most {LONGEST} characters."),
        ));
    }
    Ok(text.to_owned())
}
