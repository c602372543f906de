//! The working-day calendar on which every legal clock runs (行政许可法 Art. 82: limits are working days).
//!
//! Monday to Friday are working days except where the yearly notice of the State Council says otherwise; those
//! exceptions are a table (`schemas/workdays.json`, its source named there), replaceable because each November brings
//! the next year's. What it is not: a clock — suspensions and deemed acceptance are rules of the application.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;

use crate::base::error::ParseError;
use crate::base::text::Label;
use crate::base::time::{Timestamp, china_end_of_day};

const SHIPPED: &str = include_str!("../../schemas/workdays.json");

/// Which days are worked.
#[derive(Clone, Debug)]
pub struct Calendar {
    source: String,
    from: Date,
    until: Date,
    exceptions: BTreeMap<Date, Exception>,
}

/// A day that differs from its weekday's rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// A holiday; otherwise a weekend day worked in exchange.
    pub off: bool,
    /// The festival the day belongs to.
    pub name: Label,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: String,
    #[serde(rename = "rule")]
    _rule: String,
    from: Date,
    until: Date,
    days: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    date: Date,
    off: bool,
    name: Label,
}

impl Calendar {
    /// The table this version ships.
    pub fn shipped() -> Result<Self, ParseError> {
        Self::parse(SHIPPED.as_bytes())
    }

    /// Reads a table; refuses days listed twice or outside the span that the table says it covers.
    pub fn parse(json: &[u8]) -> Result<Self, ParseError> {
        let file: File =
            serde_json::from_slice(json).map_err(|error| ParseError::new("workdays_malformed", error.to_string()))?;
        let mut exceptions = BTreeMap::new();
        for Row { date, off, name } in file.days {
            if !(file.from..=file.until).contains(&date) {
                return Err(ParseError::new("workdays_span", format!("{date} lies outside the table's span")));
            }
            if exceptions.insert(date, Exception { off, name }).is_some() {
                return Err(ParseError::new("workdays_twice", format!("{date} is listed twice")));
            }
        }
        Ok(Self { source: file.source, from: file.from, until: file.until, exceptions })
    }

    /// Where the table comes from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether a notice covers the day; beyond it holidays are unknown and a due date is provisional.
    pub fn covers(&self, day: Date) -> bool {
        (self.from..=self.until).contains(&day)
    }

    /// The exception on a day, if there is one.
    pub fn exception(&self, day: Date) -> Option<&Exception> {
        self.exceptions.get(&day)
    }

    /// Whether a day is worked.
    pub fn is_working_day(&self, day: Date) -> bool {
        match self.exceptions.get(&day) {
            Some(exception) => !exception.off,
            None => !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
        }
    }

    /// The `days`-th working day after `start`, which is not counted itself; `start` for 0.
    pub fn plus_working_days(&self, start: Date, days: u16) -> Date {
        let following = start.series(1.day()).skip(1).filter(|&day| self.is_working_day(day));
        match usize::from(days).checked_sub(1) {
            None => start,
            Some(before) => following.into_iter().nth(before).unwrap_or(Date::MAX),
        }
    }

    /// The last second, in China, of the `days`-th working day after `start`.
    pub fn due(&self, start: Date, days: u16) -> Timestamp {
        china_end_of_day(self.plus_working_days(start, days))
    }

    /// How many working days follow `start`, up to and with `end`; 0 when `end` is not later.
    pub fn working_days_between(&self, start: Date, end: Date) -> usize {
        let following = start.series(1.day()).skip(1).take_while(|&day| day <= end);
        following.filter(|&day| self.is_working_day(day)).count()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::base::time::rfc3339;

    fn table(days: &str) -> Result<Calendar, ParseError> {
        let head = r#"{"source":"test","rule":"test","from":"2026-01-01","until":"2026-12-31","days":["#;
        Calendar::parse(format!("{head}{days}]}}").as_bytes())
    }

    #[test]
    fn a_weekend_day_worked_in_exchange_counts_and_a_holiday_does_not() {
        let calendar = Calendar::shipped().unwrap();
        assert!(calendar.is_working_day(date(2026, 2, 14)), "Saturday worked for Spring Festival");
        assert!(!calendar.is_working_day(date(2026, 2, 16)), "Monday of Spring Festival");
        assert!(!calendar.is_working_day(date(2026, 3, 7)), "a plain Saturday");
        assert_eq!(calendar.exception(date(2026, 2, 17)).unwrap().name.en, "Spring Festival");
        assert_eq!(calendar.plus_working_days(date(2026, 2, 13), 5), date(2026, 2, 27));
    }

    #[test]
    fn the_start_is_not_counted_and_zero_days_end_on_it() {
        let calendar = Calendar::shipped().unwrap();
        assert_eq!(calendar.plus_working_days(date(2026, 3, 7), 0), date(2026, 3, 7));
        assert_eq!(calendar.plus_working_days(date(2026, 3, 7), 1), date(2026, 3, 9));
        assert_eq!(rfc3339(calendar.due(date(2026, 3, 6), 1)), "2026-03-09T15:59:59Z");
    }

    #[test]
    fn counting_days_is_the_inverse_of_adding_them() {
        let calendar = Calendar::shipped().unwrap();
        let start = date(2025, 9, 26);
        for days in 0..60 {
            let end = calendar.plus_working_days(start, days);
            assert_eq!(calendar.working_days_between(start, end), usize::from(days));
        }
        assert_eq!(calendar.working_days_between(start, date(2025, 1, 1)), 0);
    }

    #[test]
    fn beyond_the_notices_only_weekdays_are_known_and_that_is_told() {
        let calendar = Calendar::shipped().unwrap();
        assert!(calendar.covers(date(2026, 12, 31)) && !calendar.covers(date(2027, 1, 1)));
        assert!(calendar.is_working_day(date(2027, 1, 1)));
    }

    #[test]
    fn a_table_with_a_day_twice_or_outside_its_span_is_refused() {
        let day = r#"{"date":"2026-05-01","off":true,"name":{"zh":"劳动节","en":"Labour Day"}}"#;
        assert!(table(day).is_ok());
        assert_eq!(table(&format!("{day},{day}")).unwrap_err().code, "workdays_twice");
        assert_eq!(table(&day.replace("2026-05", "2027-05")).unwrap_err().code, "workdays_span");
        assert_eq!(table(&day.replace("05-01", "02-30")).unwrap_err().code, "workdays_malformed");
    }

    #[test]
    fn the_last_days_of_the_calendar_do_not_overflow() {
        let calendar = Calendar::shipped().unwrap();
        assert_eq!(calendar.plus_working_days(Date::MAX, 3), Date::MAX);
    }
}
