//! Division code, 行政区划代码 (GB/T 2260): six digits, with the names and effective dates this city deals with.
//!
//! What it is not: the national list. Any well-formed code parses, since numbers carry codes of divisions that were
//! abolished or lie far away; [`DivisionCode::name_on`] answers only for the table below. Names of present divisions
//! follow the public data set modood/Administrative-divisions-of-China (2024-11); dates of reorganisation are those
//! of the State Council's approvals.

use std::fmt;

use jiff::civil::{Date, date};

use super::text_code;
use crate::base::error::ParseError;

/// A six-digit division code: province, prefecture, county.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode([u8; 6]);

/// How far down a division stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DivisionLevel {
    /// 省级, `430000`.
    Province,
    /// 市级, `430100`.
    Prefecture,
    /// 县级, `430112`.
    County,
}

/// One name a code had, for a span of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// The six digits.
    pub code: &'static str,
    /// The name in Chinese.
    pub name: &'static str,
    /// First day in force; `None` = before this table begins.
    pub from: Option<Date>,
    /// First day no longer in force; `None` = still in force.
    pub until: Option<Date>,
}

impl DivisionCode {
    /// Reads six digits: the province is 11–83, and a county of no prefecture is refused.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let bytes: [u8; 6] = text
            .as_bytes()
            .try_into()
            .map_err(|_| ParseError::new("division_length", "a division code has 6 digits"))?;
        if !bytes.iter().all(u8::is_ascii_digit) {
            return Err(ParseError::new("division_character", "a division code has only digits"));
        }
        if !("11".."84").contains(&text.get(..2).unwrap_or_default()) {
            return Err(ParseError::new("division_province", "no province has these two digits"));
        }
        if text.get(2..4) == Some("00") && text.get(4..) != Some("00") {
            return Err(ParseError::new("division_prefecture", "a county needs the digits of its prefecture"));
        }
        Ok(Self(bytes))
    }

    /// The six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Province, prefecture or county, by trailing zeros.
    pub fn level(&self) -> DivisionLevel {
        match (self.as_str().get(2..4), self.as_str().get(4..)) {
            (Some("00"), _) => DivisionLevel::Province,
            (_, Some("00")) => DivisionLevel::Prefecture,
            _ => DivisionLevel::County,
        }
    }

    /// Whether `other` is this division or lies within it.
    pub fn contains(&self, other: &Self) -> bool {
        let digits = match self.level() {
            DivisionLevel::Province => 2,
            DivisionLevel::Prefecture => 4,
            DivisionLevel::County => 6,
        };
        self.as_str().get(..digits) == other.as_str().get(..digits)
    }

    /// The name the code had on a day, when the table knows the code and it was in force.
    pub fn name_on(&self, day: Date) -> Option<&'static str> {
        self.entries().find(|entry| entry.in_force(day)).map(|entry| entry.name)
    }

    /// Every name the table knows for the code, present or past.
    pub fn entries(&self) -> impl Iterator<Item = &'static Division> + use<> {
        let wanted = *self;
        DIVISIONS.iter().filter(move |entry| entry.code == wanted.as_str())
    }
}

impl Division {
    /// Whether the name was in force on a day.
    pub fn in_force(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DivisionCode({self})")
    }
}

text_code!(DivisionCode);

const fn present(code: &'static str, name: &'static str) -> Division {
    Division { code, name, from: None, until: None }
}

const fn since(code: &'static str, name: &'static str, from: Date) -> Division {
    Division { code, name, from: Some(from), until: None }
}

const fn past(code: &'static str, name: &'static str, until: Date) -> Division {
    Division { code, name, from: None, until: Some(until) }
}

