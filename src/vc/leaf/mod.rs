//! What the log says about a fact: digests and public names only, in one canonical binary form.
//!
//! A leaf is a CBOR array in the deterministic encoding (RFC 8949 section 4.2.1): the number of its [`Kind`], the time in
//! seconds since 1970, and the members of the kind in the order of [`Kind::members`], `null` for one that is absent. The
//! chapter [`manual::log`](crate::manual::log) documents each. Nothing in a leaf can be guessed back: documents are told
//! by the SHA-256 of their signed bytes, which contain a signature; what is numbered by a tag, a keyed digest. A leaf has
//! about sixty bytes, because ten million of them are meant to be carried by anyone.

mod form;

use super::cbor::Cbor;
use crate::base::error::ParseError;
use crate::base::json::{Map, Value};
use crate::base::time::{Timestamp, from_unix, rfc3339};
pub use form::{Form, SLOT_BITS, slot_number, slot_of_number};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Copies of a credential ended while it stayed in force.
    Ended,
    /// A new version of the trust registry.
    Trust,
    /// A key of the city or of an agency was published, ended or marked.
    Key,
    /// A version of a credential type was published.
    Type,
    /// The matters of an agency were published.
    Matter,
    /// Another city's registry: believed from now on, a newer version accepted, believed no more.
    ForeignTrust,
    /// A credential was used at a window.
    Used,
    /// A single-use copy was made of what was shown, or taken in.
    Copied,
    /// A holder objected to a use, or was answered.
    Objection,
    /// An application was filed, accepted or decided.
    Application,
}

/// Name, whether it must be there, and form of a member.
pub type Member = (&'static str, bool, Form);

impl Kind {
    /// Every kind. A new one gets a new number here and a row in the manual; a changed structure is a new kind.
    pub const ALL: [Self; 15] = [
        Self::Issued,
        Self::Claimed,
        Self::Suspended,
        Self::Reinstated,
        Self::Revoked,
        Self::Ended,
        Self::Trust,
        Self::Key,
        Self::Type,
        Self::Matter,
        Self::ForeignTrust,
        Self::Used,
        Self::Copied,
        Self::Objection,
        Self::Application,
    ];

    /// The frozen name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Claimed => "claimed",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Revoked => "revoked",
            Self::Ended => "ended",
            Self::Trust => "trust",
            Self::Key => "key",
            Self::Type => "type",
            Self::Matter => "matter",
            Self::ForeignTrust => "foreignTrust",
            Self::Used => "used",
            Self::Copied => "copied",
            Self::Objection => "objection",
            Self::Application => "application",
        }
    }

    /// The frozen number: the first item of the leaf.
    pub fn number(self) -> u8 {
        match self {
            Self::Issued => 1,
            Self::Claimed => 2,
            Self::Suspended => 3,
            Self::Reinstated => 4,
            Self::Revoked => 5,
            Self::Ended => 6,
            Self::Trust => 7,
            Self::Key => 8,
            Self::Type => 9,
            Self::Matter => 10,
            Self::Used => 11,
            Self::Application => 12,
            Self::ForeignTrust => 13,
            Self::Copied => 14,
            Self::Objection => 15,
        }
    }

    /// The members after kind and time.
    pub fn members(self) -> &'static [Member] {
        match self {
            Self::Issued => &[
                ("agency", true, Form::Text),
                ("type", true, Form::Text),
                ("credential", true, Form::Tag),
                ("digest", true, Form::Digest),
            ],
            Self::Claimed => &[
                ("agency", true, Form::Text),
                ("type", true, Form::Text),
                ("credential", true, Form::Tag),
                ("format", true, Form::Text),
                ("copies", true, Form::Number),
            ],
            Self::Suspended | Self::Reinstated | Self::Revoked | Self::Ended => {
                &[("agency", true, Form::Text), ("credential", true, Form::Tag), ("slots", true, Form::Slots)]
            }
            Self::Trust => &[("version", true, Form::Number), ("digest", true, Form::Digest)],
            Self::Key => &[
                ("owner", true, Form::Text),
                ("key", true, Form::Text),
                ("state", true, Form::Text),
                ("from", true, Form::Number),
                ("digest", true, Form::Digest),
            ],
            Self::Type => {
                &[("type", true, Form::Text), ("version", true, Form::Number), ("digest", true, Form::Digest)]
            }
            Self::Matter => {
                &[("agency", true, Form::Text), ("version", true, Form::Number), ("digest", true, Form::Digest)]
            }
            Self::ForeignTrust => &[
                ("act", true, Form::Text),
                ("city", true, Form::Text),
                ("version", true, Form::Number),
                ("digest", true, Form::Digest),
                ("root", true, Form::Text),
                ("types", true, Form::Texts),
                ("agencies", true, Form::Texts),
            ],
            Self::Copied => &[("copy", true, Form::Digest), ("state", true, Form::Text)],
            Self::Objection => &[
                ("objection", true, Form::Digest),
                ("record", false, Form::Digest),
                ("answer", false, Form::Digest),
                ("state", true, Form::Text),
            ],
            Self::Used => &[("record", true, Form::Digest)],
            Self::Application => &[("case", true, Form::Tag), ("state", true, Form::Text)],
        }
    }
}

