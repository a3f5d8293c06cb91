//! Keeps results and inputs apart: a sweep must not write over what it reads.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::SessionError;
use crate::grid::Settings;

/// Refuses a results folder inside the data set, and inputs inside the results folder.
pub(super) fn check(results: &Path, settings: &Settings) -> Result<(), SessionError> {
    let inputs = settings.data.iter().chain(&settings.checkpoint).map(Path::new);
    match inputs.into_iter().find(|input| overlap(results, input)) {
        Some(input) => {
            Err(SessionError::ResultsOverInputs { results: results.to_owned(), input: input.to_owned() })
        }
        None => Ok(()),
    }
}

fn overlap(results: &Path, input: &Path) -> bool {
    match (real(results), real(input)) {
        (Ok(results), Ok(input)) => results.starts_with(&input) || input.starts_with(&results),
        // What can't be resolved is refused by whoever opens it, with a better reason.
        _ => false,
    }
}

/// Where a path leads, without links and dots, though its end may not be there yet.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or(error)?;
            let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            Ok(real(above)?.join(name))
        }
        resolved => resolved,
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::overlap;

    #[test]
    fn results_and_inputs_that_touch_are_told_however_they_are_spelt() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("data/images")).expect("writable");
        symlink(at("data"), at("link")).expect("writable");
        for (results, input) in [
            ("data", "data"),
            ("data/results/x", "data"),
            ("link/x", "data"),
            ("data/images/../x", "data"),
            ("results", "results/model.pth"),
            (".", "data"),
        ] {
            assert!(overlap(&at(results), &at(input)), "{results} and {input}");
        }
        for (results, input) in
            [("results/x", "data"), ("database", "data"), ("results/a", "results/b/model.pth")]
        {
            assert!(!overlap(&at(results), &at(input)), "{results} and {input}");
        }
    }
}
