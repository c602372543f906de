//! A row of an agency's table becomes the subjects and the metadata of a credential.
//!
//! Columns are named as the fields (`idNumber`) or as their Chinese labels (公民身份号码); the metadata elements that a
//! row may give have their own names. The columns of a holder among several carry its number: `rightHolder.1`,
//! `certificateHolderCode.1`, `rightHolder.2` … Where no field names the holder, `certificateHolderName` and
//! `certificateHolderCode` do; `holderKey` brings the holder's public key or DID; `guardianName` and `guardianCode` a
//! guardian. [`CredentialType::columns`] is a table's header. JSON rows have the same members, with typed values.
//!
//! What a row does not say is filled in where the type has a rule: the licence number, the dates, the issuing authority.
//! All that is wrong with a row is told at once.

use crate::base::json::{Map, Value};
use crate::base::text::Label;
use crate::base::time::Date;

use super::CredentialType;
use super::annotation::Source;
use super::cell;
use super::fault::RowError;
use super::filling::Filling;
use super::holders::{self, GUARDIAN_CODE, GUARDIAN_NAME, Holder};
use super::validity::Validity;

/// The column with a holder's name, where no field has it.
pub const HOLDER_NAME: &str = "certificateHolderName";
/// The column with a holder's identity code, where no field has it.
pub const HOLDER_CODE: &str = "certificateHolderCode";
/// The column with the type of that code.
pub const HOLDER_TYPE: &str = "certificateHolderTypeCode";
/// The column with a holder's public key or DID.
pub const HOLDER_KEY: &str = "holderKey";
pub(super) const HOLDER_COLUMNS: [&str; 4] = [HOLDER_NAME, HOLDER_CODE, HOLDER_TYPE, HOLDER_KEY];
pub(super) const NUMBER: &str = "certificateNumber";
pub(super) const ISSUED: &str = "certificateIssuedDate";
pub(super) const EFFECTIVE: &str = "certificateEffectiveDate";
pub(super) const EXPIRING: &str = "certificateExpiringDate";

/// What issuing knows beside the row.
#[derive(Clone, Copy, Debug)]
pub struct Issuing<'a> {
    /// The agency's name.
    pub agency_name: &'a str,
    /// The agency's USCC.
    pub agency_code: &'a str,
    /// The agency's division, six digits.
    pub division: &'a str,
    /// The division's name, 望城区.
    pub place: &'a str,
    /// The province's short name, 湘.
    pub province: &'a str,
    /// The day in China.
    pub today: Date,
    /// The agency's running number for a licence number that the row does not bring.
    pub sequence: Option<u64>,
    /// The version of the licence, from 1.
    pub version: u16,
}

/// A row filled in: everything of the credential that depends on its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The subjects: one, or one per holder of a joint type.
    pub subjects: Vec<Map>,
    /// The `certificate` metadata, still without `certificateIdentifier`.
    pub certificate: Map,
    /// Who will hold it.
    pub holders: Vec<Holder>,
    /// The licence number (证照编号).
    pub number: String,
    /// The days of validity.
    pub validity: Validity,
}

impl Filled {
    /// Puts the holders' identifiers where they belong; see [`holders::bind`].
    pub fn bind(&mut self, ids: &[Option<String>]) {
        holders::bind(&mut self.subjects, &self.holders, ids);
    }

    /// The `credentialSubject`: an object, or an array for several holders.
    pub fn credential_subject(&self) -> Value {
        match self.subjects.as_slice() {
            [one] => Value::Object(one.clone()),
            many => Value::Array(many.iter().cloned().map(Value::Object).collect()),
        }
    }
}

impl CredentialType {
    /// Fills in a row, or says all that is wrong with it.
    pub fn fill(&self, row: &Map, issuing: &Issuing<'_>) -> Result<Filled, Vec<RowError>> {
        let mut filling = Filling::new(self, issuing);
        filling.sort(row);
        filling.read_fields();
        filling.default_fields();
        let issued = filling.issued_date();
        let validity = filling.validity(issued);
        let number = filling.number();
        let holders = holders::read(&mut filling);
        filling.check_agreement();
        filling.check_subjects(validity.is_some());
        filling.spare_number();
        let (Some(validity), Some(number), Some(issued)) = (validity, number, issued) else {
            return Err(filling.errors);
        };
        let mut certificate = filling.certificate(&number, issued, validity, &holders);
        filling.check_certificate(&mut certificate);
        if !filling.errors.is_empty() {
            return Err(filling.errors);
        }
        let mut filled = Filled { subjects: filling.subjects, certificate, holders, number, validity };
        filled.bind(&[]);
        Ok(filled)
    }

