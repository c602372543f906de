//! Finding use records: for the window, the holder, the licence's agency and those who watch.

use super::objection::Objection;
use super::record::{Signed, UseId, UseRecord, of_case, of_credential};
use crate::base::bytes::{base64url, from_base64url};
use crate::base::id::{AgencyCode, ApplicationId, CredentialId};
use crate::base::json::{Map, Value, json};
use crate::domain::change::{Row, Table};
use crate::domain::city::City;
use crate::domain::error::Error;
use crate::domain::ports::MAX_PAGE;
use crate::domain::record;

/// Records of one page.
const PAGE: u16 = 50;

/// One page of records, the newest first.
#[derive(Debug)]
pub struct Uses<T> {
    /// The records.
    pub uses: Vec<T>,
    /// Where to go on; absent at the end.
    pub next: Option<String>,
}

/// A record with what became of it.
#[derive(Debug)]
pub struct Listed {
    /// The record.
    pub signed: Signed,
    /// The objection to it.
    pub objection: Option<Objection>,
    /// The copy that was made of what was shown.
    pub copy: Option<Value>,
}

impl Listed {
    /// What the holder sees.
    pub fn to_json(&self, city: &City) -> Value {
        json!({
            "use": self.signed.record,
            "jwt": self.signed.jwt,
            "objection": self.objection.as_ref().map(|objection| objection.to_json(city.now(), true)),
            "copy": self.copy,
        })
    }
}

impl City {
    /// A record by its identifier.
    pub fn use_named(&self, id: &str) -> Result<Signed, Error> {
        let key = UseId::parse(id).map_err(|_| no_use())?.key();
        let row = self.store().get(Table::UseRecord, &key)?.ok_or_else(no_use)?;
        self.signed_use(&key, &row)
    }

    /// The records of these identifiers.
    pub fn uses_named(&self, ids: &[String]) -> Result<Vec<Signed>, Error> {
        ids.iter().map(|id| self.use_named(id)).collect()
    }

    /// Every record of a case, the oldest first.
    pub fn uses_of_case(&self, id: &ApplicationId) -> Result<Vec<Signed>, Error> {
        let prefix = record::prefix(&[&of_case(id)]);
        let (mut uses, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let page = self.store().scan(Table::UseIndex, &prefix, after.as_deref(), MAX_PAGE)?;
            for (_, row) in &page.rows {
                uses.push(self.use_at(&row.value)?);
            }
            after = page.next;
            if after.is_none() {
                uses.sort_by(|a, b| {
                    (a.record.at, &a.record.chain, a.record.seq).cmp(&(b.record.at, &b.record.chain, b.record.seq))
                });
                return Ok(uses);
            }
        }
    }

    /// Who used a licence of an agency: what stands in the open.
    pub fn uses_of_credential(&self, id: &CredentialId, after: Option<&str>) -> Result<Uses<Value>, Error> {
        let after = after.map(from_base64url).transpose()?;
        let prefix = record::prefix(&[&of_credential(id)]);
        let page = self.store().scan(Table::UseIndex, &prefix, after.as_deref(), PAGE)?;
        let open = page.rows.iter().map(|(_, row)| self.open_use(&row.value));
        Ok(Uses { uses: open.collect::<Result<_, _>>()?, next: page.next.map(|key| base64url(&key)) })
    }

    /// What was verified at the windows of a unit: without what would lead to a person.
    pub fn uses_of_unit(&self, unit: &AgencyCode, after: Option<&str>) -> Result<Uses<Value>, Error> {
        let after = after.map(from_base64url).transpose()?;
        let page = self.store().scan(Table::UseRecord, &record::prefix(&[unit.as_str()]), after.as_deref(), PAGE)?;
        let read = page.rows.iter().map(|(_, row)| {
            let mut open: Map = record::decode(Table::UseRecord, &row.value)?;
            if let Some(Value::Object(used)) = open.get_mut("credential") {
                used.remove("id");
                used.remove("status");
            }
            Ok::<_, Error>(Value::Object(open))
        });
        Ok(Uses { uses: read.collect::<Result<_, _>>()?, next: page.next.map(|key| base64url(&key)) })
    }

    /// The records found under any of these names, the newest first.
    pub(super) fn uses_under(&self, whose: &[String], after: Option<&str>) -> Result<Uses<Listed>, Error> {
        let after = after.map(from_base64url).transpose()?;
        let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for one in whose {
            let prefix = record::prefix(&[one]);
            let from = after.as_ref().map(|after| [prefix.as_slice(), after].concat());
            let page = self.store().scan(Table::UseIndex, &prefix, from.as_deref(), PAGE + 1)?;
            found.extend(
                page.rows
                    .into_iter()
                    .map(|(key, row)| (key.get(prefix.len()..).unwrap_or_default().to_vec(), row.value)),
            );
        }
        found.sort_unstable();
        found.dedup();
        let more = found.len() > usize::from(PAGE);
        found.truncate(usize::from(PAGE));
        let next = found.last().filter(|_| more).map(|(place, _)| base64url(place));
        let uses = found.iter().map(|(_, key)| self.listed(key)).collect::<Result<_, _>>()?;
        Ok(Uses { uses, next })
    }

    fn listed(&self, key: &[u8]) -> Result<Listed, Error> {
        let signed = self.use_at(key)?;
        Ok(Listed { objection: self.objection_at(key)?, copy: self.copy_of(&signed.record)?, signed })
    }

    fn use_at(&self, key: &[u8]) -> Result<Signed, Error> {
        let row = self.store().get(Table::UseRecord, key)?;
        self.signed_use(key, &row.ok_or_else(|| Error::corrupt("an index leads to no use record"))?)
    }

    fn signed_use(&self, key: &[u8], row: &Row) -> Result<Signed, Error> {
        let wrong = |detail: String| Error::corrupt(format!("use record: {detail}"));
        let jwt = record::open(&self.keys.sealer, Table::UseRecord, key, &row.value)?;
        let jwt = String::from_utf8(jwt).map_err(|error| wrong(error.to_string()))?;
        let claims =
            crate::vc::jws::Jws::parse(&jwt).and_then(|jws| jws.claims()).map_err(|one| wrong(one.to_string()))?;
        let said: UseRecord =
            serde_json::from_value(Value::Object(claims)).map_err(|error| wrong(error.to_string()))?;
        Ok(Signed { record: said, jwt })
    }

    fn open_use(&self, key: &[u8]) -> Result<Value, Error> {
        let row = self.store().get(Table::UseRecord, key)?;
        let row = row.ok_or_else(|| Error::corrupt("an index leads to no use record"))?;
        let mut open: Map = record::decode(Table::UseRecord, &row.value)?;
        let objection = self.objection_at(key)?.map(|objection| objection.to_json(self.now(), false));
        open.insert("objection".to_owned(), objection.unwrap_or_default());
        Ok(Value::Object(open))
    }
}

pub(super) fn no_use() -> Error {
    Error::not_found("no such use record").says("没有这条用证记录。", "There is no such use record.")
}
