//! A command of the user's as an engine: which of its words are files, and whether it may be started unasked.
//!
//! A grid may come from a stranger, and its engine is a program. Unasked `sweep` starts nothing but a script of the user's
//! own that lies beside the grid or below, alone or by one of a few interpreters; everything else the user vouches for.

use std::{
    ffi::OsString,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::process::geteuid;
use sweep_disk::{Access, Disk, OsDisk};
use sweep_protocol::terms::{ContentHash, Device};

use super::SessionError;
use crate::{
    engine::{Pinned, WorkerCommand},
    grid::Grid,
    plan::{EngineCommand, EngineFile},
};

/// Programs that run the script which is their first argument, and do nothing else with it.
const INTERPRETERS: [&str; 8] = ["python", "python3", "sh", "bash", "julia", "node", "perl", "Rscript"];

/// The command with the content of the files that it names below the folder of the grid.
pub(super) fn found(words: &[String], grid: &Path) -> Result<EngineCommand, SessionError> {
    let mut files = Vec::new();
    for (position, word) in words.iter().enumerate() {
        if let Some(path) = below(word, position, grid) {
            let unreadable = |source| SessionError::Folder { path, source };
            let hashed = sweep_files::given_hash(Path::new(word)).map(ContentHash::from);
            files.push(EngineFile { word: position, blake3: hashed.map_err(unreadable)? });
        }
    }
    Ok(EngineCommand { words: words.to_vec(), files })
}

/// How a worker of a command is started.
pub(super) fn started(
    command: &EngineCommand,
    device: Device,
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
) -> WorkerCommand {
    let mut words = command.words.iter();
    let program = words.next().map_or_else(Default::default, Into::into);
    let started = WorkerCommand::new(program, words.map(Into::into).collect(), device, inherited);
    let pinned =
        |file: &EngineFile| Pinned { path: (&command.words[file.word]).into(), blake3: file.blake3.clone() };
    WorkerCommand { pinned: command.files.iter().map(pinned).collect(), ..started }
}

/// Refuses a command that is not started unless the user vouches for it.
pub(super) fn refuse_stranger(command: &EngineCommand, grid: &Path) -> Result<(), SessionError> {
    let reason = match script(command, grid) {
        None => Some("it is no script of yours below the grid's folder".to_owned()),
        Some(script) => objection_to_either(grid, Path::new(script)),
    };
    reason.map_or(Ok(()), |reason| Err(SessionError::Untrusted { command: command.line(), reason }))
}

/// Refuses to start anything for a grid that includes a file into which others could have written what is started.
pub(super) fn refuse_included(grid: &Grid, path: &Path) -> Result<(), SessionError> {
    for file in grid.included() {
        let place = path.with_file_name(&file.name);
        if let Some(reason) = objection(&place).unwrap_or_else(|error| Some(error.to_string())) {
            return Err(SessionError::Untrusted { command: file.name, reason });
        }
    }
    Ok(())
}

/// What speaks against a file that is to be executed unasked: it must be the user's own, beside the grid or below.
pub(super) fn stranger(file: &Path, grid: &Path) -> Option<String> {
    let is_below =
        matches!((file.canonicalize(), folder_of(grid)), (Ok(file), Ok(above)) if file.starts_with(&above));
    if !is_below {
        return Some(format!("`{}` is no file of yours below the grid's folder", file.display()));
    }
    objection_to_either(grid, file)
}

/// What speaks against the grid or a file that it names.
fn objection_to_either(grid: &Path, file: &Path) -> Option<String> {
    let mut found = [grid, file].into_iter().map(objection);
    found.find_map(Result::transpose).transpose().unwrap_or_else(|error| Some(error.to_string()))
}

/// Whether a program that a grid names may run scripts unasked.
pub(super) fn may_interpret(program: &str, grid: &Path) -> bool {
    is_interpreter(program) && (!program.contains('/') || is_linked_below(program, grid))
}

/// The script that the command runs, if it is `SCRIPT …` or `INTERPRETER SCRIPT …` with a script below the grid's folder.
fn script<'c>(command: &'c EngineCommand, grid: &Path) -> Option<&'c str> {
    let is_file = |word: usize| command.files.iter().any(|file| file.word == word);
    let first = command.words.first()?;
    if is_file(0) {
        return Some(first);
    }
    (may_interpret(first, grid) && is_file(1)).then(|| command.words[1].as_str())
}

