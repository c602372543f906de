//! The annotated copy, 加注件: what a window may hand on of what was shown to it, once, for one cause and not for long.
//!
//! A copy holds the fields that were disclosed for the application and nothing else, who made it and when, why, and until
//! when it is good (GB/T 36903: 制作时间, 制作者, 制作事由, 有效期截止). It is a JWT that the city's root key signs, with a text to
//! print across the page. Of one use there is one copy; whoever gets it takes it in once. Both leave a leaf, and the
//! holder sees them beside the use record.

use serde::{Deserialize, Serialize};

use super::Place;
use super::record::UseRecord;
use crate::base::bytes::{base64url, from_base64url, hex};
use crate::base::id::ApplicationId;
use crate::base::json::{Map, Value, json};
use crate::base::text::Label;
use crate::base::time::{Timestamp, china_date, china_end_of_day, parse_rfc3339, plus_seconds, rfc3339};
use crate::crypto::digest::sha256;
use crate::domain::application::case_file;
use crate::domain::application::record::{Application, By};
use crate::domain::catalogue::Catalogue;
use crate::domain::change::{Change, Table};
use crate::domain::city::City;
use crate::domain::error::{Error, ErrorKind};
use crate::domain::leaf::{Kind, leaf};
use crate::domain::ports::StoreError;
use crate::domain::record;
use crate::vc::jws::Jws;

/// The header member `typ`.
pub const TYP: &str = "certless-copy+jwt";
/// Longest cause, characters.
const CAUSE: usize = 200;

/// What stands in the open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    made_at: Timestamp,
    valid_until: Timestamp,
    digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taken_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    taken_by: Option<String>,
}

/// A copy that was made.
#[derive(Clone, Debug)]
pub struct Copy {
    /// What it says.
    pub claims: Map,
    /// The JWT.
    pub jwt: String,
}

