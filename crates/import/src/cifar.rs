//! CIFAR-10 and CIFAR-100 in both forms in which they are published (Krizhevsky, Learning multiple layers of features from
//! tiny images, 2009). Owns their files and records.

use std::path::{Path, PathBuf};

use sweep_inputs::dataset::image_bytes;

use crate::{
    Division, OnProgress,
    album::{ImportSummary, NewDataset},
    error::ImportError,
    pickle,
    source::{HashedFile, SourceFile},
};

/// Width and height of an image, in pixels.
const SIDE: usize = 32;

/// Bytes of an image; its planes are one after the other, as in a data set of ours.
const IMAGE: usize = image_bytes(SIDE);

/// Largest file, in bytes; CIFAR-100's training images have 155 MB.
const LARGEST_FILE: u64 = 1 << 30;

/// Images between two reports of progress.
const REPORT: usize = 1_000;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cifar {
    /// Ten classes.
    Ten,
    /// A hundred classes.
    Hundred,
    /// Its hundred classes in twenty groups.
    HundredCoarse,
}

/// One form of the files: folder, files of the training images, file of the test images.
struct PublishedForm {
    folder: &'static str,
    train: &'static [&'static str],
    test: &'static str,
    is_pickled: bool,
}

const TEN: [PublishedForm; 2] = [
    PublishedForm {
        folder: "cifar-10-batches-bin",
        train: &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        test: "test_batch.bin",
        is_pickled: false,
    },
    PublishedForm {
        folder: "cifar-10-batches-py",
        train: &["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
        test: "test_batch",
        is_pickled: true,
    },
];

const HUNDRED: [PublishedForm; 2] = [
    PublishedForm { folder: "cifar-100-binary", train: &["train.bin"], test: "test.bin", is_pickled: false },
    PublishedForm { folder: "cifar-100-python", train: &["train"], test: "test", is_pickled: true },
];

impl PublishedForm {
    fn files(&self) -> impl Iterator<Item = &'static str> {
        self.train.iter().copied().chain([self.test])
    }
}

impl Cifar {
    fn kind(self) -> &'static str {
        match self {
            Self::Ten => "cifar10",
            Self::Hundred => "cifar100",
            Self::HundredCoarse => "cifar100 coarse",
        }
    }

    fn classes(self) -> usize {
        match self {
            Self::Ten => 10,
            Self::Hundred => 100,
            Self::HundredCoarse => 20,
        }
    }

    fn forms(self) -> &'static [PublishedForm; 2] {
        if self == Self::Ten { &TEN } else { &HUNDRED }
    }

    /// What the labels are called in a pickle.
    fn key(self) -> &'static str {
        match self {
            Self::Ten => "labels",
            Self::Hundred => "fine_labels",
            Self::HundredCoarse => "coarse_labels",
        }
    }

    /// Bytes of labels before an image in the binary form, and which of them is the label.
    fn labels(self) -> (usize, usize) {
        match self {
            Self::Ten => (1, 0),
            Self::Hundred => (2, 1),
            Self::HundredCoarse => (2, 0),
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Ten => {
                "files of CIFAR-10: data_batch_1.bin to data_batch_5.bin and test_batch.bin, or the same without .bin"
            }
            _ => "files of CIFAR-100: train.bin and test.bin, or the same without .bin",
        }
    }
}

/// Imports CIFAR from the folder that holds its files, or from the one that the published archive was unpacked in.
pub fn cifar(
    which: Cifar,
    dir: &Path,
    out: &Path,
    division: &Division,
    progress: OnProgress<'_>,
) -> Result<ImportSummary, ImportError> {
    let (folder, form) = find(which, dir)?;
    let mut album = NewDataset::begin(out, SIDE)?;
    let mut total = 0;
    for name in form.files() {
        total += HashedFile::open(&folder.join(name), LARGEST_FILE)?.bytes() as usize / IMAGE;
    }
    let mut done = 0;
    for name in form.files() {
        if name == form.test {
            album.begin_tests();
        }
        let told = read(which, &folder, (name, form.is_pickled), &mut |label, planes| {
            done += 1;
            if done % REPORT == 0 {
                progress(done.min(total), total);
            }
            album.push(planes, label)
        })?;
        album.came_from(told);
    }
    album.finish(which.kind(), division)
}

