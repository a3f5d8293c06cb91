//! Memory that another process of the same user opens by name: pixels and weights go to a function's process and come back
//! without a file on any disk, and are gone with the processes.

use std::{
    fs::File,
    io::{self, Read, Seek, Write},
    os::fd::AsRawFd,
    process,
};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

/// A file in memory alone.
#[derive(Debug)]
pub struct SharedMemory(File);

impl SharedMemory {
    /// Memory that others write.
    pub fn empty(name: &str) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        Ok(Self(File::from(memfd_create(name, flags)?)))
    }

    /// Memory with these bytes, which nobody can change any more.
    pub fn of(name: &str, bytes: &[u8]) -> io::Result<Self> {
        let mut memory = Self::empty(name)?;
        memory.0.write_all(bytes)?;
        fcntl_add_seals(&memory.0, SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL)?;
        Ok(memory)
    }

    /// Where another process finds it as long as this one lives and keeps it.
    pub fn path(&self) -> String {
        format!("/proc/{}/fd/{}", process::id(), self.0.as_raw_fd())
    }

    /// What was written, of at most `limit` bytes.
    pub fn read(&mut self, limit: u64) -> io::Result<Vec<u8>> {
        self.0.rewind()?;
        let mut bytes = Vec::new();
        (&self.0).take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("there are more than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::SharedMemory;

    #[test]
    fn what_is_shared_can_be_read_by_name_and_not_changed() {
        let memory = SharedMemory::of("pixels", b"abc").expect("memory");
        assert_eq!(fs::read(memory.path()).expect("it is ours"), b"abc");
        assert!(fs::write(memory.path(), b"xyz").is_err(), "it is sealed");
    }

    #[test]
    fn what_others_write_is_read_within_a_bound() {
        let mut memory = SharedMemory::empty("result").expect("memory");
        fs::write(memory.path(), b"abc").expect("it is open to be written");
        assert_eq!(memory.read(3).expect("three bytes"), b"abc");
        assert!(memory.read(2).is_err());
    }
}
