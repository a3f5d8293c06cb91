//! A ZIP archive as `PyTorch` writes it: entries that are stored and aligned, a directory, and a 64-bit end record that is
//! always there. Fields as its writer leaves them: no dates, no host. The archive may be of any length, an entry has less
//! than 4 GiB.
//!
//! Source: APPNOTE.TXT of PKWARE, 4.3.7 to 4.3.16 and 4.5.3.

use std::io::{self, Write};

/// Where contents begin is a multiple of it.
const ALIGNMENT: u64 = 64;
/// Length of a local header without its name.
const LOCAL: u64 = 30;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;
/// Stands in a short field whose number is in a longer one.
const LONGER: u32 = u32::MAX;
/// The version that knows 64-bit fields.
const WITH_64_BITS: u16 = 45;

pub(super) struct Container<W> {
    out: W,
    position: u64,
    directory: Vec<u8>,
    entries: u64,
}

impl<W: Write> Container<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, position: 0, directory: Vec::new(), entries: 0 }
    }

    /// Adds a file; its content must be shorter than 4 GiB, or it is refused as too large for a file.
    pub(super) fn entry(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let size = u32::try_from(content.len()).ok().filter(|size| *size != LONGER);
        let size = size.ok_or(io::ErrorKind::FileTooLarge)?;
        let near = u32::try_from(self.position).ok().filter(|start| *start != LONGER);
        let far = if near.is_some() { Vec::new() } else { far(self.position) };
        let unpadded = self.position + LOCAL + name.len() as u64 + 4;
        let filling = (unpadded.next_multiple_of(ALIGNMENT) - unpadded) as u16;
        let sums = [crc32fast::hash(content), size, size];
        let mut local = b"PK\x03\x04".to_vec();
        local.extend(shared(0, sums, name, filling + 4));
        local.extend_from_slice(name.as_bytes());
        local.extend_from_slice(b"FB");
        local.extend_from_slice(&filling.to_le_bytes());
        local.resize(local.len() + usize::from(filling), b'Z');
        self.directory.extend_from_slice(b"PK\x01\x02\0\0");
        let version = if near.is_some() { 0 } else { WITH_64_BITS };
        self.directory.extend(shared(version, sums, name, far.len() as u16));
        // No comment, first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&near.unwrap_or(LONGER).to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.directory.extend(far);
        self.entries += 1;
        self.write(&local)?;
        self.write(content)
    }

    /// Writes the directory and gives back what was written to.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let directory = std::mem::take(&mut self.directory);
        let (start, size) = (self.position, directory.len() as u64);
        self.write(&directory)?;
        let mut end = b"PK\x06\x06\x2c\0\0\0\0\0\0\0\x1e\x03\x2d\0\0\0\0\0\0\0\0\0".to_vec();
        for number in [self.entries, self.entries, size, start] {
            end.extend_from_slice(&number.to_le_bytes());
        }
        end.extend_from_slice(b"PK\x06\x07\0\0\0\0");
        end.extend_from_slice(&self.position.to_le_bytes());
        end.extend_from_slice(&1_u32.to_le_bytes());
        end.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        let entries = u16::try_from(self.entries).unwrap_or(u16::MAX).to_le_bytes();
        end.extend_from_slice(&entries);
        end.extend_from_slice(&entries);
        for number in [size, start] {
            end.extend_from_slice(&u32::try_from(number).unwrap_or(LONGER).to_le_bytes());
        }
        end.extend_from_slice(&[0; 2]);
        self.write(&end)?;
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

/// What local header and directory have in common: checksum and both lengths are in `sums`.
fn shared(version: u16, sums: [u32; 3], name: &str, extra: u16) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(26);
    for short in [version, FLAGS, 0, 0, 0] {
        bytes.extend_from_slice(&short.to_le_bytes());
    }
    for long in sums {
        bytes.extend_from_slice(&long.to_le_bytes());
    }
    bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&extra.to_le_bytes());
    bytes
}

/// The directory's extra field for an entry that begins beyond 4 GiB.
fn far(start: u64) -> Vec<u8> {
    let mut extra = vec![1, 0, 8, 0];
    extra.extend_from_slice(&start.to_le_bytes());
    extra
}
