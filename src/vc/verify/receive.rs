//! Which format something is in that was scanned, pasted or dropped.

use crate::base::json::{Limits, Map, Value, parse_text};
use crate::base::text::normalize_scan;
use crate::vc::compact::Code as CompactCode;
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::model;
use crate::vc::sd_jwt::{self, SdJwt};

/// Something whose format is known and whose outer form was read; nothing is verified yet.
#[derive(Clone, Debug)]
pub enum Received {
    /// A JSON credential.
    Credential(Map),
    /// A JSON presentation.
    Presentation(Map),
    /// An SD-JWT, with or without key binding.
    SdJwt(Box<SdJwt>),
    /// The content of a `CL1:` code.
    Compact(Box<CompactCode>),
}

/// Tells the format by looking; a finding of the check `parse` when it is none of ours.
pub fn receive(input: &[u8]) -> Result<Received, Finding> {
    if input.len() > Limits::DEFAULT.bytes {
        return Err(Finding::invalid(Check::Parse, Code::TooLarge, format!("{} bytes", input.len())));
    }
    let text = std::str::from_utf8(input).map_err(|_| unknown("not text"))?.trim();
    if text.starts_with('{') {
        return receive_json(text);
    }
    let text = normalize_scan(text);
    if CompactCode::is_code(&text) {
        return CompactCode::from_text(&text).map(|code| Received::Compact(Box::new(code)));
    }
    if text.contains('~') {
        return SdJwt::parse(&text).map(|sd_jwt| Received::SdJwt(Box::new(sd_jwt)));
    }
    Err(unknown("no known format"))
}

fn receive_json(text: &str) -> Result<Received, Finding> {
    let malformed = |error| Finding::invalid(Check::Parse, Code::JsonMalformed, format!("{error}"));
    let Value::Object(map) = parse_text(text, &Limits::DEFAULT).map_err(malformed)? else {
        return Err(unknown("not a JSON object"));
    };
    receive_map(map)
}

/// Tells the format of a JSON document that was read already.
pub fn receive_map(map: Map) -> Result<Received, Finding> {
    if model::has_type(&map, "VerifiablePresentation") {
        return Ok(Received::Presentation(map));
    }
    if map.contains_key("credentialSubject") || model::has_type(&map, "VerifiableCredential") {
        return Ok(Received::Credential(map));
    }
    if map.contains_key("payload") {
        let mut forms = sd_jwt::json_form::parse(&map)?;
        return match (forms.pop(), forms.is_empty()) {
            (Some(form), true) => Ok(Received::SdJwt(Box::new(form))),
            _ => Err(unknown("an SD-JWT with other than one signature")),
        };
    }
    Err(unknown("a JSON document that is neither credential nor presentation"))
}

fn unknown(detail: &str) -> Finding {
    Finding::invalid(Check::Parse, Code::NotACredential, detail)
}
