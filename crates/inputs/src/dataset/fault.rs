//! What can be wrong with a data set, each with the way out.

use std::{fmt, io};

use sweep_protocol::terms::Set;
use thiserror::Error;

use super::{
    id::NotAnId,
    image::ImageFault,
    problem::{Place, file_of},
};
use crate::npy::NpyError;

/// What can be wrong with a file or a line of it.
#[derive(Debug, Error)]
pub enum Fault {
    /// The file is not there, or nothing that may be opened.
    #[error(transparent)]
    File(#[from] FileFault),
    /// The array of images can't be used.
    #[error(transparent)]
    Array(#[from] NpyError),
    /// The array of images has other axes.
    #[error(
        "has the shape {shape:?}, not [images, 3, side, side]; `sweep import arrays` brings others into this form"
    )]
    NotImages {
        /// Length of each axis.
        shape: Vec<usize>,
    },
    /// A CSV file without a header.
    #[error(
        "empty; its first line must name the columns image_id and age_group, and person_id where there are persons"
    )]
    Empty,
    /// A CSV file with a header alone.
    #[error("only a header; a set needs at least one image")]
    NoRows,
    /// A column that is needed is not there.
    #[error("no column `{0}`; add it to the header and to each row")]
    MissingColumn(&'static str),
    /// A column that is needed is there twice.
    #[error("two columns `{0}`; remove one")]
    RepeatedColumn(&'static str),
    /// More rows than are read.
    #[error("more than {limit} rows; split the data set")]
    TooManyRows {
        /// Rows that are read at most.
        limit: u64,
    },
    /// A line longer than is read.
    #[error("line longer than {limit} bytes; shorten or remove the columns that aren't needed")]
    LineTooLong {
        /// Longest line, in bytes.
        limit: usize,
    },
    /// A field longer than is read.
    #[error("field {column} longer than {limit} bytes; shorten or remove it")]
    FieldTooLong {
        /// Its column, counted from 1.
        column: usize,
        /// Longest field, in bytes.
        limit: usize,
    },
    /// A quoted field without an end, or one that holds a line break.
    #[error("a quoted field does not end on its line; close the quote or remove the line break")]
    UnclosedQuote,
    /// A row with too many or too few fields.
    #[error("{have} fields where the header has {want}; quote a field that holds a comma")]
    FieldCount {
        /// Fields in the row.
        have: usize,
        /// Fields in the header.
        want: usize,
    },
    /// Not text.
    #[error("field {column} is not UTF-8; save the file as UTF-8")]
    NotUtf8 {
        /// Its column, counted from 1.
        column: usize,
    },
    /// An image or person whose name can't be used.
    #[error(transparent)]
    Id(#[from] NotAnId),
    /// A label that is no class.
    #[error("age_group {text} is not a whole number from 0 to {}; correct the label or `classes`", classes.saturating_sub(1))]
    NotAClass {
        /// The label.
        text: Excerpt,
        /// Number of classes.
        classes: usize,
    },
    /// An image that was named before, in this or another set.
    #[error("image `{image}` stands in {first} already; an image belongs to one set, once")]
    RepeatedImage {
        /// The image.
        image: String,
        /// Where it was named first.
        first: Place,
    },
    /// A person in both the retain and the forget set.
    #[error(
        "person `{person}` is to be forgotten, but stands in {retained} too; move all images to one of the sets"
    )]
    SharedPerson {
        /// The person.
        person: String,
        /// The person's first line in the retain set.
        retained: Place,
    },
    /// Images that all have another size than the network sees.
    #[error(
        "all are {have} by {have} pixels, and the network sees {want} by {want}; write `size = {have}` in [training] network, or resize them"
    )]
    OtherSize {
        /// Their width and height, in pixels.
        have: u32,
        /// What the network sees.
        want: usize,
    },
    /// A list without persons beside lists with them.
    #[error("names no persons, and other lists do; add the column person_id, or take it out of all lists")]
    NoPersons,
    /// A class without a single image to learn it from.
    #[error(
        "class {class} has no image in {} and {}; lower `classes` or add images",
        file_of(Set::Retain),
        file_of(Set::Forget)
    )]
    MissingClass {
        /// The class.
        class: usize,
    },
    /// The class counts are not the JSON object that they should be.
    #[error("not a JSON object of class counts like {{\"0\": 120, \"1\": 80}}: {0}")]
    NotClassCounts(#[source] serde_json::Error),
    /// A key that is no class.
    #[error("key {key} is no class from 0 to {}; remove it or correct `classes`", classes.saturating_sub(1))]
    UnknownClass {
        /// The key.
        key: Excerpt,
        /// Number of classes.
        classes: usize,
    },
    /// A class that is counted twice.
    #[error("class {class} is counted twice; keep one of the two")]
    RepeatedClass {
        /// The class.
        class: usize,
    },
    /// A class that isn't counted.
    #[error("class {class} is not counted; add how many training images it has")]
    UncountedClass {
        /// The class.
        class: usize,
    },
    /// A count that is none.
    #[error("class {class} has the count {count}; it must be a whole number of at least 1")]
    NotACount {
        /// The class.
        class: usize,
        /// What stands there.
        count: Excerpt,
    },
    /// An image of the row can't be used.
    #[error("image `{path}` {fault}")]
    Image {
        /// The image's file, relative to the data set's folder.
        path: String,
        /// Why.
        #[source]
        fault: ImageFault,
    },
    /// All rows of a list would be left out.
    #[error("not one of its images can be used; repair them")]
    NoSoundImage,
    /// The images don't fit into memory.
    #[error("its images need {bytes} bytes of memory, more than there is; use fewer images")]
    OutOfMemory {
        /// Bytes of all decoded images.
        bytes: u64,
    },
}

/// Why a file of the data set was not opened or not read to its end.
#[derive(Debug, Error)]
pub enum FileFault {
    /// It is not there.
    #[error("is missing; put it there")]
    Missing,
    /// It, or a folder on the way, is a symbolic link or leaves the data set.
    #[error("is reached through a symbolic link, which is never followed; copy the file there")]
    SymbolicLink,
    /// It is a folder, a pipe or a device.
    #[error("is not a regular file; put a file there")]
    NotAFile,
    /// It is larger than such a file is allowed to be.
    #[error("is larger than {limit} bytes; make it smaller")]
    TooLarge {
        /// Largest size, in bytes.
        limit: u64,
    },
    /// The system can't read it.
    #[error("can't be read: {0}")]
    Unreadable(#[source] io::Error),
}

/// The first bytes of a text from a stranger, made fit to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt(String);

impl Excerpt {
    /// Longest excerpt, in bytes of the original.
    const LONGEST: usize = 80;

    /// Keeps the first 80 bytes; what can't be printed is escaped.
    pub fn of(text: &[u8]) -> Self {
        let lossy = String::from_utf8_lossy(&text[..text.len().min(Self::LONGEST)]);
        let rest = if text.len() > Self::LONGEST { "…" } else { "" };
        Self(format!("`{}{rest}`", lossy.escape_debug()))
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}
