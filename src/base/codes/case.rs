//! Case number, 办件编号: `430112-20260213-000123-` and a check character, short enough to be told over the telephone.
//!
//! Division of the accepting city, day, running number of that day, and ISO 7064 MOD 37,36 over the twenty digits.
//! What it is not: a secret. The progress page is opened by a random token, never by this number.

use std::fmt;

use jiff::civil::Date;

use super::{DivisionCode, check, text_code};
use crate::base::error::ParseError;

/// One case of one day in one division.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber {
    division: DivisionCode,
    day: Date,
    number: u32,
}

impl CaseNumber {
    /// The `number`-th case (1–999999) of a day (year 1000–9999) in a division.
    pub fn build(division: DivisionCode, day: Date, number: u32) -> Result<Self, ParseError> {
        if !(1..=999_999).contains(&number) {
            return Err(ParseError::new("case_number_serial", "the running number goes from 000001 to 999999"));
        }
        if !(1000..=9999).contains(&day.year()) {
            return Err(ParseError::new("case_number_day", "the year has four digits"));
        }
        Ok(Self { division, day, number })
    }

    /// Reads the four hyphenated parts in canonical form; refuses an unreal day and a wrong check.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let parts: Vec<&str> = text.split('-').collect();
        let &[division, day, number, check] = parts.as_slice() else {
            return Err(ParseError::new("case_number_parts", "a case number has four parts with hyphens between"));
        };
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|c| c.is_ascii_digit());
        if !digits(day, 8) || !digits(number, 6) {
            return Err(ParseError::new("case_number_character", "the day has 8 and the running number 6 digits"));
        }
        let day = Date::strptime("%Y%m%d", day)
            .map_err(|_| ParseError::new("case_number_day", "the day is not a calendar date"))?;
        let number =
            number.parse().map_err(|_| ParseError::new("case_number_serial", "the running number is no number"))?;
        let case = Self::build(DivisionCode::parse(division)?, day, number)?;
        if check.chars().ne(case.check()) {
            return Err(ParseError::new("case_number_check", "the check character is wrong"));
        }
        Ok(case)
    }

    /// The division that accepted the case.
    pub fn division(&self) -> DivisionCode {
        self.division
    }

    /// The day the number was given.
    pub fn day(&self) -> Date {
        self.day
    }

    /// The running number within the day.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The check character; always there, since the body is digits only.
    fn check(&self) -> Option<char> {
        let body = format!("{}{}{:06}", self.division, self.day.strftime("%Y%m%d"), self.number);
        check::mod_37_36(body.bytes())
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day.strftime("%Y%m%d");
        write!(f, "{}-{day}-{:06}-{}", self.division, self.number, self.check().unwrap_or_default())
    }
}

impl fmt::Debug for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseNumber({self})")
    }
}

text_code!(CaseNumber);

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sample() -> CaseNumber {
        CaseNumber::build(DivisionCode::parse("430112").unwrap(), date(2026, 2, 13), 123).unwrap()
    }

    #[test]
    fn printing_and_parsing_give_the_same_case() {
        let text = sample().to_string();
        assert_eq!(text, "430112-20260213-000123-A");
        assert_eq!(CaseNumber::parse(&text).unwrap(), sample());
    }

    #[test]
    fn one_wrong_or_two_swapped_digits_are_noticed() {
        let text = sample().to_string();
        for at in 0..text.len() - 2 {
            for digit in '0'..='9' {
                let mut wrong = text.clone();
                wrong.replace_range(at..=at, &digit.to_string());
                assert!(wrong == text || CaseNumber::parse(&wrong).is_err(), "{wrong}");
            }
        }
        assert!(CaseNumber::parse(&text.replace("000123", "000132")).is_err());
    }

    #[test]
    fn each_fault_has_its_code() {
        let fault = |from: &str, to: &str| {
            let text = sample().to_string().replace(from, to);
            CaseNumber::parse(&text).unwrap_err().code
        };
        assert_eq!(fault("000123-", "000123"), "case_number_parts");
        assert_eq!(fault("20260213", "20260230"), "case_number_day");
        assert_eq!(fault("20260213", "2026213"), "case_number_character");
        assert_eq!(fault("000123", "000000"), "case_number_serial");
        assert_eq!(fault("430112", "43011"), "division_length");
        assert_eq!(fault("-A", "-a"), "case_number_check");
    }
}
