//! The formats that our schemas name beside those of JSON Schema, backed by the codes with their check digits.

use crate::base::codes::{CaseNumber, CertificateIdentifier, CitizenId, DivisionCode, LegacyId, MatterCode, Uscc};
use crate::base::time::{parse_date, parse_rfc3339};
use crate::vc::schema::FormatCheck;

/// A validity without end.
pub const PERMANENT: &str = "长期";

/// Every format by its name in `format`.
pub const FORMATS: &[(&str, FormatCheck)] = &[
    ("cn-citizen-id", |text| CitizenId::parse(text).is_ok_and(|id| id.as_str() == text)),
    ("uscc", |text| Uscc::parse_registered(text).is_ok()),
    ("cn-holder-code", is_holder_code),
    ("cn-division", |text| DivisionCode::parse(text).is_ok()),
    ("cn-matter-code", |text| MatterCode::parse(text).is_ok()),
    ("cn-case-number", |text| CaseNumber::parse(text).is_ok()),
    ("cn-certificate-identifier", |text| CertificateIdentifier::parse(text).is_ok()),
    ("cn-version", |text| is_digits(text, 3)),
    ("cn-certificate-status", |text| is_digits(text, 2)),
    ("cn-holder-code-types", |text| text.split('、').all(|part| is_digits(part, 3))),
    ("cn-date", |text| parse_date(text).is_ok()),
    ("cn-date-or-permanent", |text| text == PERMANENT || parse_date(text).is_ok()),
    ("cn-month", |text| is_dated(text, 7, "-01")),
    ("cn-minute", is_minute),
    ("cn-time", |text| text.ends_with("+08:00") && parse_rfc3339(text).is_ok()),
];

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|c| c.is_ascii_digit())
}

fn is_dated(text: &str, length: usize, rest: &str) -> bool {
    text.len() == length && parse_date(&format!("{text}{rest}")).is_ok()
}

fn is_minute(text: &str) -> bool {
    text.len() == 16 && parse_rfc3339(&format!("{text}:00+08:00")).is_ok()
}

/// An identity code of a person or organisation: what has the length of a national code must have its check digit.
pub(super) fn is_holder_code(text: &str) -> bool {
    let plain = (5..=18).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase());
    match text.len() {
        18 => CitizenId::parse(text).is_ok() || Uscc::parse_registered(text).is_ok(),
        15 if text.bytes().all(|c| c.is_ascii_digit()) => LegacyId::parse(text).is_ok(),
        _ => plain,
    }
}

/// The GB/T 36903 type of an identity code, told from its form: 111, 001, 414 (passport), 516, or 999.
pub fn holder_code_type(code: &str) -> &'static str {
    let letter_and_digits = |letters: &str, digits: std::ops::RangeInclusive<usize>| {
        let mut rest = code.chars();
        let first = rest.next().is_some_and(|c| letters.contains(c));
        first && digits.contains(&rest.as_str().len()) && rest.all(|c| c.is_ascii_digit())
    };
    if CitizenId::parse(code).is_ok() || LegacyId::parse(code).is_ok() {
        "111"
    } else if Uscc::parse_registered(code).is_ok() {
        "001"
    } else if letter_and_digits("HM", 8..=10) {
        "516"
    } else if letter_and_digits("EG", 8..=8) {
        "414"
    } else {
        "999"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(format: &str, text: &str) -> bool {
        let (_, check) = FORMATS.iter().find(|(name, _)| *name == format).unwrap();
        check(text)
    }

    #[test]
    fn check_digits_are_checked() {
        assert!(accepts("cn-citizen-id", "430112199003074016"));
        assert!(!accepts("cn-citizen-id", "430112199003074017"));
        assert!(!accepts("cn-citizen-id", "11010519491231002x"), "stored in upper case only");
        assert!(accepts("uscc", "11430112MB0DEM0176"));
        assert!(!accepts("uscc", "11430112MB0DEM0177"));
        assert!(accepts("cn-division", "430112"));
        assert!(!accepts("cn-division", "4301"));
        assert!(accepts("cn-holder-code-types", "111、001") && !accepts("cn-holder-code-types", "111,001"));
        assert!(accepts("cn-version", "001") && !accepts("cn-version", "1"));
        assert!(accepts("cn-certificate-status", "11") && !accepts("cn-certificate-status", "1A"));
    }

    #[test]
    fn a_holder_code_is_checked_when_it_has_the_length_of_a_national_one() {
        for good in ["430112199003074016", "11430112MB0DEM0176", "E12345678", "H12345678", "110105491231002"] {
            assert!(accepts("cn-holder-code", good), "{good}");
        }
        for bad in ["430112199003074017", "11430112MB0DEM0177", "E123", "e12345678", "110105491331002"] {
            assert!(!accepts("cn-holder-code", bad), "{bad}");
        }
    }

    #[test]
    fn the_type_of_a_code_is_told_from_its_form() {
        let types = [
            ("430112199003074016", "111"),
            ("11430112MB0DEM0176", "001"),
            ("E12345678", "414"),
            ("H12345678", "516"),
            ("AB123456", "999"),
        ];
        for (code, expected) in types {
            assert_eq!(holder_code_type(code), expected, "{code}");
        }
    }

    #[test]
    fn dates_are_real_days() {
        assert!(accepts("cn-date", "2024-02-29"));
        assert!(!accepts("cn-date", "2026-02-29"));
        assert!(!accepts("cn-date", PERMANENT));
        assert!(accepts("cn-date-or-permanent", PERMANENT));
        assert!(accepts("cn-month", "2026-02"));
        assert!(!accepts("cn-month", "2026-13"));
        assert!(accepts("cn-minute", "2026-02-28T08:30"));
        assert!(!accepts("cn-minute", "2026-02-28T24:30"));
        assert!(accepts("cn-time", "2026-02-28T08:30:00+08:00"));
        assert!(!accepts("cn-time", "2026-02-28T08:30:00Z"));
    }
}