    /// Whether the licence number of a row takes one of the agency's running numbers: the type has them, and the row
    /// brings no number of its own.
    pub fn needs_sequence(&self, row: &Map) -> bool {
        let rule = self.numbering();
        let numbers = |header: &str| {
            let header = cell::tidy(header);
            let name = self.column_name(header.split_once('.').map_or(header.as_str(), |(base, _)| base));
            name.is_some_and(|name| name == NUMBER || rule.field.as_deref() == Some(name))
        };
        let blank = |cell: &Value| cell.is_null() || cell.as_str().is_some_and(cell::is_blank);
        rule.needs_sequence() && !row.iter().any(|(header, cell)| numbers(header) && !blank(cell))
    }

    /// The header of a table of this type for so many holders: the fields as on paper, then what else a row needs.
    pub fn columns(&self, holders: usize) -> Vec<String> {
        let holders = holders.clamp(1, self.most_holders());
        let spread = |name: &str, each: bool| -> Vec<String> {
            if each && holders > 1 {
                (1..=holders).map(|i| format!("{name}.{i}")).collect()
            } else {
                vec![name.to_owned()]
            }
        };
        let parties = &self.holder().parties;
        let unnamed = parties.iter().any(|party| party.name.is_none()).then_some(HOLDER_NAME);
        let uncoded = parties.iter().any(|party| party.code.is_none()).then_some(HOLDER_CODE);
        let fields = self.fields().iter().flat_map(|field| spread(&field.name, field.per_holder));
        let others = unnamed.into_iter().chain(uncoded).chain([HOLDER_KEY]);
        fields.chain(others.flat_map(|name| spread(name, true))).collect()
    }

    /// What people call a column: the field's label, the metadata element's, or the column's own name.
    pub fn column_label(&self, column: &str) -> Label {
        let name = column.split('.').next().unwrap_or(column);
        if let Some(field) = self.field(name) {
            return field.label.clone();
        }
        if let Some(element) = self.shared().elements.iter().find(|element| element.name == name) {
            return element.label.clone();
        }
        match name {
            HOLDER_KEY => Label::new("持证主体公钥", "Holder’s key"),
            GUARDIAN_NAME => Label::new("监护人姓名", "Guardian’s name"),
            GUARDIAN_CODE => Label::new("监护人身份证件号码", "Guardian’s identity code"),
            _ => Label::new(column, column),
        }
    }

    /// The column that a table's heading means, with its number where it has one; `None` when the type has no such column.
    pub fn column(&self, heading: &str) -> Option<String> {
        let (base, number) = match heading.trim().rsplit_once('.') {
            Some((base, number)) if number.parse::<usize>().is_ok_and(|n| n > 0) => (base, Some(number)),
            _ => (heading.trim(), None),
        };
        let name = self.column_name(base)?;
        Some(number.map_or_else(|| name.to_owned(), |number| format!("{name}.{number}")))
    }

    /// The canonical name of a column without its number; `None` when the type has no such column.
    pub(super) fn column_name(&self, header: &str) -> Option<&str> {
        let by_label = || self.fields().iter().find(|field| field.label.zh == header);
        if let Some(field) = self.field(header).or_else(by_label) {
            return Some(&field.name);
        }
        let guardian = [GUARDIAN_NAME, GUARDIAN_CODE].into_iter().filter(|_| self.holder().guardian);
        let fixed = HOLDER_COLUMNS.into_iter().chain([NUMBER, ISSUED, EFFECTIVE, EXPIRING]).chain(guardian);
        let elements = self.annotation().metadata.iter().filter(|(_, source)| **source == Source::Row);
        let mut names = fixed.chain(elements.map(|(name, _)| name.as_str()));
        names.find(|name| *name == header || self.column_label(name).zh == header)
    }
}

#[cfg(test)]
pub(super) mod tests;
