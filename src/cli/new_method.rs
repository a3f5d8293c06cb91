//! `sweep new-method`: a method in Python to begin with.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use clap::Args;
use thiserror::Error;

use super::{CommandError, Exit, terminal};

/// The file, with `NAME` and `FILE` in place of what they will be.
const TEMPLATE: &str = include_str!("../../python/method.py");
/// Ours to write alone: a file that others can write to is not run unasked.
const MODE: u32 = 0o644;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Name of the method: letters, digits, `_` and `-`; the file is NAME.py
    name: String,
    /// Folder to write it into
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// Failed to write a method.
#[derive(Debug, Error)]
pub(super) enum NewMethodError {
    /// No name.
    #[error("`{}` is no name of a method: begin with a letter, go on with letters, digits, `_` and `-`", name.escape_debug())]
    NoName {
        /// The name.
        name: String,
    },
    /// There is something already.
    #[error("`{}` exists and is left as it is; choose another name, or remove it", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be written.
    #[error("can't write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

pub(super) fn new_method(arguments: &Arguments) -> Result<Exit, CommandError> {
    let name = arguments.name.strip_suffix(".py").unwrap_or(&arguments.name);
    if !is_name(name) {
        return Err(NewMethodError::NoName { name: name.to_owned() }.into());
    }
    // A module's name has no dashes.
    let file = Path::new(&format!("{}.py", name.replace('-', "_"))).to_owned();
    let path = if arguments.dir == Path::new(".") { file } else { arguments.dir.join(file) };
    write(&path, &filled(name, &path))?;
    let path = path.display();
    terminal::talk(&format!(
        "{path} is written, and runs as it is; next:\n\n  sweep try {path}:unlearning          # what it does, in seconds\n\n\
         and in a grid:\n\n  [method.{name}]\n  python = \"{path}:unlearning\"\n  lr     = [1e-3, 1e-2]"
    ));
    Ok(Exit::Done)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

fn filled(name: &str, path: &Path) -> String {
    TEMPLATE.replace("NAME", name).replace("FILE", &path.display().to_string())
}

/// Writes a file that isn't there yet.
fn write(path: &Path, text: &str) -> Result<(), NewMethodError> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => NewMethodError::Occupied { path: path.to_owned() },
        _ => NewMethodError::Unwritable { path: path.to_owned(), source },
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{filled, is_name, write};
    use crate::python::{Callee, Duty};

    #[test]
    fn what_is_written_is_a_function_and_is_never_written_over() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("my_own.py");
        write(&path, &filled("my-own", Path::new("my_own.py"))).expect("it is new");
        let target =
            Callee::parse(&format!("{}:unlearning", path.display()), Duty::Unlearning).expect("a target");
        let function = target.read(&[]).expect("a function");
        assert_eq!(function.signature.names(), ["lr", "epochs", "forget_weight"]);
        assert!(write(&path, "").is_err());
        let text = std::fs::read_to_string(&path).expect("readable");
        assert!(
            text.contains("[method.my-own]") && text.contains("sweep try my_own.py:unlearning"),
            "{text}"
        );
        assert!(!text.contains("NAME") && !text.contains("FILE"), "{text}");
    }

    #[test]
    fn a_name_is_a_word() {
        assert!(["a", "my-own_2"].iter().all(|name| is_name(name)));
        assert!(["", "2a", "../a", "a b", "a.b", "é"].iter().all(|name| !is_name(name)));
    }
}
