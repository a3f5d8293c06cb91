//! Where the examples of a data set come from. Owns what a kind of data set must be able to do; must not know what becomes
//! of the examples.

use std::{collections::HashMap, path::Path};

use super::{
    Example, ImageFault, Manifest,
    fault::{Fault, FileFault},
    folder::Folder,
    image,
    image::CHANNELS,
    problem::Problems,
};
use crate::pixels::Pixels;

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

    /// Where the image of an example lies, for messages.
    fn place(&self, example: &Example) -> String;
}

/// The competition's layout: lists in CSV, a PNG for each image, persons as groups.
#[derive(Debug)]
struct Faces(Folder);

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

    fn place(&self, example: &Example) -> String {
        example.image.path()
    }
}

/// The same lists, and all images in one array: the image with the id `a-17` is row 17, counted from 0.
#[derive(Debug)]
struct ImageArray {
    folder: Folder,
    pixels: Pixels,
}

/// The array, uint8 \[n, 3, side, side\], relative to the data set's folder.
pub const ARRAY: &str = "images.npy";

/// Largest such file, in bytes.
const LARGEST_ARRAY: u64 = 1 << 40;

impl ImageArray {
    fn side(&self) -> Option<usize> {
        match *self.pixels.shape() {
            [_, CHANNELS, height, width] if height == width && width > 0 => Some(width),
            _ => None,
        }
    }

    fn count(&self) -> usize {
        self.pixels.shape().first().copied().unwrap_or(0)
    }
}

/// A row stands in one set, once, whatever its ids are.
fn refuse_repeated_rows(examples: &[Example], problems: &mut Problems) {
    let mut first = HashMap::with_capacity(examples.len());
    for example in examples {
        if let Some(row) = example.image.number() {
            let (other, place) = *first.entry(row).or_insert((&example.image, example.place));
            if other != &example.image {
                let image = example.image.as_str().to_owned();
                problems.of_line(example.place, Fault::RepeatedImage { image, first: place });
            }
        }
    }
}

impl Source for ImageArray {
    fn manifest(&self, classes: usize, problems: &mut Problems) -> Manifest {
        if self.side().is_none() {
            problems.of_file(ARRAY, Fault::NotImages { shape: self.pixels.shape().to_vec() });
        }
        let manifest = Manifest::gather(&self.folder, classes, problems);
        refuse_repeated_rows(&manifest.examples, problems);
        manifest
    }

    fn image(
        &self,
        example: &Example,
        side: usize,
        _: &mut Vec<u8>,
        planes: &mut [u8],
    ) -> Result<(), ImageFault> {
        let have = self.side().unwrap_or(0) as u32;
        if have as usize != side {
            return Err(ImageFault::Size { side, width: have, height: have });
        }
        match example.image.number().filter(|row| *row < self.count() as u64) {
            Some(row) => Ok(self.pixels.read(row as usize, planes)?),
            None => Err(ImageFault::NoRow { rows: self.count() }),
        }
    }

    fn place(&self, example: &Example) -> String {
        format!("{}` of `{ARRAY}", example.image.as_str())
    }
}

/// The data set in a folder, of whichever kind it is.
pub(super) fn open(dir: &Path) -> Result<Box<dyn Source>, Fault> {
    let folder = Folder::open(dir)?;
    match folder.file(ARRAY, LARGEST_ARRAY) {
        Ok(file) => {
            let pixels = Pixels::of(file, Path::new(ARRAY))?;
            Ok(Box::new(ImageArray { folder, pixels }))
        }
        Err(FileFault::Missing) => Ok(Box::new(Faces(folder))),
        Err(fault) => Err(fault.into()),
    }
}
