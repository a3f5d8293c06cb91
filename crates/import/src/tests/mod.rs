//! Imports from end to end: what is written is read by the reader of data sets.

mod cifar;
mod folders;
mod pickles;
mod pictures;
mod rules;
mod splits;

use std::{
    fs,
    path::{Path, PathBuf},
};

use sweep_inputs::dataset::{BadImages, Dataset, Shape};

use crate::{Division, ForgetRule, HeldOut, rule::Amount};

/// Where recorded files are.
fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A tenth of the training images is to be forgotten.
fn division() -> Division {
    Division { forget: ForgetRule::Random(Amount::Share(0.1)), held_out: HeldOut::ByClass, seed: 1 }
}

fn load(dir: &Path, classes: usize, side: usize) -> Dataset {
    Dataset::load(dir, Shape { classes, side }, BadImages::Refuse, &|_, _| {})
        .unwrap_or_else(|refused| panic!("{refused}"))
}

/// The bytes of a NumPy file of this type.
fn npy(descr: &str, shape: &[usize], bytes: &[u8]) -> Vec<u8> {
    let shape = format!("({},)", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", "));
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n");
    [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), bytes].concat()
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
    fs::write(path, bytes).expect("writable");
}

/// An image of one colour.
fn png(width: u32, height: u32, colour: png::ColorType, samples: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(colour);
    encoder.write_header().expect("in memory").write_image_data(samples).expect("as many samples as said");
    file
}
