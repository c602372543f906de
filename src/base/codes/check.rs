//! The four check-character systems of the codes: ISO 7064 MOD 11-2 and MOD 37,36, GB 32100 modulus 31, GB 11714
//! modulus 11.
//!
//! Every function takes the body without its check character and answers `None` when the body holds a character
//! outside the system's alphabet or has the wrong length; nothing here knows what a code means.

/// The 31 characters of GB 32100-2015: no I, O, S, V, Z.
const USCC_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of GB 32100-2015: 3^(i-1) mod 31.
const USCC_WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
/// Weights of GB 11643-1999: 2^(18-i) mod 11.
const CITIZEN_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// The check characters of MOD 11-2 by remainder.
const CITIZEN_CHECKS: &[u8; 11] = b"10X98765432";
/// Weights of GB 11714-1997.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

/// The check character of a citizen ID's first 17 digits (GB 11643, ISO 7064 MOD 11-2).
pub fn citizen(body: &[u8]) -> Option<char> {
    let sum = weighted(body, &CITIZEN_WEIGHTS, |c| char::from(c).to_digit(10))?;
    pick(CITIZEN_CHECKS, sum % 11)
}

/// The check character of a unified social credit code's first 17 characters (GB 32100).
pub fn uscc(body: &[u8]) -> Option<char> {
    let sum = weighted(body, &USCC_WEIGHTS, uscc_value)?;
    pick(USCC_ALPHABET, (31 - sum % 31) % 31)
}

/// The check character of an organisation code's first 8 characters (GB 11714).
pub fn organisation(body: &[u8]) -> Option<char> {
    let sum = weighted(body, &ORGANISATION_WEIGHTS, alphanumeric_value)?;
    match 11 - sum % 11 {
        10 => Some('X'),
        11 => Some('0'),
        digit => char::from_digit(digit, 10),
    }
}

/// The check character over any number of `[0-9A-Z]` (ISO 7064 MOD 37,36), as certificate identifiers and case
/// numbers use it.
pub fn mod_37_36(body: impl IntoIterator<Item = u8>) -> Option<char> {
    let mut product = 36;
    for c in body {
        // Both remainders by subtraction: a sum below 72 modulo 36 with 36 for 0, a product up to 72 modulo 37.
        let total = product + alphanumeric_value(c)?;
        let doubled = 2 * if total > 36 { total - 36 } else { total };
        product = if doubled > 36 { doubled - 37 } else { doubled };
    }
    char::from_digit((37 - product) % 36, 36).map(|c| c.to_ascii_uppercase())
}

/// The value of a GB 32100 character, or `None` outside its alphabet.
fn uscc_value(c: u8) -> Option<u32> {
    // Below each letter, the letters that the alphabet leaves out are missing.
    let left_out = match c {
        b'A'..=b'H' => 0,
        b'J'..=b'N' => 1,
        b'P'..=b'R' => 2,
        b'T'..=b'U' => 3,
        b'W'..=b'Y' => 4,
        b'0'..=b'9' => return Some(u32::from(c - b'0')),
        _ => return None,
    };
    Some(u32::from(c - b'A') + 10 - left_out)
}

/// 0–9 and A–Z (upper case only) as 0–35.
fn alphanumeric_value(c: u8) -> Option<u32> {
    if c.is_ascii_lowercase() { None } else { char::from(c).to_digit(36) }
}

fn weighted(body: &[u8], weights: &[u32], value: impl Fn(u8) -> Option<u32>) -> Option<u32> {
    if body.len() != weights.len() {
        return None;
    }
    body.iter().zip(weights).try_fold(0, |sum, (&c, weight)| Some(sum + value(c)? * weight))
}

fn pick(alphabet: &[u8], at: u32) -> Option<char> {
    alphabet.get(usize::try_from(at).ok()?).map(|&c| char::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classic_examples_of_each_standard_have_their_check_character() {
        assert_eq!(citizen(b"11010519491231002"), Some('X'));
        assert_eq!(citizen(b"44052418800101001"), Some('4'));
        assert_eq!(uscc(b"91350100M000100Y4"), Some('3'));
        assert_eq!(organisation(b"D2143569"), Some('X'));
        assert_eq!(organisation(b"MA5CJQ4N"), Some('5'));
    }

    #[test]
    fn a_remainder_of_zero_gives_the_digit_zero_in_an_organisation_code() {
        assert_eq!(organisation(b"00000000"), Some('0'));
    }

    #[test]
    fn mod_37_36_follows_the_published_intermediate_products() {
        let body = b"11100000000013338W03211220000013544541J2430599001";
        assert_eq!(mod_37_36(body.iter().copied()), Some('F'));
    }

    #[test]
    fn characters_and_lengths_outside_the_system_have_no_check() {
        assert_eq!(citizen(b"1101051949123100"), None);
        assert_eq!(citizen(b"1101051949123100A"), None);
        assert_eq!(uscc(b"91350100I000100Y4"), None);
        assert_eq!(organisation(b"d2143569"), None);
        assert_eq!(mod_37_36(*b"12a"), None);
        assert_eq!(mod_37_36(*b"1-2"), None);
    }
}
