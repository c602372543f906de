//! Three characters in two bytes: texts of capital letters, digits and `.-:`.
//!
//! Each group of three characters is a number to base 40 (0 is the filler of the last group), big-endian in two bytes.
//! 40³ = 64,000 fits. One spelling only: reading refuses a filler inside the text and numbers from 64,000.

const ALPHABET: &[u8; 39] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-:";

/// The packed form; `None` for a text with another character and for one that packing does not make shorter.
pub(super) fn pack(text: &str) -> Option<Vec<u8>> {
    if text.len() < 4 {
        return None;
    }
    let digits = text
        .bytes()
        .map(|byte| ALPHABET.iter().position(|&known| known == byte).and_then(|at| u16::try_from(at + 1).ok()));
    let digits: Vec<u16> = digits.collect::<Option<_>>()?;
    let groups = digits.chunks(3).flat_map(|group| {
        let number = (0..3).fold(0_u16, |number, at| number * 40 + group.get(at).copied().unwrap_or(0));
        number.to_be_bytes()
    });
    Some(groups.collect())
}

/// The text of a packed form; `None` for bytes that [`pack`] does not write.
pub(super) fn unpack(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len() / 2 * 3);
    let (pairs, rest) = bytes.as_chunks::<2>();
    for pair in pairs {
        let number = u16::from_be_bytes(*pair);
        if number >= 64_000 || !text.len().is_multiple_of(3) {
            return None;
        }
        let digits = [number / 1600, number / 40 % 40, number % 40];
        let used = digits.iter().take_while(|&&digit| digit > 0).count();
        if used == 0 || digits.iter().skip(used).any(|&digit| digit > 0) {
            return None;
        }
        for digit in digits.iter().take(used) {
            let known = ALPHABET.get(usize::from(*digit).checked_sub(1)?)?;
            text.push(char::from(*known));
        }
    }
    (rest.is_empty() && text.len() >= 4).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_dates_and_numbers_shrink_by_a_third() {
        for (text, size) in
            [("430112199003074016", 12), ("1990-03-07", 8), ("11430112MB0DEM0176", 12), ("ABCD", 4), ("12:30", 4)]
        {
            let packed = pack(text).unwrap();
            assert_eq!((packed.len(), unpack(&packed).as_deref()), (size, Some(text)));
        }
    }

    #[test]
    fn other_texts_are_left_alone() {
        for text in ["", "ABC", "abcd", "张三丰李", "A B C", "A_BC"] {
            assert_eq!(pack(text), None, "{text}");
        }
    }

    #[test]
    fn bytes_have_one_reading_and_texts_one_packing() {
        for wrong in [
            &[][..],
            &[0],
            &[0, 0],
            &[0xFA, 0x00, 0, 41],
            &[0xFF, 0xFF, 0x10, 0x10],
            &[0x10, 0x10],
            &[0x10, 0x10, 0],
            &[0, 1, 0x10, 0x10],
        ] {
            assert_eq!(unpack(wrong), None, "{wrong:?}");
        }
        for high in 0..=u8::MAX {
            for low in 0..=u8::MAX {
                let bytes = [0x10, 0x10, high, low];
                if let Some(text) = unpack(&bytes) {
                    assert_eq!(pack(&text).as_deref(), Some(&bytes[..]), "{text}");
                }
            }
        }
    }
}
