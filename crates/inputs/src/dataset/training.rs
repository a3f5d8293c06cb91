//! Whether two data sets are splits of the same training images. Owns that comparison; must not know files.

use std::collections::HashMap;

use sweep_protocol::terms::Set;
use thiserror::Error;

use super::{Dataset, Example, image_bytes};

/// How the training images of two data sets differ.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OtherTraining {
    /// The numbers differ.
    #[error("one has {one} training images, the other {other}")]
    Count {
        /// Of the first.
        one: usize,
        /// Of the second.
        other: usize,
    },
    /// An image is trained on in the first alone.
    #[error("`{image}` is a training image of one alone")]
    Missing {
        /// The image.
        image: String,
    },
    /// An image has two labels.
    #[error("`{image}` has label {one} in one and {other} in the other")]
    Label {
        /// The image.
        image: String,
        /// In the first.
        one: u32,
        /// In the second.
        other: u32,
    },
    /// An image shows two things.
    #[error("`{image}` has other pixels in each")]
    Pixels {
        /// The image.
        image: String,
    },
}

impl Dataset {
    /// Whether another data set trains on the same images with the same labels, whatever is forgotten of them and in
    /// whatever order they stand. The error is the first difference.
    pub fn trains_as(&self, other: &Self) -> Result<(), OtherTraining> {
        let [mine, theirs] = [self, other].map(|data| data.manifest.examples(Set::Train));
        if mine.len() != theirs.len() {
            return Err(OtherTraining::Count { one: mine.len(), other: theirs.len() });
        }
        let place =
            |(place, example): (usize, &Example)| (example.image.as_str().to_owned(), (place, example.class));
        let places: HashMap<String, (usize, u32)> = theirs.iter().enumerate().map(place).collect();
        for (row, example) in mine.iter().enumerate() {
            let image = example.image.as_str();
            let Some(&(at, class)) = places.get(image) else {
                return Err(OtherTraining::Missing { image: image.to_owned() });
            };
            if class != example.class {
                return Err(OtherTraining::Label {
                    image: image.to_owned(),
                    one: example.class,
                    other: class,
                });
            }
            if self.side != other.side || self.training_image(row) != other.training_image(at) {
                return Err(OtherTraining::Pixels { image: image.to_owned() });
            }
        }
        Ok(())
    }

    fn training_image(&self, row: usize) -> &[u8] {
        let size = image_bytes(self.side);
        &self.images(Set::Train)[row * size..(row + 1) * size]
    }
}
