//! What the store asks of a file system, small enough to be replaced by one that fails on purpose.

use std::{
    ffi::OsString,
    fmt::Debug,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
};

use rustix::fs::OFlags;
use sweep_protocol::terms::ContentHash;

/// A file system. Nothing follows a symbolic link in the last component; folders are private (0700), files too (0600).
pub trait Disk: Debug + Send + Sync {
    /// Makes a folder; an existing one is fine.
    fn create_dir(&self, path: &Path) -> io::Result<()>;
    /// Makes a file with this content; an existing one is an error.
    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Appends to an existing file that is `at` bytes long; another length is an error: somebody else wrote.
    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file to this length.
    fn truncate(&self, path: &Path, length: u64) -> io::Result<()>;
    /// Returns once the content of a file is on the device.
    fn sync_data(&self, path: &Path) -> io::Result<()>;
    /// Returns once the names in a folder are on the device.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Moves a file or folder atomically.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives a file a second name, or copies it where that can't be.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file, or a folder with everything in it; an absent one is fine.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The content of a file of at most `limit` bytes.
    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>>;
    /// The hash of a file's content.
    fn hash(&self, path: &Path) -> io::Result<ContentHash>;
    /// The names in a folder, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;
    /// Takes a lock that ends with the process, and writes who holds it.
    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Lock>;
}

/// An attempt to take a lock.
#[derive(Debug)]
pub enum Lock {
    /// It is ours until this is dropped.
    Held(Box<dyn Debug + Send + Sync>),
    /// Another process has it.
    Busy {
        /// What that process wrote about itself.
        holder: String,
    },
}

/// Writes a file as a whole: its readers see the old content or the new one, also after a power failure.
pub(super) fn replace(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (folder, name) = (path.parent().unwrap_or(Path::new(".")), path.file_name().unwrap_or_default());
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(".tmp");
    let temporary = folder.join(temporary);
    disk.remove(&temporary)?;
    disk.create_new(&temporary, bytes)?;
    disk.sync_data(&temporary)?;
    disk.rename(&temporary, path)?;
    disk.sync_dir(folder)
}

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

impl Disk for OsDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            result => result,
        }
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        private().write(true).create_new(true).open(path)?.write_all(bytes)
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = private().append(true).open(path)?;
        let length = file.metadata()?.len();
        if length != at {
            return Err(io::Error::other(format!(
                "it is {length} bytes long instead of {at}: somebody else wrote to it"
            )));
        }
        file.write_all(bytes)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        private().write(true).open(path)?.set_len(length)
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        private().read(true).open(path)?.sync_data()
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        match fs::hard_link(from, to) {
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists) => {
                let mut source = private().read(true).open(from)?;
                io::copy(&mut source, &mut private().write(true).create_new(true).open(to)?).map(|_| ())
            }
            result => result,
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result,
        }
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let file = private().read(true).open(path)?;
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is longer than {limit} bytes"),
            ));
        }
        Ok(bytes)
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        let file = private().read(true).open(path)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        Ok(ContentHash::from(*hasher.finalize().as_bytes()))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut names = fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Lock> {
        let mut file = private().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0)?;
                file.seek(SeekFrom::Start(0))?;
                file.write_all(holder.as_bytes())?;
                Ok(Lock::Held(Box::new(file)))
            }
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = Vec::new();
                file.take(4096).read_to_end(&mut holder)?;
                Ok(Lock::Busy { holder: String::from_utf8_lossy(&holder).into_owned() })
            }
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}
