//! Files that tell of themselves whether they are what was written, and where they belong.
//!
//! The last field of the one JSON object in such a file is `"blake3"`: the hash of every byte before `,"blake3"` together
//! with the place that the file was written for. So a changed byte is noticed, and so is a whole file that was put in
//! another's place. It keeps damage and mix-ups out, not forgers: a hash has no secret. Those are kept out by who may write.

/// Length of `,"blake3":"…"}`.
const TRAILER: usize = 77;

/// The bytes of a JSON object with its seal. `place` is what the file belongs to.
pub fn sealed(place: &str, mut object: Vec<u8>) -> Vec<u8> {
    debug_assert!(object.len() > 2 && object.ends_with(b"}"), "an object with a field");
    object.pop();
    let trailer = trailer(place, &object);
    object.extend_from_slice(trailer.as_bytes());
    object
}

/// The JSON object as it was before it was sealed for this place; nothing if it wasn't, or if a byte has changed since.
pub fn unsealed(place: &str, mut bytes: Vec<u8>) -> Option<Vec<u8>> {
    let end = bytes.len().checked_sub(TRAILER)?;
    let (covered, found) = bytes.split_at_checked(end)?;
    if found != trailer(place, covered).as_bytes() {
        return None;
    }
    bytes.truncate(end);
    bytes.push(b'}');
    Some(bytes)
}

fn trailer(place: &str, covered: &[u8]) -> String {
    format!(r#","blake3":"{}"}}"#, blake3::Hash::from(stamp(place, covered)).to_hex())
}

/// The checksum of bytes that belong to a place.
pub fn stamp(place: &str, bytes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("sweep sealed file");
    hasher.update(&(place.len() as u64).to_le_bytes());
    hasher.update(place.as_bytes());
    hasher.update(bytes);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::{sealed, unsealed};

    #[test]
    fn what_was_sealed_for_a_place_opens_there_alone_and_as_it_was() {
        let object = br#"{"retain":0.9}"#.to_vec();
        let file = sealed("run 1", object.clone());
        serde_json::from_slice::<serde_json::Value>(&file).expect("any JSON reader can read it");
        assert_eq!(unsealed("run 1", file.clone()), Some(object));
        assert_eq!(unsealed("run 2", file.clone()), None, "another place");
        for index in 0..file.len() {
            for bit in 0..8 {
                let mut changed = file.clone();
                changed[index] ^= 1 << bit;
                assert_eq!(unsealed("run 1", changed), None, "bit {bit} of byte {index}");
            }
            assert_eq!(unsealed("run 1", file[..index].to_vec()), None, "cut to {index} bytes");
        }
    }
}
