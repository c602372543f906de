//! The error codes of the token, credential, deferred and notification endpoints, each with its section.

use std::fmt;

use crate::base::json::{Value, json};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)+) => {
        /// Why an endpoint says no.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $name,)+ }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The value of `error`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The status code of the answer.
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ }
            }
        }
    };
}

codes! {
    /// RFC 6749 section 5.2, section 6.3: a parameter is missing or comes twice, or a transaction code is sent where none
    /// is expected or missing where one is.
    InvalidRequest = "invalid_request", 400;
    /// Section 6.3: the code or the transaction code is wrong, used, expired or locked.
    InvalidGrant = "invalid_grant", 400;
    /// RFC 6749 section 5.2: another grant type than the pre-authorized code.
    UnsupportedGrantType = "unsupported_grant_type", 400;
    /// RFC 9396 section 5: the authorization details name what was not offered.
    InvalidAuthorizationDetails = "invalid_authorization_details", 400;
    /// RFC 6750 section 3.1: no access token, or one that is unknown or has expired.
    InvalidToken = "invalid_token", 401;
    /// RFC 6750 section 3.1: the access token is for another credential.
    InsufficientScope = "insufficient_scope", 403;
    /// Section 8.3.1.2: the request is malformed.
    InvalidCredentialRequest = "invalid_credential_request", 400;
    /// Section 8.3.1.2.
    UnknownCredentialConfiguration = "unknown_credential_configuration", 400;
    /// Section 8.3.1.2.
    UnknownCredentialIdentifier = "unknown_credential_identifier", 400;
    /// Section 8.3.1.2: a key proof is missing, wrong, or without nonce.
    InvalidProof = "invalid_proof", 400;
    /// Section 8.3.1.2: the nonce of a key proof is unknown, old or used.
    InvalidNonce = "invalid_nonce", 400;
    /// Section 8.3.1.2: encrypted answers are asked for, which are not offered.
    InvalidEncryptionParameters = "invalid_encryption_parameters", 400;
    /// Section 8.3.1.2: the credential cannot be issued, and asking again will not help.
    CredentialRequestDenied = "credential_request_denied", 400;
    /// Section 9.3: the transaction is unknown, or its credentials were obtained.
    InvalidTransactionId = "invalid_transaction_id", 400;
    /// Section 11.3.
    InvalidNotificationId = "invalid_notification_id", 400;
    /// Section 11.3.
    InvalidNotificationRequest = "invalid_notification_request", 400;
}

/// An error as an endpoint tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtocolError {
    /// The code.
    pub code: ErrorCode,
    /// For developers: ASCII without quotation marks and backslashes.
    pub description: String,
}

impl ProtocolError {
    /// An error with what to tell developers; characters that the specification does not allow become question marks.
    pub fn new(code: ErrorCode, description: impl AsRef<str>) -> Self {
        let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        let description = description.as_ref().chars().map(|c| if allowed(c) { c } else { '?' }).collect();
        Self { code, description }
    }

    /// The body of the answer.
    pub fn to_json(&self) -> Value {
        json!({"error": self.code.name(), "error_description": self.description})
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.name(), self.description)
    }
}

impl std::error::Error for ProtocolError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_to_the_characters_that_are_allowed() {
        let error = ProtocolError::new(ErrorCode::InvalidProof, "aud \"x\\\" 名\n");
        assert_eq!(error.to_json(), json!({"error": "invalid_proof", "error_description": "aud ?x?? ??"}));
    }

    #[test]
    fn only_what_the_token_is_about_is_not_400() {
        for code in ErrorCode::ALL {
            let status = match code.name() {
                "invalid_token" => 401,
                "insufficient_scope" => 403,
                _ => 400,
            };
            assert_eq!(code.status(), status, "{}", code.name());
        }
    }
}
