//! Where the examples of a data set come from. Owns what a kind of data set must be able to do; must not know what becomes
//! of the examples.

use super::{Example, FileFault, ImageFault, Manifest, folder::Folder, image, problem::Problems};

/// A kind of data set.
pub(super) trait Source: Sync {
    /// Sets, labels, groups where there are any, and class counts, for labels below `classes`: what is sound, and every
    /// problem.
    fn manifest(&self, classes: usize, problems: &mut Problems) -> Manifest;

    /// Decodes the image of an example into `planes`, shape \[3, side, side\]. `memory` is room that calls reuse.
    fn image(
        &self,
        example: &Example,
        side: usize,
        memory: &mut Vec<u8>,
        planes: &mut [u8],
    ) -> Result<(), ImageFault>;
}

/// The competition's layout: lists in CSV, a PNG for each image, persons as groups.
#[derive(Debug)]
pub(super) struct Faces(pub(super) Folder);

impl Source for Faces {
    fn manifest(&self, classes: usize, problems: &mut Problems) -> Manifest {
        Manifest::gather(&self.0, classes, problems)
    }

    fn image(
        &self,
        example: &Example,
        side: usize,
        memory: &mut Vec<u8>,
        planes: &mut [u8],
    ) -> Result<(), ImageFault> {
        self.0.read(&example.image.path(), image::LARGEST_FILE, memory)?;
        image::decode(memory, side, planes)
    }
}

/// The data set in a folder, of whichever kind it is.
pub(super) fn open(dir: &std::path::Path) -> Result<impl Source, FileFault> {
    Folder::open(dir).map(Faces)
}
