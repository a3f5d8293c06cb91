//! The parts of a data set one by one, from memory: what [`Dataset::load`](super::Dataset::load) finds wrong with a
//! file, these find wrong with its bytes.

use std::path::Path;

use sweep_protocol::terms::Set;

use super::{
    Example, ImageFault, Refused, class_counts,
    image::{self, image_bytes},
    manifest,
    problem::{Problems, file_of},
};

/// Reads the CSV file of a set, whose labels are below `classes`.
pub fn list(csv: &[u8], set: Set, classes: usize) -> Result<Vec<Example>, Refused> {
    let mut problems = Problems::default();
    let mut examples = Vec::new();
    manifest::read_list(csv, set, classes, &mut examples, &mut problems);
    problems.or(Path::new(file_of(set)), examples)
}

/// Reads `age_class_weights.json`: how many training images each class has, by class.
pub fn class_counts(json: &[u8], classes: usize) -> Result<Vec<u64>, Refused> {
    let mut problems = Problems::default();
    let counts = class_counts::read(json, classes, &mut problems);
    problems.or(Path::new(class_counts::FILE), counts)
}

/// Decodes one image, shape [3, side, side].
pub fn image(png: &[u8], side: usize) -> Result<Vec<u8>, ImageFault> {
    let mut planes = vec![0; image_bytes(side)];
    image::decode(png, side, &mut planes)?;
    Ok(planes)
}
