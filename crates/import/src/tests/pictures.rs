use std::fs;

use png::ColorType;

use super::{fixtures, png};
use crate::{PictureError, picture};

/// A gradient, [height, width, 3]: 5 x, 6 y, 2 (x + y).
fn gradient(width: usize, height: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % width, at / width);
        [x * 5, y * 6, (x + y) * 2].map(|sample| sample as u8)
    };
    (0..width * height).flat_map(pixel).collect()
}

#[test]
fn an_image_becomes_the_mean_of_what_each_pixel_covers() {
    // NumPy: middle square of 40×48, two weight matrices of overlaps, rounded half up.
    let file = png(48, 40, ColorType::Rgb, &gradient(48, 40));
    let (side, planes) = picture(&file, Some(16)).expect("sound");
    let at = |y: usize, x: usize| [0, 1, 2].map(|channel| planes[channel * 256 + y * 16 + x]);
    assert_eq!((side, planes.len()), (16, 768));
    assert_eq!([at(0, 0), at(7, 9), at(15, 15)], [[24, 5, 11], [136, 109, 91], [211, 229, 161]]);
    assert_eq!(planes.iter().map(|sample| u64::from(*sample)).sum::<u64>(), 82_048);
    // A size that divides the other repeats pixels when it grows, and a square of its size is left as it is.
    let small = png(2, 2, ColorType::Grayscale, &[0, 50, 100, 150]);
    let (_, grown) = picture(&small, Some(4)).expect("sound");
    assert_eq!(grown[..8], [0, 0, 50, 50, 0, 0, 50, 50]);
    assert_eq!(picture(&small, None).expect("sound").1, [0, 50, 100, 150].repeat(3));
}

#[test]
fn jpegs_are_decoded_as_others_do() {
    // Pillow's samples at four places; decoders may differ by a little.
    let pillow = [
        ("baseline.jpg", [(0, 0), (20, 24), (39, 47), (10, 40)], BASELINE),
        ("progressive.jpg", [(0, 0), (20, 24), (39, 47), (10, 40)], PROGRESSIVE),
    ];
    for (name, places, wanted) in pillow {
        let file = fs::read(fixtures().join(name)).expect("recorded");
        let refused = picture(&file, None).expect_err("not square");
        assert!(matches!(refused, PictureError::Size { width: 48, height: 40 }), "{refused}");
        let decoded = super::super::picture::decode(&file).expect(name);
        for ((y, x), wanted) in places.into_iter().zip(wanted) {
            let found = &decoded.samples[(y * 48 + x) * 3..][..3];
            let far = found.iter().zip(wanted).any(|(found, wanted)| found.abs_diff(wanted) > 3);
            assert!(!far, "{name} at ({x}, {y}): {found:?}, Pillow {wanted:?}");
        }
    }
}

const BASELINE: [[u8; 3]; 4] = [[0, 0, 0], [120, 119, 88], [235, 233, 174], [200, 59, 101]];
const PROGRESSIVE: [[u8; 3]; 4] = [[0, 2, 0], [120, 119, 89], [235, 233, 174], [201, 61, 100]];

#[test]
fn kinds_of_colour_become_one() {
    let grey = png(2, 2, ColorType::GrayscaleAlpha, &[9, 255, 8, 255, 7, 255, 6, 255]);
    assert_eq!(picture(&grey, None).expect("opaque").1, [9, 8, 7, 6].repeat(3));
    let clear = png(1, 1, ColorType::Rgba, &[1, 2, 3, 254]);
    assert!(matches!(picture(&clear, None), Err(PictureError::Transparent)));
}

#[test]
fn bombs_and_damage_are_refused_before_memory_is_taken() {
    let header = |width, height| {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(ColorType::Rgb);
        drop(encoder.write_header().expect("in memory"));
        file
    };
    for (width, height) in [(65_535, 65_535), (i32::MAX as u32, 1), (4097, 4096)] {
        let refused = picture(&header(width, height), Some(32)).expect_err("a bomb");
        assert!(matches!(refused, PictureError::TooLarge { .. }), "{refused}");
    }
    let mut jpeg = fs::read(fixtures().join("baseline.jpg")).expect("recorded");
    for end in 0..jpeg.len() - 40 {
        let _ = picture(&jpeg[..end], Some(8));
    }
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].fill(0xff);
    let refused = picture(&jpeg, Some(32)).expect_err("a bomb");
    assert!(matches!(refused, PictureError::TooLarge { width: 65_535, height: 65_535 }), "{refused}");
    for foreign in [&b""[..], b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"] {
        picture(foreign, Some(32)).expect_err("no image");
    }
}
