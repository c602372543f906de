//! Unified social credit code, 统一社会信用代码 (GB 32100-2015), and the organisation code, 组织机构代码
//! (GB 11714-1997), that stands inside it.
//!
//! What it is not: a company register. Strict parsing refuses a live code with a wrong check character; whoever reads
//! registers uses [`Uscc::parse_registered`], which knows the exceptions.

use std::fmt;

use super::{DivisionCode, check, text_code};
use crate::base::error::ParseError;

/// Codes that were really given out although their check character is wrong.
const EXCEPTIONS: [&str; 1] = ["91350203M0001QAY9B"];

/// An 18-character unified social credit code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uscc([u8; 18]);

impl Uscc {
    /// Reads 18 characters of the 31-character set: division digits, inner organisation code and check must be right.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let code = Self::shaped(text)?;
        let body = text.get(..17).unwrap_or_default().as_bytes();
        let expected = check::uscc(body)
            .ok_or_else(|| ParseError::new("uscc_character", "only 0-9 and A-Z without I, O, S, V, Z are allowed"))?;
        if !text.ends_with(expected) {
            return Err(ParseError::new("uscc_check", "the check character is wrong"));
        }
        OrganisationCode::parse(text.get(8..17).unwrap_or_default()).map_err(|_| {
            ParseError::new("uscc_organisation", "the organisation code inside has a wrong check character")
        })?;
        Ok(code)
    }

    /// Like [`Uscc::parse`], and accepts the codes known to be live with a wrong check character.
    pub fn parse_registered(text: &str) -> Result<Self, ParseError> {
        if EXCEPTIONS.contains(&text) { Self::shaped(text) } else { Self::parse(text) }
    }

    /// The code of department and category (`"91"`), division (6 digits) and organisation, its check computed.
    pub fn build(kind: &str, division: &DivisionCode, organisation: &OrganisationCode) -> Result<Self, ParseError> {
        let body = format!("{kind}{division}{}", organisation.compact());
        let check = check::uscc(body.as_bytes()).ok_or_else(|| {
            ParseError::new("uscc_character", "kind or organisation code is outside the character set")
        })?;
        Self::parse(&format!("{body}{check}"))
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The registering department: 1 机构编制, 5 民政, 9 市场监管, Y other.
    pub fn department(&self) -> char {
        self.as_str().chars().next().unwrap_or_default()
    }

    /// The division code of the registering office, characters 3 to 8.
    pub fn division(&self) -> &str {
        self.as_str().get(2..8).unwrap_or_default()
    }

    /// The organisation code inside, characters 9 to 17, without hyphen.
    pub fn organisation(&self) -> &str {
        self.as_str().get(8..17).unwrap_or_default()
    }

    fn shaped(text: &str) -> Result<Self, ParseError> {
        let bytes: [u8; 18] =
            text.as_bytes().try_into().map_err(|_| ParseError::new("uscc_length", "a USCC has 18 characters"))?;
        if !bytes.iter().skip(2).take(6).all(u8::is_ascii_digit) {
            return Err(ParseError::new("uscc_division", "characters 3 to 8 must be the digits of a division code"));
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uscc({self})")
    }
}

text_code!(Uscc);

/// A nine-character organisation code, printed `MB0DEM01-7`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationCode([u8; 9]);

impl OrganisationCode {
    /// Reads eight characters and their check, with or without the hyphen between them.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let joined = match text.split_once('-') {
            Some((body, check)) if body.len() == 8 => format!("{body}{check}"),
            _ => text.to_owned(),
        };
        let bytes: [u8; 9] = joined.as_bytes().try_into().map_err(|_| {
            ParseError::new("organisation_code_length", "an organisation code has 8 characters and a check")
        })?;
        let expected = check::organisation(joined.as_bytes().get(..8).unwrap_or_default())
            .ok_or_else(|| ParseError::new("organisation_code_character", "only 0-9 and A-Z are allowed"))?;
        if !joined.ends_with(expected) {
            return Err(ParseError::new("organisation_code_check", "the check character is wrong"));
        }
        Ok(Self(bytes))
    }

    /// The code of these eight characters, its check computed.
    pub fn build(body: &str) -> Result<Self, ParseError> {
        let check = check::organisation(body.as_bytes())
            .ok_or_else(|| ParseError::new("organisation_code_character", "the body must be 8 of 0-9 and A-Z"))?;
        Self::parse(&format!("{body}{check}"))
    }

    /// The nine characters without hyphen, as a USCC holds them.
    pub fn compact(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for OrganisationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (body, check) = self.compact().split_at_checked(8).unwrap_or_default();
        write!(f, "{body}-{check}")
    }
}

impl fmt::Debug for OrganisationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrganisationCode({self})")
    }
}

text_code!(OrganisationCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_tells_department_division_and_organisation() {
        let code = Uscc::parse("11430112MB0DEM0176").unwrap();
        assert_eq!((code.department(), code.division(), code.organisation()), ('1', "430112", "MB0DEM017"));
        assert_eq!(code.to_string(), "11430112MB0DEM0176");
    }

    #[test]
    fn each_fault_has_its_code() {
        let code = |text| Uscc::parse(text).unwrap_err().code;
        assert_eq!(code("91350100M000100Y4"), "uscc_length");
        assert_eq!(code("91350100I000100Y43"), "uscc_character");
        assert_eq!(code("9135010MM000100Y43"), "uscc_division");
        assert_eq!(code("91350100M000100Y44"), "uscc_check");
        assert_eq!(code("91350203M0001QAY9B"), "uscc_check");
        assert_eq!(code("91350100m000100Y43"), "uscc_character");
    }

    #[test]
    fn a_right_outer_check_does_not_hide_a_wrong_organisation_code() {
        let body = "91350100M000100Y5";
        let text = format!("{body}{}", check::uscc(body.as_bytes()).unwrap());
        assert_eq!(Uscc::parse(&text).unwrap_err().code, "uscc_organisation");
    }

    #[test]
    fn known_exceptions_pass_only_where_registers_are_read() {
        assert!(Uscc::parse("91350203M0001QAY9B").is_err());
        assert_eq!(Uscc::parse_registered("91350203M0001QAY9B").unwrap().as_str(), "91350203M0001QAY9B");
        assert!(Uscc::parse_registered("91350203M0001QAY9C").is_err());
    }

    #[test]
    fn building_gives_the_published_demo_code() {
        let organisation = OrganisationCode::build("MB0DEM01").unwrap();
        assert_eq!(organisation.to_string(), "MB0DEM01-7");
        let division = DivisionCode::parse("430112").unwrap();
        assert_eq!(Uscc::build("11", &division, &organisation).unwrap().as_str(), "11430112MB0DEM0176");
    }

    #[test]
    fn an_organisation_code_is_read_with_and_without_hyphen_but_strictly() {
        assert_eq!(OrganisationCode::parse("D2143569-X"), OrganisationCode::parse("D2143569X"));
        let code = |text| OrganisationCode::parse(text).unwrap_err().code;
        assert_eq!(code("D214356-9X"), "organisation_code_length");
        assert_eq!(code("D2143569-"), "organisation_code_length");
        assert_eq!(code("D2143569-1"), "organisation_code_check");
        assert_eq!(code("d2143569-X"), "organisation_code_character");
        assert_eq!(code("机构代"), "organisation_code_character");
    }
}
