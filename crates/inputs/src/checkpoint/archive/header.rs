//! The records of a ZIP container, field by field.

use std::ops::Range;

use super::{ArchiveProblem, DESCRIPTOR};

const END: usize = 22;
const END64_LOCATOR: usize = 20;
const END64: usize = 56;
const CENTRAL: usize = 46;
const LOCAL: usize = 30;

/// Flag: sizes and checksum follow the content.
const HAS_DESCRIPTOR: u16 = 1 << 3;
/// Flag: the name is UTF-8.
const UTF8: u16 = 1 << 11;
/// Tag of the field with which PyTorch pads local headers, so that content is aligned; filled with `Z`.
const PADDING: [u8; 2] = *b"FB";

/// Host system and version of ZIP files that Python's `zipfile` writes; PyTorch's own writer leaves zeros.
const MADE_BY_PYTHON: u16 = 0x0314;
/// Version that PyTorch's writer leaves in the 64-bit end record, and the version needed to read it.
const END64_VERSIONS: [u8; 4] = [0x1e, 0x03, 0x2d, 0x00];

/// What both headers of an entry say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fixed {
    version_needed: u16,
    flags: u16,
    method: u16,
    modified: u32,
    pub(super) crc: u32,
    compressed: u32,
    pub(super) size: u32,
    name_length: u16,
    extra_length: u16,
}

impl Fixed {
    /// The 26 bytes that local and central headers share.
    fn read(bytes: &[u8]) -> Self {
        Self {
            version_needed: u16_at(bytes, 0),
            flags: u16_at(bytes, 2),
            method: u16_at(bytes, 4),
            modified: u32_at(bytes, 6),
            crc: u32_at(bytes, 10),
            compressed: u32_at(bytes, 14),
            size: u32_at(bytes, 18),
            name_length: u16_at(bytes, 22),
            extra_length: u16_at(bytes, 24),
        }
    }
}

/// A record of the central directory.
#[derive(Debug)]
pub(super) struct Central<'a> {
    pub(super) name: &'a str,
    pub(super) fixed: Fixed,
    pub(super) offset: u32,
    made_by: u16,
    comment_length: u16,
    disk: u16,
    internal_attributes: u16,
    external_attributes: u32,
}

impl<'a> Central<'a> {
    /// The record at the start of `bytes`, and what is behind it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_at_checked(CENTRAL)?;
        if !header.starts_with(b"PK\x01\x02") {
            return None;
        }
        let fixed = Fixed::read(&header[6..]);
        let (name, rest) = rest.split_at_checked(fixed.name_length.into())?;
        let comment_length = u16_at(header, 32);
        let rest = rest.get(usize::from(fixed.extra_length) + usize::from(comment_length)..)?;
        let central = Self {
            name: std::str::from_utf8(name).ok()?,
            fixed,
            offset: u32_at(header, 42),
            made_by: u16_at(header, 4),
            comment_length,
            disk: u16_at(header, 34),
            internal_attributes: u16_at(header, 36),
            external_attributes: u32_at(header, 38),
        };
        Some((central, rest))
    }

    pub(super) fn has_descriptor(&self) -> bool {
        self.fixed.flags & HAS_DESCRIPTOR != 0
    }

    /// Whether the content is not stored as it is.
    pub(super) fn is_compressed(&self) -> bool {
        self.fixed.method != 0
    }

    /// The content behind the local header in the bytes of the whole file, if it is plain and all there.
    pub(super) fn content(&self, file: &'a [u8]) -> Option<&'a [u8]> {
        let (header, rest) = file.get(self.offset as usize..)?.split_at_checked(LOCAL)?;
        let plain = self.fixed.flags & 1 == 0 && self.fixed.compressed == self.fixed.size;
        if !plain || !header.starts_with(b"PK\x03\x04") {
            return None;
        }
        let local = Fixed::read(&header[4..]);
        let (name, rest) = rest.split_at_checked(local.name_length.into())?;
        let content = rest.get(usize::from(local.extra_length)..)?;
        content.get(..self.fixed.size as usize).filter(|_| name == self.name.as_bytes())
    }

    /// Refuses what PyTorch never writes.
    pub(super) fn check_properties(&self) -> Result<(), ArchiveProblem> {
        let entry = || self.name.to_owned();
        if self.is_compressed() {
            return Err(ArchiveProblem::Compressed { entry: entry() });
        }
        let saturated = self.fixed.size == u32::MAX || self.offset == u32::MAX;
        let property = if self.fixed.flags & 1 != 0 {
            "encrypted content"
        } else if self.fixed.flags & !(HAS_DESCRIPTOR | UTF8) != 0 {
            "unknown flags"
        } else if saturated || self.fixed.compressed != self.fixed.size {
            "sizes of something compressed or larger than 4 GiB"
        } else if self.fixed.extra_length != 0 || self.comment_length != 0 {
            "a comment or extra fields in the directory"
        } else if self.disk != 0 || self.internal_attributes != 0 || !self.has_plain_attributes() {
            "the attributes of something other than a file"
        } else if self.name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            "a name that leaves its folder"
        } else {
            return Ok(());
        };
        Err(ArchiveProblem::Unusual { entry: entry(), property })
    }

    fn has_plain_attributes(&self) -> bool {
        let (mode, dos) = (self.external_attributes >> 16, self.external_attributes & 0xffff);
        match self.made_by {
            0 => self.external_attributes == 0,
            MADE_BY_PYTHON => dos == 0 && matches!(mode >> 12, 0 | 0o10),
            _ => false,
        }
    }

    /// Length of the local header at the start of `room`, if it says what this record says.
    pub(super) fn local_header(&self, room: &[u8]) -> Option<usize> {
        let header = room.get(..LOCAL).filter(|header| header.starts_with(b"PK\x03\x04"))?;
        let local = Fixed::read(&header[4..]);
        let without_sizes = Fixed { crc: 0, compressed: 0, size: 0, ..self.fixed };
        let said = Fixed { extra_length: self.fixed.extra_length, ..local };
        let agrees = said == self.fixed || self.has_descriptor() && said == without_sizes;
        let name_end = LOCAL + self.name.len();
        let end = name_end + usize::from(local.extra_length);
        let extra = room.get(name_end..end)?;
        (agrees && room.get(LOCAL..name_end)? == self.name.as_bytes() && is_padding(extra)).then_some(end)
    }

    /// The bytes that must follow the content if there is a descriptor.
    pub(super) fn descriptor(&self) -> [u8; DESCRIPTOR] {
        let mut bytes = [0; DESCRIPTOR];
        bytes[..4].copy_from_slice(b"PK\x07\x08");
        bytes[4..8].copy_from_slice(&self.fixed.crc.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.fixed.size.to_le_bytes());
        bytes[12..].copy_from_slice(&self.fixed.size.to_le_bytes());
        bytes
    }
}

