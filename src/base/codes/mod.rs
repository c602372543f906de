//! Codes of Chinese public administration, each a newtype that cannot hold a wrong one.
//!
//! What it is: strict parsers and builders for the numbers that licences, matters and cases carry — citizen ID
//! (GB 11643), unified social credit code (GB 32100), organisation code (GB 11714), division code (GB/T 2260),
//! certificate identifier (GB/T 36904), matter codes (GB/T 39554) and our own case number.
//! What it is not: a register. A code that parses is well formed; whether it was ever assigned is another question.
//!
//! Reading order: [`check`] (the check characters), then one file per code. `Display` prints the canonical form;
//! `Debug` of personal numbers is masked.

pub mod case;
pub mod certificate;
pub mod check;
pub mod citizen;
pub mod division;
pub mod matter;
pub mod organisation;

pub use case::CaseNumber;
pub use certificate::{CertificateIdentifier, CertificateTypeCode};
pub use citizen::{CitizenId, LegacyId, Origin, Sex};
pub use division::DivisionCode;
pub use matter::{BasicCode, ExerciseLevel, MatterCode};
pub use organisation::{OrganisationCode, Uscc};

/// `FromStr`, `Serialize` and `Deserialize` by way of the strict `parse` and the canonical `Display`.
macro_rules! text_code {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = $crate::base::error::ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_code;
