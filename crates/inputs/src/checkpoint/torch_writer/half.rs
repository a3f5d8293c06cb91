//! float16 of IEEE 754.

/// The bits of the nearest float16, ties to even; nothing where a finite number would become infinite.
pub(super) fn of(value: f32) -> Option<u16> {
    const BIAS: i32 = 127 - 15;
    let bits = value.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let exponent = ((bits >> 23) & 0xff) as i32 - BIAS;
    let mantissa = bits & 0x007f_ffff;
    if value.is_nan() {
        return Some(sign | 0x7e00);
    }
    if value.is_infinite() {
        return Some(sign | 0x7c00);
    }
    // The last bit that is kept has the weight 2^shift of the mantissa; below the normal numbers the leading one is kept, too.
    let (kept, shift) = if exponent > 0 {
        ((exponent as u32) << 23 | mantissa, 13)
    } else {
        (mantissa | 0x0080_0000, 14 - exponent)
    };
    if shift > 24 {
        return Some(sign);
    }
    let (whole, rest, half) = (kept >> shift, kept & ((1 << shift) - 1), 1 << (shift - 1));
    let rounded = whole + u32::from(rest > half || (rest == half && whole & 1 == 1));
    if exponent > 30 || rounded >= 0x7c00 { None } else { Some(sign | rounded as u16) }
}

#[cfg(test)]
mod tests {
    use super::of;

    /// The number that float16 bits stand for.
    fn number(bits: u16) -> f64 {
        let (exponent, mantissa) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
        let size = if exponent == 0 {
            mantissa * 2_f64.powi(-24)
        } else {
            (1.0 + mantissa / 1024.0) * 2_f64.powi(exponent - 15)
        };
        if bits & 0x8000 == 0 { size } else { -size }
    }

    #[test]
    fn every_float16_is_itself_and_what_lies_between_goes_to_the_nearer_or_the_even_one() {
        for bits in 0..0x7c00_u16 {
            for sign in [0, 0x8000] {
                assert_eq!(of(number(bits | sign) as f32), Some(bits | sign), "{bits:#x}");
            }
            if bits < 0x7bff {
                let (low, high) = (number(bits), number(bits + 1));
                let at = |part: f64| of((low + (high - low) * part) as f32);
                let even = if bits % 2 == 0 { bits } else { bits + 1 };
                assert_eq!(
                    (at(0.5), at(0.25), at(0.75)),
                    (Some(even), Some(bits), Some(bits + 1)),
                    "{bits:#x}"
                );
            }
        }
    }

    #[test]
    fn what_is_too_great_is_told_and_what_is_no_number_stays_none() {
        assert_eq!(of(65_519.0), Some(0x7bff));
        assert_eq!([of(65_520.0), of(-1e6), of(f32::MAX)], [None; 3]);
        assert_eq!(of(f32::NEG_INFINITY), Some(0xfc00));
        assert_eq!(of(f32::NAN).map(|bits| bits & 0x7e00), Some(0x7e00));
        assert_eq!([of(1e-10), of(-1e-10), of(-0.0)], [Some(0), Some(0x8000), Some(0x8000)]);
    }
}
