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

/// Bytes in base58btc, written as [`from_base58`] reads: ten characters a step.
pub fn base58(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    let mut number: Vec<u64> = bytes.get(zeros..).unwrap_or_default().rchunks(8).rev().map(big_endian).collect();
    let mut characters = Vec::with_capacity(bytes.len() * 7 / 5 + 10);
    while let Some(mut rest) = divide(&mut number) {
        for _ in 0..10 {
            let digit = usize::try_from(rest % 58).unwrap_or_default();
            characters.push(ALPHABET.get(digit).copied().unwrap_or(b'1'));
            rest /= 58;
        }
    }
    let length = characters.iter().rposition(|&character| character != b'1').map_or(0, |last| last + 1);
    let written = characters.into_iter().take(length).rev().map(char::from);
    std::iter::repeat_n('1', zeros).chain(written).collect()
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Divides a number, highest limb first, by 58¹⁰ and returns the rest; `None` when there is nothing left of it.
#[expect(clippy::cast_possible_truncation, reason = "a quotient of 64 bits and a rest below the divisor")]
fn divide(number: &mut Vec<u64>) -> Option<u64> {
    const DIVISOR: u128 = 58_u128.pow(10);
    let leading = number.iter().take_while(|&&limb| limb == 0).count();
    number.drain(..leading);
    let mut rest = 0_u128;
    for limb in number.iter_mut() {
        let wide = rest << 64 | u128::from(*limb);
        *limb = (wide / DIVISOR) as u64;
        rest = wide % DIVISOR;
    }
    (!number.is_empty()).then_some(rest as u64)
}

/// Reads base58btc of at most 512 characters (its cost is quadratic); `base58_malformed` otherwise.
///
/// Every proof has a signature in it, so it is read ten characters a step rather than one (bs58 takes ten times as long).
pub fn from_base58(text: &str) -> Result<Vec<u8>, ParseError> {
    let wrong = |what: &str| ParseError::new("base58_malformed", what);
    if text.len() > 512 {
        return Err(wrong("longer than 512 characters"));
    }
    let zeros = text.bytes().take_while(|&character| character == b'1').count();
    let mut number: Vec<u64> = Vec::with_capacity(text.len() / 10 + 1);
    for group in text.as_bytes().get(zeros..).unwrap_or_default().chunks(10) {
        let (mut factor, mut sum) = (1_u64, 0_u64);
        for &character in group {
            let digit = BASE58.get(usize::from(character)).copied().filter(|&digit| digit < 58);
            factor *= 58;
            sum = sum * 58 + u64::from(digit.ok_or_else(|| wrong("a character outside the alphabet"))?);
        }
        multiply_add(&mut number, factor, sum);
    }
    let bytes: Vec<u8> = number.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    let first = bytes.iter().position(|&byte| byte != 0).unwrap_or(bytes.len());
    let mut out = vec![0; zeros];
    out.extend_from_slice(bytes.get(first..).unwrap_or_default());
    Ok(out)
}

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The value of each character of base58btc; 255 for all others.
const BASE58: [u8; 128] = {
    let mut values = [u8::MAX; 128];
    let mut value = 0;
    #[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
    while value < 58 {
        values[ALPHABET[value as usize] as usize] = value;
        value += 1;
    }
    values
};

/// `number · factor + sum`; limbs of 64 bits, lowest first.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of 128 bits")]
fn multiply_add(number: &mut Vec<u64>, factor: u64, sum: u64) {
    let mut carry = u128::from(sum);
    for limb in number.iter_mut() {
        let wide = u128::from(*limb) * u128::from(factor) + carry;
        *limb = wide as u64;
        carry = wide >> 64;
    }
    if carry > 0 {
        number.push(carry as u64);
    }
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
    fn base58_reads_and_writes_as_the_library_does() {
        for length in 0..80 {
            for seed in 0..8_u8 {
                let mut bytes: Vec<u8> = (0..length).map(|i: u8| i.wrapping_mul(151) ^ seed.wrapping_mul(37)).collect();
                bytes.iter_mut().take(usize::from(seed % 4)).for_each(|byte| *byte = 0);
                let written = base58(&bytes);
                assert_eq!(written, bs58::encode(&bytes).into_string());
                assert_eq!(from_base58(&written).unwrap(), bytes);
            }
        }
        assert_eq!(from_base58(&"z".repeat(512)).unwrap(), bs58::decode("z".repeat(512)).into_vec().unwrap());
        for wrong in ["0", "O", "I", "l", "1 1", "é", "\u{7f}"] {
            assert_eq!(from_base58(wrong).expect_err(wrong).code, "base58_malformed");
        }
        assert!(from_base58(&"1".repeat(513)).is_err());
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
