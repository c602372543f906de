//! The values that properties of the data model take: URLs, times, texts with language, typed objects.
//!
//! Sections: VC Data Model 2.0 §4.3 contexts, §4.4 identifiers, §4.5 types, §4.6 names, §5.8 time values, §11.1 language.

use super::{BASE_CONTEXT, Place, is_legacy, one_or_more, violation};
use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, parse_rfc3339, plus_seconds};
use crate::vc::finding::Finding;

const MOST_CONTEXTS: usize = 32;

/// Tells whether the text is an absolute URL: a scheme, then something, and no character that a URL cannot hold.
///
/// `http` and `https` need a host. Non-ASCII characters are allowed as in the URL Standard.
pub fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut letters = scheme.bytes();
    let scheme_fits = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let rest_fits = !rest.is_empty() && rest.chars().all(in_url);
    let host_fits = !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https")
        || rest.strip_prefix("//").is_some_and(|rest| rest.starts_with(|c| !matches!(c, '/' | '?' | '#' | ':' | '@')));
    scheme_fits && rest_fits && host_fits
}

fn in_url(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`')
    } else {
        !c.is_control() && !c.is_whitespace()
    }
}

/// Reads an XML Schema `dateTimeStamp`; a value without offset is taken as UTC (§5.8); `None` for anything else.
///
/// Fractions beyond nanoseconds and years beyond 9999 are not read.
pub fn time(text: &str) -> Option<Timestamp> {
    if text.len() == 20 && text.ends_with('Z') && !text.contains("T24") && !text.contains(":60Z") {
        return parse_rfc3339(text).ok();
    }
    let (head, tail) = text.split_at_checked(19)?;
    let fraction = tail.strip_prefix('.').map_or(0, |rest| 1 + rest.bytes().take_while(u8::is_ascii_digit).count());
    let zone = tail.get(fraction..)?;
    let midnight_after = head.get(11..)? == "24:00:00";
    if midnight_after && tail.get(..fraction)?.bytes().any(|byte| !matches!(byte, b'.' | b'0')) {
        return None;
    }
    if !midnight_after && head.get(17..)? > "59" || !zone.is_empty() && !zone_fits(zone) {
        return None;
    }
    let head = if midnight_after { format!("{}00:00:00", head.get(..11)?) } else { head.to_owned() };
    let zone = if zone.is_empty() { "Z" } else { zone };
    let time = parse_rfc3339(&format!("{head}{}{zone}", tail.get(..fraction)?)).ok()?;
    Some(if midnight_after { plus_seconds(time, 86_400) } else { time })
}

/// `Z`, or an offset from −14:00 to +14:00.
fn zone_fits(zone: &str) -> bool {
    zone == "Z" || zone.get(1..).is_some_and(|offset| offset <= "14:00" && offset.get(3..).is_some_and(|m| m <= "59"))
}

/// Checks `@context`: an array whose first item is the base context (or that of the Data Model 1.1) and whose others
/// are URLs or objects.
pub(super) fn check_context(map: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let place = &place.member("@context");
    let Some(Value::Array(items)) = map.get("@context") else {
        return Err(violation(place, "is not an array"));
    };
    if items.first().and_then(Value::as_str) != Some(BASE_CONTEXT) && !is_legacy(map) {
        return Err(violation(place, "does not begin with https://www.w3.org/ns/credentials/v2"));
    }
    if items.len() > MOST_CONTEXTS {
        return Err(violation(place, "has more than 32 items"));
    }
    let fits = |item: &Value| item.is_object() || item.as_str().is_some_and(is_url);
    if items.iter().all(fits) {
        Ok(())
    } else {
        Err(violation(place, "has an item that is neither a URL nor an object"))
    }
}

/// Checks `type`: one or more terms or absolute URLs.
pub(super) fn check_type(map: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let values = one_or_more(map.get("type"));
    let term = |text: &str| !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if !values.is_empty() && values.iter().all(|value| value.as_str().is_some_and(term)) {
        return Ok(());
    }
    Err(violation(&place.member("type"), "is not one or more terms or URLs"))
}

/// Checks an optional `id`: a single URL.
pub(super) fn check_id(map: &Map, place: &Place<'_>) -> Result<(), Finding> {
    match map.get("id") {
        None => Ok(()),
        Some(Value::String(text)) if is_url(text) => Ok(()),
        Some(_) => Err(violation(&place.member("id"), "is not a single URL")),
    }
}

/// Checks a required reference: a URL, or an object with an `id` that is one. Returns the URL.
pub(super) fn check_reference<'a>(value: &'a Value, place: &Place<'_>) -> Result<&'a str, Finding> {
    let text = value.as_object().map_or(Some(value), |map| map.get("id")).and_then(Value::as_str);
    text.filter(|text| is_url(text))
        .ok_or_else(|| violation(place, "is neither a URL nor an object with an id that is one"))
}

/// Checks an optional text: a string, a language value object, or an array of language value objects.
pub(super) fn check_text(map: &Map, name: &str, place: &Place<'_>) -> Result<(), Finding> {
    let place = &place.member(name);
    match map.get(name) {
        None | Some(Value::String(_)) => Ok(()),
        Some(Value::Object(value)) => check_language_value(value, place),
        Some(Value::Array(items)) if !items.is_empty() => items.iter().try_for_each(|item| {
            let value = item.as_object().ok_or_else(|| violation(place, "has an item that is no language value"))?;
            check_language_value(value, place)
        }),
        Some(_) => Err(violation(place, "is neither a string nor a language value")),
    }
}

/// Checks a language value object: `@value`, `@language`, `@direction` and no other key.
pub(super) fn check_language_value(value: &Map, place: &Place<'_>) -> Result<(), Finding> {
    let language = |tag: &str| {
        let mut parts = tag.split('-');
        let fits = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        parts.next().is_some_and(|part| fits(part) && part.bytes().all(|byte| byte.is_ascii_alphabetic()))
            && parts.all(fits)
    };
    for (name, member) in value {
        let fits = match (name.as_str(), member.as_str()) {
            ("@value", Some(_)) => true,
            ("@language", Some(tag)) => language(tag),
            ("@direction", Some(direction)) => matches!(direction, "ltr" | "rtl"),
            _ => false,
        };
        if !fits {
            return Err(violation(place, "is a language value with a wrong or further member"));
        }
    }
    if value.contains_key("@value") { Ok(()) } else { Err(violation(place, "is a language value without @value")) }
}

/// Checks an optional property whose value is one or more objects, each with a type and, if present, a URL as `id`.
pub(super) fn check_typed(map: &Map, name: &str, place: &Place<'_>) -> Result<(), Finding> {
    objects(map, name, place)?.try_for_each(|member| {
        check_type(member, &place.member(name))?;
        check_id(member, &place.member(name))
    })
}

/// Reads an optional property as one or more objects; none when it is absent.
pub(super) fn objects<'a>(
    map: &'a Map,
    name: &str,
    place: &Place<'_>,
) -> Result<impl Iterator<Item = &'a Map> + use<'a>, Finding> {
    let value = map.get(name);
    let members = one_or_more(value);
    if value.is_some() && (members.is_empty() || !members.iter().all(Value::is_object)) {
        return Err(violation(&place.member(name), "is not one or more objects"));
    }
    Ok(members.iter().filter_map(Value::as_object))
}

/// Checks an optional time and reads it.
pub(super) fn check_time(map: &Map, name: &str, place: &Place<'_>) -> Result<Option<Timestamp>, Finding> {
    let Some(value) = map.get(name) else { return Ok(None) };
    let read = value.as_str().and_then(time);
    read.map(Some).ok_or_else(|| violation(&place.member(name), "is not a dateTimeStamp"))
}

/// Checks what holds anywhere in a document: `id` is one URL, `type` one or more strings, texts with a language are
/// language values. Contexts and proofs are left out.
pub(super) fn check_everywhere(map: &Map, place: &Place<'_>) -> Result<(), Finding> {
    if map.contains_key("@language") || map.contains_key("@direction") {
        return check_language_value(map, place);
    }
    map.iter().try_for_each(|(name, value)| match name.as_str() {
        "id" => check_id(map, place),
        "type" => check_type(map, place),
        "@context" | "proof" | "verifiableCredential" => Ok(()),
        _ => check_value(value, &place.member(name)),
    })
}

fn check_value(value: &Value, place: &Place<'_>) -> Result<(), Finding> {
    match value {
        Value::Object(map) => check_everywhere(map, place),
        Value::Array(items) => items.iter().try_for_each(|item| check_value(item, place)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::rfc3339;

    #[test]
    fn urls_need_a_scheme_and_no_space() {
        for good in [
            "https://example.org/a?b#c",
            "did:example:subject",
            "urn:uuid:1",
            "data:application/vc+jwt,x",
            "https://例え.jp/証",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "",
            "fake-issuer",
            "https ://not-a-url",
            "https://",
            "https:example",
            "http:///x",
            ":x",
            "1a:b",
            "z6Mk",
            "did:a b",
            "x:",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn times_are_date_time_stamps() {
        for (text, expected) in [
            ("2023-02-26T01:02:58.447Z", "2023-02-26T01:02:58Z"),
            ("2023-02-25T19:10:39-06:00", "2023-02-26T01:10:39Z"),
            ("2023-02-25T19:10:39", "2023-02-25T19:10:39Z"),
            ("2023-02-25T24:00:00Z", "2023-02-26T00:00:00Z"),
            ("4023-02-26T01:02:58+14:00", "4023-02-25T11:02:58Z"),
        ] {
            assert_eq!(time(text).map(rfc3339).as_deref(), Some(expected), "{text}");
        }
        for bad in [
            "Sat 25 Feb 2023 07:16:31 PM CST",
            "2023-02-26",
            "2023-02-26T01:02Z",
            "2023-02-26 01:02:58Z",
            "2023-02-26t01:02:58z",
            "2023-02-26T01:02:60Z",
            "2023-02-30T01:02:58Z",
            "2023-02-26T24:00:01Z",
            "2023-02-26T24:00:00.1Z",
            "2023-02-26T01:02:58+14:01",
            "2023-02-26T01:02:58.Z",
            "2023-02-26T01:02:58+0800",
            "2023-02-26T01:02:58Z ",
            "",
        ] {
            assert_eq!(time(bad), None, "{bad}");
        }
    }
}
