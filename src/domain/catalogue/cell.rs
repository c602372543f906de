//! One cell of a row becomes one claim: what people and spreadsheets write, in the one spelling that credentials have.
//!
//! Full-width digits and letters are narrowed, white space is tidied, dates are read in the usual spellings
//! (`2026-03-01`, `2026/3/1`, `2026.3.1`, `20260301`, `2026年3月1日`) and kept as ISO, codes are read from their labels
//! (`男`, `汉族`), lists are split at `；`, `;`, `|` or line ends. An empty cell is no value.

use crate::base::json::Value;
use crate::base::text::normalize_scan;
use crate::base::time::{Date, parse_rfc3339};

use super::annotation::{Choice, Field, FieldFormat};
use super::fault::Fault;
use super::formats::PERMANENT;

/// Reads a cell (text, or a typed JSON value) as the field's claim; `None` for an empty one.
pub fn read(field: &Field, cell: &Value) -> Result<Option<Value>, Fault> {
    if field.format == FieldFormat::List {
        return read_list(cell);
    }
    if field.format == FieldFormat::Boolean {
        return read_boolean(cell);
    }
    let Some(raw) = plain_text(cell)? else { return Ok(None) };
    let narrow = compact(&raw);
    let text = match field.format {
        FieldFormat::Text => tidy(&raw),
        FieldFormat::Pattern => normalize_scan(&raw),
        FieldFormat::Url => raw.trim().to_owned(),
        FieldFormat::Code | FieldFormat::Choice => choose(&field.choices, &tidy(&raw))?,
        FieldFormat::DateOrPermanent if narrow == PERMANENT => narrow,
        FieldFormat::Date | FieldFormat::DateOrPermanent => iso(date(&narrow)?),
        FieldFormat::Month => month(&narrow)?,
        FieldFormat::Minute => minute(&raw)?,
        FieldFormat::Time => time(&raw)?,
        FieldFormat::Integer => {
            let number: i64 = narrow.replace(',', "").parse().map_err(|_| Fault::NotANumber)?;
            return Ok(Some(Value::from(number)));
        }
        FieldFormat::Decimal => decimal(&narrow)?,
        FieldFormat::Digest => narrow.to_ascii_lowercase(),
        FieldFormat::CitizenId
        | FieldFormat::Uscc
        | FieldFormat::IdentityCode
        | FieldFormat::Division
        | FieldFormat::MatterCode
        | FieldFormat::CaseNumber => narrow.to_ascii_uppercase(),
        FieldFormat::Boolean | FieldFormat::List => return Err(Fault::Malformed),
    };
    Ok(Some(Value::String(text)))
}

/// A cell's text; numbers as they are written; `None` when it is empty.
pub(super) fn plain_text(cell: &Value) -> Result<Option<String>, Fault> {
    let text = match cell {
        Value::Null => return Ok(None),
        Value::String(text) if is_blank(text) => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Err(Fault::Malformed),
    };
    Ok(Some(text))
}

/// Free text: digits, letters and spaces narrowed (Chinese punctuation stays), white space and controls as one space.
pub(super) fn tidy(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
        }
        other => other,
    };
    let mut tidied = String::with_capacity(text.len());
    for word in text.split(is_gap).filter(|word| !word.is_empty()) {
        if !tidied.is_empty() {
            tidied.push(' ');
        }
        tidied.extend(word.chars().map(narrow));
    }
    tidied
}

/// Whether a text says nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_gap)
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}')
}

/// A code: everything narrowed, no white space.
pub(super) fn compact(text: &str) -> String {
    normalize_scan(text).chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect()
}

fn iso(date: Date) -> String {
    date.to_string()
}

/// The day that a text without white space names.
pub(super) fn date(text: &str) -> Result<Date, Fault> {
    // Spreadsheets write a day as its midnight.
    let text = text.strip_suffix("00:00:00").unwrap_or(text).trim_end_matches('T');
    let (year, month, day) = match numbers(text).as_slice() {
        [all] if all.len() == 8 => {
            (all.get(..4).unwrap_or_default(), all.get(4..6).unwrap_or_default(), all.get(6..).unwrap_or_default())
        }
        [year, month, day] => (*year, *month, *day),
        _ => return Err(Fault::NotADate),
    };
    calendar_day(year, month, day)
}

fn calendar_day(year: &str, month: &str, day: &str) -> Result<Date, Fault> {
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return Err(Fault::NotADate);
    }
    let part = |text: &str| text.parse::<i16>().map_err(|_| Fault::NotADate);
    let small = |text: &str| text.parse::<i8>().map_err(|_| Fault::NotADate);
    Date::new(part(year)?, small(month)?, small(day)?).map_err(|_| Fault::NotADate)
}

