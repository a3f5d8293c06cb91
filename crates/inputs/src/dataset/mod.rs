//! Data sets in the layout of the [NeurIPS 2023 unlearning challenge](https://unlearning-challenge.github.io):
//!
//! ```text
//! retain.csv  forget.csv  validation.csv  test.csv (may be absent)    columns image_id, age_group, person_id (may be absent)
//!                                                                     forget.csv: true_class, where its labels are wrong
//! age_class_weights.json                                              {"0": training images of class 0, …}
//! images/<a>/<b>.png                                                  image_id `a-b`; RGB, 8 bits, all of one size
//! or images.npy                                                       uint8 [n, 3, side, side]; image_id `a-17` is row 17, from 0
//! ```
//!
//! Columns are found by name, in any order, among any others (the challenge's `age` is one of these others: it is
//! not used). Owns reading, checking and hashing such a folder; must not know what is learned from it. Nothing in it
//! is trusted: no file outside is opened, no symbolic link followed, memory is bounded before it is asked for, and
//! all problems are reported in one pass.

mod class_counts;
mod fault;
mod folder;
mod hash;
mod id;
mod image;
mod manifest;
pub mod part;
mod persons;
mod problem;
mod source;
mod table;
mod training;

#[cfg(test)]
mod tests;

pub use fault::{Excerpt, Fault, FileFault};
pub use id::{ImageId, NotAnId, PersonId};
pub use image::{CHANNELS, ImageFault, image_bytes};
pub use manifest::{Example, Manifest};
pub use persons::Persons;
pub use problem::{LeftOut, Place, Problem, Refused};
pub use source::ARRAY;
pub use training::OtherTraining;

use std::{collections::BTreeMap, path::Path};

use rayon::prelude::*;
use sweep_protocol::{
    network::Network,
    terms::{ContentHash, Set, SetSizes},
};

use hash::ImageHash;
use problem::Problems;
use source::Source;

/// Images that are decoded between two reports of progress.
const BATCH: usize = 512;

/// What a data set must be like for a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Labels are below.
    pub classes: usize,
    /// Width and height of every image, in pixels.
    pub side: usize,
}

impl Shape {
    /// What this network learns from.
    pub fn of(network: &Network) -> Self {
        Self { classes: network.classes as usize, side: network.size as usize }
    }
}

/// A data set in memory: about 3 KiB for each image of 32×32 pixels.
#[derive(Debug)]
pub struct Dataset {
    manifest: Manifest,
    side: usize,
    /// Shape [n, 3, side, side], in the order of the manifest.
    images: Vec<u8>,
    labels: Vec<i64>,
    hash: ContentHash,
    left_out: LeftOut,
}

/// What becomes of rows whose images can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BadImages {
    /// The data set is refused.
    #[default]
    Refuse,
    /// They are left out: what remains is another data set, with a hash of its own.
    LeaveOut,
}

impl Dataset {
    /// Reads and checks the data set in `dir`, which must have this shape. `progress` is told, on the calling thread, how many images of how many are done.
    pub fn load(
        dir: &Path,
        shape: Shape,
        bad_images: BadImages,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Self, Refused> {
        let Shape { classes, side } = shape;
        let source = source::open(dir).map_err(|fault| Refused::whole(dir, fault))?;
        let mut problems = Problems::default();
        let mut manifest = source.manifest(classes, &mut problems);
        let mut decoded = Decoded { side, ..Decoded::default() };
        decoded.all(source.as_ref(), &manifest, progress, &mut problems);
        let mut left_out = LeftOut::default();
        if let Some(have) = decoded.other_size() {
            decoded.bad = Problems::default();
            problems.of_file("images", Fault::OtherSize { have, want: side });
        }
        match bad_images {
            BadImages::Refuse => problems.append(decoded.bad),
            BadImages::LeaveOut => {
                manifest.keep(&decoded.kept, classes, &mut problems);
                left_out = decoded.bad.into();
            }
        }
        let manifest = problems.or(dir, manifest)?;
        let hash = hash::data_set(&manifest, &decoded.hashes);
        let labels = manifest.examples.iter().map(|example| i64::from(example.class)).collect();
        Ok(Self { manifest, side, images: decoded.images, labels, hash, left_out })
    }

    /// Rows that were left out because their images can't be used; the sets, the labels and the hash are without them.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// How many examples each set holds.
    pub fn sizes(&self) -> SetSizes {
        self.manifest.sizes()
    }

    /// BLAKE3 of everything that can change a run: sets, ids in their order, labels, class counts and pixels. Copies
    /// of a data set in other folders, with other columns or otherwise compressed images have the same hash.
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }

