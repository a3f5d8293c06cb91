//! Pictures inside of figures: as colours, and as an element of an SVG file that holds them whole.

use super::scene::Shape;

/// The colours of a picture \[3, pixels, pixels\] that lies colour by colour, row by row.
pub(super) fn colours(pixels: usize, bytes: &[u8]) -> impl Iterator<Item = [u8; 3]> + '_ {
    let area = pixels * pixels;
    let at = move |place: usize| bytes.get(place).copied().unwrap_or(0);
    (0..area).map(move |place| [at(place), at(area + place), at(2 * area + place)])
}

/// A picture as an element of an SVG file in which a logical pixel is `scale` units; nothing for other shapes.
pub(super) fn element(shape: &Shape, scale: f64) -> Option<String> {
    let Shape::Image { at, side, pixels, bytes } = shape else { return None };
    let [x, y, side] = [at.0, at.1, *side].map(|length| length * scale);
    Some(format!(
        "<image x=\"{x}\" y=\"{y}\" width=\"{side}\" height=\"{side}\" style=\"image-rendering:pixelated\" \
         href=\"data:image/png;base64,{}\"/>\n",
        base64(&square(*pixels, bytes))
    ))
}

/// A PNG file of (width, height) pixels \[height, width, 3\], which says how many of them go into an inch if it is told.
pub(super) fn png((width, height): (u32, u32), colours: &[u8], per_inch: Option<f64>) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_pixel_dims(per_inch.map(|dots| {
        let per_metre = (dots / 0.0254).round() as u32;
        png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }
    }));
    // Of no pixels there is no picture.
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(colours));
    written.map_or_else(|_| Vec::new(), |()| file)
}

/// A square picture as a PNG file.
fn square(pixels: usize, bytes: &[u8]) -> Vec<u8> {
    let side = u32::try_from(pixels).unwrap_or(0);
    png((side, side), &colours(pixels, bytes).flatten().collect::<Vec<u8>>(), None)
}

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |nth: usize| u32::from(group.get(nth).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for nth in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * nth) & 63) as usize] as char;
            text.push(if nth <= group.len() { letter } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Shape, base64, colours, element, square};

    #[test]
    fn letters_are_those_of_the_standard() {
        for (text, want) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), want);
        }
    }

    #[test]
    fn a_picture_is_read_back_as_it_was() {
        let bytes: Vec<u8> = (0..12).collect();
        assert_eq!(colours(2, &bytes).collect::<Vec<_>>(), [[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]);
        let file = square(2, &bytes);
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a picture");
        let mut read = vec![0; 12];
        reader.next_frame(&mut read).expect("its only frame");
        assert_eq!(read, [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
        let shape = Shape::Image { at: (1.5, 2.0), side: 64.0, pixels: 2, bytes };
        let element = element(&shape, 2.0).expect("a picture");
        assert!(element.starts_with("<image x=\"3\" y=\"4\" width=\"128\""), "{element}");
    }
}
