//! Where a worker's standard error goes: into the log of the run that it works on, and a little of it into memory.

use std::{
    collections::VecDeque,
    io::Read,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::store::RunLog;

/// Bytes of standard error that are kept to explain why a worker ended.
const TAIL: usize = 2048;

/// The standard error of one worker.
#[derive(Debug, Clone, Default)]
pub(super) struct Speech(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    tail: VecDeque<u8>,
    log: Option<RunLog>,
}

impl Speech {
    /// Sends what follows into another log, or none; the one before is completed.
    pub(super) fn turn_to(&self, log: Option<RunLog>) {
        self.heard().log = log;
    }

    /// The last lines, for people; nothing but text in it.
    pub(super) fn tail(&self) -> String {
        let bytes: Vec<u8> = self.heard().tail.iter().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    /// Reads to the end, whatever comes; the worker never waits for us.
    pub(super) fn listen(&self, mut pipe: impl Read) {
        let mut buffer = vec![0; 65536];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => self.hear(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }

    fn hear(&self, bytes: &[u8]) {
        let mut heard = self.heard();
        heard.tail.extend(&bytes[bytes.len().saturating_sub(TAIL)..]);
        let excess = heard.tail.len().saturating_sub(TAIL);
        heard.tail.drain(..excess);
        if let Some(log) = &mut heard.log {
            log.write(bytes);
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
