//! What the log says about a fact: hashes and public names only, in one documented canonical form.
//!
//! A leaf is the RFC 8785 form of an object with `v` (1), `kind`, `at` (time) and the members of its kind. Nothing in it can
//! be guessed back: documents are told by the SHA-256 of their signed bytes, which contain a signature; identifiers by a
//! keyed commitment.

use super::change::Leaf;
use crate::base::jcs::canonicalize;
use crate::base::json::{Map, Value, json};
use crate::base::time::{Timestamp, rfc3339};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A credential was issued.
    Issued,
    /// A holder's wallet received copies.
    Claimed,
    /// A credential was suspended.
    Suspended,
    /// A suspension was lifted.
    Reinstated,
    /// A credential was revoked.
    Revoked,
    /// A new version of the trust registry.
    Trust,
    /// A credential was used at a window.
    Used,
    /// An application was filed, accepted or decided.
    Application,
}

impl Kind {
    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Claimed => "claimed",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Revoked => "revoked",
            Self::Trust => "trust",
            Self::Used => "used",
            Self::Application => "application",
        }
    }
}

/// The leaf of a fact.
pub fn leaf(kind: Kind, at: Timestamp, members: &[(&str, Value)]) -> Leaf {
    let mut object = Map::new();
    for (name, value) in members {
        object.insert((*name).to_owned(), value.clone());
    }
    object.insert("v".to_owned(), json!(1));
    object.insert("kind".to_owned(), kind.name().into());
    object.insert("at".to_owned(), rfc3339(at).into());
    Leaf { bytes: canonicalize(&Value::Object(object)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::parse_rfc3339;

    #[test]
    fn a_leaf_has_one_form() {
        let at = parse_rfc3339("2026-03-01T00:00:00Z").unwrap();
        let leaf = leaf(Kind::Issued, at, &[("type", "idCard".into()), ("digest", "abc".into())]);
        let text = r#"{"at":"2026-03-01T00:00:00Z","digest":"abc","kind":"issued","type":"idCard","v":1}"#;
        assert_eq!(String::from_utf8(leaf.bytes).unwrap(), text);
    }
}
