//! How long a licence is valid, from its type's rule and what the row says.

use jiff::ToSpan;

use crate::base::time::{Date, Timestamp, china_date, china_end_of_day, china_midnight};

use super::annotation::{ValidityKind, ValidityRule};
use super::fault::Fault;
use super::views::birthday;

/// The days of validity, both included. It cannot end before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    from: Date,
    until: Option<Date>,
}

/// What a row says about the last day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Nothing.
    Silent,
    /// 长期.
    Permanent,
    /// This day.
    Day(Date),
}

impl Validity {
    /// The validity of a licence that was issued: from its first and last moment.
    pub fn of_moments(begins: Timestamp, ends: Option<Timestamp>) -> Self {
        Self { from: china_date(begins), until: ends.map(china_date) }
    }

    /// The first day.
    pub fn from(&self) -> Date {
        self.from
    }

    /// The last day; none = 长期.
    pub fn until(&self) -> Option<Date> {
        self.until
    }

    /// The first moment: the first day's midnight in China.
    pub fn begins(&self) -> Timestamp {
        china_midnight(self.from)
    }

    /// The last second of the last day in China; none = 长期.
    pub fn ends(&self) -> Option<Timestamp> {
        self.until.map(china_end_of_day)
    }
}

impl ValidityRule {
    /// The validity that begins on a day, for a holder born on another, with what the row says about its end.
    pub fn validity(&self, from: Date, born: Option<Date>, until: Until) -> Result<Validity, Fault> {
        let until = match until {
            Until::Day(day) => Some(day),
            Until::Permanent if self.may_be_permanent(from, born) => None,
            Until::Permanent => return Err(Fault::NotPermanent),
            Until::Silent => self.usual_end(from, born)?,
        };
        if until.is_some_and(|day| day < from) {
            return Err(Fault::EndsBeforeBegin);
        }
        let longest = self.max_days.map(|days| from.saturating_add(i32::from(days).days()));
        if longest.is_some_and(|longest| until.is_none_or(|day| day > longest)) {
            return Err(Fault::TooLong);
        }
        Ok(Validity { from, until })
    }

    fn may_be_permanent(&self, from: Date, born: Option<Date>) -> bool {
        match self.kind {
            ValidityKind::Permanent => true,
            ValidityKind::ByAge => matches!(self.usual_end(from, born), Ok(None)),
            ValidityKind::Term | ValidityKind::Given => self.permanent,
        }
    }

    /// Whether the rule has a term of its own.
    pub(super) fn has_term(&self) -> bool {
        self.years > 0 || self.months > 0 || self.days > 0
    }

    fn usual_end(&self, from: Date, born: Option<Date>) -> Result<Option<Date>, Fault> {
        match self.kind {
            ValidityKind::Permanent => Ok(None),
            ValidityKind::ByAge => self.end_by_age(from, born.ok_or(Fault::Missing)?),
            ValidityKind::Term | ValidityKind::Given if self.has_term() => {
                let span = i32::from(self.years).years().months(self.months).days(self.days);
                Ok(Some(from.saturating_add(span)))
            }
            ValidityKind::Term | ValidityKind::Given if self.permanent => Ok(None),
            ValidityKind::Term | ValidityKind::Given => Err(Fault::Missing),
        }
    }

    fn end_by_age(&self, from: Date, born: Date) -> Result<Option<Date>, Fault> {
        let younger = |age: u8| birthday(born, i64::from(age)).is_some_and(|day| from < day);
        let band = self.bands.iter().find(|band| band.under.is_none_or(younger)).ok_or(Fault::Missing)?;
        Ok((!band.permanent).then(|| from.saturating_add(i32::from(band.years).years())))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;
    use crate::base::time::{parse_date, rfc3339};

    fn day(text: &str) -> Date {
        parse_date(text).unwrap()
    }

    fn end(kind: &str, from: &str, born: Option<&str>, until: Until) -> Result<Option<String>, Fault> {
        let kind = Catalogue::embedded().unwrap().find(kind).unwrap();
        let validity = kind.validity().validity(day(from), born.map(day), until)?;
        Ok(validity.until().map(|day| day.to_string()))
    }

    fn usual(kind: &str, born: Option<&str>) -> Option<String> {
        end(kind, "2026-03-01", born, Until::Silent).unwrap()
    }

    #[test]
    fn an_identity_card_lasts_by_age() {
        assert_eq!(usual("idCard", Some("2010-03-02")).as_deref(), Some("2031-03-01"));
        assert_eq!(usual("idCard", Some("2010-03-01")).as_deref(), Some("2036-03-01"));
        assert_eq!(usual("idCard", Some("1990-01-01")).as_deref(), Some("2046-03-01"));
        assert_eq!(usual("idCard", Some("1980-03-01")), None);
        assert_eq!(end("idCard", "2026-03-01", None, Until::Silent), Err(Fault::Missing));
        assert_eq!(end("idCard", "2026-03-01", Some("1990-01-01"), Until::Permanent), Err(Fault::NotPermanent));
        assert_eq!(end("idCard", "2026-03-01", Some("1970-01-01"), Until::Permanent), Ok(None));
    }

    #[test]
    fn terms_and_permanence_follow_the_rule() {
        assert_eq!(usual("socialSecurityCard", None).as_deref(), Some("2036-03-01"));
        assert_eq!(usual("insuredProof", None).as_deref(), Some("2026-03-31"));
        assert_eq!(usual("marriage", None), None);
        assert_eq!(usual("businessLicense", None), None);
        assert_eq!(end("socialSecurityCard", "2026-03-01", None, Until::Permanent), Err(Fault::NotPermanent));
    }

    #[test]
    fn a_row_cannot_ask_for_more_than_the_rule() {
        let asked = |until| end("delegation", "2026-03-01", None, Until::Day(day(until)));
        assert_eq!(asked("2026-03-31"), Ok(Some("2026-03-31".to_owned())));
        assert_eq!(asked("2026-04-01"), Err(Fault::TooLong));
        assert_eq!(asked("2026-02-28"), Err(Fault::EndsBeforeBegin));
    }

    #[test]
    fn the_days_are_days_in_china() {
        let kind = Catalogue::embedded().unwrap().find("insuredProof").unwrap();
        let validity = kind.validity().validity(day("2026-03-01"), None, Until::Silent).unwrap();
        assert_eq!(rfc3339(validity.begins()), "2026-02-28T16:00:00Z");
        assert_eq!(rfc3339(validity.ends().unwrap()), "2026-03-31T15:59:59Z");
    }
}
