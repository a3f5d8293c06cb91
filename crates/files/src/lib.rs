//! The one door through which results, caches and what strangers hand over are opened, and the one way in which a file is
//! written whole. Both sides use it: the orchestrator and the worker.
//!
//! | | a file of ours | a file that somebody named |
//! |---|---|---|
//! | a symbolic link in its place | refused | followed |
//! | a pipe, a device, a folder in its place | refused, and never waited for | the same |
//! | of another user, or writable by others | refused | read |
//! | longer than its limit | refused before a byte is kept | the same |
//!
//! What is made is the owner's alone (0600, 0700), whatever the umask is, or, on request, its group's (0660, 2770).

mod access;
mod draft;
mod reading;
mod seal;
mod whole;

pub use access::{
    Access, GROUP_VARIABLE, create_dir, create_dirs, folder_access, inner_access, is_shared_with_group,
    share_with_group,
};
pub use draft::{Draft, DraftError};
pub use reading::{given, given_content, given_hash, open, private, read, regular};
pub use seal::{sealed, stamp, unsealed};
pub use whole::{Staged, TEMPORARY, replace};