impl City {
    /// Makes the one copy of what a use of an application showed; `days` at most what the city's rules allow.
    pub fn make_copy(&self, place: &Place, id: &str, cause: &str, days: Option<u16>) -> Result<Copy, Error> {
        let used = self.use_named(id)?.record;
        if used.unit != place.unit {
            return Err(super::read::no_use());
        }
        let cause = cause.trim();
        if cause.is_empty() || cause.chars().count() > CAUSE {
            return Err(Error::new(ErrorKind::Refused, "cause of 1 to 200 characters")
                .says("请填写制作事由（200 字以内）。", "Say why the copy is made, in at most 200 characters."));
        }
        let application = self.application(used.application.as_ref().ok_or_else(nothing_kept)?)?;
        let shown = shown(&application, &used).ok_or_else(nothing_kept)?;
        let most = self.rules.uses.copy_days;
        let days = days.unwrap_or(most).clamp(1, most.max(1));
        let now = self.this_second();
        let until = china_end_of_day(china_date(plus_seconds(now, i64::from(days) * 86_400)));
        let copy = self.sign_copy(copy_claims(self, &used, shown, cause, now, until));
        let head = Head { made_at: now, valid_until: until, digest: digest(&copy.jwt), taken_at: None, taken_by: None };
        let key = case_file::place(&application, "copy", &used.id, "0");
        let value = self.vault().encode(Table::CaseFile, &key, &head, copy.jwt.as_bytes())?;
        let mut change = Change::new(self.fresh_request("copy")?, sha256(copy.jwt.as_bytes()));
        change.leaves.push(leaf(Kind::Copied, now, &[("copy", head.digest.into()), ("state", "made".into())]));
        match self.store().commit(change.insert(Table::CaseFile, key, value)) {
            Ok(_) => Ok(copy),
            Err(StoreError::Duplicate { .. }) => Err(Error::new(ErrorKind::Conflict, "a copy was made of it before")
                .says("该次出示已制作过加注件，不能重复制作。", "A copy of this was made before; there is only one.")),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes a copy in: it must be the city's, in time, and taken in for the first time.
    pub fn take_copy(&self, place: &Place, jwt: &str) -> Result<Copy, Error> {
        let claims = self.read_copy(jwt)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let application = self.application(&ApplicationId::parse(text("application"))?)?;
        let key = case_file::place(&application, "copy", text("use"), "0");
        let row = self.store().get(Table::CaseFile, &key)?.ok_or_else(not_ours)?;
        let mut head: Head = record::decode(Table::CaseFile, &row.value)?;
        if head.digest != digest(jwt) {
            return Err(not_ours());
        }
        let now = self.this_second();
        if head.valid_until < now {
            return Err(Error::new(ErrorKind::Refused, "the copy has expired")
                .says("加注件已过有效期。", "The copy has expired."));
        }
        if head.taken_at.is_some() {
            return Err(taken());
        }
        (head.taken_at, head.taken_by) = (Some(now), Some(place.unit.to_string()));
        let value = self.vault().encode(Table::CaseFile, &key, &head, jwt.as_bytes())?;
        let mut change = Change::new(self.fresh_request("copy")?, sha256(jwt.as_bytes()));
        change.leaves.push(leaf(Kind::Copied, now, &[("copy", head.digest.into()), ("state", "taken".into())]));
        match self.store().commit(change.update(Table::CaseFile, key, row.version, value)) {
            Ok(_) => Ok(Copy { claims, jwt: jwt.to_owned() }),
            Err(StoreError::Conflict(_)) => Err(taken()),
            Err(error) => Err(error.into()),
        }
    }

    /// What is told of the copy that was made of a use.
    pub(super) fn copy_of(&self, used: &UseRecord) -> Result<Option<Value>, Error> {
        let Some(case) = &used.application else { return Ok(None) };
        let Some(key) = self.store().get(Table::CaseNumber, case.as_str().as_bytes())? else { return Ok(None) };
        let key = [key.value.as_slice(), b"\0", &record::key(&["copy", &used.id, "0"])].concat();
        let Some(row) = self.store().get(Table::CaseFile, &key)? else { return Ok(None) };
        let head: Head = record::decode(Table::CaseFile, &row.value)?;
        let jwt = record::open(&self.keys.sealer, Table::CaseFile, &key, &row.value)?;
        let claims = std::str::from_utf8(&jwt).ok().and_then(|jwt| Jws::parse(jwt).ok()?.claims().ok());
        Ok(Some(json!({
            "madeAt": rfc3339(head.made_at),
            "validUntil": rfc3339(head.valid_until),
            "takenAt": head.taken_at.map(rfc3339),
            "takenBy": head.taken_by,
            "cause": claims.and_then(|claims| claims.get("cause").cloned()),
        })))
    }

    fn sign_copy(&self, claims: Map) -> Copy {
        Copy { jwt: self.sign_by_root(TYP, &claims), claims }
    }

    fn read_copy(&self, jwt: &str) -> Result<Map, Error> {
        let read = Jws::parse(jwt.trim()).and_then(|jws| {
            jws.header().require_typ(TYP)?;
            let claims = jws.claims()?;
            let made = claims.get("madeAt").and_then(Value::as_str).and_then(|at| parse_rfc3339(at).ok());
            self.roots().verify(&jws, made.unwrap_or_else(|| self.now()))?;
            Ok(claims)
        });
        read.map_err(|_| not_ours())
    }
}

fn copy_claims(city: &City, used: &UseRecord, shown: &Value, cause: &str, now: Timestamp, until: Timestamp) -> Map {
    let licence = used.credential.clone().unwrap_or_default();
    let day = china_date(now);
    let unit = &used.unit_name;
    let watermark = Label::new(
        format!("仅供{}{}，{day} 制，他用无效", unit.zh, cause),
        format!("For {} only: {cause}. Made {day}; void for any other use", unit.en),
    );
    let claims = json!({
        "iss": city.names.base(),
        "use": used.id,
        "application": used.application,
        "matterName": used.matter_name,
        "madeAt": rfc3339(now),
        "maker": {"unit": used.unit, "unitName": unit, "clerk": used.clerk},
        "cause": cause,
        "validUntil": rfc3339(until),
        "watermark": watermark,
        "licence": {"type": licence.type_code, "typeName": licence.type_name, "issuerName": licence.issuer_name, "id": licence.id},
        "shownAt": rfc3339(used.at),
        "fields": fields(&licence, shown),
    });
    if let Value::Object(claims) = claims { claims } else { Map::new() }
}

/// The disclosed fields with their names, in the order of the type.
fn fields(licence: &super::record::Used, shown: &Value) -> Value {
    let found = Catalogue::embedded().ok().and_then(|all| all.find(licence.type_code.as_ref()?.as_str()));
    let subjects = shown.as_array().map_or(std::slice::from_ref(shown), Vec::as_slice);
    let of = |subject: &Map| -> Vec<Value> {
        let known: Vec<_> =
            found.iter().flat_map(|found| found.fields()).filter(|field| subject.contains_key(&field.name)).collect();
        let mut out: Vec<Value> = Vec::new();
        for field in &known {
            let value = subject.get(&field.name).cloned().unwrap_or_default();
            let text = Label::new(
                field.display(&value, crate::base::text::Lang::Zh),
                field.display(&value, crate::base::text::Lang::En),
            );
            out.push(json!({"name": field.name, "label": field.label, "value": value, "text": text}));
        }
        for (name, value) in
            subject.iter().filter(|(name, _)| *name != "id" && !known.iter().any(|field| field.name == **name))
        {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            out.push(json!({"name": name, "label": {"zh": name, "en": name}, "value": value, "text": {"zh": text, "en": text}}));
        }
        out
    };
    subjects.iter().filter_map(Value::as_object).map(|subject| Value::from(of(subject))).collect()
}

/// The claims that a use showed, as they are kept with its application.
fn shown<'a>(application: &'a Application, used: &UseRecord) -> Option<&'a Value> {
    let wanted = hex(&from_base64url(&used.presentation).ok()?);
    let type_code = used.credential.as_ref()?.type_code.as_ref()?;
    let met = application.head.fulfilled.iter().find(|one| match &one.by {
        By::Credential { digest, type_code: code, .. } => *digest == wanted && code == type_code,
        By::Form | By::Commitment | By::Tolerated { .. } => false,
    })?;
    application.body.claims.get(&met.requirement)
}

fn digest(jwt: &str) -> String {
    base64url(&sha256(jwt.trim().as_bytes()))
}

fn nothing_kept() -> Error {
    Error::new(ErrorKind::Refused, "nothing of this use is kept with a case").says(
        "只有办件中核验通过并作为材料的证照可以制作加注件。",
        "Only what was accepted as a material of a case can be copied.",
    )
}

fn not_ours() -> Error {
    Error::new(ErrorKind::Refused, "not a copy of this city")
        .says("这不是本市制作的加注件，或内容被改动。", "This is no copy made by this city, or it was changed.")
}

fn taken() -> Error {
    Error::new(ErrorKind::AlreadyUsed, "the copy was taken in before")
        .says("加注件只能使用一次，此件已使用。", "A copy is good once; this one was used.")
}
