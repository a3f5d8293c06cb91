//! The identity of a data set. Owns the canonical encoding that is hashed; must not know files.

use sweep_protocol::terms::{ContentHash, Set};

use super::manifest::{FILES, Manifest};

/// Names the encoding below; a change of it asks for a new name.
const CONTEXT: &str = "sweep 2026-11 data set: sets, ids, labels, class counts, pixels";

/// BLAKE3 hash of one decoded image.
pub(super) type ImageHash = [u8; blake3::OUT_LEN];

/// Hashes one decoded image, [3, 32, 32].
pub(super) fn image(planes: &[u8]) -> ImageHash {
    blake3::hash(planes).into()
}

/// Hashes everything that can change a run: for each set that there is its word, its size and, row by row, id, label
/// and the hash of the image; then the class counts. Words and ids go with their length, numbers are 64 bits,
/// little-endian; then the true classes of the forget set, where its list has them. Neither paths nor persons, ages, column order or how the PNG was compressed have a part in it.
pub(super) fn data_set(manifest: &Manifest, images: &[ImageHash]) -> ContentHash {
    let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
    for set in FILES {
        if set == Set::Test && manifest.sizes().test.is_none() {
            continue;
        }
        let range = manifest.range(set);
        text(&mut hasher, set.word());
        number(&mut hasher, range.len() as u64);
        for (example, image) in manifest.examples[range.clone()].iter().zip(&images[range]) {
            text(&mut hasher, example.image.as_str());
            number(&mut hasher, u64::from(example.class));
            hasher.update(image);
        }
    }
    text(&mut hasher, "class counts");
    number(&mut hasher, manifest.class_counts().len() as u64);
    for &count in manifest.class_counts() {
        number(&mut hasher, count);
    }
    let forget = &manifest.examples[manifest.range(Set::Forget)];
    if forget.iter().any(|example| example.truth.is_some()) {
        text(&mut hasher, "true classes");
        for example in forget {
            number(&mut hasher, u64::from(example.truth.unwrap_or(example.class)));
        }
    }
    ContentHash::from(*hasher.finalize().as_bytes())
}

fn text(hasher: &mut blake3::Hasher, text: &str) {
    number(hasher, text.len() as u64);
    hasher.update(text.as_bytes());
}

fn number(hasher: &mut blake3::Hasher, number: u64) {
    hasher.update(&number.to_le_bytes());
}
