use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rustix::fs::{AtFlags, CWD, FallocateFlags, OFlags, Timespec, Timestamps, UTIME_NOW, utimensat};
use sweep_protocol::terms::ContentHash;

use super::{Access, Disk, Held, Lock, Sharing, When};

/// Longest that a holder may say about itself, in bytes.
const MAX_HOLDER: u64 = 4096;
/// How long a holder may take to write who it is.
const INTRODUCTION: Duration = Duration::from_millis(20);
/// How often that is waited for.
const INTRODUCTIONS: u32 = 40;

/// The operating system's file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsDisk;

/// How every file is opened: privately, following no link, waiting for no pipe.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    options
}

fn regular(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
    }
}

impl Disk for OsDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if fs::symlink_metadata(path)?.is_dir() { Ok(()) } else { Err(error) }
            }
            result => result,
        }
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        private().write(true).create_new(true).open(path)?.write_all(bytes)
    }

    fn reserve(&self, path: &Path, bytes: u64) -> io::Result<()> {
        let mut file = regular(private().write(true).create(true).truncate(false), path)?;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes) {
            // Not every file system can; ordinary zeros take up room as well.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                io::copy(&mut io::repeat(0).take(bytes), &mut file).map(|_| ())
            }
            result => Ok(result?),
        }
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = regular(private().append(true), path)?;
        let length = file.metadata()?.len();
        if length != at {
            return Err(io::Error::other(format!(
                "it is {length} bytes long instead of {at}: somebody else wrote to it"
            )));
        }
        file.write_all(bytes)
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        regular(private().write(true), path)?.set_len(length)
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        regular(private().read(true), path)?.sync_data()
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
                let mut source = regular(private().read(true), from)?;
                io::copy(&mut source, &mut private().write(true).create_new(true).open(to)?).map(|_| ())
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
        let found = regular(private().read(true), path)?.metadata()?;
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
        let file = regular(private().read(true), path)?;
        let mut bytes = Vec::with_capacity(file.metadata()?.len().min(limit) as usize);
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
        let file = regular(private().read(true), path)?;
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
        Ok(device.f_bavail.saturating_mul(device.f_frsize))
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        let found = fs::metadata(path)?;
        let (mode, user) = (found.mode() & 0o7777, found.uid());
        Ok(if !found.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        } else if user != rustix::process::geteuid().as_raw() {
            Access::OfUser(user)
        } else if mode & 0o022 != 0 && mode & 0o1000 == 0 {
            Access::OpenToOthers { mode }
        } else {
            Access::Ours
        })
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        // Over a network only who may write can lock.
        let file = match regular(private().read(true).write(true), path) {
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                regular(private().read(true), path)?
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
            let mut file = regular(private().read(true).write(true).create(true).truncate(false), path)?;
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
        let there = match regular(private().read(true), &self.path) {
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