/// The groups of digits, when nothing but the separators of dates stands between them.
fn numbers(text: &str) -> Vec<&str> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || "-/.年月日".contains(c));
    let groups: Vec<_> = text.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
    if plain { groups } else { Vec::new() }
}

fn month(text: &str) -> Result<String, Fault> {
    let (year, month) = match numbers(text).as_slice() {
        [all] if all.len() == 6 => (all.get(..4).unwrap_or_default(), all.get(4..).unwrap_or_default()),
        [year, month] => (*year, *month),
        _ => return Err(Fault::NotADate),
    };
    let day = calendar_day(year, month, "1")?;
    Ok(format!("{:04}-{:02}", day.year(), day.month()))
}

fn minute(raw: &str) -> Result<String, Fault> {
    let text = time(raw)?;
    text.get(..16).map(str::to_owned).ok_or(Fault::NotATime)
}

/// A time as `YYYY-MM-DDThh:mm:ss+08:00`: RFC 3339 with any offset, or a Chinese day and time without one.
fn time(raw: &str) -> Result<String, Fault> {
    let text = normalize_scan(raw);
    if let Ok(point) = parse_rfc3339(&text) {
        let china = jiff::tz::Offset::constant(8).to_datetime(point);
        return Ok(format!("{}+08:00", china.strftime("%Y-%m-%dT%H:%M:%S")));
    }
    let (day, clock) = text.split_once(['T', ' ']).or_else(|| text.split_once('日')).ok_or(Fault::NotATime)?;
    let day = date(&compact(day))?;
    let clock = compact(clock).replace(['时', '点', '分'], ":").replace('秒', "");
    let mut parts = clock.trim_end_matches(':').split(':');
    let mut next = |default: Option<&'static str>| {
        let part = parts.next().or(default).filter(|part| (1..=2).contains(&part.len()));
        part.and_then(|part| part.parse::<i8>().ok()).ok_or(Fault::NotATime)
    };
    let (hour, minute, second) = (next(None)?, next(None)?, next(Some("0"))?);
    let clock = jiff::civil::Time::new(hour, minute, second, 0).map_err(|_| Fault::NotATime)?;
    Ok(format!("{}T{}+08:00", iso(day), clock.strftime("%H:%M:%S")))
}

fn decimal(text: &str) -> Result<String, Fault> {
    let text = text.replace(',', "");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit());
    if digits(whole) && digits(fraction) { Ok(text) } else { Err(Fault::NotANumber) }
}

fn choose(choices: &[Choice], text: &str) -> Result<String, Fault> {
    let named = |choice: &&Choice| {
        choice.value == text
            || choice.zh == text
            || choice.en.eq_ignore_ascii_case(text)
            || choice.aliases.iter().any(|alias| alias == text)
    };
    choices.iter().find(named).map(|choice| choice.value.clone()).ok_or(Fault::NotListed)
}

fn read_boolean(cell: &Value) -> Result<Option<Value>, Fault> {
    if let Value::Bool(value) = cell {
        return Ok(Some(Value::Bool(*value)));
    }
    let Some(text) = plain_text(cell)? else { return Ok(None) };
    match compact(&text).to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" | "是" => Ok(Some(Value::Bool(true))),
        "false" | "no" | "0" | "否" => Ok(Some(Value::Bool(false))),
        _ => Err(Fault::NotListed),
    }
}

fn read_list(cell: &Value) -> Result<Option<Value>, Fault> {
    let items: Vec<String> = if let Value::Array(items) = cell {
        items.iter().map(|item| item.as_str().map(tidy).ok_or(Fault::Malformed)).collect::<Result<_, _>>()?
    } else {
        let Some(text) = plain_text(cell)? else { return Ok(None) };
        text.split(['；', ';', '|', '\n']).map(tidy).collect()
    };
    let items: Vec<_> = items.into_iter().filter(|item| !item.is_empty()).map(Value::String).collect();
    Ok((!items.is_empty()).then_some(Value::Array(items)))
}

#[cfg(test)]
mod tests {
    use super::super::Catalogue;
    use super::*;
    use crate::base::json::json;

    fn cell(kind: &str, name: &str, value: &Value) -> Result<Option<Value>, Fault> {
        let field = Catalogue::embedded().unwrap().find(kind).unwrap().field(name).unwrap();
        read(field, value)
    }

    fn good(kind: &str, name: &str, value: &Value) -> Value {
        cell(kind, name, value).unwrap().unwrap()
    }

