//! Whose a file or a folder is, and folders that are ours alone or a group's.

use std::{
    fmt,
    fs::{self, DirBuilder, File, Metadata, Permissions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::Path,
    sync::OnceLock,
};

use rustix::process::{getegid, geteuid, getgroups};

/// Permissions of a group to write.
const GROUP_WRITES: u32 = 0o020;
/// Permissions of everybody to write.
const ALL_WRITE: u32 = 0o002;
/// What a group may do with a file that it shares.
const SHARED_FILE: u32 = 0o660;
/// What it may do with a folder; what is made inside belongs to the same group.
const SHARED_FOLDER: u32 = 0o2770;
/// In a folder with this bit, others may write but not replace what isn't theirs.
const STICKY: u32 = 0o1000;

/// Variable of the environment that says to share with the group, if it is `1`: workers and cluster jobs are told by it.
pub const GROUP_VARIABLE: &str = "SWEEP_GROUP";

/// The groups of this process, where it shares with them.
static GROUPS: OnceLock<Vec<u32>> = OnceLock::new();

/// From now on this process believes what members of its groups wrote, and what it makes is theirs, too: the group's of the
/// folder that it is made in, where that folder hands its group on (mode 2770).
pub fn share_with_group() {
    let of_process = || {
        let mut groups: Vec<u32> =
            getgroups().unwrap_or_default().into_iter().map(rustix::process::Gid::as_raw).collect();
        groups.push(getegid().as_raw());
        groups
    };
    GROUPS.get_or_init(of_process);
}

/// Whether [`share_with_group`] was called.
pub fn is_shared_with_group() -> bool {
    GROUPS.get().is_some()
}

/// Gives a file that was just opened to the group, if it is ours and the group is to have it.
pub(crate) fn share(file: &File) -> io::Result<()> {
    let found = file.metadata()?;
    let is_to_change =
        is_shared_with_group() && found.uid() == geteuid().as_raw() && found.mode() & 0o777 != SHARED_FILE;
    if is_to_change { file.set_permissions(Permissions::from_mode(SHARED_FILE)) } else { Ok(()) }
}

/// Who may write to a file or folder beside its owner, who should be us or, where we share with our groups, a member of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nobody, or others who can't replace our files.
    Ours,
    /// It belongs to another user.
    OfUser(u32),
    /// Others may replace our files.
    OpenToOthers {
        /// Its permissions.
        mode: u32,
    },
}

impl fmt::Display for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours => formatter.write_str("is ours"),
            Self::OfUser(user) => {
                write!(
                    formatter,
                    "belongs to user {user}; where a group shares results, every command says so (--group)"
                )
            }
            Self::OpenToOthers { mode } => {
                write!(formatter, "can be written to by others (mode {mode:o}): `chmod go-w` it")
            }
        }
    }
}

impl Access {
    pub(crate) fn of(found: &Metadata) -> Self {
        let (mode, user) = (found.mode() & 0o7777, found.uid());
        let is_sticky = found.is_dir() && mode & STICKY != 0;
        let of_group = GROUPS.get().is_some_and(|groups| groups.contains(&found.gid()));
        let open = if of_group { ALL_WRITE } else { ALL_WRITE | GROUP_WRITES };
        if user != geteuid().as_raw() && !of_group {
            Self::OfUser(user)
        } else if mode & open != 0 && !is_sticky {
            Self::OpenToOthers { mode }
        } else {
            Self::Ours
        }
    }
}

/// Who may write to a folder that somebody named; a link to one is followed.
pub fn folder_access(path: &Path) -> io::Result<Access> {
    let found = fs::metadata(path)?;
    if found.is_dir() { Ok(Access::of(&found)) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Who may write to a folder inside one of ours; a link in its place is an error.
pub fn inner_access(path: &Path) -> io::Result<Access> {
    let found = fs::symlink_metadata(path)?;
    if found.is_dir() {
        Ok(Access::of(&found))
    } else {
        let what = if found.is_symlink() {
            "it is a symbolic link, and none is followed"
        } else {
            "it is no folder"
        };
        Err(io::Error::new(io::ErrorKind::NotADirectory, what))
    }
}

/// Makes a folder that is its owner's alone, or the group's; an existing one is fine, a link to one is not.
pub fn create_dir(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => inner_access(path).map(|_| ()),
        Ok(()) if is_shared_with_group() => fs::set_permissions(path, Permissions::from_mode(SHARED_FOLDER)),
        result => result,
    }
}

/// Makes a folder and those above it, as [`create_dir`] does; existing ones are as they are, links to some included.
pub fn create_dirs(path: &Path) -> io::Result<()> {
    if path == Path::new("") || path.is_dir() {
        return Ok(());
    }
    path.parent().map_or(Ok(()), create_dirs)?;
    create_dir(path)
}