/// Every label and image of the files in their order.
#[cfg(test)]
pub(crate) fn each(which: Cifar, dir: &Path, image: &mut dyn FnMut(u32, &[u8])) -> Result<(), ImportError> {
    let (folder, form) = find(which, dir)?;
    for name in form.files() {
        read(which, &folder, (name, form.is_pickled), &mut |label, planes| {
            image(label, planes);
            Ok(())
        })?;
    }
    Ok(())
}

fn find(which: Cifar, dir: &Path) -> Result<(PathBuf, &'static PublishedForm), ImportError> {
    let forms = which.forms();
    let places = forms.iter().flat_map(|form| [(dir.to_owned(), form), (dir.join(form.folder), form)]);
    let mut whole = places.filter(|(folder, form)| form.files().all(|name| folder.join(name).is_file()));
    whole.next().ok_or_else(|| ImportError::Absent { folder: dir.to_owned(), wanted: which.wanted() })
}

/// Takes the label of an image and its planes.
type Take<'t> = &'t mut dyn FnMut(u32, &[u8]) -> Result<(), ImportError>;

/// Hands every image of a file on.
fn read(
    which: Cifar,
    folder: &Path,
    (name, is_pickled): (&str, bool),
    take: Take<'_>,
) -> Result<SourceFile, ImportError> {
    let path = folder.join(name);
    let mut source = HashedFile::open(&path, LARGEST_FILE)?;
    let classes = which.classes();
    let mut row = 0;
    let mut image = |label: i64, planes: &[u8]| {
        let known = u32::try_from(label).ok().filter(|label| (*label as usize) < classes);
        let known = known.ok_or_else(|| ImportError::Label { path: path.clone(), row, label, classes })?;
        row += 1;
        take(known, planes)
    };
    if is_pickled {
        pickled(which, &path, &mut source, &mut image)?;
    } else {
        binary(which, &path, &mut source, &mut image)?;
    }
    Ok(source.told(name.to_owned()))
}

/// Takes the label of a record, whatever it is, and its planes.
type TakeRecord<'t> = &'t mut dyn FnMut(i64, &[u8]) -> Result<(), ImportError>;

fn binary(
    which: Cifar,
    path: &Path,
    source: &mut HashedFile,
    image: TakeRecord<'_>,
) -> Result<(), ImportError> {
    let (labels, label) = which.labels();
    let length = labels + IMAGE;
    if !source.bytes().is_multiple_of(length as u64) {
        return Err(ImportError::Length { path: path.to_owned(), bytes: source.bytes(), record: length });
    }
    let mut record = vec![0; length];
    for _ in 0..source.bytes() / length as u64 {
        source.fill(&mut record)?;
        image(i64::from(record[label]), &record[labels..])?;
    }
    Ok(())
}

fn pickled(
    which: Cifar,
    path: &Path,
    source: &mut HashedFile,
    image: TakeRecord<'_>,
) -> Result<(), ImportError> {
    let content = source.rest()?;
    let batch = pickle::pickled_batch(&content, which.key())
        .map_err(|source| ImportError::Pickle { path: path.to_owned(), source })?;
    if batch.width != IMAGE {
        let shape = vec![batch.labels.len(), batch.width];
        let wanted = format!("an image has {IMAGE} bytes");
        return Err(ImportError::Shape { path: path.to_owned(), shape, wanted });
    }
    let images = content[batch.pixels.clone()].chunks_exact(IMAGE);
    images.zip(&batch.labels).try_for_each(|(planes, label)| image(*label, planes))
}
