//! The ZIP container that `torch.save` writes, and nothing else that is called ZIP.
//!
//! Entries are stored, not compressed, and must tile the file without gap or overlap in the order of the
//! central directory. Every byte is accounted for: by a CRC-32, by a second copy in the other header, or by
//! having one possible value; so a damaged file is refused wherever the damage is.
//! The container: <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>.

mod header;

use std::{collections::BTreeMap, ops::Range};

use thiserror::Error;

use super::error::Shown;
use header::{Central, Directory};

/// Entries that an archive may have at most.
const MAX_ENTRIES: usize = 200_000;

/// Bytes of a data descriptor: signature, CRC-32, two sizes.
const DESCRIPTOR: usize = 16;

/// A ZIP container is damaged, or not as PyTorch writes it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ArchiveProblem {
    /// The end of the file is not that of an archive.
    #[error("it does not end as an archive does; it is truncated, or something was appended")]
    NoEnd,
    /// The records at the end contradict each other.
    #[error("its end records contradict each other or its size")]
    EndRecords,
    /// There are too many entries.
    #[error("it has {entries} entries, more than {MAX_ENTRIES}")]
    TooManyEntries {
        /// How many.
        entries: usize,
    },
    /// The central directory is not a sequence of as many records as promised.
    #[error("its directory is damaged at record {record}")]
    Directory {
        /// Number of the record, from 0.
        record: usize,
    },
    /// Two entries have one name.
    #[error("it has two entries `{}`", Shown(entry))]
    Repeated {
        /// Their name.
        entry: String,
    },
    /// An entry is compressed, which PyTorch never does to tensors.
    #[error("entry `{}` is compressed", Shown(entry))]
    Compressed {
        /// Its name.
        entry: String,
    },
    /// An entry has a property that PyTorch never gives it (encryption, attributes, 64-bit sizes, comments).
    #[error("entry `{}` has {property}", Shown(entry))]
    Unusual {
        /// Its name.
        entry: String,
        /// What is unusual.
        property: &'static str,
    },
    /// An entry does not start where the one before it ends, or does not fit.
    #[error("entry `{}` overlaps another, leaves a gap or is cut short", Shown(entry))]
    Misplaced {
        /// Its name.
        entry: String,
    },
    /// The two headers of an entry disagree.
    #[error("the two headers of entry `{}` disagree", Shown(entry))]
    Contradiction {
        /// Its name.
        entry: String,
    },
    /// The content of an entry is not what was saved.
    #[error(
        "the checksum of entry `{}` is wrong; copy the file again, or save it with \
         `torch.serialization.set_crc32_options(True)`",
        Shown(entry)
    )]
    Checksum {
        /// Its name.
        entry: String,
    },
    /// There is not exactly one `data.pkl`, in the folder that holds every entry.
    #[error("it has no single `data.pkl` in a folder that holds everything else")]
    NoPickle,
    /// The `byteorder` entry is unknown.
    #[error("its byte order is neither `little` nor `big`")]
    ByteOrder,
    /// The `version` entry is unknown.
    #[error("its format version is not one of 1 to {known}", known = super::torch_file::MAX_VERSION)]
    Version,
}

/// The directory of an archive, read but not yet checked against the entries.
pub(crate) struct Listing<'a> {
    bytes: &'a [u8],
    directory: Directory,
    records: Vec<Central<'a>>,
}

/// The entries of a checked archive, by name.
pub(crate) type Entries<'a> = BTreeMap<&'a str, &'a [u8]>;

impl<'a> Listing<'a> {
    /// Reads the end records and the central directory.
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, ArchiveProblem> {
        let directory = Directory::find(bytes)?;
        if directory.entries > MAX_ENTRIES {
            return Err(ArchiveProblem::TooManyEntries { entries: directory.entries });
        }
        let mut rest = &bytes[directory.range.clone()];
        let mut records = Vec::new();
        for record in 0..directory.entries {
            let (central, behind) = Central::read(rest).ok_or(ArchiveProblem::Directory { record })?;
            records.push(central);
            rest = behind;
        }
        if rest.is_empty() {
            Ok(Self { bytes, directory, records })
        } else {
            Err(ArchiveProblem::Directory { record: records.len() })
        }
    }

    /// Names of the entries in the order of the directory.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a str> {
        self.records.iter().map(|record| record.name)
    }

    /// Checks every entry: its place, its headers, its checksum.
    pub(super) fn check(self) -> Result<Entries<'a>, ArchiveProblem> {
        let mut entries = Entries::new();
        let mut position = 0;
        for record in &self.records {
            record.check_properties()?;
            let range = self.locate(record, position)?;
            let content = &self.bytes[range.clone()];
            if crc32fast::hash(content) != record.fixed.crc {
                return Err(ArchiveProblem::Checksum { entry: record.name.to_owned() });
            }
            if entries.insert(record.name, content).is_some() {
                return Err(ArchiveProblem::Repeated { entry: record.name.to_owned() });
            }
            position = range.end + if record.has_descriptor() { DESCRIPTOR } else { 0 };
        }
        if position == self.directory.range.start { Ok(entries) } else { Err(ArchiveProblem::EndRecords) }
    }

    /// The entries as writers other than PyTorch lay them out: stored, each name once, no larger together than the file. What the headers
    /// say beyond that is not compared.
    pub(crate) fn stored(self) -> Result<Entries<'a>, ArchiveProblem> {
        let mut entries = Entries::new();
        let mut room = self.bytes.len();
        for record in &self.records {
            let entry = || record.name.to_owned();
            if record.is_compressed() {
                return Err(ArchiveProblem::Compressed { entry: entry() });
            }
            let content =
                record.content(self.bytes).ok_or_else(|| ArchiveProblem::Misplaced { entry: entry() })?;
            // Entries that overlap could ask for more memory than the file has bytes.
            room = room
                .checked_sub(content.len())
                .ok_or_else(|| ArchiveProblem::Misplaced { entry: entry() })?;
            if crc32fast::hash(content) != record.fixed.crc {
                return Err(ArchiveProblem::Checksum { entry: entry() });
            }
            if entries.insert(record.name, content).is_some() {
                return Err(ArchiveProblem::Repeated { entry: entry() });
            }
        }
        Ok(entries)
    }

    /// Where the content of an entry lies whose local header must be at `position`.
    fn locate(&self, record: &Central<'_>, position: usize) -> Result<Range<usize>, ArchiveProblem> {
        let misplaced = || ArchiveProblem::Misplaced { entry: record.name.to_owned() };
        let contradiction = || ArchiveProblem::Contradiction { entry: record.name.to_owned() };
        if record.offset as usize != position {
            return Err(misplaced());
        }
        let room = self.bytes.get(position..self.directory.range.start).ok_or_else(misplaced)?;
        let header = record.local_header(room).ok_or_else(contradiction)?;
        let start = position + header;
        let end = start.checked_add(record.fixed.size as usize).ok_or_else(misplaced)?;
        if end > self.directory.range.start {
            return Err(misplaced());
        }
        if record.has_descriptor() {
            let descriptor = room.get(end - position..).and_then(|rest| rest.get(..DESCRIPTOR));
            if descriptor != Some(record.descriptor().as_slice()) {
                return Err(contradiction());
            }
        }
        Ok(start..end)
    }
}