fn is_interpreter(program: &str) -> bool {
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let numbered =
        name.strip_prefix("python3.").is_some_and(|minor| minor.bytes().all(|b| b.is_ascii_digit()));
    numbered || INTERPRETERS.contains(&name)
}

/// Whether a program is one that a virtual environment below the grid's folder has put there.
fn is_linked_below(program: &str, grid: &Path) -> bool {
    let folder = Path::new(program).parent().map(Path::canonicalize);
    let is_below =
        matches!((folder, folder_of(grid)), (Some(Ok(folder)), Ok(above)) if folder.starts_with(&above));
    is_below && fs::symlink_metadata(program).is_ok_and(|link| link.uid() == geteuid().as_raw())
}

/// What speaks against a file: others could have put something else there.
fn objection(path: &Path) -> io::Result<Option<String>> {
    let path = path.canonicalize()?;
    let found = fs::metadata(&path)?;
    let folder = path.parent().map_or(Ok(Access::Ours), |folder| OsDisk.access(folder))?;
    let name = path.display();
    Ok(if found.uid() != geteuid().as_raw() {
        Some(format!("`{name}` belongs to user {}", found.uid()))
    } else if found.mode() & 0o022 != 0 {
        Some(format!("`{name}` can be written to by others: `chmod go-w` it"))
    } else if folder != Access::Ours {
        Some(format!("the folder of `{name}` {folder}"))
    } else {
        None
    })
}

/// The file that a word names, if it lies below the folder of the grid. A program without a slash is looked for elsewhere.
fn below(word: &str, position: usize, grid: &Path) -> Option<PathBuf> {
    if position == 0 && !word.contains('/') {
        return None;
    }
    let path = Path::new(word).canonicalize().ok().filter(|path| path.is_file())?;
    path.starts_with(folder_of(grid).ok()?).then_some(path)
}

fn folder_of(grid: &Path) -> io::Result<PathBuf> {
    let grid = grid.canonicalize()?;
    grid.parent().map(Path::to_owned).ok_or_else(|| io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::Path};

    use super::{found, refuse_stranger};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn a_script_of_ours_is_started_and_nothing_else_unasked() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::create_dir(at("grids")).expect("writable");
        for name in ["grids/grid.toml", "grids/mine.py", "grids/open.py", "outside.py"] {
            fs::write(at(name), name).expect("writable");
            let mode = if name == "grids/open.py" { 0o666 } else { 0o600 };
            fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).expect("ours");
        }
        fs::set_permissions(at("grids"), fs::Permissions::from_mode(0o700)).expect("ours");
        let (mine, open, outside) = (at("grids/mine.py"), at("grids/open.py"), at("outside.py"));
        let around = format!("{}/grids/../outside.py", folder.path().display());
        let (python, root) = (["python3"], ["/usr/bin/env", "python3"]);
        for (command, is_started) in [
            (words(&[&mine]), true),
            (words(&[python[0], &mine, "--mode", "x"]), true),
            (words(&[python[0], "-c", "evil()", &mine]), false),
            (words(&[python[0], &outside]), false),
            (words(&[python[0], &around]), false),
            (words(&[python[0], &open]), false),
            (words(&[root[0], root[1], &mine]), false),
            (words(&["rm", &mine]), false),
            (words(&["sh", "-c", "evil"]), false),
            (words(&["/bin/sh", &mine]), false),
        ] {
            let grid = at("grids/grid.toml");
            let command = found(&command, Path::new(&grid)).expect("readable");
            let answer = refuse_stranger(&command, Path::new(&grid));
            assert_eq!(answer.is_ok(), is_started, "{command:?}: {answer:?}");
        }
    }

    #[test]
    fn files_below_the_grid_enter_with_their_content() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (grid, script) = (folder.path().join("grid.toml"), folder.path().join("x.py"));
        fs::write(&grid, "").expect("writable");
        fs::write(&script, "one").expect("writable");
        let named = words(&["python3", &script.display().to_string(), "x.py"]);
        let one = found(&named, &grid).expect("readable");
        assert_eq!(
            one.files.iter().map(|file| file.word).collect::<Vec<_>>(),
            [1],
            "the working folder is another"
        );
        fs::write(&script, "two").expect("writable");
        assert_ne!(one.files, found(&named, &grid).expect("readable").files);
    }
}