    #[test]
    fn dates_are_read_in_the_usual_spellings() {
        for text in [
            "2026-03-01",
            "2026/3/1",
            "2026.3.1",
            "20260301",
            "2026年3月1日",
            "２０２６－３－１",
            "2026-03-01 00:00:00",
        ] {
            assert_eq!(good("idCard", "birthDate", &json!(text)), json!("2026-03-01"), "{text}");
        }
        for text in ["2026-02-30", "26-3-1", "1/3/2026", "March 1", "2026", "202631", "2026-03-01 08:00"] {
            assert_eq!(cell("idCard", "birthDate", &json!(text)), Err(Fault::NotADate), "{text}");
        }
        assert_eq!(good("idCard", "validUntil", &json!(" 长期 ")), json!("长期"));
        assert_eq!(good("idCard", "birthDate", &json!(20_260_301)), json!("2026-03-01"));
    }

    #[test]
    fn months_and_times_are_read_too() {
        assert_eq!(good("vehicleLicence", "inspection", &json!("2027年5月")), json!("2027-05"));
        assert_eq!(good("vehicleLicence", "inspection", &json!("202705")), json!("2027-05"));
        for text in
            ["2026-03-01T08:05", "2026-03-01 08:05", "2026年3月1日8时5分", "2026-03-01T00:05:59Z", "2026/3/1 8:05:30"]
        {
            assert_eq!(good("birth", "birthTime", &json!(text)), json!("2026-03-01T08:05"), "{text}");
        }
        for text in ["2026-03-01", "2026-03-01 25:00", "2026-03-01 08", "x 08:00"] {
            assert!(cell("birth", "birthTime", &json!(text)).is_err(), "{text}");
        }
        let accepted = good("acceptanceReceipt", "acceptTime", &json!("2026-03-01 08:05"));
        assert_eq!(accepted, json!("2026-03-01T08:05:00+08:00"));
    }

    #[test]
    fn wide_characters_and_spaces_are_normalised() {
        assert_eq!(
            good("idCard", "idNumber", &json!("４３０１１２ １９９００３０７ ４０１６")),
            json!("430112199003074016")
        );
        assert_eq!(good("idCard", "idNumber", &json!("11010519491231002x")), json!("11010519491231002X"));
        assert_eq!(
            good("idCard", "address", &json!("　望城区　雷锋大道１２８号\t（Ａ座）\n")),
            json!("望城区 雷锋大道128号 （A座）")
        );
        let number = good("realEstate", "certNo", &json!("湘（２０２１）望城区不动产权第0012345号"));
        assert_eq!(number, json!("湘(2021)望城区不动产权第0012345号"));
    }

    #[test]
    fn codes_are_read_from_their_labels() {
        for text in ["1", "男", "男性", "male"] {
            assert_eq!(good("idCard", "sex", &json!(text)), json!("1"), "{text}");
        }
        assert_eq!(good("idCard", "ethnicity", &json!("土家族")), json!("15"));
        assert_eq!(good("idCard", "ethnicity", &json!("汉")), json!("01"));
        assert_eq!(good("householdRegister", "householdType", &json!("Family household")), json!("家庭户"));
        assert_eq!(cell("idCard", "sex", &json!("先生")), Err(Fault::NotListed));
    }

    #[test]
    fn numbers_truths_and_lists_are_typed() {
        assert_eq!(good("birth", "weight", &json!("3,250")), json!(3250));
        assert_eq!(good("birth", "weight", &json!(3250)), json!(3250));
        assert_eq!(cell("birth", "weight", &json!("3.2kg")), Err(Fault::NotANumber));
        assert_eq!(good("minimumLiving", "amount", &json!("1,650.50")), json!("1650.50"));
        assert_eq!(good("minimumLiving", "amount", &json!(650)), json!("650"));
        assert_eq!(good("landTransferContract", "paid", &json!("是")), json!(true));
        assert_eq!(good("complianceProof", "authorities", &json!("公安；民政;;人社")), json!(["公安", "民政", "人社"]));
        assert_eq!(good("complianceProof", "authorities", &json!(["公安"])), json!(["公安"]));
        assert_eq!(cell("complianceProof", "authorities", &json!([1])), Err(Fault::Malformed));
    }

    #[test]
    fn an_empty_cell_is_no_value() {
        for empty in [json!(null), json!(""), json!(" 　\t")] {
            assert_eq!(cell("idCard", "name", &empty), Ok(None));
            assert_eq!(cell("birth", "weight", &empty), Ok(None));
            assert_eq!(cell("landTransferContract", "paid", &empty), Ok(None));
        }
        assert_eq!(cell("complianceProof", "authorities", &json!(";;")), Ok(None));
        assert_eq!(cell("idCard", "name", &json!({"a": 1})), Err(Fault::Malformed));
    }
}
