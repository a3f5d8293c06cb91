//! Writes an imported data set: images into one array, lists, class counts, and where all of it came from. Owns those files
//! and their names.

use std::{
    fs::File,
    io::{BufWriter, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;
use sweep_files::Draft;
use sweep_inputs::{
    dataset::{ARRAY, image_bytes},
    pixels,
};
use sweep_protocol::terms::SetSizes;

use crate::{
    Division,
    error::ImportError,
    labels::HeldOut,
    lists::{self, ListedImage, Lists, write_json},
    patch,
    rule::TrainingImage,
    source::SourceFile,
};

/// Where a data set came from, relative to its folder.
pub(crate) const RECORD: &str = "import.json";

/// Most classes of a data set.
pub(crate) const MOST_CLASSES: usize = 10_000;

/// Smallest and largest width and height of an image, in pixels.
pub(crate) const SIDES: std::ops::RangeInclusive<usize> = 8..=256;

/// Most images of a data set.
pub(crate) const MOST_IMAGES: usize = 10_000_000;

/// What was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSummary {
    /// Images of each set.
    pub sizes: SetSizes,
    /// Width and height of an image, in pixels.
    pub side: usize,
    /// Number of classes.
    pub classes: usize,
    /// Files of the folder that were left out, since their names are not those of images.
    pub others: usize,
}

/// A data set that is being written: training images first, then test images.
#[derive(Debug)]
pub(crate) struct NewDataset {
    draft: Draft,
    array: BufWriter<File>,
    path: PathBuf,
    side: usize,
    labels: Vec<u32>,
    /// Where test images begin.
    tests: Option<usize>,
    sources: Vec<SourceFile>,
    others: usize,
}

/// What [`RECORD`] says.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImportRecord<'a> {
    sweep: &'a str,
    kind: &'a str,
    side: usize,
    classes: usize,
    images: usize,
    forget: String,
    held_out: HeldOut,
    seed: u64,
    sources: &'a [SourceFile],
}

impl NewDataset {
    /// Starts a data set in the folder `out`, which must be new or empty.
    pub(crate) fn begin(out: &Path, side: usize) -> Result<Self, ImportError> {
        let draft = Draft::begin(out)?;
        let path = draft.path().join(ARRAY);
        let mut array = BufWriter::new(File::create_new(&path).map_err(ImportError::unwritable(&path))?);
        // The number of images is told in the end; its digits fit into the header's padding.
        array.write_all(&pixels::header([0, 3, side, side])).map_err(ImportError::unwritable(&path))?;
        let (labels, sources) = (Vec::new(), Vec::new());
        Ok(Self { draft, array, path, side, labels, tests: None, sources, others: 0 })
    }

    /// Adds an image, [3, side, side], and its label.
    pub(crate) fn push(&mut self, planes: &[u8], label: u32) -> Result<(), ImportError> {
        debug_assert_eq!(planes.len(), image_bytes(self.side), "an image of the album's size");
        self.array.write_all(planes).map_err(ImportError::unwritable(&self.path))?;
        self.labels.push(label);
        Ok(())
    }

    /// What is added from now on are test images.
    pub(crate) fn begin_tests(&mut self) {
        self.tests = Some(self.labels.len());
    }

    /// Notes a file that images came from.
    pub(crate) fn came_from(&mut self, source: SourceFile) {
        self.sources.push(source);
    }

    /// Notes how many files were left out.
    pub(crate) fn leave_out(&mut self, others: usize) {
        self.others = others;
    }

    /// Divides the images, writes the lists and gives the folder its name.
    pub(crate) fn finish(mut self, kind: &str, division: &Division) -> Result<ImportSummary, ImportError> {
        let classes = self.labels.iter().max().map_or(0, |last| *last as usize + 1);
        let (lists, patched) = self.lists(classes, division)?;
        lists.write_training(self.draft.path(), classes)?;
        lists.write_held_out(self.draft.path())?;
        self.write_record(kind, classes, division)?;
        let start = self.close_array()?;
        let file = patch::open(&self.path)?;
        for row in patched {
            let start = start + (row * image_bytes(self.side)) as u64;
            patch::put_into(&file, &self.path, (start, self.side))?;
        }
        let [retain, forget, validation, test] =
            [&lists.retain, &lists.forget, &lists.validation, &lists.test].map(|rows| rows.len() as u64);
        let sizes = SetSizes { retain, forget, validation, test: Some(test) };
        let summary = ImportSummary { sizes, side: self.side, classes, others: self.others };
        self.draft.publish()?;
        Ok(summary)
    }

    /// The lists, and the rows of the array that get a patch.
    fn lists(&self, classes: usize, division: &Division) -> Result<(Lists, Vec<usize>), ImportError> {
        let tests = self.tests.unwrap_or(self.labels.len());
        let parts = division.held_out.divide(&self.labels, tests, division.seed)?;
        let candidate = |&row: &usize| TrainingImage {
            number: Some(row as u64),
            class: self.labels[row],
            person: None,
            value: None,
        };
        let candidates: Vec<TrainingImage> = parts.train.iter().map(candidate).collect();
        let chosen = division.forget.choose(&candidates, classes as u32, division.seed)?;
        let row = |row: usize| {
            let id = format!("{}-{row:05}", if row < tests { "train" } else { "test" });
            ListedImage { id, class: self.labels[row], truth: self.labels[row], person: None }
        };
        let marked = chosen.forget.iter().filter(|_| chosen.patched).map(|at| parts.train[*at]).collect();
        let (forget, retain) = lists::divided(&chosen, parts.train.into_iter().map(row).collect());
        let held_out = |rows: Vec<usize>| rows.into_iter().map(row).collect();
        let (validation, test) = (held_out(parts.validation), held_out(parts.test));
        Ok((Lists { retain, forget, validation, test }, marked))
    }

    fn write_record(&self, kind: &str, classes: usize, division: &Division) -> Result<(), ImportError> {
        let record = ImportRecord {
            sweep: env!("CARGO_PKG_VERSION"),
            kind,
            side: self.side,
            classes,
            images: self.labels.len(),
            forget: division.forget.to_string(),
            held_out: division.held_out,
            seed: division.seed,
            sources: &self.sources,
        };
        write_json(&self.draft.path().join(RECORD), &record)
    }

    /// Completes the array; says where its first row begins.
    fn close_array(&mut self) -> Result<u64, ImportError> {
        let header = pixels::header([self.labels.len(), 3, self.side, self.side]);
        let written = self.array.seek(SeekFrom::Start(0)).and_then(|_| {
            self.array.write_all(&header)?;
            self.array.flush()
        });
        written.map_err(ImportError::unwritable(&self.path))?;
        Ok(header.len() as u64)
    }
}
