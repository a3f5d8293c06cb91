//! Data sets in the layout of the [NeurIPS 2023 unlearning challenge](https://unlearning-challenge.github.io):
//!
//! ```text
//! retain.csv  forget.csv  validation.csv  test.csv (may be absent)    columns image_id, age_group, person_id
//! age_class_weights.json                                              {"0": training images of class 0, …}
//! images/<a>/<b>.png                                                  image_id `a-b`; 32×32 pixels, RGB, 8 bits
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
mod problem;
mod table;

#[cfg(test)]
mod tests;

pub use fault::{Excerpt, Fault, FileFault};
pub use id::{ImageId, NotAnId, PersonId};
pub use image::{CHANNELS, IMAGE_BYTES, ImageFault, SIDE};
pub use manifest::{Example, Manifest};
pub use problem::{LeftOut, Place, Problem, Refused};

use std::path::Path;

use rayon::prelude::*;
use sweep_protocol::terms::{ContentHash, Set, SetSizes};

use folder::Folder;
use hash::ImageHash;
use problem::Problems;

/// Images that are decoded between two reports of progress.
const BATCH: usize = 512;

/// A data set in memory: about 3 KiB for each image.
#[derive(Debug)]
pub struct Dataset {
    manifest: Manifest,
    /// Shape [n, 3, 32, 32], in the order of the manifest.
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
    /// Reads and checks the data set in `dir`, whose labels are below `classes`. `progress` is told, on the calling
    /// thread, how many images of how many are done.
    pub fn load(
        dir: &Path,
        classes: usize,
        bad_images: BadImages,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Self, Refused> {
        let folder = Folder::open(dir).map_err(|fault| Refused::whole(dir, fault))?;
        let mut problems = Problems::default();
        let mut manifest = Manifest::gather(&folder, classes, &mut problems);
        let mut decoded = Decoded::default();
        decoded.all(&folder, &manifest, progress, &mut problems);
        let mut left_out = LeftOut::default();
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
        Ok(Self { manifest, images: decoded.images, labels, hash, left_out })
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

    /// The images of a set, [n, 3, 32, 32] (image, channel, row, column), samples 0 to 255. The training set's are
    /// the retain set's, then the forget set's.
    pub fn images(&self, set: Set) -> &[u8] {
        let range = self.manifest.range(set);
        &self.images[range.start * IMAGE_BYTES..range.end * IMAGE_BYTES]
    }

    /// The classes of a set's examples, [n], in the order of its images.
    pub fn labels(&self, set: Set) -> &[i64] {
        &self.labels[self.manifest.range(set)]
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
    /// Shape [kept, 3, 32, 32].
    images: Vec<u8>,
    hashes: Vec<ImageHash>,
    /// Which rows have an image.
    kept: Vec<bool>,
    /// Why the others have none.
    bad: Problems,
}

impl Decoded {
    /// Decodes batch by batch into one buffer, which grows only by images that are really there.
    fn all(
        &mut self,
        folder: &Folder,
        manifest: &Manifest,
        progress: &dyn Fn(usize, usize),
        problems: &mut Problems,
    ) {
        let total = manifest.examples.len();
        let expected = if problems.is_empty() { total * IMAGE_BYTES } else { 0 };
        if self.images.try_reserve_exact(expected).is_err() {
            problems.of_file("images", Fault::OutOfMemory { bytes: manifest.image_bytes() });
            return;
        }
        for (index, batch) in manifest.examples.chunks(BATCH).enumerate() {
            if !problems.is_empty() {
                // Only the remaining problems matter from now on.
                self.images.clear();
                self.hashes.clear();
            }
            self.batch(folder, batch);
            progress((index * BATCH + batch.len()).min(total), total);
        }
    }

    fn batch(&mut self, folder: &Folder, batch: &[Example]) {
        let start = self.images.len();
        self.images.resize(start + batch.len() * IMAGE_BYTES, 0);
        let mut end = start;
        let decoded = decode_batch(folder, batch, &mut self.images[start..]);
        for (place, (example, decoded)) in (start..).step_by(IMAGE_BYTES).zip(batch.iter().zip(decoded)) {
            self.kept.push(decoded.is_ok());
            match decoded {
                Ok(hash) => {
                    self.images.copy_within(place..place + IMAGE_BYTES, end);
                    self.hashes.push(hash);
                    end += IMAGE_BYTES;
                }
                Err(fault) => {
                    self.bad.of_line(example.place, Fault::Image { path: example.image.path(), fault });
                }
            }
        }
        self.images.truncate(end);
    }
}

fn decode_batch(folder: &Folder, batch: &[Example], images: &mut [u8]) -> Vec<Result<ImageHash, ImageFault>> {
    images
        .par_chunks_exact_mut(IMAGE_BYTES)
        .zip(batch)
        .map_init(Vec::new, |file, (planes, example)| {
            folder.read(&example.image.path(), image::LARGEST_FILE, file)?;
            image::decode(file, planes)?;
            Ok(hash::image(planes))
        })
        .collect()
}
