//! What is opened, and how much of it is read.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

use crate::access::{Access, share};

/// How a file of ours is opened: privately, following no link, waiting for no pipe.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.mode(0o600).custom_flags(flags.bits().cast_signed());
    options
}

/// Opens a regular file of ours as `options`, made by [`private`], say: it belongs to us, and nobody else may write to it.
pub fn open(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = regular(options, path)?;
    match Access::of(&file.metadata()?) {
        Access::Ours => share(&file).map(|()| file),
        access => Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("it {access}"))),
    }
}

/// Opens a regular file, whosever it is; no link is followed where `options` were made by [`private`].
pub fn regular(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path).map_err(|error| match rustix::io::Errno::from_io_error(&error) {
        Some(rustix::io::Errno::LOOP) => refused("it is a symbolic link, and none is followed"),
        // A socket, or a pipe that nobody reads, opened for writing.
        Some(rustix::io::Errno::NXIO) => refused("it is no regular file"),
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(refused("it is no regular file")) }
}

/// The content of a file of ours of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    bounded(open(private().read(true), path)?, limit)
}

/// Opens a regular file that somebody named; links are followed, pipes are not waited for.
pub fn given(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    regular(OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()), path)
}

/// The hash of a regular file that somebody named (BLAKE3).
pub fn given_hash(path: &Path) -> io::Result<[u8; 32]> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(given(path)?)?;
    Ok(*hasher.finalize().as_bytes())
}

/// The content of a regular file that somebody named, of at most `limit` bytes, if it begins with one of `beginnings`; else
/// no more than was needed to see that it doesn't.
pub fn given_content(path: &Path, beginnings: &[&[u8]], limit: u64) -> io::Result<Vec<u8>> {
    let mut file = given(path)?;
    too_long(file.metadata()?.len(), limit)?;
    let longest = beginnings.iter().map(|bytes| bytes.len()).max().unwrap_or(0);
    let mut start = Vec::with_capacity(longest);
    file.by_ref().take(longest as u64).read_to_end(&mut start)?;
    if !beginnings.is_empty() && !beginnings.iter().any(|bytes| start.starts_with(bytes)) {
        return Ok(start);
    }
    // It may have grown since it was opened.
    file.take((limit + 1).saturating_sub(start.len() as u64)).read_to_end(&mut start)?;
    too_long(start.len() as u64, limit)?;
    Ok(start)
}

/// Reads to the end of a file; one that is too long, or grows, is an error.
fn bounded(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    too_long(length, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(limit + 1).read_to_end(&mut bytes)?;
    too_long(bytes.len() as u64, limit)?;
    Ok(bytes)
}

fn too_long(length: u64, limit: u64) -> io::Result<()> {
    if length > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is longer than {limit} bytes")));
    }
    Ok(())
}

fn refused(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::{PermissionsExt, symlink},
        path::Path,
    };

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::{given, given_content, open, private, read};

    fn pipe(path: &Path) {
        mknodat(CWD, path, FileType::Fifo, Mode::from(0o600), 0).expect("a pipe");
    }

    #[test]
    fn nothing_but_a_regular_file_of_ours_is_opened_and_nothing_is_waited_for() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), b"content").expect("writable");
        assert_eq!(read(&at("file"), 7).expect("ours"), b"content");
        assert!(read(&at("file"), 6).is_err(), "too long");
        symlink(at("file"), at("link")).expect("writable");
        pipe(&at("pipe"));
        fs::create_dir(at("folder")).expect("writable");
        for name in ["link", "pipe", "folder", "absent"] {
            assert!(read(&at(name), 100).is_err(), "{name}");
            assert!(open(private().append(true), &at(name)).is_err(), "{name}");
        }
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o620)).expect("ours");
        let refused = read(&at("file"), 100).expect_err("writable by others").to_string();
        assert!(refused.contains("chmod go-w"), "{refused}");
    }

    #[test]
    fn what_somebody_named_may_be_a_link_but_no_pipe_no_device_and_nothing_else_than_it_begins_as() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), b"MAGIC and more").expect("writable");
        symlink(at("file"), at("link")).expect("writable");
        pipe(&at("pipe"));
        assert_eq!(given_content(&at("link"), &[b"MAGIC"], 14).expect("a file"), b"MAGIC and more");
        assert_eq!(
            given_content(&at("link"), &[b"OTHER"], 14).expect("a file"),
            b"MAGIC",
            "no more than that"
        );
        assert!(given_content(&at("link"), &[b"MAGIC"], 13).is_err(), "too long");
        for path in [at("pipe"), folder.path().to_owned(), "/dev/zero".into()] {
            assert!(given(&path).is_err(), "{}", path.display());
        }
    }
}
