//! Images cut out of a larger black one, and mirrored.

use sweep_protocol::recipe::Augment;
use tch::{Kind, Tensor};

/// Numbers that are drawn for an image, uniform in ±1: how far down and how far right it is cut out, and whether it is mirrored.
pub(super) const DRAWN: usize = 3;

/// What becomes of the pixels \[B, C, H, W\], given [`DRAWN`] numbers for each image.
pub(super) fn augmented(pixels: &Tensor, plan: Augment, drawn: &[f64]) -> Tensor {
    let device = pixels.device();
    let (count, channels, height, width) = pixels.size4().expect("images have four axes");
    let padding = i64::from(plan.crop);
    let offset = |drawn: f64| {
        let choices = 2 * padding + 1;
        ((drawn.midpoint(1.0) * choices as f64) as i64).clamp(0, choices - 1)
    };
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    for image in drawn.chunks_exact(DRAWN) {
        let (top, left, mirrored) = (offset(image[0]), offset(image[1]), plan.flip && image[2] < 0.0);
        rows.extend(top..top + height);
        if mirrored {
            columns.extend((left..left + width).rev());
        } else {
            columns.extend(left..left + width);
        }
    }
    let places = |places: &[i64], shape: [i64; 4]| Tensor::from_slice(places).view(shape).to_device(device);
    let rows = places(&rows, [count, 1, height, 1]);
    let columns = places(&columns, [count, 1, 1, width]);
    let images = Tensor::arange(count, (Kind::Int64, device)).view([count, 1, 1, 1]);
    let channels = Tensor::arange(channels, (Kind::Int64, device)).view([1, channels, 1, 1]);
    let framed = pixels.constant_pad_nd([padding; 4]);
    framed.index(&[Some(&images), Some(&channels), Some(&rows), Some(&columns)])
}

#[cfg(test)]
mod tests {
    use sweep_protocol::recipe::Augment;
    use tch::{Kind, Tensor};

    use super::augmented;

    /// One image of one colour, of 2×2 pixels: 1 2 above 3 4.
    fn image() -> Tensor {
        Tensor::from_slice(&[1_u8, 2, 3, 4]).view([1, 1, 2, 2])
    }

    fn after(plan: Augment, drawn: [f64; 3]) -> Vec<u8> {
        let pixels = augmented(&image(), plan, &drawn);
        assert_eq!((pixels.size(), pixels.kind()), (vec![1, 1, 2, 2], Kind::Uint8));
        Vec::try_from(pixels.contiguous().view([-1])).expect("bytes")
    }

    #[test]
    fn images_are_cut_out_of_a_black_frame_and_mirrored() {
        let (crop, flip) = (Augment { crop: 1, flip: false }, Augment { crop: 0, flip: true });
        assert_eq!(after(crop, [0.0, 0.0, -1.0]), [1, 2, 3, 4], "the middle");
        assert_eq!(after(crop, [-1.0, -1.0, -1.0]), [0, 0, 0, 1], "up and to the left");
        assert_eq!(after(crop, [1.0, 0.0, -1.0]), [3, 4, 0, 0], "down");
        assert_eq!(after(flip, [0.9, 0.9, -0.1]), [2, 1, 4, 3], "mirrored");
        assert_eq!(after(flip, [0.9, 0.9, 0.1]), [1, 2, 3, 4], "and not");
        let both = Augment { crop: 1, flip: true };
        assert_eq!(after(both, [0.0, 1.0, -1.0]), [0, 2, 0, 4], "cut out first, then mirrored");
    }
}
