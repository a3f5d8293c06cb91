//! The element types that checkpoints are stored in, and their conversion to the two kinds that are kept.

use super::state_dict::Values;

/// Type of the numbers in a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    F16,
    BF16,
    F32,
    F64,
    I64,
    I32,
    I16,
    I8,
    U8,
    Bool,
}

/// Order of the bytes of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl Element {
    /// Bytes per element.
    pub(super) fn width(self) -> usize {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// The elements of `bytes` at `positions`, which are within it; floats as f32, integers as i64.
    pub(super) fn pick(
        self,
        bytes: &[u8],
        order: ByteOrder,
        positions: impl ExactSizeIterator<Item = usize>,
    ) -> Values {
        match self {
            Self::F16 => {
                Values::F32(pick(bytes, order, positions, |bytes| half_to_f32(u16::from_le_bytes(bytes))))
            }
            Self::BF16 => Values::F32(pick(bytes, order, positions, |bytes| {
                f32::from_bits(u32::from(u16::from_le_bytes(bytes)) << 16)
            })),
            Self::F32 => Values::F32(pick(bytes, order, positions, f32::from_le_bytes)),
            Self::F64 => Values::F32(pick(bytes, order, positions, |bytes| f64::from_le_bytes(bytes) as f32)),
            Self::I64 => Values::I64(pick(bytes, order, positions, i64::from_le_bytes)),
            Self::I32 => Values::I64(pick(bytes, order, positions, |bytes| i32::from_le_bytes(bytes).into())),
            Self::I16 => Values::I64(pick(bytes, order, positions, |bytes| i16::from_le_bytes(bytes).into())),
            Self::I8 => Values::I64(pick(bytes, order, positions, |bytes| i8::from_le_bytes(bytes).into())),
            Self::U8 => Values::I64(pick(bytes, order, positions, |[byte]| byte.into())),
            Self::Bool => Values::I64(pick(bytes, order, positions, |[byte]| (byte != 0).into())),
        }
    }
}

fn pick<T, const WIDTH: usize>(
    bytes: &[u8],
    order: ByteOrder,
    positions: impl ExactSizeIterator<Item = usize>,
    from_little: impl Fn([u8; WIDTH]) -> T,
) -> Vec<T> {
    let (elements, _) = bytes.as_chunks::<WIDTH>();
    match order {
        ByteOrder::Little => positions.map(|position| from_little(elements[position])).collect(),
        ByteOrder::Big => positions
            .map(|position| {
                let mut element = elements[position];
                element.reverse();
                from_little(element)
            })
            .collect(),
    }
}

/// IEEE 754 binary16 to binary32; exact.
fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        0 => f32::from_bits(sign | 0x3f80_0000) * (fraction as f32) * f32::from_bits(0x3380_0000),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | (fraction << 13)),
        _ => f32::from_bits(sign | ((exponent + 112) << 23) | (fraction << 13)),
    }
}

#[cfg(test)]
mod tests {
    use super::{ByteOrder, Element, Values};

    /// Values and bit patterns from the IEEE 754 binary16 tables.
    #[test]
    fn half_precision_is_converted_exactly() {
        let halves: [(u16, f32); 10] = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x03ff, 6.097_555e-5),
            (0x0001, 5.960_464_5e-8),
            (0x3555, 0.333_251_95),
            (0x8000, -0.0),
            (0x7c00, f32::INFINITY),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, want) in halves {
            let Values::F32(have) = Element::F16.pick(&bits.to_le_bytes(), ByteOrder::Little, 0..1) else {
                panic!("a half is a float");
            };
            assert_eq!(have[0].to_bits(), want.to_bits(), "{bits:#06x}");
        }
        let nan = Element::F16.pick(&0x7e00_u16.to_le_bytes(), ByteOrder::Little, 0..1);
        assert!(matches!(nan, Values::F32(values) if values[0].is_nan()));
    }

    #[test]
    fn every_element_type_reads_in_both_byte_orders() {
        let stored: [(Element, &[u8], Values); 8] = [
            (Element::BF16, &[0xc0, 0x3f], Values::F32(vec![1.5])),
            (Element::F32, &1.25_f32.to_le_bytes(), Values::F32(vec![1.25])),
            (Element::F64, &(-0.5_f64).to_le_bytes(), Values::F32(vec![-0.5])),
            (Element::I64, &(-7_i64).to_le_bytes(), Values::I64(vec![-7])),
            (Element::I32, &(-70_000_i32).to_le_bytes(), Values::I64(vec![-70_000])),
            (Element::I16, &(-300_i16).to_le_bytes(), Values::I64(vec![-300])),
            (Element::U8, &[200], Values::I64(vec![200])),
            (Element::Bool, &[1], Values::I64(vec![1])),
        ];
        for (element, little, want) in stored {
            let big: Vec<u8> = little.iter().rev().copied().collect();
            assert_eq!(element.pick(little, ByteOrder::Little, 0..1), want, "{element:?}");
            assert_eq!(element.pick(&big, ByteOrder::Big, 0..1), want, "{element:?}, big-endian");
        }
    }
}
