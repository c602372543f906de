//! A row while it is filled in: the steps of [`CredentialType::fill`](super::CredentialType::fill), each noting what is
//! wrong and going on, so that all faults of a row are told together.

use std::collections::BTreeMap;

use crate::base::codes::citizen::CitizenId;
use crate::base::json::{Map, Value, lent};
use crate::base::time::Date;

use super::annotation::{Fallback, Field, FieldFormat, Source};
use super::fault::{Fault, RowError};
use super::holders::Holder;
use super::numbering::{Part, parts};
use super::row::{EFFECTIVE, EXPIRING, HOLDER_COLUMNS, HOLDER_NAME, ISSUED, Issuing, NUMBER};
use super::validity::{Until, Validity};
use super::views::birth_date;
use super::{CredentialType, PERMANENT, cell};

/// Sex unknown, or not told (GB/T 2261.1): no disagreement.
const NOT_SAID: [&str; 2] = ["0", "9"];
/// The status of a licence when it is issued (有效).
const STATUS_VALID: &str = "11";
/// The most errors that one row is told.
const MOST_ERRORS: usize = 50;

/// The cells of a row by the column's canonical name.
#[derive(Debug, Default)]
pub(super) struct Columns<'a> {
    pub(super) shared: BTreeMap<String, &'a Value>,
    per_holder: BTreeMap<(usize, String), &'a Value>,
    holders: usize,
}

/// A row while it is filled in.
pub(super) struct Filling<'a> {
    pub(super) kind: &'a CredentialType,
    issuing: &'a Issuing<'a>,
    pub(super) columns: Columns<'a>,
    pub(super) subjects: Vec<Map>,
    pub(super) errors: Vec<RowError>,
}

impl<'a> Filling<'a> {
    pub(super) fn new(kind: &'a CredentialType, issuing: &'a Issuing<'a>) -> Self {
        Self { kind, issuing, columns: Columns::default(), subjects: Vec::new(), errors: Vec::new() }
    }

    /// Notes a fault of a column, the first one only.
    pub(super) fn fault(&mut self, column: &str, fault: Fault) {
        let known = self.errors.iter().any(|error| error.field == column);
        if !known && self.errors.len() < MOST_ERRORS {
            self.errors.push(RowError::new(column, &self.kind.column_label(column), fault));
        }
    }

    pub(super) fn shared_text(&self, column: &str) -> Option<String> {
        let cell = self.columns.shared.get(column)?;
        cell::plain_text(cell).ok().flatten().map(|text| cell::tidy(&text))
    }

    pub(super) fn holder_text(&self, column: &str, i: usize) -> Option<String> {
        let cell = self.columns.per_holder.get(&(i, column.to_owned()))?;
        let text = cell::plain_text(cell).ok().flatten()?;
        Some(if column == HOLDER_NAME { cell::tidy(&text) } else { cell::compact(&text) })
    }

    /// Sorts the cells by column; unknown and repeated columns are faults.
    pub(super) fn sort(&mut self, row: &'a Map) {
        for (header, cell) in row {
            let header = cell::tidy(header);
            let (base, holder) = match header.rsplit_once('.') {
                Some((base, digits)) => (base, digits.parse::<usize>().ok().filter(|i| *i > 0)),
                None => (header.as_str(), Some(1)),
            };
            let numbered = base.len() < header.len();
            let found = self.kind.column_name(base).map(str::to_owned).zip(holder);
            let Some((name, holder)) = found else {
                self.fault(&header, Fault::UnknownColumn);
                continue;
            };
            let each =
                HOLDER_COLUMNS.contains(&name.as_str()) || self.kind.field(&name).is_some_and(|field| field.per_holder);
            if numbered && !each || holder > self.kind.most_holders() {
                self.fault(&header, if each { Fault::HolderCount } else { Fault::UnknownColumn });
                continue;
            }
            if cell.is_null() || cell.as_str().is_some_and(cell::is_blank) {
                continue;
            }
            let twice = if each {
                self.columns.holders = self.columns.holders.max(holder);
                self.columns.per_holder.insert((holder - 1, name), cell).is_some()
            } else {
                self.columns.shared.insert(name, cell).is_some()
            };
            if twice {
                self.fault(&header, Fault::ColumnTwice);
            }
        }
    }

