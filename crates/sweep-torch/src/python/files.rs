//! The user's files: those that gave a run its name must be what they were, and no other may have been imported.

use std::{
    iter,
    path::{Path, PathBuf},
};

use sweep_protocol::{recipe::Python, terms::ContentHash};

use super::EarlyEnd;

/// Refuses a call of which a file has changed.
pub(crate) fn refuse_changed(python: &Python) -> Result<(), EarlyEnd> {
    for (path, blake3) in planned(python) {
        let found = sweep_files::given_hash(&path).map(ContentHash::from);
        if found.ok().as_ref() != Some(blake3) {
            return Err(EarlyEnd::refused(format!(
                "`{}` has changed since the runs got their names; the same command again takes it as it is now",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Refuses what was imported, relative to the folder of one of these calls, without being part of the name of any.
pub(crate) fn refuse_unplanned(calls: &[&Python], imported: &[String]) -> Result<(), EarlyEnd> {
    let file = |call: &Python| Path::new(&call.file).strip_prefix(call.root()).map(Path::to_owned).ok();
    let is_known = |path: &&String| {
        let path = Path::new(path.as_str());
        calls.iter().any(|call| {
            let mut imports = call.imports.iter();
            file(call).as_deref() == Some(path) || imports.any(|imported| Path::new(&imported.path) == path)
        })
    };
    match imported.iter().find(|path| !is_known(path)) {
        None => Ok(()),
        Some(path) => Err(EarlyEnd::error(format!(
            "it has imported `{}` in a way that its source doesn't show, so that edits of that would go unnoticed; import it by \
             an `import` statement",
            path.escape_debug()
        ))),
    }
}

/// The files of a call, and their hashes.
fn planned(python: &Python) -> impl Iterator<Item = (PathBuf, &ContentHash)> {
    let folder = python.root();
    let imports = python.imports.iter().map(|imported| (folder.join(&imported.path), &imported.blake3));
    iter::once((PathBuf::from(&python.file), &python.blake3)).chain(imports)
}
