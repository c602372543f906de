//! Identifiers as types: one cannot be passed where another is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::error::ParseError;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $min:literal..=$max:literal, $allowed:expr, $code:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Takes a text of ", stringify!($min), " to ", stringify!($max), " allowed characters; `", $code, "` otherwise.")]
            pub fn parse(text: &str) -> Result<Self, ParseError> {
                let allowed: fn(char) -> bool = $allowed;
                if ($min..=$max).contains(&text.len()) && text.chars().all(allowed) {
                    return Ok(Self(text.to_owned()));
                }
                Err(ParseError::new($code, concat!(stringify!($name), " is not well-formed")))
            }

            /// The text of the identifier.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = ParseError;

            fn try_from(text: String) -> Result<Self, ParseError> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The short code of an agency in this city, `GA` for the public security bureau.
    AgencyCode, 1..=16, |c| c.is_ascii_uppercase() || c.is_ascii_digit(), "agency_code_malformed"
);
text_id!(
    /// The code of a credential type, `idCard`.
    TypeCode, 1..=64, |c| c.is_ascii_alphanumeric(), "type_code_malformed"
);
text_id!(
    /// The identifier of an issued credential: its 电子证照标识 (GB/T 36904), or a `urn:uuid:` of an attestation
    /// that has none.
    CredentialId, 1..=160, |c| c.is_ascii_alphanumeric() || ".:-_".contains(c), "credential_id_malformed"
);
text_id!(
    /// The identifier a caller gives a request, so that asking twice does a thing once.
    RequestId, 1..=128, |c| c.is_ascii_graphic(), "request_id_malformed"
);
text_id!(
    /// The name of a staff account as it is typed to sign in, `ga-clerk`.
    AccountName, 1..=32, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c), "account_malformed"
);
text_id!(
    /// The identifier of an action that waits for a second person.
    PendingId, 1..=64, |c| c.is_ascii_alphanumeric() || "-_".contains(c), "pending_id_malformed"
);
text_id!(
    /// The number of an application (办件编号), `430112-20260213-000123-K`.
    ApplicationId, 1..=64, |c| c.is_ascii_alphanumeric() || c == '-', "application_id_malformed"
);
text_id!(
    /// The identifier of a credential offer: 128 random bits, base64url.
    OfferId, 22..=22, |c| c.is_ascii_alphanumeric() || "-_".contains(c), "offer_id_malformed"
);

/// One status list of an agency: lists are filled one after another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListId {
    /// The agency whose credentials the list covers.
    pub agency: AgencyCode,
    /// Counts from 0.
    pub number: u32,
}

impl ListId {
    /// Reads `GA-0`; `list_id_malformed` otherwise.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let wrong = || ParseError::new("list_id_malformed", "expected AGENCY-NUMBER");
        let (agency, number) = text.rsplit_once('-').ok_or_else(wrong)?;
        let canonical = number == "0" || !number.starts_with('0') && number.bytes().all(|c| c.is_ascii_digit());
        if !canonical {
            return Err(wrong());
        }
        Ok(Self { agency: AgencyCode::parse(agency)?, number: number.parse().map_err(|_| wrong())? })
    }
}

impl fmt::Display for ListId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.agency, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_one_spelling() {
        assert_eq!(ListId::parse("GA-12").unwrap().to_string(), "GA-12");
        for wrong in ["GA", "GA-", "GA-01", "GA--1", "ga-1", "GA-4294967296"] {
            assert!(ListId::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn identifiers_refuse_foreign_characters() {
        assert!(AgencyCode::parse("GA").is_ok());
        assert!(AgencyCode::parse("ga").is_err());
        assert!(CredentialId::parse("1.2.156.3005.2.X").is_ok());
        assert!(CredentialId::parse("../x y").is_err());
        assert!(serde_json::from_str::<TypeCode>("\"id/Card\"").is_err());
    }
}