    fn subject_count(&self) -> usize {
        let rule = self.kind.holder();
        match &rule.joint {
            Some(_) if rule.parties.len() > 1 => rule.parties.len(),
            Some(joint) => self.columns.holders.clamp(joint.min.max(1), joint.max),
            None => 1,
        }
    }

    pub(super) fn read_fields(&mut self) {
        self.subjects = vec![Map::new(); self.subject_count()];
        let kind = self.kind;
        for field in kind.fields() {
            for i in 0..self.subjects.len() {
                let (cell, column) = if field.per_holder {
                    let column =
                        if self.subjects.len() > 1 { format!("{}.{}", field.name, i + 1) } else { field.name.clone() };
                    (self.columns.per_holder.get(&(i, field.name.clone())), column)
                } else {
                    (self.columns.shared.get(&field.name), field.name.clone())
                };
                match cell.map(|cell| cell::read(field, cell)) {
                    Some(Ok(Some(value))) => self.put(i, &field.name, value),
                    Some(Err(fault)) => self.fault(&column, fault),
                    Some(Ok(None)) | None => {}
                }
            }
        }
    }

    fn put(&mut self, i: usize, name: &str, value: Value) {
        if let Some(subject) = self.subjects.get_mut(i) {
            subject.insert(name.to_owned(), value);
        }
    }

    /// Gives every subject a value, unless the row said one.
    fn put_default(&mut self, name: &str, value: &str) {
        for subject in &mut self.subjects {
            if !subject.contains_key(name) {
                subject.insert(name.to_owned(), Value::String(value.to_owned()));
            }
        }
    }

