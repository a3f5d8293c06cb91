//! Draws faces: a data set that anybody may have, in the layout of the challenge, whose own may not be passed on.
//!
//! Cartoon-like portraits of invented persons, 32×32 pixels unless asked otherwise. What makes a person recognisable (shape of the head, skin,
//! hair, eyes, glasses, usual clothes and background) depends on the person alone; wrinkles, grey hair and proportions
//! show an age; pose, expression, light and grain differ from photo to photo, and some photos are taken elsewhere. Owns how such a data set is drawn and written; must not know
//! what is learned from it.
//!
//! **What forgetting can undo.** The label follows the true age, and how much of that a face tells is an option. With
//! [`Options::challenge`] everybody looks their age, on passport photos and plainly: a network reads most of it off the image
//! and knows by heart only how somebody's hair and skin run ahead of others'. With
//! [`Options::canaries`] persons look older or younger than they are, by several years, and each photo adds to that: a network
//! has to learn persons by heart to get the training set right.
//!
//! **As in the challenge.** Ten age groups of equal width in its proportions, nearly 60 % in the youngest; every person
//! has several photos at about the same age; 2 % of the photos nearly repeat another; 80 % train, 10 % validate and
//! 10 % test, divided by photo, so that persons occur in several sets; the forget set is 2 % of the training photos,
//! whole persons, none of whom is left in the retain set.
//!
//! **Not as in the challenge.** Each class is divided on its own, so that every set has every class even when the data
//! set is small. Half of the forget set, not nearly all of it, is of the youngest class: those photos are recognised
//! even by a network that never saw the person, which leaves nothing to forget. And there is a test set to measure on.
//!
//! A seed draws the same bytes every time.

mod canvas;
mod dice;
mod face;
mod population;
mod portrait;
mod split;
mod write;

#[cfg(test)]
mod tests;

use std::{
    io,
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use sweep_files::{Draft, DraftError};
use sweep_protocol::terms::SetSizes;
use thiserror::Error;

/// Fewest images that are drawn: with fewer, a set would lack a class.
pub const FEWEST_IMAGES: usize = 500;

/// Most images that are drawn.
pub const MOST_IMAGES: usize = 1_000_000;

/// Fewest persons that are drawn.
pub const FEWEST_PERSONS: usize = 60;

/// Fewest images of each person, on average.
pub const FEWEST_IMAGES_PER_PERSON: usize = 3;

/// Width and height of an image unless something else is asked for, in pixels.
pub const SIDE: usize = 32;

/// The smallest images that show a face.
pub const SMALLEST_SIDE: usize = 16;

/// The largest images that are drawn.
pub const LARGEST_SIDE: usize = 256;

/// Number of age groups that are drawn.
pub const CLASSES: usize = population::CLASSES;

/// Most years that persons may look older or younger than they are, standard deviation.
pub const MOST_OFFSET_YEARS: f32 = 50.0;

/// How plainly age can be made to show.
pub const AGE_CUES: RangeInclusive<f32> = 0.5..=3.0;

/// How lively photos can be made.
pub const LIVELINESS: RangeInclusive<f32> = 0.0..=2.0;

/// What to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// Images of all sets together; at least 500.
    pub images: usize,
    /// Persons that they show; at least 60, and at most a third of the images.
    pub persons: usize,
    /// What chance starts from.
    pub seed: u64,
    /// Width and height of an image, in pixels: an even number.
    pub side: usize,
    /// How much older or younger than they are persons look: standard deviation, in years, 0 to 50. This is what a network
    /// can learn of a person only by heart: larger numbers widen the gap between seen and unseen persons. Photos of one
    /// person differ by four ninths of it.
    pub offset_years: f32,
    /// How plainly age shows in a face, 0.5 to 3: a factor on wrinkles, grey hair and proportions, which also set in the
    /// earlier the larger it is. 1 is lifelike, 3 a caricature.
    pub age_cues: f32,
    /// How strongly pose, expression and light differ between photos, 0 to 2: a factor on their standard deviations. 0 is a
    /// passport photo, 1 a lively album. Larger numbers make it harder to recognise a person, and the person's age, on a
    /// new photo.
    pub liveliness: f32,
}

impl Options {
    /// Faces that are learned nearly as in the challenge: 4,500 images of 1,400 persons. Networks that never saw the
    /// forget set get most of it, so that damage doesn't look like forgetting.
    pub const fn challenge(seed: u64) -> Self {
        Self {
            images: 4_500,
            persons: 1_400,
            offset_years: 0.0,
            age_cues: 2.0,
            liveliness: 0.0,
            ..Self::canaries(seed)
        }
    }

