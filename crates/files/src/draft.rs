//! Folders that appear under their name only when they are complete.

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

/// A folder beside the one that was asked for, removed unless it is published.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    target: PathBuf,
    published: bool,
}

/// Failed to make a folder or to give it its name.
#[derive(Debug, Error)]
pub enum DraftError {
    /// There is something already.
    #[error("`{}` exists and is not an empty folder; choose another or remove it", path.display())]
    Occupied {
        /// Where the folder was to be.
        path: PathBuf,
    },
    /// The path doesn't name a folder that can be made.
    #[error("`{}` does not end in the name of a folder; name one", path.display())]
    Nameless {
        /// Where the folder was to be.
        path: PathBuf,
    },
    /// The folder can't be written.
    #[error("can't write `{}`: {source}", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Draft {
    /// Makes it; `target` is absent or an empty folder. Another draft may be there, from somebody else or left by a killed
    /// program: it stays as it is.
    pub fn begin(target: &Path) -> Result<Self, DraftError> {
        let name = target.file_name().ok_or_else(|| DraftError::Nameless { path: target.to_owned() })?;
        let free = match fs::read_dir(target) {
            Ok(mut entries) => entries.next().is_none(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !free {
            return Err(DraftError::Occupied { path: target.to_owned() });
        }
        let parent =
            target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(unwritable(parent))?;
        for attempt in 0_u32.. {
            let mut hidden = OsString::from(".");
            hidden.push(name);
            hidden.push(format!(".draft-{attempt}"));
            let path = parent.join(hidden);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path, target: target.to_owned(), published: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(unwritable(&path)(error)),
            }
        }
        unreachable!("there are fewer folders than numbers")
    }

    /// Where it is until it is published.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it the name that was asked for.
    pub fn publish(mut self) -> Result<(), DraftError> {
        fs::rename(&self.path, &self.target).map_err(unwritable(&self.target))?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Draft {
    /// Removes what wasn't published. A published draft's name may be somebody else's by now.
    fn drop(&mut self) {
        if !self.published {
            // Nothing is left to do when even that fails.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> DraftError {
    move |source| DraftError::Unwritable { path: path.to_owned(), source }
}
