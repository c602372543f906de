//! Text forms of bytes: base64url, base64, base58btc, base45 and hexadecimal, each read strictly.
//!
//! Base64 of both alphabets is RFC 4648 and refuses non-zero trailing bits, base58btc is the alphabet of Multibase
//! `z`, base45 is RFC 9285.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::error::ParseError;

/// Bytes in base64url without padding (RFC 4648 section 5).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads base64url without padding; `base64url_malformed` for anything that the encoder would not write.
pub fn from_base64url(text: &str) -> Result<Vec<u8>, ParseError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| ParseError::new("base64url_malformed", error.to_string()))
}

/// Bytes in base64 with padding (RFC 4648 section 4).
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads base64 with padding; `base64_malformed` otherwise.
pub fn from_base64(text: &str) -> Result<Vec<u8>, ParseError> {
    STANDARD.decode(text).map_err(|error| ParseError::new("base64_malformed", error.to_string()))
}

/// Bytes in base58btc.
pub fn base58(bytes: &[u8]) -> String {
    bs58::encode(bytes).into_string()
}

/// Reads base58btc of at most 512 characters (its cost is quadratic); `base58_malformed` otherwise.
pub fn from_base58(text: &str) -> Result<Vec<u8>, ParseError> {
    if text.len() > 512 {
        return Err(ParseError::new("base58_malformed", "longer than 512 characters"));
    }
    bs58::decode(text).into_vec().map_err(|error| ParseError::new("base58_malformed", error.to_string()))
}

/// Bytes in base45 (RFC 9285): three characters of the QR alphanumeric set for two bytes.
pub fn base45(bytes: &[u8]) -> String {
    base45::encode(bytes)
}

/// Reads base45; `base45_malformed` otherwise.
pub fn from_base45(text: &str) -> Result<Vec<u8>, ParseError> {
    base45::decode(text).map_err(|error| ParseError::new("base45_malformed", error.to_string()))
}

/// Bytes in lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

/// Reads hexadecimal of either case; `hex_malformed` otherwise.
pub fn from_hex(text: &str) -> Result<Vec<u8>, ParseError> {
    hex::decode(text).map_err(|error| ParseError::new("hex_malformed", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_has_one_spelling_only() {
        assert_eq!(from_base64url("AQ").unwrap(), [1]);
        for wrong in ["AQ==", "AR", "A Q", "AQ\n", "+/"] {
            assert_eq!(from_base64url(wrong).expect_err(wrong).code, "base64url_malformed");
        }
    }

    #[test]
    fn base45_reads_the_rfc_example() {
        // RFC 9285 section 4.3, examples 1 and 4.
        assert_eq!(base45(b"AB"), "BB8");
        assert_eq!(from_base45("QED8WEX0").unwrap(), b"ietf!");
        assert!(from_base45("GGX").is_err(), "65536 does not fit two bytes");
        assert!(from_base45("bb8").is_err(), "lower case is not in the alphabet");
    }
}
