//! What a file imports from its own folder or package: found in its `import` statements, which are read and not executed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use sweep_protocol::{
    recipe::{Imported, own, root},
    terms::ContentHash,
};

use super::{NotCallable, read, source::Code};

/// Files that are looked at for one function.
const MOST: usize = 1_000;

/// The files below the folder of `file` that it, or one of them, imports; a package counts as a whole, that of `module`
/// always. They may lie there beside the file, or in those of `folders` that are below.
pub(super) fn of(
    (file, module): (&Path, Option<&str>),
    source: &Code,
    folders: &[PathBuf],
) -> Result<Vec<Imported>, NotCallable> {
    let root = root(file, module);
    let folder = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let package = module.and_then(|module| module.split('.').next());
    let is_alone = own(file, module) != root;
    let bases = bases(folder, folders);
    let file = if root.as_os_str().is_empty() { folder.join(file) } else { file.to_owned() };
    let mut found: BTreeMap<PathBuf, ContentHash> = BTreeMap::new();
    let mut ahead: Vec<String> = package.map(str::to_owned).into_iter().collect();
    ahead.extend(modules(source));
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(module) = ahead.pop() {
        if !seen.insert(module.clone()) || (is_alone && package != Some(&*module)) {
            continue;
        }
        for path in bases.iter().flat_map(|base| files(base, &module)) {
            if found.contains_key(&path) || path == file {
                continue;
            }
            let (text, blake3) = read(&path)?;
            ahead.extend(modules(&Code::of(&text)));
            found.insert(path, blake3);
            if found.len() > MOST {
                return Err(NotCallable::TooManyImports { file: file.display().to_string(), limit: MOST });
            }
        }
    }
    let below = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let mut imports: Vec<Imported> =
        found.into_iter().map(|(path, blake3)| Imported { path: below(&path), blake3 }).collect();
    imports.sort();
    Ok(imports)
}

/// The folder, and those below it in which Python looks as well.
fn bases(folder: &Path, folders: &[PathBuf]) -> Vec<PathBuf> {
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let above = whole(folder);
    let below = folders.iter().filter_map(|path| whole(path).strip_prefix(&above).ok().map(Path::to_owned));
    let is_own = |path: &PathBuf| {
        !path.as_os_str().is_empty()
            && !path.iter().any(|step| step == "site-packages" || step == "dist-packages")
    };
    std::iter::once(folder.to_owned()).chain(below.filter(is_own).map(|path| folder.join(path))).collect()
}

/// The first words of the modules that a source imports: `a` of `import a.b` and of `from a.b import c`.
fn modules(source: &Code) -> Vec<String> {
    let first = |module: &str| {
        let word = module.split_whitespace().next().unwrap_or_default();
        word.split('.').next().filter(|word| !word.is_empty()).map(str::to_owned)
    };
    let mut modules = Vec::new();
    for statement in source.statements() {
        // A statement may follow the colon of another on the same line.
        let statement = statement.rsplit_once(": ").map_or(statement, |(_, last)| last).trim();
        if let Some(list) = statement.strip_prefix("import ") {
            modules.extend(list.split(',').filter_map(first));
        } else if let Some(rest) = statement.strip_prefix("from ") {
            modules.extend(first(rest));
        }
    }
    modules
}

/// The files of a module in a folder: one, or all of a package.
fn files(folder: &Path, module: &str) -> Vec<PathBuf> {
    let (package, single) = (folder.join(module), folder.join(format!("{module}.py")));
    if package.is_dir() {
        let mut files = Vec::new();
        gather(&package, &mut files);
        return files;
    }
    if single.is_file() { vec![single] } else { Vec::new() }
}

/// Every Python file below a folder; links to folders are not followed.
fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && files.len() <= MOST {
            gather(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "py") && path.is_file() {
            files.push(path);
        }
    }
}
