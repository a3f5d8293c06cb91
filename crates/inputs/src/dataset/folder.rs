//! Opens files beneath one folder. Owns the promise that nothing outside it is ever opened; must not know what the
//! files mean.

use std::{
    fs::File,
    io::{self, Read},
    os::fd::{AsFd, OwnedFd},
    path::Path,
};

use rustix::{
    fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, statat},
    io::Errno,
};

use super::fault::FileFault;

/// A folder whose files are opened without following a symbolic link or leaving it.
#[derive(Debug)]
pub(super) struct Folder {
    root: OwnedFd,
    lookup: Lookup,
}

/// How a path is followed.
#[derive(Debug, Clone, Copy)]
enum Lookup {
    /// The kernel holds it beneath the folder: `openat2(2)`, Linux 5.6.
    Kernel,
    /// Component by component: for older kernels and for sandboxes without `openat2`.
    Steps,
}

impl Folder {
    /// Opens the folder. The path to it is the user's own and may hold symbolic links.
    pub(super) fn open(path: &Path) -> Result<Self, FileFault> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::NOENT => FileFault::Missing,
            errno => FileFault::Unreadable(errno.into()),
        })?;
        let probe = openat2(&root, ".", flags, Mode::empty(), ResolveFlags::BENEATH);
        let lookup = if probe.is_ok() { Lookup::Kernel } else { Lookup::Steps };
        Ok(Self { root, lookup })
    }

    /// Opens the regular file at a relative path of plain names; its size is at most `limit` bytes.
    pub(super) fn file(&self, path: &str, limit: u64) -> Result<File, FileFault> {
        debug_assert!(path.split('/').all(|name| !matches!(name, "" | "." | "..")), "{path} is not plain");
        let descriptor = match self.lookup {
            Lookup::Kernel => self.open_at_once(path),
            Lookup::Steps => self.open_by_steps(path),
        }?;
        let status = fstat(&descriptor).map_err(unreadable)?;
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(FileFault::NotAFile);
        }
        if u64::try_from(status.st_size).is_ok_and(|size| size <= limit) {
            Ok(File::from(descriptor))
        } else {
            Err(FileFault::TooLarge { limit })
        }
    }

    /// Reads the whole file into `bytes`, replacing what is there. A file that grows meanwhile is cut at `limit`.
    pub(super) fn read(&self, path: &str, limit: u64, bytes: &mut Vec<u8>) -> Result<(), FileFault> {
        bytes.clear();
        let file = self.file(path, limit)?;
        file.take(limit).read_to_end(bytes).map_err(FileFault::Unreadable)?;
        Ok(())
    }

    fn open_at_once(&self, path: &str) -> Result<OwnedFd, FileFault> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        openat2(&self.root, path, FILE_FLAGS, Mode::empty(), resolve).map_err(|errno| match errno {
            Errno::NOENT | Errno::NOTDIR => FileFault::Missing,
            Errno::LOOP | Errno::XDEV => FileFault::SymbolicLink,
            errno => unreadable(errno),
        })
    }

    fn open_by_steps(&self, path: &str) -> Result<OwnedFd, FileFault> {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut inner = None;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            let outer = inner.as_ref().unwrap_or(&self.root);
            inner = Some(open_step(outer, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC)?);
        }
        open_step(inner.as_ref().unwrap_or(&self.root), name, FILE_FLAGS)
    }
}

/// Not blocking, so that a pipe in place of an image can't hang the program.
const FILE_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOCTTY).union(OFlags::NONBLOCK);

/// Opens one plain name in a folder, without following a link.
fn open_step(outer: &OwnedFd, name: &str, flags: OFlags) -> Result<OwnedFd, FileFault> {
    openat(outer, name, flags | OFlags::NOFOLLOW, Mode::empty()).map_err(|errno| match errno {
        Errno::LOOP => FileFault::SymbolicLink,
        // With O_DIRECTORY a link is reported as "not a directory".
        Errno::NOTDIR if is_link(outer, name) => FileFault::SymbolicLink,
        Errno::NOENT | Errno::NOTDIR => FileFault::Missing,
        errno => unreadable(errno),
    })
}

fn is_link(outer: impl AsFd, name: &str) -> bool {
    statat(outer, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|status| FileType::from_raw_mode(status.st_mode) == FileType::Symlink)
}

fn unreadable(errno: Errno) -> FileFault {
    FileFault::Unreadable(io::Error::from(errno))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::{FileFault, Folder, Lookup};

    /// Both ways of looking up a path, over a folder with one file of each kind.
    fn both_ways(check: impl Fn(&Folder)) {
        let place = tempfile::tempdir().expect("a temporary folder");
        let root = place.path().join("root");
        fs::create_dir_all(root.join("images/a")).expect("writable");
        fs::create_dir(place.path().join("outside")).expect("writable");
        fs::write(place.path().join("outside/b.png"), b"secret").expect("writable");
        fs::write(root.join("images/a/b.png"), b"inside").expect("writable");
        symlink("../../../outside/b.png", root.join("images/a/up.png")).expect("writable");
        symlink("b.png", root.join("images/a/beside.png")).expect("writable");
        symlink("../../outside", root.join("images/out")).expect("writable");
        symlink("a", root.join("images/alias")).expect("writable");
        fs::create_dir(root.join("images/a/folder.png")).expect("writable");
        let mut folder = Folder::open(&root).expect("a folder");
        check(&folder);
        folder.lookup = Lookup::Steps;
        check(&folder);
    }

    #[test]
    fn files_inside_are_read() {
        both_ways(|folder| {
            let mut bytes = b"old".to_vec();
            folder.read("images/a/b.png", 6, &mut bytes).expect("a file");
            assert_eq!(bytes, b"inside");
            assert!(matches!(folder.file("images/a/b.png", 5), Err(FileFault::TooLarge { limit: 5 })));
        });
    }

    #[test]
    fn no_link_is_followed() {
        both_ways(|folder| {
            for path in ["images/a/up.png", "images/a/beside.png", "images/out/b.png", "images/alias/b.png"] {
                let fault = folder.file(path, 100).expect_err(path);
                assert!(matches!(fault, FileFault::SymbolicLink), "{path}: {fault:?}");
            }
        });
    }

    #[test]
    fn what_is_no_file_is_told_apart() {
        both_ways(|folder| {
            assert!(matches!(folder.file("images/a/folder.png", 100), Err(FileFault::NotAFile)));
            assert!(matches!(folder.file("images/a/none.png", 100), Err(FileFault::Missing)));
            assert!(matches!(folder.file("images/a/b.png/c.png", 100), Err(FileFault::Missing)));
        });
    }
}
