//! A small sound data set to spoil.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use super::super::{BadImages, Dataset, Fault, Refused, Shape, image_bytes};

pub(super) const CLASSES: usize = 2;

/// Width and height of their images.
pub(super) const SIDE: usize = 32;

/// Bytes of one of their images.
pub(super) const IMAGE_BYTES: usize = image_bytes(SIDE);

/// What they are read as.
pub(super) const SHAPE: Shape = Shape { classes: CLASSES, side: SIDE };

/// Ten images of two classes in a temporary folder.
pub(super) struct Sound {
    path: PathBuf,
    _place: tempfile::TempDir,
}

impl Sound {
    pub(super) fn new() -> Self {
        let place = tempfile::tempdir().expect("a temporary folder");
        let path = place.path().join("data");
        fs::create_dir(&path).expect("writable");
        write_list(&path, "retain.csv", &[("r-0", "p0"), ("r-1", "p1"), ("r-2", "p0"), ("r-3", "p1")]);
        write_list(&path, "forget.csv", &[("f-0", "p2"), ("f-1", "p3")]);
        write_list(&path, "validation.csv", &[("v-0", "p0"), ("v-1", "p2")]);
        write_list(&path, "test.csv", &[("t-0", "p1"), ("t-1", "p3")]);
        fs::write(path.join("age_class_weights.json"), "{\"0\": 3, \"1\": 3}").expect("writable");
        Self { path, _place: place }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Rows of alternating classes, and their images.
fn write_list(data: &Path, name: &str, rows: &[(&str, &str)]) {
    let mut csv = "image_id,age_group,age,person_id\n".to_owned();
    for (index, (image, person)) in rows.iter().enumerate() {
        writeln!(csv, "{image},{},{},{person}", index % CLASSES, 20 + index).expect("a string");
        let (folder, file) = image.split_once('-').expect("two parts");
        fs::create_dir_all(data.join("images").join(folder)).expect("writable");
        let shade = image.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
        let png = png_of(&vec![shade; IMAGE_BYTES]);
        fs::write(data.join("images").join(folder).join(format!("{file}.png")), png).expect("writable");
    }
    fs::write(data.join(name), csv).expect("writable");
}

pub(super) fn load(path: &Path) -> Result<Dataset, Refused> {
    Dataset::load(path, SHAPE, BadImages::Refuse, &|_, _| {})
}

/// Changes a text file.
pub(super) fn rewrite(data: &Path, name: &str, change: impl Fn(&str) -> String) {
    let old = fs::read_to_string(data.join(name)).expect("a text");
    let new = change(&old);
    assert_ne!(old, new, "the change of {name} changes nothing");
    fs::write(data.join(name), new).expect("writable");
}

/// An RGB image, [32, 32, 3].
pub(super) fn png_of(pixels: &[u8]) -> Vec<u8> {
    png_with(SIDE as u32, png::ColorType::Rgb, png::BitDepth::Eight, pixels)
}

/// A square image of any kind.
pub(super) fn png_with(side: u32, colour: png::ColorType, depth: png::BitDepth, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side, side);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(vec![0; 768]);
    }
    encoder.write_header().expect("in memory").write_image_data(data).expect("as many samples as said");
    file
}

/// One way to spoil a data set, and the problem that it must give.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) spoil: fn(&Path),
    /// File and line of the problem.
    pub(super) place: (&'static str, Option<u64>),
    pub(super) fault: fn(&Fault) -> bool,
}

/// Spoils a sound data set in each way; each must give exactly its one problem.
pub(super) fn check(cases: &[Case]) {
    for Case { name, spoil, place, fault } in cases {
        let folder = Sound::new();
        spoil(folder.path());
        let refused = load(folder.path()).expect_err(name);
        assert_eq!(refused.problems.len(), 1, "{name}: {refused}");
        let problem = &refused.problems[0];
        assert_eq!((problem.file, problem.line), *place, "{name}: {refused}");
        assert!(fault(&problem.fault), "{name}: {:?}", problem.fault);
    }
}