fn is_padding(extra: &[u8]) -> bool {
    if extra.is_empty() {
        return true;
    }
    let Some((head, filling)) = extra.split_at_checked(4) else {
        return false;
    };
    head[..2] == PADDING
        && usize::from(u16_at(head, 2)) == filling.len()
        && filling.iter().all(|&byte| byte == b'Z')
}

/// Where the central directory is.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) range: Range<usize>,
    pub(super) entries: usize,
}

impl Directory {
    /// Reads the end records, which must be the last bytes of the file.
    pub(super) fn find(bytes: &[u8]) -> Result<Self, ArchiveProblem> {
        let at = bytes.len().checked_sub(END).ok_or(ArchiveProblem::NoEnd)?;
        let end = &bytes[at..];
        if !end.starts_with(b"PK\x05\x06") {
            return Err(ArchiveProblem::NoEnd);
        }
        let (entries, size, start) =
            (usize::from(u16_at(end, 10)), u32_at(end, 12) as usize, u32_at(end, 16) as usize);
        let small = Self { range: start..start.saturating_add(size), entries };
        let one_disk = u32_at(end, 4) == 0 && u16_at(end, 8) == u16_at(end, 10) && u16_at(end, 20) == 0;
        let wide = Self::find_64(&bytes[..at])?;
        let (directory, directory_end) = match wide {
            None => (small, at),
            Some(wide) if small.may_stand_for(&wide) => (wide, at - END64_LOCATOR - END64),
            Some(_) => return Err(ArchiveProblem::EndRecords),
        };
        let fits = directory.range.start <= directory.range.end && directory.range.end == directory_end;
        if one_disk && fits { Ok(directory) } else { Err(ArchiveProblem::EndRecords) }
    }

    /// Reads the 64-bit end records in front of the plain one, where they are.
    fn find_64(bytes: &[u8]) -> Result<Option<Self>, ArchiveProblem> {
        let Some(locator_at) = bytes.len().checked_sub(END64_LOCATOR) else {
            return Ok(None);
        };
        let locator = &bytes[locator_at..];
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok(None);
        }
        let at = locator_at.checked_sub(END64).ok_or(ArchiveProblem::EndRecords)?;
        let record = &bytes[at..locator_at];
        let expected = record.starts_with(b"PK\x06\x06")
            && u64_at(record, 4) == (END64 - 12) as u64
            && record[12..16] == END64_VERSIONS
            && u64_at(record, 16) == 0
            && u64_at(record, 24) == u64_at(record, 32)
            && u32_at(locator, 4) == 0
            && u64_at(locator, 8) == at as u64
            && u32_at(locator, 16) == 1;
        let numbers = [32, 40, 48].map(|field| usize::try_from(u64_at(record, field)));
        let (true, [Ok(entries), Ok(size), Ok(start)]) = (expected, numbers) else {
            return Err(ArchiveProblem::EndRecords);
        };
        Ok(Some(Self { range: start..start.saturating_add(size), entries }))
    }

    /// Whether each number is that of the 64-bit record, or the mark for "look there".
    fn may_stand_for(&self, wide: &Self) -> bool {
        let start = self.range.start == wide.range.start || self.range.start == u32::MAX as usize;
        let size = self.range.len() == wide.range.len() || self.range.len() == u32::MAX as usize;
        let entries = self.entries == wide.entries || self.entries == usize::from(u16::MAX);
        start && size && entries
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
