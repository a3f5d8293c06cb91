//! Where the source of a function is: a file that is named, or that of a module, found by the rules of Python and not imported.

use std::path::{Path, PathBuf};

/// The file of a module: `a/b.py` or `a/b/__init__.py` in the first folder that has a package or module `a`. A folder `a`
/// without `__init__.py` counts only where no folder has one.
pub(super) fn of_module(module: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let path: PathBuf = module.split('.').collect();
    let first = module.split('.').next().unwrap_or_default();
    let holds = |folder: &&PathBuf| {
        folder.join(first).join("__init__.py").is_file() || folder.join(format!("{first}.py")).is_file()
    };
    match folders.iter().find(holds) {
        Some(folder) => source(&folder.join(path)),
        None => folders.iter().find_map(|folder| source(&folder.join(&path))),
    }
}

fn source(path: &Path) -> Option<PathBuf> {
    let (package, single) = (path.join("__init__.py"), path.with_extension("py"));
    [package, single].into_iter().find(|file| file.is_file())
}
