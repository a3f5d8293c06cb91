//! What ends an import, each with the way out.

use std::{
    io,
    path::{Path, PathBuf},
};

use sweep_files::DraftError;
use sweep_inputs::{dataset::Refused, npy::NpyError};
use thiserror::Error;

use crate::{pickle::PickleError, picture::PictureError, rule_error::ForgetRuleError};

/// Failed to import or to split a data set.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The folder doesn't hold what was asked for.
    #[error("`{}` holds no {wanted}", folder.display())]
    Absent {
        /// The folder.
        folder: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// A file or folder can't be read.
    #[error("can't read `{}`: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of the data set can't be written.
    #[error("can't write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not of whole records.
    #[error("`{}` has {bytes} bytes, which is no multiple of the {record} bytes of a record; fetch it again", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
        /// Bytes of a record.
        record: usize,
    },
    /// A label that is no class.
    #[error("`{}`, row {row}: label {label} is not below {classes}; correct it or fetch the file again", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// Its row, counted from 0.
        row: usize,
        /// What stands there.
        label: i64,
        /// Number of classes.
        classes: usize,
    },
    /// A pickle that is not one of CIFAR's.
    #[error("`{}`, {source}", path.display())]
    Pickle {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PickleError,
    },
    /// An image that can't be used.
    #[error("`{}` {source}", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: PictureError,
    },
    /// A line that is not what it should be.
    #[error("`{}`, line {line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong.
        problem: &'static str,
    },
    /// A wheel or archive without the wanted file.
    #[error("`{}` {problem}; `scripts/fetch-digits` fetches the right one", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
    /// An array that can't be used.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// An array of other axes.
    #[error("`{}` has the shape {shape:?}; {wanted}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Length of each axis.
        shape: Vec<usize>,
        /// What it should have.
        wanted: String,
    },
    /// Images of a size that no network takes.
    #[error(
        "images of {side} pixels can't be imported; their width and height are {least} to {most}, and digits' a multiple of 8"
    )]
    Side {
        /// Width and height, in pixels.
        side: usize,
        /// The least.
        least: usize,
        /// The most.
        most: usize,
    },
    /// A folder of test images whose name is that of no class.
    #[error("`{}` is no class of the training images; rename it or add train images of it", folder.display())]
    UnknownClass {
        /// The folder.
        folder: PathBuf,
    },
    /// A name that is no text.
    #[error("`{}` has a name that is not UTF-8; rename it", path.display())]
    Name {
        /// The file or folder.
        path: PathBuf,
    },
    /// More images than are imported.
    #[error("there are more than {most} images; import fewer")]
    TooMany {
        /// Images that are imported at most.
        most: usize,
    },
    /// A class between others without an image.
    #[error("class {class} has no training image, and {last} has; number the classes from 0 without gaps")]
    MissingClass {
        /// The class.
        class: u32,
        /// The highest class.
        last: u32,
    },
    /// Too few images to learn from and to hold out.
    #[error("{images} images are too few for a training, a forget, a validation and a test set; import more")]
    TooFew {
        /// Images that there are.
        images: usize,
    },
    /// Nothing can be divided as the starting kit does.
    #[error("the starting kit's split is one of CIFAR-10's 10,000 test images; here are {tests}")]
    NotTheKits {
        /// Test images that there are.
        tests: usize,
    },
    /// The rule of what is forgotten can't be carried out.
    #[error(transparent)]
    Rule(#[from] ForgetRuleError),
    /// Images that can't be had without their patches.
    #[error("the images of `{}` carry patches; split the data set that it was made of", data.display())]
    Patched {
        /// The data set.
        data: PathBuf,
    },
    /// The folder can't be made or published.
    #[error(transparent)]
    Folder(#[from] DraftError),
    /// The data set that is to be split isn't sound.
    #[error(transparent)]
    Refused(Box<Refused>),
}

impl ImportError {
    /// Whether something else has to be asked for; else something else has to be given.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Folder(_) | Self::Rule(_) | Self::Side { .. } | Self::NotTheKits { .. })
    }

    /// Makes the error of a file that can't be read.
    pub(crate) fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Unreadable { path: path.to_owned(), source }
    }

    /// Makes the error of a file that can't be written.
    pub(crate) fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Unwritable { path: path.to_owned(), source }
    }
}