/// The bytes of a leaf. Members are given by name, in any order: texts, numbers, slots as [`slot_number`]s, digests and
/// tags in base64url.
///
/// A member that the kind does not have, or in another form, is a mistake of the caller that tests find: it is not written.
pub fn encode(kind: Kind, at: Timestamp, members: &[(&str, Value)]) -> Vec<u8> {
    let known = |name: &str| kind.members().iter().any(|(known, ..)| *known == name);
    debug_assert!(members.iter().all(|(name, _)| known(name)), "{} has other members", kind.name());
    let mut items = vec![Cbor::Int(kind.number().into()), at.as_second().into()];
    for (name, required, form) in kind.members() {
        let given = members.iter().find(|(given, _)| given == name).and_then(|(_, value)| form.write(value));
        debug_assert!(given.is_some() || !required, "{} needs {name}", kind.name());
        items.push(given.unwrap_or(Cbor::Null));
    }
    Cbor::Array(items).encode()
}

/// A leaf as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What happened.
    pub kind: Kind,
    /// When.
    pub at: Timestamp,
    items: Vec<Cbor>,
}

impl Entry {
    /// Reads a leaf strictly: a known kind, exactly its members in their forms, in the one encoding; `leaf_malformed`
    /// otherwise.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let wrong = |what: &str| ParseError::new("leaf_malformed", what);
        let Cbor::Array(mut items) = Cbor::decode(bytes)? else { return Err(wrong("not an array")) };
        if items.len() < 2 {
            return Err(wrong("no kind and time"));
        }
        let members = items.split_off(2);
        let [Cbor::Int(number), at] = items.as_slice() else { return Err(wrong("the kind")) };
        let kind = Kind::ALL.into_iter().find(|kind| i128::from(kind.number()) == *number);
        let kind = kind.ok_or_else(|| wrong("an unknown kind"))?;
        let at = at.as_int().filter(|at| *at >= 0).and_then(from_unix).ok_or_else(|| wrong("the time"))?;
        let fits = members.len() == kind.members().len()
            && kind.members().iter().zip(&members).all(
                |((_, required, form), item)| {
                    if *item == Cbor::Null { !required } else { form.fits(item) }
                },
            );
        if !fits {
            return Err(wrong("not the members of its kind"));
        }
        items.extend(members);
        let whole = Cbor::Array(items);
        if whole.encode() != bytes {
            return Err(wrong("not the deterministic encoding"));
        }
        let Cbor::Array(mut items) = whole else { return Err(wrong("not an array")) };
        Ok(Self { kind, at, items: items.split_off(2) })
    }

    fn item(&self, name: &str) -> Option<&Cbor> {
        let place = self.kind.members().iter().position(|(member, ..)| *member == name)?;
        self.items.get(place)
    }

    /// A member that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.item(name)?.as_text()
    }

    /// A member that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.item(name)?.as_int().and_then(|number| u64::try_from(number).ok())
    }

    /// A member that is a digest or a tag.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.item(name)?.as_bytes()
    }

    /// A member that is a list of texts; empty where the kind has none of that name.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.item(name).and_then(Cbor::as_array).unwrap_or_default().iter().filter_map(Cbor::as_text)
    }

    /// The status slots of the leaf as list number and index; empty where the kind has none.
    pub fn slots(&self) -> impl Iterator<Item = (u32, u32)> {
        let items = self.item("slots").and_then(Cbor::as_array).unwrap_or_default();
        items.iter().filter_map(|slot| slot_of_number(u64::try_from(slot.as_int()?).ok()?))
    }

    /// The leaf for people and programs that read JSON: names instead of numbers, digests in base64url.
    pub fn to_json(&self) -> Map {
        let mut out = Map::new();
        out.insert("kind".to_owned(), self.kind.name().into());
        out.insert("at".to_owned(), rfc3339(self.at).into());
        for ((name, _, form), item) in self.kind.members().iter().zip(&self.items) {
            if let Some(value) = form.read(item) {
                out.insert((*name).to_owned(), value);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::bytes::{base64url, from_hex, hex};
    use crate::base::json::json;
    use crate::base::time::parse_rfc3339;

    fn sample(kind: Kind) -> Vec<u8> {
        let at = parse_rfc3339("2026-03-01T00:00:00Z").unwrap();
        let value = |form| match form {
            Form::Text => json!("idCard"),
            Form::Number => json!(7),
            Form::Digest => json!(base64url(&[0xAB; 32])),
            Form::Texts => json!(["idCard", "birth"]),
            Form::Tag => json!(base64url(&[0xCD; 16])),
            Form::Slots => json!([5, slot_number(2, 131_071)]),
        };
        let members: Vec<_> = kind.members().iter().map(|(name, _, form)| (*name, value(*form))).collect();
        encode(kind, at, &members)
    }

    #[test]
    fn a_leaf_has_one_form() {
        let at = parse_rfc3339("2026-03-01T00:00:00Z").unwrap();
        let members = [("digest", json!(base64url(&[0xAB; 32]))), ("version", json!(300))];
        let made = encode(Kind::Trust, at, &members);
        assert_eq!(hex(&made), format!("84071a69a3818019012c5820{}", "ab".repeat(32)));
        let read = Entry::parse(&made).unwrap();
        assert_eq!((read.kind, read.at, read.number("version")), (Kind::Trust, at, Some(300)));
        assert_eq!(read.bytes("digest"), Some(&[0xAB; 32][..]));
    }

    #[test]
    fn every_kind_reads_back_and_its_commonest_leaves_are_small() {
        let mut numbers = std::collections::BTreeSet::new();
        for kind in Kind::ALL {
            let made = sample(kind);
            let read = Entry::parse(&made).unwrap();
            assert_eq!((read.kind, read.to_json().len()), (kind, kind.members().len() + 2), "{read:?}");
            assert!(numbers.insert(kind.number()), "{kind:?} shares its number");
            let rare = matches!(kind, Kind::ForeignTrust | Kind::Objection);
            assert!(rare || made.len() <= 80, "{kind:?} takes {}", made.len());
        }
        let revoked = Entry::parse(&sample(Kind::Revoked)).unwrap();
        assert_eq!(revoked.slots().collect::<Vec<_>>(), [(0, 5), (2, 131_071)]);
        assert_eq!(revoked.to_json()["slots"], json!([[0, 5], [2, 131_071]]));
    }

    #[test]
    fn whatever_else_is_no_leaf() {
        let good = hex(&sample(Kind::Trust));
        let other = |from: &str, to: &str| good.replacen(from, to, 1);
        for (text, why) in [
            (String::new(), "nothing"),
            ("a0".to_owned(), "a map"),
            ("80".to_owned(), "no kind"),
            ("8107".to_owned(), "no time"),
            (other("8407", "8418ff"), "an unknown kind"),
            (other("8407", "841807"), "a kind in two bytes"),
            (other("1a69a38180", "20"), "a time before 1970"),
            (other("1a69a38180", "1b0000000069a38180"), "a time in eight bytes"),
            (other("5820", "7820"), "a text for a digest"),
            (other("5820ab", "581f"), "a short digest"),
            (format!("{good}00"), "a byte more"),
            (other("84", "85") + "00", "a member more"),
            (format!("84071a69a3818007{}", "f6"), "no digest"),
        ] {
            let bytes = from_hex(&text).unwrap_or_default();
            assert!(Entry::parse(&bytes).is_err(), "{why}: {text}");
        }
        assert!(Entry::parse(br#"{"kind":"trust"}"#).is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_changes_of_a_leaf_never_panic(at in 0_usize..60, byte in proptest::prelude::any::<u8>(), kind in 0_usize..15) {
            let mut bytes = sample(Kind::ALL[kind]);
            let place = at % bytes.len();
            bytes[place] = byte;
            if let Ok(read) = Entry::parse(&bytes) {
                proptest::prop_assert_eq!(read.to_json().len(), read.kind.members().len() + 2);
            }
        }
    }
}
