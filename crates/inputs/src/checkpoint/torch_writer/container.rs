//! The archive: entries that are stored and aligned, a directory, and the 64-bit end record that `PyTorch` always writes.
//! Fields as its writer leaves them: no dates, no host.

use std::io::Write;

use super::TorchWriteError;

/// The folder that all entries are in; `PyTorch` takes whichever there is.
const FOLDER: &str = "model";
/// Where contents begin is a multiple of it.
const ALIGNMENT: u64 = 64;
/// Length of a local header without its name.
const LOCAL: u64 = 30;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

pub(super) struct Container<'w, W> {
    out: &'w mut W,
    position: u64,
    directory: Vec<u8>,
    entries: u64,
}

impl<'w, W: Write> Container<'w, W> {
    pub(super) fn new(out: &'w mut W) -> Self {
        Self { out, position: 0, directory: Vec::new(), entries: 0 }
    }

    pub(super) fn entry(&mut self, name: &str, content: &[u8]) -> Result<(), TorchWriteError> {
        let name = format!("{FOLDER}/{name}");
        let size = u32::try_from(content.len()).map_err(|_| TorchWriteError::TooLarge)?;
        let start = u32::try_from(self.position).map_err(|_| TorchWriteError::TooLarge)?;
        let unpadded = self.position + LOCAL + name.len() as u64 + 4;
        let filling = (unpadded.next_multiple_of(ALIGNMENT) - unpadded) as u16;
        let shared = |extra: u16| {
            let mut bytes = Vec::with_capacity(26);
            for short in [0, FLAGS, 0, 0, 0] {
                bytes.extend_from_slice(&short.to_le_bytes());
            }
            for long in [crc32fast::hash(content), size, size] {
                bytes.extend_from_slice(&long.to_le_bytes());
            }
            bytes.extend_from_slice(&(name.len() as u16).to_le_bytes());
            bytes.extend_from_slice(&extra.to_le_bytes());
            bytes
        };
        let mut local = b"PK\x03\x04".to_vec();
        local.extend(shared(filling + 4));
        local.extend_from_slice(name.as_bytes());
        local.extend_from_slice(b"FB");
        local.extend_from_slice(&filling.to_le_bytes());
        local.resize(local.len() + usize::from(filling), b'Z');
        self.directory.extend_from_slice(b"PK\x01\x02\0\0");
        self.directory.extend(shared(0));
        // No comment, first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&start.to_le_bytes());
        self.directory.extend_from_slice(name.as_bytes());
        self.entries += 1;
        self.write(&local)?;
        self.write(content)
    }

    pub(super) fn finish(mut self) -> Result<(), TorchWriteError> {
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
            let short = u32::try_from(number).map_err(|_| TorchWriteError::TooLarge)?;
            end.extend_from_slice(&short.to_le_bytes());
        }
        end.extend_from_slice(&[0; 2]);
        self.write(&end)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), TorchWriteError> {
        self.out.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}
