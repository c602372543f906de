//! Matter codes, 政务服务事项编码 (GB/T 39554.1-2020): the 12-digit basic code and the 31-character implementation code.
//!
//! Basic code: 2 source (00 national, else province) + 2 matter type + 2 competent department + 3 main item + 3 sub
//! item. Implementation code: USCC of the implementing body + 1 level + basic code. Neither has a check character;
//! which matter types a city may publish is a rule of the catalogue, not of the code.

use std::fmt;

use super::{Uscc, text_code};
use crate::base::error::ParseError;

/// A matter's 12-digit basic code, 基本编码.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BasicCode([u8; 12]);

impl BasicCode {
    /// Reads 12 digits; the main item cannot be 000.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes: [u8; 12] = text
            .as_bytes()
            .try_into()
            .map_err(|_| ParseError::new("basic_code_length", "a basic code has 12 digits"))?;
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(ParseError::new("basic_code_character", "a basic code has only digits"));
        }
        if text.get(6..9) == Some("000") {
            return Err(ParseError::new("basic_code_item", "the main item cannot be 000"));
        }
        Ok(Self(bytes))
    }

    /// The 12 digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// `00` for a national matter, else the province.
    pub fn source(&self) -> &str {
        self.as_str().get(..2).unwrap_or_default()
    }

    /// The matter type (GB/T 39046 A.1): 01 行政许可 … 20 公共服务.
    pub fn matter_type(&self) -> &str {
        self.as_str().get(2..4).unwrap_or_default()
    }

    /// The competent department: 09 公安, 11 民政, 14 人社 …
    pub fn department(&self) -> &str {
        self.as_str().get(4..6).unwrap_or_default()
    }

    /// The main item, 001–999.
    pub fn item(&self) -> &str {
        self.as_str().get(6..9).unwrap_or_default()
    }

    /// The sub item, or `None` for 000.
    pub fn sub_item(&self) -> Option<&str> {
        self.as_str().get(9..).filter(|digits| *digits != "000")
    }
}

impl fmt::Display for BasicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BasicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BasicCode({self})")
    }
}

text_code!(BasicCode);

/// At which level of government a matter is exercised (GB/T 39046 A.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExerciseLevel {
    /// 1 国家级.
    Nation,
    /// 2 省级.
    Province,
    /// 3 市级.
    Prefecture,
    /// 4 县级.
    County,
    /// 5 镇（乡、街道）级.
    Town,
    /// 6 村（社区）级.
    Village,
    /// 7 分级管理.
    Graded,
}

/// A matter's 31-character implementation code, 实施编码.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatterCode([u8; 31]);

impl MatterCode {
    /// Reads a USCC, a level of 1–7 and a basic code.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes: [u8; 31] = text
            .as_bytes()
            .try_into()
            .map_err(|_| ParseError::new("matter_code_length", "an implementation code has 31 characters"))?;
        let (Some(body), Some(level), Some(basic)) = (text.get(..18), text.get(18..19), text.get(19..)) else {
            return Err(ParseError::new("matter_code_character", "an implementation code has only ASCII characters"));
        };
        Uscc::parse_registered(body)?;
        if !("1"..="7").contains(&level) {
            return Err(ParseError::new("matter_code_level", "the level runs from 1 to 7"));
        }
        BasicCode::parse(basic)?;
        Ok(Self(bytes))
    }

    /// The 31 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The USCC of the implementing body, 实施主体.
    pub fn body(&self) -> &str {
        self.as_str().get(..18).unwrap_or_default()
    }

    /// The level of government.
    pub fn level(&self) -> ExerciseLevel {
        match self.0.get(18) {
            Some(b'1') => ExerciseLevel::Nation,
            Some(b'2') => ExerciseLevel::Province,
            Some(b'3') => ExerciseLevel::Prefecture,
            Some(b'4') => ExerciseLevel::County,
            Some(b'5') => ExerciseLevel::Town,
            Some(b'6') => ExerciseLevel::Village,
            _ => ExerciseLevel::Graded,
        }
    }

    /// The basic code's 12 digits.
    pub fn basic(&self) -> &str {
        self.as_str().get(19..).unwrap_or_default()
    }
}

impl fmt::Display for MatterCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MatterCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MatterCode({self})")
    }
}

text_code!(MatterCode);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basic_code_tells_its_parts() {
        let code = BasicCode::parse("370117002011").unwrap();
        assert_eq!((code.source(), code.matter_type(), code.department()), ("37", "01", "17"));
        assert_eq!((code.item(), code.sub_item()), ("002", Some("011")));
        assert_eq!(BasicCode::parse("000709901000").unwrap().sub_item(), None);
    }

    #[test]
    fn an_implementation_code_tells_body_level_and_basic_code() {
        let code = MatterCode::parse("12441500196720244T3442199806003").unwrap();
        assert_eq!((code.body(), code.level()), ("12441500196720244T", ExerciseLevel::Prefecture));
        assert_eq!(code.basic(), "442199806003");
        assert_eq!(MatterCode::parse("11430112MB0DEM01764000709901000").unwrap().level(), ExerciseLevel::County);
    }

    #[test]
    fn malformed_codes_are_refused() {
        let basic = |text| BasicCode::parse(text).unwrap_err().code;
        assert_eq!(basic("37011700201"), "basic_code_length");
        assert_eq!(basic("37011700201X"), "basic_code_character");
        assert_eq!(basic("370117000011"), "basic_code_item");
        let matter = |text| MatterCode::parse(text).unwrap_err().code;
        assert_eq!(matter("11430112MB0DEM0176400070990100"), "matter_code_length");
        assert_eq!(matter("11430112MB0DEM01774000709901000"), "uscc_check");
        assert_eq!(matter("11430112MB0DEM01768000709901000"), "matter_code_level");
        assert_eq!(matter("11430112MB0DEM01764000709000000"), "basic_code_item");
        assert_eq!(matter("11430112MB0DEM017é000709901000"), "matter_code_character");
    }
}
