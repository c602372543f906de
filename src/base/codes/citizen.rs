//! Citizen ID, 公民身份号码 (GB 11643-1999), with residents of Hong Kong, Macao and Taiwan and foreign permanent
//! residents in the same 18-character form, and the 15-digit legacy number.
//!
//! What it is not: proof that a number was assigned. Address codes of abolished divisions stay valid for life, so an
//! unknown division is no reason to refuse. Birth date and sex are read from the number; a licence's own fields win.

use std::fmt;

use jiff::civil::Date;

use super::{check, text_code};
use crate::base::error::ParseError;
use crate::base::text::mask_code;

/// An 18-character citizen ID whose date is real and whose check character is right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenId {
    characters: [u8; 18],
    birth: Date,
}

/// Sex as the 17th digit tells it: odd is male.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// GB/T 2261.1 code 1.
    Male,
    /// GB/T 2261.1 code 2.
    Female,
}

impl Sex {
    /// The GB/T 2261.1 code: 1 male, 2 female.
    pub fn code(self) -> u8 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
        }
    }
}

/// Whom the number was given to, by its first digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A citizen (first digit 1–8).
    Citizen,
    /// 港澳台居民居住证 of a Hong Kong resident (810000).
    HongKong,
    /// 港澳台居民居住证 of a Macao resident (820000).
    Macao,
    /// 港澳台居民居住证 of a Taiwan resident (830000).
    Taiwan,
    /// A foreign permanent resident's card (first digit 9, since 2023-12-01).
    Foreigner,
}

impl CitizenId {
    /// Reads 17 digits and a check character (`x` is stored as `X`); refuses unreal dates and wrong checks.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut characters: [u8; 18] = text
            .as_bytes()
            .try_into()
            .map_err(|_| ParseError::new("citizen_id_length", "a citizen ID has 18 characters"))?;
        if let Some(last) = characters.last_mut() {
            last.make_ascii_uppercase();
        }
        let (body, given) = characters.split_at(17);
        let expected = check::citizen(body)
            .ok_or_else(|| ParseError::new("citizen_id_character", "the first 17 characters must be digits"))?;
        if body.first() == Some(&b'0') {
            return Err(ParseError::new("citizen_id_address", "the address code cannot begin with 0"));
        }
        let birth = date(body.get(6..14).unwrap_or_default())
            .ok_or_else(|| ParseError::new("citizen_id_date", "the birth date is not a calendar date"))?;
        if given.first().copied().map(char::from) != Some(expected) {
            return Err(ParseError::new("citizen_id_check", "the check character is wrong"));
        }
        Ok(Self { characters, birth })
    }

    /// Like [`CitizenId::parse`], and refuses a birth date after `today`.
    pub fn parse_on(text: &str, today: Date) -> Result<Self, ParseError> {
        let id = Self::parse(text)?;
        if id.birth > today {
            return Err(ParseError::new("citizen_id_future", "the birth date lies in the future"));
        }
        Ok(id)
    }

    /// The number with this division, birth date and sequence (0–999), its check character computed.
    pub fn build(division: &str, birth: Date, sequence: u16) -> Result<Self, ParseError> {
        with_check(&format!("{division}{}{sequence:03}", birth.strftime("%Y%m%d")))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.characters).unwrap_or_default()
    }

    /// The birth date written in the number.
    pub fn birth_date(&self) -> Date {
        self.birth
    }

    /// Male when the 17th digit is odd.
    pub fn sex(&self) -> Sex {
        match self.characters.get(16) {
            Some(digit) if digit % 2 == 1 => Sex::Male,
            _ => Sex::Female,
        }
    }

    /// The address code at first registration; for foreigners the first six digits have another meaning.
    pub fn division(&self) -> &str {
        self.as_str().get(..6).unwrap_or_default()
    }

    /// Whom the number was given to.
    pub fn origin(&self) -> Origin {
        match self.division() {
            "810000" => Origin::HongKong,
            "820000" => Origin::Macao,
            "830000" => Origin::Taiwan,
            other if other.starts_with('9') => Origin::Foreigner,
            _ => Origin::Citizen,
        }
    }

    /// Completed years of age on a day; 0 before birth.
    pub fn age_on(&self, day: Date) -> u8 {
        let had_birthday = (day.month(), day.day()) >= (self.birth.month(), self.birth.day());
        let years = i32::from(day.year()) - i32::from(self.birth.year()) - i32::from(!had_birthday);
        u8::try_from(years.max(0)).unwrap_or(u8::MAX)
    }

    /// `430112********4016`, as pages and logs may show it.
    pub fn masked(&self) -> String {
        mask_code(self.as_str())
    }
}

impl fmt::Display for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenId({})", self.masked())
    }
}

text_code!(CitizenId);

