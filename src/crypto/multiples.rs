//! Multiples of a point, worked out in advance: what multiplies a fixed point by many scalars.
//!
//! A scalar is cut into signed digits of some bits; for each place there is a row of the point's multiples there, so that
//! a product is one addition for each place and no doubling at all. Which additions are made depends on the scalar: for
//! verifying alone, where nothing is secret.

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;

/// Bits of a scalar below 2²⁵⁶ and of the carry of its highest digit.
const BITS: u32 = 257;

/// For each place `i` the multiples 1 … 2^(width − 1) of 2^(width · i) · P.
pub(super) struct Multiples {
    width: u32,
    rows: Vec<EdwardsPoint>,
}

impl Multiples {
    /// Works them out for digits of `width` bits, 2 to 8: ⌈257 / width⌉ · 2^(width − 1) points of 160 bytes.
    pub(super) fn of(point: &EdwardsPoint, width: u32) -> Self {
        let (places, each) = (BITS.div_ceil(width), 1_usize << (width - 1));
        let mut rows = Vec::with_capacity(each * usize::try_from(places).unwrap_or_default());
        let mut base = *point;
        for _ in 0..places {
            let mut multiple = base;
            for _ in 1..each {
                rows.push(multiple);
                multiple += base;
            }
            rows.push(multiple);
            base = multiple + multiple;
        }
        Self { width, rows }
    }

    /// `sum` + scalar · P.
    pub(super) fn add(&self, mut sum: EdwardsPoint, scalar: &Scalar) -> EdwardsPoint {
        let rows = self.rows.chunks_exact(1 << (self.width - 1));
        for (row, digit) in rows.zip(digits(scalar.as_bytes(), self.width)) {
            let multiple = (digit.unsigned_abs() as usize).checked_sub(1).and_then(|at| row.get(at));
            // By reference: a point is 160 bytes, and copying one costs a tenth of adding it.
            match multiple {
                Some(multiple) if digit > 0 => sum += multiple,
                Some(multiple) => sum -= multiple,
                None => {}
            }
        }
        sum
    }
}

/// The digits of a number, lowest first, each above −2^(width − 1) and at most 2^(width − 1).
fn digits(number: &[u8; 32], width: u32) -> impl Iterator<Item = i32> {
    let (mut bytes, mut held, mut bits, mut carry) = (number.iter(), 0_u32, 0_u32, 0_i32);
    (0..BITS.div_ceil(width)).map(move |_| {
        while bits < width {
            held |= u32::from(bytes.next().copied().unwrap_or(0)) << bits;
            bits += 8;
        }
        let digit = i32::try_from(held & ((1 << width) - 1)).unwrap_or_default() + carry;
        held >>= width;
        bits -= width;
        carry = i32::from(digit > 1 << (width - 1));
        digit - (carry << width)
    })
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;

    use super::*;

    /// Zero, one, the order less one, all digits at their limits, and some that look like nothing.
    fn scalars() -> Vec<Scalar> {
        let patterns = [0x00, 0x01, 0x0F, 0x20, 0x3F, 0x7F, 0x80, 0x81, 0xFF, 0xA5];
        let whole = patterns.map(|byte| Scalar::from_bytes_mod_order([byte; 32]));
        let powers = (0..253).step_by(7).map(|bit| {
            let mut bytes = [0; 32];
            bytes[bit / 8] = 1 << (bit % 8);
            Scalar::from_bytes_mod_order(bytes)
        });
        whole.into_iter().chain(powers).chain([Scalar::ZERO, Scalar::ONE, -Scalar::ONE]).collect()
    }

    #[test]
    fn products_are_those_of_the_library_for_every_width() {
        let point = ED25519_BASEPOINT_POINT * Scalar::from(7_u8);
        for width in 2..=8 {
            let multiples = Multiples::of(&point, width);
            for scalar in scalars() {
                let sum = multiples.add(ED25519_BASEPOINT_POINT, &scalar);
                assert_eq!(sum, ED25519_BASEPOINT_POINT + point * scalar, "width {width}, {scalar:?}");
            }
        }
    }

    #[test]
    fn digits_add_up_and_stay_within_their_row() {
        for width in 2..=8 {
            for scalar in scalars() {
                let mut sum = Scalar::ZERO;
                let places: Vec<_> = digits(scalar.as_bytes(), width).collect();
                for digit in places.into_iter().rev() {
                    assert!((-(1 << (width - 1))..=1 << (width - 1)).contains(&digit), "{digit} of width {width}");
                    let size = Scalar::from(digit.unsigned_abs());
                    sum = sum * Scalar::from(1_u32 << width) + if digit < 0 { -size } else { size };
                }
                assert_eq!(sum, scalar);
            }
        }
    }
}
