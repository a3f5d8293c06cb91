//! The wire format of Protocol Buffers, as far as the files of trackers need it.
//!
//! A message is a row of fields. Each begins with its number and kind as one `varint` (seven bits a byte, lowest first).

/// A whole number.
pub(super) fn whole(field: u32, value: u64) -> Vec<u8> {
    [tag(field, 0), varint(value)].concat()
}

/// A number of 64 bits.
pub(super) fn double(field: u32, value: f64) -> Vec<u8> {
    [&tag(field, 1)[..], &value.to_le_bytes()].concat()
}

/// A number of 32 bits.
pub(super) fn float(field: u32, value: f32) -> Vec<u8> {
    [&tag(field, 5)[..], &value.to_le_bytes()].concat()
}

/// Text.
pub(super) fn text(field: u32, text: &str) -> Vec<u8> {
    message(field, text.as_bytes())
}

/// A message inside a message, which is given by its fields.
pub(super) fn message(field: u32, fields: &[u8]) -> Vec<u8> {
    [&tag(field, 2)[..], &varint(fields.len() as u64), fields].concat()
}

fn tag(field: u32, kind: u8) -> Vec<u8> {
    varint(u64::from(field) << 3 | u64::from(kind))
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}
