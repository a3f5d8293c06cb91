use std::{fs, os::unix::fs::symlink, path::Path};

use png::{BitDepth, ColorType};

use super::{
    super::{Fault, FileFault, ImageFault},
    fixture::{Case, IMAGE_BYTES, SIDE, Sound, check, load, png_of, png_with},
};

const IMAGE: &str = "images/f/1.png";

/// A case that concerns the image of the forget set's second row.
macro_rules! image {
    ($name:literal, $spoil:expr, $fault:pat) => {
        Case {
            name: $name,
            spoil: $spoil,
            place: ("forget.csv", Some(3)),
            fault: |fault| matches!(fault, Fault::Image { path, fault: $fault } if path == IMAGE),
        }
    };
}

fn put(data: &Path, bytes: &[u8]) {
    fs::write(data.join(IMAGE), bytes).expect("writable");
}

fn sound_png() -> Vec<u8> {
    png_of(&[7; IMAGE_BYTES])
}

/// Only a header, which promises `side` by `side` pixels.
fn promise(side: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(ColorType::Rgb);
    drop(encoder.write_header().expect("in memory"));
    file
}

/// A sound image with another chunk before its pixels.
fn with_chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 32, 32);
    encoder.set_color(ColorType::Rgb);
    let mut writer = encoder.write_header().expect("in memory");
    writer.write_chunk(png::chunk::ChunkType(kind), content).expect("in memory");
    writer.write_image_data(&[7; IMAGE_BYTES]).expect("in memory");
    drop(writer);
    file
}

#[test]
fn an_image_that_is_not_what_it_should_be_is_refused() {
    check(&[
        image!(
            "grey",
            |data| put(data, &png_with(32, ColorType::Grayscale, BitDepth::Eight, &[0; 1024])),
            ImageFault::Colour { colour: ColorType::Grayscale, bits: 8 }
        ),
        image!(
            "with transparency",
            |data| put(data, &png_with(32, ColorType::Rgba, BitDepth::Eight, &[0; 4096])),
            ImageFault::Colour { colour: ColorType::Rgba, .. }
        ),
        image!(
            "with a palette",
            |data| put(data, &png_with(32, ColorType::Indexed, BitDepth::Eight, &[0; 1024])),
            ImageFault::Colour { colour: ColorType::Indexed, .. }
        ),
        image!(
            "16 bits",
            |data| put(data, &png_with(32, ColorType::Rgb, BitDepth::Sixteen, &[0; 6144])),
            ImageFault::Colour { bits: 16, .. }
        ),
        image!(
            "31 pixels",
            |data| put(data, &png_with(31, ColorType::Rgb, BitDepth::Eight, &[0; 2883])),
            ImageFault::Size { side: SIDE, width: 31, height: 31 }
        ),
        image!(
            "a bomb of 65535 pixels",
            |data| put(data, &promise(65_535)),
            ImageFault::Size { width: 65_535, .. }
        ),
        image!(
            "a bomb of 2^31 - 1 pixels",
            |data| put(data, &promise(i32::MAX as u32)),
            ImageFault::Size { .. }
        ),
        image!("animated", |data| put(data, &animation()), ImageFault::Animated),
    ]);
}

fn animation() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 32, 32);
    encoder.set_color(ColorType::Rgb);
    encoder.set_animated(2, 0).expect("two frames");
    let mut writer = encoder.write_header().expect("in memory");
    for shade in [1, 2] {
        writer.write_image_data(&[shade; IMAGE_BYTES]).expect("in memory");
    }
    drop(writer);
    file
}

