//! The file system of the operating system.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::fs::{AtFlags, CWD, FallocateFlags, Timespec, Timestamps, UTIME_NOW, utimensat};
use sweep_files::{open, private};
use sweep_protocol::terms::ContentHash;

use super::{Access, Disk, Held, Lock, Sharing, When};

/// With fewer files to be made than this a file system counts as full: a run makes a handful.
const LEAST_FILES: u64 = 16;
/// Longest that a holder may say about itself, in bytes.
const MAX_HOLDER: u64 = 4096;
/// How long a holder may take to write who it is.
const INTRODUCTION: Duration = Duration::from_millis(20);
/// How often that is waited for.
const INTRODUCTIONS: u32 = 40;

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

impl Disk for OsDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        sweep_files::create_dir(path)
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        open(private().write(true).create_new(true), path)?.write_all(bytes)
    }

    fn reserve(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut file = open(private().write(true).create(true).truncate(false), path)?;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes) {
            // Not every file system can; ordinary zeros take up room as well.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                io::copy(&mut io::repeat(0).take(bytes), &mut file).map(|_| ())
            }
            result => Ok(result?),
        }
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = open(private().append(true), path)?;
        let length = file.metadata()?.len();
        if length != at {
            return Err(io::Error::other(format!(
                "it is {length} bytes long instead of {at}: somebody else wrote to it"
            )));
        }
        file.write_all(bytes)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        open(private().write(true), path)?.set_len(length)
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        open(private().read(true), path)?.sync_data()
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
                let mut source = open(private().read(true), from)?;
                io::copy(&mut source, &mut open(private().write(true).create_new(true), to)?).map(|_| ())
            }
            result => result,
        }
    }

    fn link_new(&self, from: &Path, to: &Path) -> io::Result<bool> {
        match fs::hard_link(from, to) {
            Ok(()) => Ok(true),
            // Over a network the first answer may be lost and the second say that the name exists: the files tell.
            Err(_) if is_same(from, to)? => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn touch(&self, path: &Path, when: When) -> io::Result<()> {
        let time = match when {
            When::Now => Timespec { tv_sec: 0, tv_nsec: UTIME_NOW },
            When::Never => Timespec { tv_sec: 0, tv_nsec: 0 },
        };
        let both = Timestamps { last_access: time, last_modification: time };
        Ok(utimensat(CWD, path, &both, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    fn modified(&self, path: &Path) -> io::Result<Duration> {
        // Opening a file makes a network's client ask the server again.
        let found = open(private().read(true), path)?.metadata()?;
        Ok(Duration::new(found.mtime().max(0) as u64, found.mtime_nsec().max(0) as u32))
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
        sweep_files::read(path, limit)
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        let file = open(private().read(true), path)?;
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

    fn free(&self, path: &Path) -> io::Result<u64> {
        let device = rustix::fs::statvfs(path)?;
        Ok(room(device.f_bavail.saturating_mul(device.f_frsize), device.f_files, device.f_favail))
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        sweep_files::folder_access(path)
    }

    fn inner_access(&self, path: &Path) -> io::Result<Access> {
        sweep_files::inner_access(path)
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        // Over a network only who may write can lock.
        let file = match open(private().read(true).write(true), path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                open(private().read(true), path)?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        match file.try_lock() {
            Ok(()) => Ok(None),
            Err(fs::TryLockError::WouldBlock) => read_holder(file).map(Some),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }

    fn try_lock(&self, path: &Path, holder: &str, sharing: Sharing) -> io::Result<Lock> {
        let mut waited = 0;
        loop {
            let mut file = open(private().read(true).write(true).create(true).truncate(false), path)?;
            let locked = match sharing {
                Sharing::Sole => file.try_lock(),
                Sharing::Shared => file.try_lock_shared(),
            };
            match locked {
                Ok(()) => {
                    file.set_len(0)?;
                    file.seek(SeekFrom::Start(0))?;
                    file.write_all(holder.as_bytes())?;
                    let lock = OsLock { file, path: path.to_owned(), holder: holder.to_owned(), sharing };
                    return Ok(Lock::Held(Box::new(lock)));
                }
                Err(fs::TryLockError::WouldBlock) => {
                    // Who has just taken the lock may not have written its name yet, over that of its predecessor; who only
                    // looks at it lets go at once.
                    let holder = read_holder(file)?;
                    if waited == INTRODUCTIONS || (waited > 0 && !holder.is_empty()) {
                        return Ok(Lock::Busy { holder });
                    }
                    thread::sleep(INTRODUCTION);
                    waited += 1;
                }
                Err(fs::TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

/// Bytes that may still be written: none where no file can be made any more, however much room there is. A file system that
/// makes its files' heads as needed says that it has none at all.
fn room(bytes: u64, files: u64, free_files: u64) -> u64 {
    if files > 0 && free_files < LEAST_FILES { 0 } else { bytes }
}

/// Whether two names are those of one file.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let one = fs::symlink_metadata(one)?;
    match fs::symlink_metadata(other) {
        Ok(other) => Ok((one.dev(), one.ino()) == (other.dev(), other.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn read_holder(file: File) -> io::Result<String> {
    let mut holder = Vec::new();
    file.take(MAX_HOLDER).read_to_end(&mut holder)?;
    Ok(String::from_utf8_lossy(&holder).into_owned())
}

#[derive(Debug)]
struct OsLock {
    file: File,
    path: PathBuf,
    holder: String,
    sharing: Sharing,
}

impl Held for OsLock {
    fn usurper(&self) -> io::Result<Option<String>> {
        let there = match open(private().read(true), &self.path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Some(String::new())),
            Err(error) => return Err(error),
        };
        let (ours, found) = (self.file.metadata()?, there.metadata()?);
        let same_file = (ours.dev(), ours.ino()) == (found.dev(), found.ino());
        let holder = read_holder(there)?;
        let ours = same_file && (self.sharing == Sharing::Shared || holder == self.holder);
        Ok((!ours).then_some(holder))
    }
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn a_file_system_that_takes_no_more_files_is_full() {
        assert_eq!(room(1 << 30, 400, 15), 0);
        assert_eq!(room(1 << 30, 400, 16), 1 << 30);
        assert_eq!(room(1 << 30, 0, 0), 1 << 30, "it doesn't count them");
    }
}
