//! OpenID for Verifiable Credential Issuance 1.0: the messages between a wallet and an issuer.
//!
//! What it is: strict parsing and exact printing of [`offer`], [`token`], [`credential`] (requests, answers, deferred
//! answers, notifications), [`proof`] and [`metadata`], and the [`error`] codes. What it is not: a decision; the city
//! decides in [`crate::domain::offer`], a wallet in [`crate::domain::wallet::receive`]. Unknown parameters are ignored,
//! as the specification demands; a parameter that comes twice is refused.

pub mod credential;
pub mod error;
pub mod metadata;
pub mod offer;
pub mod proof;
pub mod token;

pub use error::{ErrorCode, ProtocolError};

pub use super::format::Format;

/// The grant type of a code that was handed out with the offer (section 4.1.1).
pub const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

impl Format {
    /// The last part of a configuration's name.
    fn suffix(self) -> &'static str {
        match self {
            Self::SdJwt => "sd-jwt",
            Self::Ldp => "ldp",
            Self::Compact => "compact",
        }
    }

    /// The name of the credential configuration of a type in this format, `idCard.sd-jwt`.
    pub fn configuration(self, type_code: &str) -> String {
        format!("{type_code}.{}", self.suffix())
    }

    /// Takes a configuration's name apart into the code of the type and the format.
    pub fn of_configuration(name: &str) -> Option<(&str, Self)> {
        let (type_code, suffix) = name.split_once('.')?;
        let format = Self::ALL.into_iter().find(|format| format.suffix() == suffix)?;
        Some((type_code, format))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_names_type_and_format() {
        for format in Format::ALL {
            assert_eq!(Format::of_configuration(&format.configuration("idCard")), Some(("idCard", format)));
        }
        for wrong in ["idCard", "idCard.", "idCard.jwt", "idCard.sd-jwt.x", ""] {
            assert_eq!(Format::of_configuration(wrong), None, "{wrong}");
        }
    }
}