    /// Width and height of every image, in pixels.
    pub fn side(&self) -> usize {
        self.side
    }

    /// The images of a set, [n, 3, side, side] (image, channel, row, column), samples 0 to 255. The training set's are
    /// the retain set's, then the forget set's.
    pub fn images(&self, set: Set) -> &[u8] {
        let range = self.manifest.range(set);
        let size = image_bytes(self.side);
        &self.images[range.start * size..range.end * size]
    }

    /// The classes of a set's examples, [n], in the order of its images.
    pub fn labels(&self, set: Set) -> &[i64] {
        &self.labels[self.manifest.range(set)]
    }

    /// What the images of the forget set show, [n], where its list says that its labels are wrong; else nothing.
    pub fn truths(&self) -> Vec<i64> {
        self.manifest
            .examples(Set::Forget)
            .iter()
            .filter_map(|example| example.truth)
            .map(i64::from)
            .collect()
    }

    /// How many training images each class has according to `age_class_weights.json`, by class; each at least 1.
    pub fn class_counts(&self) -> &[u64] {
        self.manifest.class_counts()
    }

    /// Ids, persons and where each example is listed.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// The images of all rows that have one.
#[derive(Default)]
struct Decoded {
    side: usize,
    /// Shape [kept, 3, side, side].
    images: Vec<u8>,
    hashes: Vec<ImageHash>,
    /// Which rows have an image.
    kept: Vec<bool>,
    /// Why the others have none.
    bad: Problems,
    /// Sizes of images that have another one than they should: how often each was met, width and height.
    other_sizes: BTreeMap<(u32, u32), usize>,
}

impl Decoded {
    /// The size that every image has, where it is another than it should be.
    fn other_size(&self) -> Option<u32> {
        let (&(width, height), &count) = self.other_sizes.first_key_value()?;
        (width == height && count == self.kept.len()).then_some(width)
    }

    /// Decodes batch by batch into one buffer, which grows only by images that are really there.
    fn all(
        &mut self,
        source: &dyn Source,
        manifest: &Manifest,
        progress: &dyn Fn(usize, usize),
        problems: &mut Problems,
    ) {
        let total = manifest.examples.len();
        let expected = if problems.is_empty() { total * image_bytes(self.side) } else { 0 };
        if self.images.try_reserve_exact(expected).is_err() {
            problems.of_file("images", Fault::OutOfMemory { bytes: manifest.image_bytes(self.side) });
            return;
        }
        for (index, batch) in manifest.examples.chunks(BATCH).enumerate() {
            if !problems.is_empty() {
                // Only the remaining problems matter from now on.
                self.images.clear();
                self.hashes.clear();
            }
            self.batch(source, batch);
            progress((index * BATCH + batch.len()).min(total), total);
        }
    }

    fn batch(&mut self, source: &dyn Source, batch: &[Example]) {
        let (start, size) = (self.images.len(), image_bytes(self.side));
        self.images.resize(start + batch.len() * size, 0);
        let mut end = start;
        let decoded = decode_batch(source, batch, self.side, &mut self.images[start..]);
        for (place, (example, decoded)) in (start..).step_by(size).zip(batch.iter().zip(decoded)) {
            self.kept.push(decoded.is_ok());
            match decoded {
                Ok(hash) => {
                    self.images.copy_within(place..place + size, end);
                    self.hashes.push(hash);
                    end += size;
                }
                Err(fault) => {
                    if let ImageFault::Size { width, height, .. } = fault {
                        *self.other_sizes.entry((width, height)).or_default() += 1;
                    }
                    self.bad.of_line(example.place, Fault::Image { path: source.place(example), fault });
                }
            }
        }
        self.images.truncate(end);
    }
}

fn decode_batch(
    source: &dyn Source,
    batch: &[Example],
    side: usize,
    images: &mut [u8],
) -> Vec<Result<ImageHash, ImageFault>> {
    images
        .par_chunks_exact_mut(image_bytes(side))
        .zip(batch)
        .map_init(Vec::new, |memory, (planes, example)| {
            source.image(example, side, memory, planes)?;
            Ok(hash::image(planes))
        })
        .collect()
}
