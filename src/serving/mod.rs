//! The pages of a results folder for a browser on this machine: HTTP on the loopback device, for who has the token alone.
//!
//! Owns: the socket. `request` says what was asked, as bytes of a stranger; `answer` who may ask, and what they are told;
//! `shelf` which files there are. A connection is one request, read and answered by one of a few threads within bounds.

mod answer;
mod token;
mod request;
mod shelf;

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use sweep_files::Access;
use thiserror::Error;

use answer::{Guard, Reply, answer};
use request::{Malformed, Visit};
use shelf::Showcase;
use token::VisitToken;

/// Connections that are looked after at a time; others wait in the socket's own queue.
const THREADS: usize = 8;
/// Most bytes of a request.
const MOST_ASKED: usize = 8192;
/// How long a request may take to arrive.
const TO_ASK: Duration = Duration::from_secs(5);
/// How long an answer may take to leave.
const TO_ANSWER: Duration = Duration::from_mins(2);
/// Bytes that are sent at a time.
const PIECE: usize = 64 * 1024;
/// Most bytes that are read behind a request, so that who is still sending hears the answer.
const MOST_IGNORED: u64 = 64 * 1024;
/// How long that may take.
const TO_IGNORE: Duration = Duration::from_secs(1);

/// Failed to serve a results folder.
#[derive(Debug, Error)]
pub enum DoorError {
    /// There is nothing to show.
    #[error("`{}` holds no results of a sweep", dir.display())]
    NoResults {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder can't be looked at.
    #[error("can't serve `{}`: {source}", dir.display())]
    Unreadable {
        /// The folder.
        dir: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others can put files into it.
    #[error("can't serve `{}`: it {access}", dir.display())]
    Exposed {
        /// The folder.
        dir: PathBuf,
        /// Who may write to it.
        access: Access,
    },
    /// The port can't be had.
    #[error("can't listen on 127.0.0.1:{port}: {source}; without --port a free one is taken")]
    Port {
        /// Its number; 0 for any.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// There is no token, or no thread.
    #[error("can't begin to serve: {0}")]
    Begin(io::Error),
}

/// A socket that serves a results folder.
#[derive(Debug)]
pub struct Door {
    listener: TcpListener,
    guard: Guard,
    shelf: Showcase,
}

impl Door {
    /// Opens a socket for the results in this folder: at this port, or at one that is free.
    pub fn open(dir: &Path, port: Option<u16>) -> Result<Self, DoorError> {
        let unreadable = |source| DoorError::Unreadable { dir: dir.to_owned(), source };
        let dir = dir.canonicalize().map_err(unreadable)?;
        match sweep_files::folder_access(&dir).map_err(unreadable)? {
            Access::Ours => {}
            access => return Err(DoorError::Exposed { dir, access }),
        }
        let shelf = Showcase::of(dir);
        if !shelf.holds_results() {
            return Err(DoorError::NoResults { dir: shelf.into_dir() });
        }
        let port = port.unwrap_or(0);
        let refused = |source| DoorError::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(refused)?;
        let port = listener.local_addr().map_err(refused)?.port();
        Ok(Self {
            listener,
            guard: Guard { token: VisitToken::drawn().map_err(DoorError::Begin)?, port },
            shelf,
        })
    }

    /// The address that lets a browser in.
    pub fn url(&self) -> String {
        let Guard { token, port } = &self.guard;
        format!("http://127.0.0.1:{port}/?token={}", token.text())
    }

    /// Answers from now on, in threads that end with the process.
    pub fn attend(self) -> Result<(), DoorError> {
        let door = Arc::new(self);
        for number in 0..THREADS {
            let door = Arc::clone(&door);
            let thread = thread::Builder::new().name(format!("door {number}"));
            thread.spawn(move || door.answer_all()).map_err(DoorError::Begin)?;
        }
        Ok(())
    }

    fn answer_all(&self) {
        loop {
            // Who hangs up before the end loses the rest, and nobody else anything.
            match self.listener.accept() {
                Ok((stream, _)) => drop(self.look_after(stream)),
                // Too many open files, say: others may be closed soon.
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    fn look_after(&self, mut stream: TcpStream) -> io::Result<()> {
        let request = asked(&mut stream)?;
        let told = answer(&request, &self.guard, &self.shelf);
        let is_head = request.is_ok_and(|request| request.is_head);
        tell(&mut stream, told, is_head)?;
        stream.shutdown(Shutdown::Write)?;
        stream.set_read_timeout(Some(TO_IGNORE))?;
        io::copy(&mut stream.take(MOST_IGNORED), &mut io::sink()).map(|_| ())
    }
}

/// Reads a request, or says what is wrong with it; an error where nobody is left to be told.
fn asked(stream: &mut TcpStream) -> io::Result<Result<Visit, Malformed>> {
    let end = Instant::now() + TO_ASK;
    let mut read = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Err(Malformed::Late));
        }
        stream.set_read_timeout(Some(left))?;
        let count = match stream.read(&mut piece) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => count,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        read.extend(&piece[..count]);
        if let Some(length) = request::head_of(&read) {
            return Ok(if length > MOST_ASKED {
                Err(Malformed::Long)
            } else {
                Visit::parse(&read[..length])
            });
        }
        if read.len() > MOST_ASKED {
            return Ok(Err(Malformed::Long));
        }
    }
}

fn tell(stream: &mut TcpStream, answer: Reply, is_head: bool) -> io::Result<()> {
    let end = Instant::now() + TO_ANSWER;
    let mut send = |mut bytes: &[u8]| {
        while !bytes.is_empty() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::from(io::ErrorKind::TimedOut));
            }
            stream.set_write_timeout(Some(left))?;
            match stream.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    };
    send(answer.head().as_bytes())?;
    if is_head {
        return Ok(());
    }
    let mut body = answer.into_body();
    let mut piece = vec![0; PIECE];
    loop {
        match body.read(&mut piece)? {
            0 => return Ok(()),
            count => send(&piece[..count])?,
        }
    }
}

#[cfg(test)]
mod tests;