/// A 15-digit number as cards carried it until 2012: no longer a document, but a key in old registers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LegacyId(CitizenId);

impl LegacyId {
    /// Reads 15 digits `AAAAAA YYMMDD SSS` with a real date in the 1900s.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() != 15 || !text.bytes().all(|c| c.is_ascii_digit()) {
            return Err(ParseError::new("legacy_id_length", "a legacy ID has 15 digits"));
        }
        let (address, rest) = text.split_at(6);
        with_check(&format!("{address}19{rest}")).map(Self)
    }

    /// The 18-character number of the same person.
    pub fn citizen_id(&self) -> CitizenId {
        self.0
    }
}

impl fmt::Display for LegacyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = self.0.as_str();
        write!(f, "{}{}", full.get(..6).unwrap_or_default(), full.get(8..17).unwrap_or_default())
    }
}

impl fmt::Debug for LegacyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LegacyId({})", self.0.masked())
    }
}

text_code!(LegacyId);

fn with_check(body: &str) -> Result<CitizenId, ParseError> {
    let check = check::citizen(body.as_bytes())
        .ok_or_else(|| ParseError::new("citizen_id_character", "the body must be 17 digits"))?;
    CitizenId::parse(&format!("{body}{check}"))
}

/// `YYYYMMDD` as a date of the calendar, from 1800 on.
fn date(digits: &[u8]) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| std::str::from_utf8(digits.get(range)?).ok()?.parse::<i16>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (year >= 1800).then_some(date)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_number_tells_birth_date_sex_origin_and_age() {
        let id = CitizenId::parse("430112199003074016").unwrap();
        assert_eq!(id.birth_date(), date(1990, 3, 7));
        assert_eq!(id.sex(), Sex::Male);
        assert_eq!(id.origin(), Origin::Citizen);
        assert_eq!(id.division(), "430112");
        assert_eq!((id.age_on(date(2026, 3, 6)), id.age_on(date(2026, 3, 7))), (35, 36));
        assert_eq!(id.age_on(date(1980, 1, 1)), 0);
        assert_eq!(CitizenId::parse("33040220000229002X").unwrap().sex(), Sex::Female);
    }

    #[test]
    fn residents_of_other_places_are_told_apart() {
        let origin = |text| CitizenId::parse(text).unwrap().origin();
        assert_eq!(origin("810000199001010019"), Origin::HongKong);
        assert_eq!(origin("820000199001010029"), Origin::Macao);
        assert_eq!(origin("830000199001010039"), Origin::Taiwan);
        assert_eq!(origin("911124198108030024"), Origin::Foreigner);
    }

    #[test]
    fn each_fault_has_its_code() {
        let code = |text| CitizenId::parse(text).unwrap_err().code;
        assert_eq!(code("4301121990030740"), "citizen_id_length");
        assert_eq!(code("43011219900307401６"), "citizen_id_length");
        assert_eq!(code("4301121990O3074016"), "citizen_id_character");
        assert_eq!(code("330402190002290015"), "citizen_id_date");
        assert_eq!(code("430112199003074017"), "citizen_id_check");
        assert_eq!(code("030112199003074016"), "citizen_id_address");
    }

    #[test]
    fn a_birth_date_in_the_future_is_refused_when_the_day_is_given() {
        let id = CitizenId::build("430112", date(2026, 2, 14), 1).unwrap();
        assert!(CitizenId::parse_on(id.as_str(), date(2026, 2, 14)).is_ok());
        assert_eq!(CitizenId::parse_on(id.as_str(), date(2026, 2, 13)).unwrap_err().code, "citizen_id_future");
    }

    #[test]
    fn debug_output_shows_neither_birth_date_nor_whole_number() {
        let text = format!("{:?}", CitizenId::parse("430112199003074016").unwrap());
        assert_eq!(text, "CitizenId(430112********4016)");
        let legacy = format!("{:?}", LegacyId::parse("110105491231002").unwrap());
        assert!(!legacy.contains("491231"));
    }

    #[test]
    fn legacy_numbers_become_and_remain_what_they_were() {
        let legacy = LegacyId::parse("430122800101001").unwrap();
        assert_eq!(legacy.citizen_id().as_str(), "430122198001010017");
        assert_eq!(legacy.to_string(), "430122800101001");
        assert_eq!(LegacyId::parse("43012280010100X").unwrap_err().code, "legacy_id_length");
        assert_eq!(LegacyId::parse("430122801301001").unwrap_err().code, "citizen_id_date");
    }

    #[test]
    fn a_lower_case_x_is_stored_in_upper_case_and_json_is_the_plain_text() {
        let id: CitizenId = serde_json::from_str("\"11010519491231002x\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"11010519491231002X\"");
        assert!(serde_json::from_str::<CitizenId>("\"110105194912310021\"").is_err());
    }
}
