use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use sweep_files::{open, private};

/// Bytes kept from the beginning of what a worker says, and as many from its end.
const KEPT: usize = 1 << 20;

/// The log of a run: the first and the last MiB of what its worker writes to standard error at one attempt, however
/// much that is. Writing never fails towards the worker; a full disk loses the log, not the run.
#[derive(Debug)]
pub struct RunLog {
    file: File,
    room: usize,
    end: VecDeque<u8>,
    dropped: u64,
}

impl RunLog {
    /// Starts behind the logs of earlier attempts, or afresh if they have grown large or something else lies in their place.
    pub fn open(path: &Path, attempt: u32) -> io::Result<Self> {
        let unfit = |found: fs::Metadata| !found.file_type().is_file() || found.len() > 4 * KEPT as u64;
        if fs::symlink_metadata(path).is_ok_and(unfit) {
            fs::remove_file(path)?;
        }
        let mut file = open(private().append(true).create(true), path)?;
        if attempt > 1 {
            writeln!(file, "--- attempt {attempt} ---")?;
        }
        Ok(Self { file, room: KEPT, end: VecDeque::new(), dropped: 0 })
    }

    /// Takes what the worker said.
    pub fn write(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(self.room.min(bytes.len()));
        self.room -= first.len();
        // A log is no result: losing it to a full disk must not cost the run.
        let _ = self.file.write_all(first);
        self.end.extend(rest);
        let excess = self.end.len().saturating_sub(KEPT);
        self.end.drain(..excess);
        self.dropped += excess as u64;
    }
}

impl Drop for RunLog {
    fn drop(&mut self) {
        if self.dropped > 0 {
            let _ = write!(self.file, "\n--- {} bytes left out ---\n", self.dropped);
        }
        let (front, back) = self.end.as_slices();
        let _ = self.file.write_all(front).and_then(|()| self.file.write_all(back));
    }
}