#[test]
fn a_damaged_image_is_refused() {
    check(&[
        image!("empty", |data| put(data, b""), ImageFault::Damaged(_)),
        image!("text", |data| put(data, b"<html>404 not found</html>"), ImageFault::Damaged(_)),
        image!("JPEG", |data| put(data, b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"), ImageFault::Damaged(_)),
        image!("only the signature", |data| put(data, &sound_png()[..8]), ImageFault::Damaged(_)),
        image!("only the header", |data| put(data, &promise(32)), ImageFault::Damaged(_)),
        image!("cut in its pixels", |data| put(data, &sound_png()[..50]), ImageFault::Damaged(_)),
        image!(
            "without its end",
            |data| put(data, &sound_png()[..sound_png().len() - 12]),
            ImageFault::Damaged(_)
        ),
        image!("a flipped bit", flip_a_bit, ImageFault::Damaged(_)),
    ]);
}

fn flip_a_bit(data: &Path) {
    let mut png = sound_png();
    let middle = png.len() / 2;
    png[middle] ^= 4;
    put(data, &png);
}

#[test]
fn every_cut_of_an_image_is_refused() {
    let png = sound_png();
    for length in 0..png.len() {
        let mut planes = vec![0; IMAGE_BYTES];
        super::super::image::decode(&png[..length], SIDE, &mut planes).expect_err("cut off");
    }
}

#[test]
fn a_file_that_is_not_the_data_sets_own_is_not_opened() {
    check(&[
        image!(
            "missing",
            |data| fs::remove_file(data.join(IMAGE)).expect("there"),
            ImageFault::File(FileFault::Missing)
        ),
        image!("a folder", folder_instead, ImageFault::File(FileFault::NotAFile)),
        image!("a pipe", pipe_instead, ImageFault::File(FileFault::NotAFile)),
        image!(
            "a link to a file beside",
            |data| link_instead(data, "0.png"),
            ImageFault::File(FileFault::SymbolicLink)
        ),
        image!(
            "a link to a file outside",
            |data| link_instead(data, "../../../secret.png"),
            ImageFault::File(FileFault::SymbolicLink)
        ),
        image!(
            "a link to a device",
            |data| link_instead(data, "/dev/zero"),
            ImageFault::File(FileFault::SymbolicLink)
        ),
        image!(
            "5 MiB",
            |data| put(data, &vec![0; 5 << 20]),
            ImageFault::File(FileFault::TooLarge { limit: 4_194_304 })
        ),
    ]);
}

fn folder_instead(data: &Path) {
    fs::remove_file(data.join(IMAGE)).expect("there");
    fs::create_dir(data.join(IMAGE)).expect("writable");
}

fn pipe_instead(data: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    fs::remove_file(data.join(IMAGE)).expect("there");
    mknodat(CWD, data.join(IMAGE), FileType::Fifo, Mode::RUSR, 0).expect("a pipe");
}

fn link_instead(data: &Path, target: &str) {
    fs::write(data.join("../secret.png"), sound_png()).expect("writable");
    fs::remove_file(data.join(IMAGE)).expect("there");
    symlink(target, data.join(IMAGE)).expect("writable");
}

#[test]
fn a_linked_folder_of_images_is_refused_row_by_row() {
    let folder = Sound::new();
    fs::rename(folder.path().join("images"), folder.path().join("../images")).expect("writable");
    symlink("../images", folder.path().join("images")).expect("writable");
    let refused = load(folder.path()).expect_err("a link");
    assert_eq!(refused.problems.len(), 10);
    let linked = |fault: &Fault| {
        matches!(fault, Fault::Image { fault: ImageFault::File(FileFault::SymbolicLink), .. })
    };
    assert!(refused.problems.iter().all(|problem| linked(&problem.fault)), "{refused}");
}

/// The content of a zTXt or iCCP chunk: a name, and 64 MiB of one letter in a few kilobytes.
fn bomb() -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 32, 32);
    encoder.add_ztxt_chunk("name".into(), "a".repeat(64 << 20)).expect("plain text");
    drop(encoder.write_header().expect("in memory"));
    // Signature and header take 33 bytes, the length and the kind of the next chunk 8.
    let length = u32::from_be_bytes(file[33..37].try_into().expect("four bytes")) as usize;
    file[41..41 + length].to_vec()
}

#[test]
fn compressed_comments_and_profiles_are_passed_over() {
    let bomb = bomb();
    assert!(bomb.len() < 1 << 20);
    for kind in [*b"iCCP", *b"zTXt"] {
        let folder = Sound::new();
        put(folder.path(), &with_chunk(kind, &bomb));
        load(folder.path()).expect("only the pixels count");
    }
}
