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

#[cfg(test)]
mod tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    /// Whatever parses prints a text that parses to the same value.
    fn canonical<T: FromStr + Display + PartialEq + Debug>(text: &str)
    where
        T::Err: Debug,
    {
        if let Ok(value) = text.parse::<T>() {
            assert_eq!(value.to_string().parse::<T>().unwrap(), value);
        }
    }

    fn every_code(text: &str) {
        canonical::<CitizenId>(text);
        canonical::<LegacyId>(text);
        canonical::<Uscc>(text);
        canonical::<OrganisationCode>(text);
        canonical::<DivisionCode>(text);
        canonical::<CertificateTypeCode>(text);
        canonical::<CertificateIdentifier>(text);
        canonical::<BasicCode>(text);
        canonical::<MatterCode>(text);
        canonical::<CaseNumber>(text);
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_a_panic(text in any::<String>()) {
            every_code(&text);
        }

        #[test]
        fn near_misses_are_judged_without_a_panic(
            text in "(1\\.2\\.156\\.3005\\.2\\.)?[0-9A-Zx望é.-]{4,70}"
        ) {
            every_code(&text);
        }

        #[test]
        fn digits_of_every_length_have_one_spelling(text in "[0-9]{5,20}[0-9Xx]?") {
            every_code(&text);
        }

        /// ISO 7064 MOD 11-2 notices every single wrong digit and every swap of neighbours.
        #[test]
        fn a_mistyped_citizen_id_is_noticed(days in 0_i64..40_000, sequence in 0_u16..1000, at in 0_usize..17, shift in 1_u8..10) {
            use jiff::ToSpan;
            let birth = jiff::civil::date(1916, 1, 1) + days.days();
            let id = CitizenId::build("430112", birth, sequence).unwrap();
            let mut wrong = id.as_str().as_bytes().to_vec();
            wrong[at] = b'0' + (wrong[at] - b'0' + shift) % 10;
            prop_assert!(CitizenId::parse(std::str::from_utf8(&wrong).unwrap()).is_err());
            let mut swapped = id.as_str().as_bytes().to_vec();
            swapped.swap(at, at + 1);
            if swapped != id.as_str().as_bytes() {
                prop_assert!(CitizenId::parse(std::str::from_utf8(&swapped).unwrap()).is_err());
            }
        }
    }
}
