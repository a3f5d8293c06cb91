use std::{collections::BTreeSet, fs, path::Path};

use sweep_protocol::terms::ContentHash;

use super::fixture::{IMAGE_BYTES, Sound, load, png_of, rewrite};

fn hash_after(change: impl Fn(&Path)) -> ContentHash {
    let folder = Sound::new();
    change(folder.path());
    load(folder.path()).expect("sound").hash().clone()
}

#[test]
fn the_hash_is_the_same_wherever_and_however_the_data_set_is_stored() {
    let plain = hash_after(|_| {});
    // Reckoned once more by another program, from the encoding that `hash::data_set` documents.
    assert_eq!(plain.as_str(), "8b2ce0cc6352a41e80c9996afa9fefd5ab1721ba673d20f4fc6f707bf8941500");
    let otherwise_compressed = hash_after(|data| {
        let path = data.join("images/r/0.png");
        let file = fs::read(&path).expect("there");
        let mut pixels = vec![0; IMAGE_BYTES];
        let mut reader = png::Decoder::new(std::io::Cursor::new(&file)).read_info().expect("a PNG");
        reader.next_frame(&mut pixels).expect("a PNG");
        let mut again = Vec::new();
        let mut encoder = png::Encoder::new(&mut again, 32, 32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_compression(png::Compression::NoCompression);
        encoder.add_text_chunk("Comment".into(), "the same picture".into()).expect("plain text");
        encoder.write_header().expect("in memory").write_image_data(&pixels).expect("in memory");
        assert_ne!(file, again);
        fs::write(path, again).expect("writable");
    });
    let other_persons_and_ages = hash_after(|data| {
        rewrite(data, "test.csv", |text| text.replace("20,p1", "66,p7"));
    });
    assert_eq!(plain, otherwise_compressed);
    assert_eq!(plain, other_persons_and_ages);
}

#[test]
fn everything_that_can_change_a_run_changes_the_hash() {
    let changes: [fn(&Path); 9] = [
        |_| {},
        |data| fs::write(data.join("images/v/1.png"), png_of(&[0; IMAGE_BYTES])).expect("writable"),
        |data| {
            let mut pixels = vec![0; IMAGE_BYTES];
            pixels[IMAGE_BYTES - 1] = 1;
            fs::write(data.join("images/v/1.png"), png_of(&pixels)).expect("writable");
        },
        |data| rewrite(data, "validation.csv", |text| text.replace("v-0,0", "v-0,1")),
        |data| rewrite(data, "age_class_weights.json", |text| text.replace("\"1\": 3", "\"1\": 4")),
        |data| {
            let swapped = "image_id,age_group,person_id\nf-1,1,p3\nf-0,0,p2\n";
            fs::write(data.join("forget.csv"), swapped).expect("writable");
        },
        |data| {
            fs::rename(data.join("images/t/1.png"), data.join("images/t/2.png")).expect("writable");
            rewrite(data, "test.csv", |text| text.replace("t-1", "t-2"));
        },
        |data| fs::remove_file(data.join("test.csv")).expect("there"),
        |data| {
            rewrite(data, "retain.csv", |text| text.replace("r-2,0,22,p0\n", ""));
            rewrite(data, "validation.csv", |text| format!("{text}r-2,0,22,p0\n"));
        },
    ];
    let hashes: BTreeSet<ContentHash> = changes.iter().map(hash_after).collect();
    assert_eq!(hashes.len(), changes.len());
}
