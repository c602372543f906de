//! Licence numbers (证照编号): how the next one of a type is written.
//!
//! A template is text with places in braces: `{division}` 430112, `{provinceCode}` 43, `{province}` 湘, `{place}` 望城区,
//! `{short}` 望, `{year}`, `{date}` YYYYMMDD, `{seq:7}` the agency's running number in at least seven digits, and
//! `{field:NAME}` another field. The store decides whether a number is new; here it is only written.

use crate::base::error::ParseError;
use crate::base::json::{Map, Value};

use super::annotation::Numbering;
use super::row::Issuing;

/// One part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// A place without argument.
    Place(&'a str),
    /// The running number, with its digits.
    Sequence(usize),
    /// A field.
    Field(&'a str),
}

const PLACES: [&str; 7] = ["division", "provinceCode", "province", "place", "short", "year", "date"];

/// Takes a template apart; `template_malformed` for an unknown place or an open brace.
pub fn parts(template: &str) -> Result<Vec<Part<'_>>, ParseError> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((text, tail)) = rest.split_once('{') {
        parts.push(Part::Text(text));
        let (place, tail) = tail.split_once('}').ok_or_else(|| malformed("an open brace"))?;
        parts.push(part(place)?);
        rest = tail;
    }
    parts.push(Part::Text(rest));
    parts.retain(|part| *part != Part::Text(""));
    Ok(parts)
}

fn malformed(detail: &str) -> ParseError {
    ParseError::new("template_malformed", detail)
}

fn part(place: &str) -> Result<Part<'_>, ParseError> {
    match place.split_once(':') {
        Some(("seq", digits)) => match digits.parse() {
            Ok(digits @ 1..=18) => Ok(Part::Sequence(digits)),
            Ok(_) | Err(_) => Err(malformed("seq has 1 to 18 digits")),
        },
        Some(("field", name)) if !name.is_empty() => Ok(Part::Field(name)),
        None if PLACES.contains(&place) => Ok(Part::Place(place)),
        _ => Err(malformed("an unknown place")),
    }
}

impl Numbering {
    /// The number that the template gives for a running number and the fields known so far.
    ///
    /// `number_not_made` when the type has no template, a field is missing, or the running number is out of digits.
    pub fn write(&self, issuing: &Issuing<'_>, sequence: u64, fields: &Map) -> Result<String, ParseError> {
        let failed = |detail: &str| ParseError::new("number_not_made", detail);
        let template = self.template.as_deref().ok_or_else(|| failed("the type has no template"))?;
        let mut number = String::new();
        for part in parts(template)? {
            match part {
                Part::Text(text) => number.push_str(text),
                Part::Place(place) => number.push_str(&issuing.place_text(place)),
                Part::Field(name) => {
                    let text = fields.get(name).and_then(Value::as_str);
                    number.push_str(text.ok_or_else(|| failed("a field of the number is missing"))?);
                }
                Part::Sequence(digits) => {
                    let text = format!("{sequence:0digits$}");
                    if digits > 1 && text.len() > digits {
                        return Err(failed("the running number is out of digits"));
                    }
                    number.push_str(&text);
                }
            }
        }
        Ok(number)
    }

    /// Whether making a number takes one of the agency's running numbers.
    pub fn needs_sequence(&self) -> bool {
        self.template.as_deref().is_some_and(|template| template.contains("{seq:"))
    }
}

impl Issuing<'_> {
    fn place_text(&self, place: &str) -> String {
        match place {
            "division" => self.division.to_owned(),
            "provinceCode" => self.division.chars().take(2).collect(),
            "province" => self.province.to_owned(),
            "place" => self.place.to_owned(),
            "short" => self.place.chars().take(1).collect(),
            "year" => format!("{:04}", self.today.year()),
            _ => self.today.strftime("%Y%m%d").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::super::row::tests::issuing;
    use super::*;
    use crate::base::json::json;

    fn number(kind: &str, sequence: u64, fields: &Value) -> Result<String, ParseError> {
        let kind = Catalogue::embedded().unwrap().find(kind).unwrap();
        kind.numbering().write(&issuing(), sequence, fields.as_object().unwrap())
    }

    #[test]
    fn numbers_are_written_as_on_paper() {
        assert_eq!(number("marriage", 123, &json!({})).unwrap(), "J430112-2026-000123");
        assert_eq!(number("realEstate", 12345, &json!({})).unwrap(), "湘(2026)望城区不动产权第0012345号");
        assert_eq!(number("birth", 1, &json!({})).unwrap(), "V430000001");
        assert_eq!(number("constructionPermit", 7, &json!({})).unwrap(), "430112202603010701");
        assert_eq!(number("noCrime", 12, &json!({})).unwrap(), "望公(政)证字〔2026〕12号");
        let disabled = json!({"idNumber": "430112199003074016", "category": "3", "grade": "2"});
        assert_eq!(number("disability", 0, &disabled).unwrap(), "43011219900307401632");
    }

    #[test]
    fn a_number_that_cannot_be_made_is_refused() {
        assert_eq!(number("constructionPermit", 100, &json!({})).unwrap_err().code, "number_not_made");
        assert_eq!(number("disability", 0, &json!({})).unwrap_err().code, "number_not_made");
        assert_eq!(number("education", 1, &json!({})).unwrap_err().code, "number_not_made");
    }

    #[test]
    fn a_template_has_only_known_places() {
        assert_eq!(parts("A{seq:3}").unwrap(), [Part::Text("A"), Part::Sequence(3)]);
        for wrong in ["{", "{x}", "{seq:0}", "{seq:19}", "{seq}", "{field:}", "{year:2}"] {
            assert_eq!(parts(wrong).unwrap_err().code, "template_malformed", "{wrong}");
        }
    }
}