/// The divisions of this city and its partners, by code.
pub const DIVISIONS: &[Division] = &[
    present("330000", "浙江省"),
    present("330400", "嘉兴市"),
    past("330402", "秀城区", date(2005, 5, 17)),
    since("330402", "南湖区", date(2005, 5, 17)),
    present("330411", "秀洲区"),
    present("430000", "湖南省"),
    present("430100", "长沙市"),
    present("430102", "芙蓉区"),
    present("430103", "天心区"),
    present("430104", "岳麓区"),
    present("430105", "开福区"),
    present("430111", "雨花区"),
    since("430112", "望城区", date(2011, 5, 20)),
    present("430121", "长沙县"),
    past("430122", "望城县", date(2011, 5, 20)),
    past("430124", "宁乡县", date(2017, 4, 10)),
    present("430181", "浏阳市"),
    since("430182", "宁乡市", date(2017, 4, 10)),
    present("430200", "株洲市"),
    present("430202", "荷塘区"),
    present("430203", "芦淞区"),
    present("430204", "石峰区"),
    present("430211", "天元区"),
    since("430212", "渌口区", date(2018, 6, 19)),
    past("430221", "株洲县", date(2018, 6, 19)),
    present("430223", "攸县"),
    present("430224", "茶陵县"),
    present("430225", "炎陵县"),
    present("430281", "醴陵市"),
    present("430300", "湘潭市"),
    present("430624", "湘阴县"),
    present("430900", "益阳市"),
    present("430902", "资阳区"),
    present("430903", "赫山区"),
    present("430921", "南县"),
    present("430922", "桃江县"),
    present("430923", "安化县"),
    present("430981", "沅江市"),
    present("710000", "台湾省"),
    present("810000", "香港特别行政区"),
    present("820000", "澳门特别行政区"),
    present("830000", "台湾居民（身份证件专用代码）"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> DivisionCode {
        DivisionCode::parse(text).unwrap()
    }

    #[test]
    fn a_code_has_the_name_of_the_day() {
        assert_eq!(code("430112").name_on(date(2026, 2, 13)), Some("望城区"));
        assert_eq!(code("430112").name_on(date(2011, 5, 19)), None);
        assert_eq!(code("430122").name_on(date(2011, 5, 19)), Some("望城县"));
        assert_eq!(code("430122").name_on(date(2011, 5, 20)), None);
        assert_eq!(code("330402").name_on(date(2005, 5, 16)), Some("秀城区"));
        assert_eq!(code("330402").name_on(date(2005, 5, 17)), Some("南湖区"));
        assert_eq!(code("110105").name_on(date(2026, 2, 13)), None);
    }

    #[test]
    fn levels_and_containment_follow_the_digits() {
        assert_eq!(code("430000").level(), DivisionLevel::Province);
        assert_eq!(code("430100").level(), DivisionLevel::Prefecture);
        assert_eq!(code("430112").level(), DivisionLevel::County);
        assert!(code("430000").contains(&code("430112")));
        assert!(code("430100").contains(&code("430112")));
        assert!(!code("430200").contains(&code("430112")));
        assert!(!code("430112").contains(&code("430100")));
    }

    #[test]
    fn malformed_codes_are_refused() {
        let fault = |text| DivisionCode::parse(text).unwrap_err().code;
        assert_eq!(fault("43011"), "division_length");
        assert_eq!(fault("43011X"), "division_character");
        assert_eq!(fault("000000"), "division_province");
        assert_eq!(fault("840000"), "division_province");
        assert_eq!(fault("430012"), "division_prefecture");
    }

    #[test]
    fn the_table_is_in_order_well_formed_and_without_overlap() {
        for pair in DIVISIONS.windows(2) {
            assert!(pair[0].code <= pair[1].code, "{} before {}", pair[0].code, pair[1].code);
            if pair[0].code == pair[1].code {
                assert_eq!(pair[0].until, pair[1].from, "{}", pair[0].code);
            }
        }
        for entry in DIVISIONS {
            assert!(DivisionCode::parse(entry.code).is_ok(), "{}", entry.code);
        }
    }
}
