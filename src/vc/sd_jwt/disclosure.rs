//! Disclosures (RFC 9901 section 4.2): the salted claims that travel beside the issuer-signed JWT.

use crate::base::bytes::{base64url, from_base64url};
use crate::base::jcs;
use crate::base::json::{Limits, Value, parse};
use crate::base::random::{Random, bytes};
use crate::vc::finding::{Check, Code, Finding};
use crate::vc::jws::MAX_TEXT;

/// What a disclosure reveals.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A member of an object (section 4.2.1).
    Property {
        /// The claim's name, never `_sd`, `...` or `_sd_alg`.
        name: String,
        /// The claim's value; may hold further digests.
        value: Value,
    },
    /// An element of an array (section 4.2.2).
    Element {
        /// The element; may hold further digests.
        value: Value,
    },
}

/// A disclosure, kept as the text whose digest the issuer signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Disclosure {
    text: String,
    content: Content,
}

impl Disclosure {
    /// Reads base64url of `[salt, name, value]` or `[salt, value]`; invalid for anything else and for reserved names.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        let json = from_base64url(text).map_err(|error| malformed(error.to_string()))?;
        let limits = Limits { bytes: MAX_TEXT, ..Limits::DEFAULT };
        let value = parse(&json, &limits).map_err(|error| malformed(error.to_string()))?;
        let Value::Array(items) = value else { return Err(malformed("not a JSON array")) };
        Ok(Self { text: text.to_owned(), content: content(items)? })
    }

    /// Makes the disclosure of an object's member with a fresh salt of 128 bits.
    pub fn property(name: &str, value: Value, random: &dyn Random) -> Self {
        let text = encode(&[&salt(random), &Value::from(name), &value]);
        Self { text, content: Content::Property { name: name.to_owned(), value } }
    }

    /// Makes the disclosure of an array's element with a fresh salt of 128 bits.
    pub fn element(value: Value, random: &dyn Random) -> Self {
        let text = encode(&[&salt(random), &value]);
        Self { text, content: Content::Element { value } }
    }

    /// The text as it stands between the tildes.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// What is revealed.
    pub fn content(&self) -> &Content {
        &self.content
    }
}

/// Whether a name conveys digests or their algorithm and can therefore not be a claim's.
pub(super) fn is_reserved(name: &str) -> bool {
    matches!(name, "_sd" | "..." | "_sd_alg")
}

fn content(items: Vec<Value>) -> Result<Content, Finding> {
    let mut items = items.into_iter();
    let content = match (items.next(), items.next(), items.next(), items.next()) {
        (Some(Value::String(_)), Some(Value::String(name)), Some(value), None) => {
            if is_reserved(&name) {
                return Err(Finding::invalid(
                    Check::Parse,
                    Code::DisclosureInvalid,
                    "a disclosure bears a reserved claim name",
                ));
            }
            Content::Property { name, value }
        }
        (Some(Value::String(_)), Some(value), None, None) => Content::Element { value },
        _ => return Err(malformed("not [salt, name, value] or [salt, value] with a string as salt and name")),
    };
    Ok(content)
}

fn salt(random: &dyn Random) -> Value {
    base64url(&bytes::<16>(random)).into()
}

fn encode(items: &[&Value]) -> String {
    base64url(&jcs::canonicalize_array(items))
}

fn malformed(detail: impl Into<String>) -> Finding {
    Finding::invalid(Check::Parse, Code::DisclosureInvalid, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::json::json;
    use crate::vc::sd_jwt::testing::seeded;

    fn code(json: &str) -> Code {
        Disclosure::parse(&base64url(json.as_bytes())).expect_err("must be refused").code
    }

    #[test]
    fn every_spelling_of_the_specification_is_read() {
        // RFC 9901 section 4.2.1: the same claim in four encodings.
        for text in [
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0",
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNXHUwMGY2Yml1cyJd",
            "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsImZhbWlseV9uYW1lIiwiTcO2Yml1cyJd",
            "WwoiXzI2YmM0TFQtYWM2cTJLSTZjQlc1ZXMiLAoiZmFtaWx5X25hbWUiLAoiTcO2Yml1cyIKXQ",
        ] {
            let expected = Content::Property { name: "family_name".into(), value: json!("Möbius") };
            assert_eq!(Disclosure::parse(text).unwrap().content(), &expected);
        }
    }

    #[test]
    fn other_lengths_and_types_are_refused() {
        for wrong in [
            "[]",
            r#"["s"]"#,
            r#"["s","n",1,2]"#,
            r#"[1,"n",2]"#,
            r#"["s",1,2]"#,
            "{}",
            "1",
            "[",
            r#"["s",{"a":1,"a":2}]"#,
        ] {
            assert_eq!(code(wrong), Code::DisclosureInvalid, "{wrong}");
        }
        for wrong in ["", "W10=", "W1 0", "ä"] {
            assert_eq!(Disclosure::parse(wrong).unwrap_err().code, Code::DisclosureInvalid, "{wrong}");
        }
    }

    #[test]
    fn reserved_names_are_refused() {
        for name in ["_sd", "...", "_sd_alg"] {
            assert_eq!(code(&format!(r#"["s","{name}",1]"#)), Code::DisclosureInvalid);
        }
    }

    #[test]
    fn what_is_made_reads_back_and_salts_have_128_bits() {
        let random = seeded(7);
        let one = Disclosure::property("name", json!("张三"), &random);
        let two = Disclosure::property("name", json!("张三"), &random);
        assert_eq!(Disclosure::parse(one.as_text()).unwrap(), one);
        assert_ne!(one.as_text(), two.as_text());
        let json = parse(&from_base64url(one.as_text()).unwrap(), &Limits::DEFAULT).unwrap();
        assert_eq!(from_base64url(json[0].as_str().unwrap()).unwrap().len(), 16);
        let element = Disclosure::element(json!(null), &random);
        assert_eq!(Disclosure::parse(element.as_text()).unwrap(), element);
    }
}
