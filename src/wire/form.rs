//! `application/x-www-form-urlencoded` (WHATWG URL Standard section 5), as OAuth bodies and queries use it.
//!
//! Strict where OAuth is: a parameter must not be there twice (RFC 6749 section 3.1), texts are UTF-8.

use std::collections::BTreeMap;

use crate::base::bytes::hex;
use crate::base::error::ParseError;

/// The media type.
pub const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// Most parameters that are read.
const MOST: usize = 64;

/// Parameters by name.
pub type Parameters = BTreeMap<String, String>;

/// Reads parameters; `form_malformed` when one is there twice, is no UTF-8 or is percent-encoded wrongly.
pub fn parse(text: &[u8]) -> Result<Parameters, ParseError> {
    let mut parameters = Parameters::new();
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default())?;
        let value = decode(halves.next().unwrap_or_default())?;
        if parameters.insert(name, value).is_some() || parameters.len() > MOST {
            return Err(malformed("a parameter is there twice, or there are too many"));
        }
    }
    Ok(parameters)
}

/// Prints parameters in the order given.
pub fn print<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = parameters.into_iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encodes everything but what RFC 3986 calls unreserved.
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    out
}

fn decode(text: &[u8]) -> Result<String, ParseError> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits =
                    [bytes.next(), bytes.next()].map(|digit| digit.and_then(|digit| char::from(*digit).to_digit(16)));
                let [Some(high), Some(low)] = digits else {
                    return Err(malformed("a percent sign without two digits"));
                };
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
            }
            other => out.push(*other),
        }
    }
    String::from_utf8(out).map_err(|_| malformed("a text that is not UTF-8"))
}

fn malformed(detail: &str) -> ParseError {
    ParseError::new("form_malformed", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_reads_the_same() {
        let text =
            print([("client_id", "decentralized_identifier:did:web:a%3A80"), ("why", "受理 a+b&c=d"), ("none", "")]);
        assert!(
            text.is_ascii() && text.starts_with("client_id=decentralized_identifier%3Adid%3Aweb%3Aa%253A80&"),
            "{text}"
        );
        let read = parse(text.as_bytes()).unwrap();
        assert_eq!(read["why"], "受理 a+b&c=d");
        assert_eq!((read["none"].as_str(), read.len()), ("", 3));
        assert_eq!(parse(b"a=b+c&d").unwrap()["a"], "b c");
    }

    #[test]
    fn doubles_and_wrong_encodings_are_refused() {
        for text in [&b"a=1&a=2"[..], b"a=%", b"a=%4", b"a=%zz", b"a=%FF", b"%FF=a"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&vec![b'&'; 1000]).unwrap().is_empty());
        let many: Vec<_> = (0..65).map(|n| format!("p{n}=1")).collect();
        assert!(parse(many.join("&").as_bytes()).is_err());
    }
}
