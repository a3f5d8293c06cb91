//! Real files that were cut short or had a bit flipped.

use super::{
    decoded,
    forge::{Entry, HONEST, Pickle, checkpoint, entries, six, zip},
    golden_bytes, refused,
};

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    damaged[bit / 8] ^= 1 << (bit % 8);
    damaged
}

#[test]
fn no_flipped_bit_of_a_real_file_is_accepted() {
    let bytes = golden_bytes("original_model.pth");
    decoded(&bytes).expect("undamaged");
    for bit in (0..bytes.len() * 8).step_by(1021) {
        refused(&format!("bit {bit} flipped"), &flipped(&bytes, bit));
    }
}

#[test]
fn no_flipped_bit_at_all_of_a_small_file_is_accepted() {
    let with_descriptors = checkpoint(&Pickle::of(HONEST), &[("0", &six()), ("1", &[])]);
    let without: Vec<Entry> = entries(&Pickle::of(HONEST), &[("0", &six())])
        .into_iter()
        .map(|entry| Entry { flags: 0, ..entry })
        .collect();
    for bytes in [with_descriptors, zip(&without)] {
        decoded(&bytes).expect("undamaged");
        for bit in 0..bytes.len() * 8 {
            refused(&format!("bit {bit} flipped"), &flipped(&bytes, bit));
        }
    }
}

#[test]
fn no_truncated_file_is_accepted() {
    let pth = golden_bytes("original_model.pth");
    let safetensors = golden_bytes("original.safetensors");
    for bytes in [&pth, &safetensors] {
        for length in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
            refused(&format!("the first {length} bytes"), &bytes[..length]);
        }
    }
}

/// Weights in a safetensors file have no checksum; a damaged header may still be consistent.
#[test]
fn a_damaged_safetensors_header_never_gives_the_same_names_and_shapes_unnoticed() {
    let bytes = golden_bytes("original.safetensors");
    let shapes = |bytes: &[u8]| {
        decoded(bytes).ok().map(|state| {
            state.iter().map(|(name, tensor)| (name.to_owned(), tensor.shape.clone())).collect::<Vec<_>>()
        })
    };
    let undamaged = shapes(&bytes);
    let header = 8 + usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
    for bit in (0..header * 8).step_by(101) {
        assert_ne!(shapes(&flipped(&bytes, bit)), undamaged, "bit {bit}");
    }
}