    pub(super) fn default_fields(&mut self) {
        let kind = self.kind;
        for field in kind.fields() {
            if field.default == Some(Fallback::IssuerName) {
                self.put_default(&field.name, self.issuing.agency_name);
            }
        }
        let rule = kind.holder();
        let Some(joint) = rule.joint.as_ref().filter(|_| rule.parties.len() > 1) else { return };
        for (i, party) in rule.parties.iter().enumerate() {
            let named = |subject: &Map| subject.get(party.name.as_deref()?).cloned();
            let name = self.subjects.get(i).and_then(named);
            for field in &joint.per_holder {
                let missing = self.subjects.get(i).is_some_and(|subject| !subject.contains_key(field));
                if let (true, Some(name)) = (missing, name.clone()) {
                    self.put(i, field, name);
                }
            }
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.subjects.first()?.get(name)?.as_str()
    }

    /// A date that a column other than a field gives.
    fn column_date(&mut self, column: &str) -> Result<Option<Date>, ()> {
        let Some(text) = self.shared_text(column) else { return Ok(None) };
        match cell::date(&cell::compact(&text)) {
            Ok(date) => Ok(Some(date)),
            Err(fault) => {
                self.fault(column, fault);
                Err(())
            }
        }
    }

    /// The day of issue: the field that has it, the column, or today; `None` when what the row says is no date.
    pub(super) fn issued_date(&mut self) -> Option<Date> {
        let kind = self.kind;
        let column = self.column_date(ISSUED).ok()?.unwrap_or(self.issuing.today);
        let Some(Source::Field(field)) = kind.annotation().metadata.get(ISSUED) else { return Some(column) };
        if self.errors.iter().any(|error| error.field == *field) {
            return None;
        }
        self.put_default(field, &column.to_string());
        self.text(field).and_then(|text| cell::date(text).ok())
    }

    pub(super) fn validity(&mut self, issued: Option<Date>) -> Option<Validity> {
        let rule = self.kind.validity();
        let mut from = self.column_date(EFFECTIVE).ok()?.or(issued)?;
        if let Some(field) = &rule.from {
            self.put_default(field, &from.to_string());
            from = self.text(field).and_then(|text| cell::date(text).ok())?;
        }
        let until = self.until()?;
        let born = rule.birth.as_ref().and_then(|field| birth_date(self.subjects.first()?.get(field)?));
        let column = rule.until.clone().unwrap_or_else(|| EXPIRING.to_owned());
        match rule.validity(from, born, until) {
            Ok(validity) => {
                self.write_until(validity);
                Some(validity)
            }
            Err(Fault::Missing) if rule.birth.is_some() => {
                self.fault(rule.birth.as_deref().unwrap_or(&column), Fault::Missing);
                None
            }
            Err(fault) => {
                self.fault(&column, fault);
                None
            }
        }
    }

    /// What the row says about the last day; `None` when that is no date.
    fn until(&mut self) -> Option<Until> {
        let field = self.kind.validity().until.as_deref();
        if field.is_some_and(|field| self.errors.iter().any(|error| error.field == field)) {
            return None;
        }
        let text = field.and_then(|field| self.text(field)).map(str::to_owned).or_else(|| self.shared_text(EXPIRING));
        match text.as_deref() {
            None => Some(Until::Silent),
            Some(PERMANENT | "9999-12-31" | "99991231") => Some(Until::Permanent),
            Some(text) if text.len() == 7 => Some(Until::Day(last_of_month(text)?)),
            Some(text) => match cell::date(&cell::compact(text)) {
                Ok(day) => Some(Until::Day(day)),
                Err(fault) => {
                    self.fault(EXPIRING, fault);
                    None
                }
            },
        }
    }

    fn write_until(&mut self, validity: Validity) {
        let kind = self.kind;
        let Some(field) = kind.validity().until.as_deref().and_then(|name| kind.field(name)) else { return };
        let text = match (validity.until(), field.format) {
            (Some(day), FieldFormat::Month) => format!("{:04}-{:02}", day.year(), day.month()),
            (Some(day), _) => day.to_string(),
            (None, FieldFormat::DateOrPermanent) => PERMANENT.to_owned(),
            (None, _) => return,
        };
        self.put_default(&field.name, &text);
    }

    pub(super) fn number(&mut self) -> Option<String> {
        let rule = self.kind.numbering();
        let column = rule.field.clone().unwrap_or_else(|| NUMBER.to_owned());
        let given = rule.field.as_deref().and_then(|field| self.text(field)).map(str::to_owned);
        if let Some(number) = given.or_else(|| self.shared_text(NUMBER).map(|text| cell::compact(&text))) {
            self.put_number(&number);
            return Some(number);
        }
        let sequence = if rule.needs_sequence() { self.issuing.sequence } else { Some(0) };
        let fields = self.subjects.first()?;
        let made = sequence.and_then(|sequence| rule.write(self.issuing, sequence, fields).ok());
        match &made {
            Some(number) => self.put_number(number),
            None => self.fault(&column, Fault::NoNumber),
        }
        made
    }

    /// Takes back that no number could be made where a field that it is made of is told already: mending that mends it.
    pub(super) fn spare_number(&mut self) {
        let rule = self.kind.numbering();
        let parts = rule.template.as_deref().and_then(|template| parts(template).ok()).unwrap_or_default();
        let told =
            |part: &Part<'_>| matches!(part, Part::Field(name) if self.errors.iter().any(|error| error.field == *name));
        if parts.iter().any(told) {
            self.errors.retain(|error| error.code != Fault::NoNumber.code());
        }
    }

    fn put_number(&mut self, number: &str) {
        if let Some(field) = self.kind.numbering().field.as_deref() {
            self.put_default(field, number);
        }
    }

    /// Holds date of birth and sex against the citizen's number that says them too.
    pub(super) fn check_agreement(&mut self) {
        let kind = self.kind;
        for said in &kind.annotation().agree {
            for i in 0..self.subjects.len() {
                let text = |name: &str| self.subjects.get(i)?.get(name)?.as_str();
                let Some(number) = text(&said.number).and_then(|text| CitizenId::parse(text).ok()) else { continue };
                let told = [
                    (said.birth.as_deref(), number.birth_date().to_string()),
                    (said.sex.as_deref(), number.sex().code().to_string()),
                ];
                let differs = |(field, right): (Option<&'a str>, String)| {
                    let field = field?;
                    text(field).is_some_and(|given| !NOT_SAID.contains(&given) && given != right).then_some(field)
                };
                for field in told.into_iter().filter_map(differs).collect::<Vec<_>>() {
                    self.fault(field, Fault::Disagrees);
                }
            }
        }
    }

    /// Checks the subjects by the schema. Dates that could not be made for want of others are not told as missing.
    pub(super) fn check_subjects(&mut self, dated: bool) {
        let rule = self.kind.validity();
        let made = |name: &str| rule.until.as_deref() == Some(name) || rule.from.as_deref() == Some(name);
        for i in 0..self.subjects.len() {
            let problems =
                self.subjects.get_mut(i).map(|subject| lent(subject, |subject| self.kind.check_subject(subject)));
            for problem in problems.and_then(Result::err).unwrap_or_default() {
                let in_path = problem.path.split('/').nth(1).filter(|name| !name.is_empty()).map(str::to_owned);
                let Some(name) = in_path.or_else(|| problem.member.clone()) else { continue };
                if !dated && made(&name) && problem.keyword == "required" {
                    continue;
                }
                let field = self.kind.field(&name);
                let column = match field {
                    Some(Field { per_holder: true, .. }) if self.subjects.len() > 1 => format!("{name}.{}", i + 1),
                    _ => name,
                };
                self.fault(&column, Fault::of_problem(&problem, field.map(|field| field.format)));
            }
        }
    }

    pub(super) fn certificate(&self, number: &str, issued: Date, validity: Validity, holders: &[Holder]) -> Map {
        let said = self.kind.annotation();
        let joined = |part: fn(&Holder) -> &str| Some(holders.iter().map(part).collect::<Vec<_>>().join("、"));
        let value = |name: &str, source: &Source| match source {
            Source::TypeName => Some(said.name.zh.clone()),
            Source::TypeCode => Some(said.certificate_type_code.clone()),
            Source::DefinedByName => Some(said.defined_by.name.clone()),
            Source::DefinedByCode => Some(said.defined_by.code.clone()),
            Source::HolderCategory => Some(said.holder.category.standard_name().to_owned()),
            Source::Version => Some(format!("{:03}", self.issuing.version)),
            Source::IssuedDate => Some(issued.to_string()),
            Source::Status => Some(STATUS_VALID.to_owned()),
            Source::IssuerName => Some(self.issuing.agency_name.to_owned()),
            Source::IssuerCode => Some(self.issuing.agency_code.to_owned()),
            Source::IssuerDivision => Some(self.issuing.division.to_owned()),
            Source::Number => Some(number.to_owned()),
            Source::HolderName => joined(|holder| &holder.name),
            Source::HolderCode => joined(|holder| &holder.code),
            Source::HolderCodeType => joined(|holder| &holder.code_type),
            Source::HolderCodeTypeName => self.code_type_name(holders),
            Source::ValidFrom => Some(validity.from().to_string()),
            Source::ValidUntil => Some(validity.until().map_or_else(|| PERMANENT.to_owned(), |day| day.to_string())),
            Source::Field(field) => self.text(field).map(str::to_owned),
            Source::Row => self.shared_text(name),
            Source::Identifier | Source::Copy | Source::Subject => None,
        };
        said.metadata
            .iter()
            .filter_map(|(name, source)| Some((name.clone(), Value::String(value(name, source)?))))
            .collect()
    }

    fn code_type_name(&self, holders: &[Holder]) -> Option<String> {
        let list = self.kind.shared().lists.get("holderCodeType")?;
        let name = |holder: &Holder| {
            list.iter().find(|choice| choice.value == holder.code_type).map(|choice| choice.zh.as_str())
        };
        Some(holders.iter().map(name).collect::<Option<Vec<_>>>()?.join("、"))
    }

    /// Checks the metadata; what follows from a fault already told is not told again.
    pub(super) fn check_certificate(&mut self, certificate: &mut Map) {
        let faultless = self.errors.is_empty();
        let given = |name: &str| self.kind.annotation().metadata.get(name) == Some(&Source::Row);
        let problems = lent(certificate, |certificate| self.kind.shared().certificate.validate(certificate));
        for problem in problems.err().unwrap_or_default() {
            let in_path = problem.path.split('/').nth(1).filter(|name| !name.is_empty()).map(str::to_owned);
            match in_path.or_else(|| problem.member.clone()) {
                Some(name) if given(&name) || faultless && name != "certificateIdentifier" => {
                    self.fault(&name, Fault::of_problem(&problem, None));
                }
                _ => {}
            }
        }
    }
}

/// The last day of a month `YYYY-MM`.
fn last_of_month(month: &str) -> Option<Date> {
    cell::date(&format!("{month}-01")).ok().map(Date::last_of_month)
}
