//! Where a training loop's batches come from.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::terms::{ContentHash, NonNegative, Positive, Set, SetSizes, UnitInterval};

/// A shuffled, endless supply of batches from one set, or from several mixed; every pass is shuffled anew, the last
/// batch of a pass may be smaller (a single left-over example joins the batch before it).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stream {
    /// The examples. The set is also the name by which terms of the loss refer to the stream.
    pub set: Set,
    /// Examples in a batch.
    pub batch_size: NonZeroU32,
    /// How a stream that doesn't lead keeps step with the one that does.
    #[serde(default)]
    pub pairing: Pairing,
    /// Which of the set's examples.
    #[serde(default, skip_serializing_if = "is_default")]
    pub share: Share,
    /// What is taken for their labels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub labels: Labels,
    /// Examples of other sets that are shuffled among them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub with: Vec<Part>,
    /// Standard deviation of Gaussian noise on the pixels (0 to 255), anew in every batch, not clamped. Teachers see the
    /// same noise.
    #[serde(default = "none", skip_serializing_if = "is_none")]
    pub image_noise: NonNegative,
    /// What is done to images anew in every batch, before they are prepared for the network. Teachers see the same.
    #[serde(default, skip_serializing_if = "is_default")]
    pub augment: Augment,
    /// Persons whose images are never shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without: Option<LeaveOut>,
}

/// One part of the persons of the training set (of its images, where the data set names no persons), drawn by the run's seed:
/// seeds k · folds to k · folds + folds − 1 divide the persons into as many parts, and each of them leaves out another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LeaveOut {
    /// Parts, as even as they can be.
    pub folds: NonZeroU32,
    /// Hash of whom each training image shows: the draw goes by it, and the hash of a data set doesn't hold it.
    pub persons: ContentHash,
}

impl LeaveOut {
    /// About how many of so many examples stay: how many images a person has, is not known here.
    fn keeps(&self, examples: u64) -> u64 {
        examples - examples / u64::from(self.folds.get())
    }
}

/// Changes to images that leave what they show; drawn for each image of each batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Augment {
    /// Black pixels around an image, of which a part of its size is cut out at random; 0 for none. torchvision's
    /// `RandomCrop(size, padding)`.
    pub crop: u8,
    /// Whether left and right are exchanged in half of the images. torchvision's `RandomHorizontalFlip`.
    pub flip: bool,
}

fn none() -> NonNegative {
    NonNegative::new(0.0).expect("0 is not negative")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(noise: &NonNegative) -> bool {
    *noise == none()
}

impl Stream {
    /// Every example of a set with its true label.
    pub fn of(set: Set, batch_size: NonZeroU32) -> Self {
        Self {
            set,
            batch_size,
            pairing: Pairing::Cycle,
            share: Share::All,
            labels: Labels::True,
            with: Vec::new(),
            image_noise: none(),
            augment: Augment::default(),
            without: None,
        }
    }

    /// Whether images are others in every batch, so that what a teacher says of them can't be asked beforehand.
    pub fn is_altered(&self) -> bool {
        self.image_noise.get() > 0.0 || self.augment != Augment::default()
    }

    /// The stream's own set and those mixed with it.
    pub fn parts(&self) -> Vec<Part> {
        let own = Part { set: self.set, share: self.share, labels: self.labels };
        std::iter::once(own).chain(self.with.iter().copied()).collect()
    }

    /// Examples in one pass; at most so many where [adversarial labels](Labels::Adversarial) leave some out, and about so many
    /// where it is [without](LeaveOut) some persons.
    pub fn examples(&self, sizes: &SetSizes) -> u64 {
        let all = self.parts().iter().map(|part| part.share.of(sizes.of(part.set), sizes)).sum();
        self.without.as_ref().map_or(all, |without| without.keeps(all))
    }

    /// Batches in one pass. A single left-over example joins the batch before it, since batch normalisation can't be
    /// trained on one example.
    pub fn batches(&self, sizes: &SetSizes) -> u64 {
        let (examples, batch) = (self.examples(sizes), u64::from(self.batch_size.get()));
        let full = examples / batch;
        match examples % batch {
            0 => full,
            1 if full > 0 => full,
            _ => full + 1,
        }
    }

    /// Examples in a batch, on average.
    pub(super) fn mean_batch(&self, sizes: &SetSizes) -> f64 {
        match self.batches(sizes) {
            0 => 0.0,
            batches => self.examples(sizes) as f64 / batches as f64,
        }
    }
}

/// Examples of one set in a mixed stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// The set.
    pub set: Set,
    /// Which of its examples.
    #[serde(default, skip_serializing_if = "is_default")]
    pub share: Share,
    /// What is taken for their labels.
    #[serde(default, skip_serializing_if = "is_default")]
    pub labels: Labels,
}

/// Which examples of a set. What is random is drawn once a loop, without replacement.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// Every one.
    #[default]
    All,
    /// ⌊share · n⌋ of n, at random.
    Fraction(UnitInterval),
    /// So many, at random; all where there are fewer.
    Count(NonZeroU32),
    /// As many as another set holds, at random; all where there are fewer.
    SizeOf(Set),
    /// Those whose rank by the original's probability of the true label, from the least sure on, lies in a range of
    /// [0, 1): ⌊from · n⌋ to ⌊to · n⌋, exclusive (RUM's partition by confidence).
    #[serde(rename_all = "kebab-case")]
    ByConfidence {
        /// Start of the range.
        from: UnitInterval,
        /// End of the range.
        to: UnitInterval,
    },
}

impl Share {
    /// How many of `examples`.
    pub fn of(&self, examples: u64, sizes: &SetSizes) -> u64 {
        let part = |share: &UnitInterval| (share.get() * examples as f64).floor() as u64;
        match self {
            Self::All => examples,
            Self::Fraction(share) => part(share),
            Self::Count(count) => examples.min(u64::from(count.get())),
            Self::SizeOf(set) => examples.min(sizes.of(*set)),
            Self::ByConfidence { from, to } => part(to).saturating_sub(part(from)),
        }
    }
}

/// What is taken for the labels of examples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Labels {
    /// Their own.
    #[default]
    True,
    /// Uniform over all classes, the true one included, anew in every pass.
    Random,
    /// Uniform over the classes that are wrong, anew in every pass.
    Wrong,
    /// The class, other than the true one, that the network at the start of the recipe finds likeliest.
    SecondBest,
    /// What the network at the start of the recipe says to the image after steps of the fast gradient sign method:
    /// x + 255 ε sign(∇ CE), clamped to \[0, 255\], batch norm frozen. Examples whose label it doesn't change are left
    /// out.
    #[serde(rename_all = "kebab-case")]
    Adversarial {
        /// ε, in the unit of \[0, 1\] pixels.
        epsilon: Positive,
    },
}

/// What happens when a following stream ends before the leading one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// It starts again.
    #[default]
    Cycle,
    /// The epoch ends for both.
    Zip,
}