    /// Faces whose labels can only be learned by heart: 1,500 images of 250 persons. What a network knows of them, it was
    /// shown.
    pub const fn canaries(seed: u64) -> Self {
        Self {
            images: 1_500,
            persons: 250,
            seed,
            side: SIDE,
            offset_years: 4.5,
            age_cues: 1.0,
            liveliness: 1.0,
        }
    }

    fn check(&self) -> Result<(), SynthError> {
        let Self { images, persons, side, offset_years, age_cues, liveliness, .. } = *self;
        if !(0.0..=MOST_OFFSET_YEARS).contains(&offset_years) {
            return Err(SynthError::OffsetYears { offset_years });
        }
        if !AGE_CUES.contains(&age_cues) {
            return Err(SynthError::AgeCues { age_cues });
        }
        if !LIVELINESS.contains(&liveliness) {
            return Err(SynthError::Liveliness { liveliness });
        }
        if !(SMALLEST_SIDE..=LARGEST_SIDE).contains(&side) || side % 2 != 0 {
            return Err(SynthError::Side { side });
        }
        if !(FEWEST_IMAGES..=MOST_IMAGES).contains(&images) {
            return Err(SynthError::Images { images });
        }
        if !(FEWEST_PERSONS..=images / FEWEST_IMAGES_PER_PERSON).contains(&persons) {
            return Err(SynthError::Persons { persons, most: images / FEWEST_IMAGES_PER_PERSON });
        }
        Ok(())
    }
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Images of each set.
    pub sizes: SetSizes,
    /// Persons of all sets.
    pub persons: usize,
    /// Persons of the forget set.
    pub forgotten: usize,
    /// Images that nearly repeat another.
    pub twins: usize,
    /// Training images of each class.
    pub class_counts: Vec<u64>,
}

/// Failed to draw a data set.
#[derive(Debug, Error)]
pub enum SynthError {
    /// Too few or too many images.
    #[error("{images} images can't be drawn; ask for {FEWEST_IMAGES} to {MOST_IMAGES}")]
    Images {
        /// Images asked for.
        images: usize,
    },
    /// Too few or too many persons.
    #[error("{persons} persons can't be drawn; ask for {FEWEST_PERSONS} to {most}, a third of the images")]
    Persons {
        /// Persons asked for.
        persons: usize,
        /// Most persons for as many images.
        most: usize,
    },
    /// Too small, too large or odd.
    #[error(
        "images of {side} pixels can't be drawn; ask for an even number from {SMALLEST_SIDE} to {LARGEST_SIDE}"
    )]
    Side {
        /// Width and height asked for.
        side: usize,
    },
    /// No such age.
    #[error(
        "persons can't look {offset_years} years older or younger than they are; ask for 0 to {MOST_OFFSET_YEARS}"
    )]
    OffsetYears {
        /// Standard deviation asked for.
        offset_years: f32,
    },
    /// Age can't show like that.
    #[error("age can't be made to show {age_cues} times as plainly as in life; ask for {} to {}", AGE_CUES.start(), AGE_CUES.end())]
    AgeCues {
        /// Factor asked for.
        age_cues: f32,
    },
    /// Photos can't be like that.
    #[error("photos can't be {liveliness} times as lively as an album; ask for {} to {}", LIVELINESS.start(), LIVELINESS.end())]
    Liveliness {
        /// Factor asked for.
        liveliness: f32,
    },
    /// The folder can't be made or published.
    #[error(transparent)]
    Folder(#[from] DraftError),
    /// A file or folder can't be written.
    #[error("can't write `{}`: {source}", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An image can't be encoded.
    #[error("can't encode `{}`: {source}", path.display())]
    Unencodable {
        /// The image's file.
        path: PathBuf,
        /// Why.
        source: png::EncodingError,
    },
}

/// Draws a data set into the folder `dir`, which must be new or empty. The folder appears under its name only when it
/// is complete. `progress` is told, on the calling thread, how many images of how many are done.
pub fn draw(dir: &Path, options: &Options, progress: &dyn Fn(usize, usize)) -> Result<Summary, SynthError> {
    options.check()?;
    let draft = Draft::begin(dir)?;
    let (persons, photos) = population::draw(options);
    let sets = split::draw(options.seed, &photos);
    let album = write::Album::new(options, persons.len(), &photos, &sets);
    album.write_lists(draft.path())?;
    album.write_images(draft.path(), progress)?;
    draft.publish()?;
    Ok(album.summary())
}
