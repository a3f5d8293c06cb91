//! Where a worker's standard error goes: into the log of the run that it works on, and a little of it into memory.

use std::{
    collections::VecDeque,
    fs::File,
    io::{self, PipeReader, PipeWriter, Read},
    os::fd::{AsFd, OwnedFd},
    process::ChildStderr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustix::{
    io::{Errno, ioctl_fionread},
    pipe::{SpliceFlags, tee},
};

use crate::store::RunLog;

/// Bytes of standard error that are kept to explain why a worker ended.
const TAIL: usize = 2048;
/// Most that is read at once, in bytes.
const CHUNK: usize = 1 << 16;
/// Most chunks that a run may leave unread; a worker that never falls silent must not hold up the others.
const CHUNKS: usize = 64;

/// The standard error of one worker.
#[derive(Debug, Clone)]
pub(super) struct Speech(Arc<Mutex<Heard>>);

/// The pipe is read under the lock alone, so whoever holds the lock has heard all but what is in the pipe.
#[derive(Debug)]
struct Heard {
    pipe: File,
    tail: VecDeque<u8>,
    log: Option<RunLog>,
}

/// Waits for a worker to speak.
#[derive(Debug)]
pub(super) struct Listener {
    speech: Speech,
    pipe: OwnedFd,
    taste: (PipeReader, PipeWriter),
}

impl Speech {
    pub(super) fn new(pipe: ChildStderr) -> io::Result<(Self, Listener)> {
        let pipe = OwnedFd::from(pipe);
        let heard = Heard { pipe: File::from(pipe.try_clone()?), tail: VecDeque::new(), log: None };
        let speech = Self(Arc::new(Mutex::new(heard)));
        Ok((speech.clone(), Listener { speech, pipe, taste: io::pipe()? }))
    }

    /// Sends what follows into another log, or none; the one before is completed by what was said so far.
    pub(super) fn turn_to(&self, log: Option<RunLog>) {
        let mut heard = self.heard();
        let _ = (0..CHUNKS).try_for_each(|_| if heard.hear() > 0 { Ok(()) } else { Err(()) });
        heard.log = log;
    }

    /// The last lines, for people.
    pub(super) fn tail(&self) -> String {
        let bytes: Vec<u8> = self.heard().tail.iter().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    /// Takes in what is in the pipe without waiting for more; returns how much that was, in bytes.
    fn hear(&mut self) -> usize {
        let waiting = ioctl_fionread(self.pipe.as_fd()).unwrap_or(0);
        let mut bytes = vec![0; CHUNK.min(usize::try_from(waiting).unwrap_or(CHUNK))];
        if bytes.is_empty() || self.pipe.read_exact(&mut bytes).is_err() {
            return 0;
        }
        self.tail.extend(&bytes[bytes.len().saturating_sub(TAIL)..]);
        let excess = self.tail.len().saturating_sub(TAIL);
        self.tail.drain(..excess);
        if let Some(log) = &mut self.log {
            log.write(&bytes);
        }
        bytes.len()
    }
}

impl Listener {
    /// Listens to the end, whatever comes; the worker never waits for us.
    pub(super) fn listen(mut self) {
        loop {
            // Copying a byte waits for one to come and leaves it in the pipe.
            match tee(&self.pipe, &self.taste.1, 1, SpliceFlags::empty()) {
                Ok(0) => return,
                Ok(_) if self.taste.0.read_exact(&mut [0]).is_ok() => {
                    self.speech.heard().hear();
                }
                Err(Errno::INTR) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}
