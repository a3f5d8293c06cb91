//! Keeps results and inputs apart: a sweep must not write over what it reads.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::SessionError;
use crate::grid::Settings;

/// Refuses a results folder inside the data set, inputs inside the results folder, and places that can hold no results.
pub(super) fn check(results: &Path, cache: Option<&Path>, settings: &Settings) -> Result<(), SessionError> {
    if let Some(why) = impossible(results, cache) {
        return Err(SessionError::NoPlace { dir: results.to_owned(), why });
    }
    let inputs =
        settings.data.iter().chain(&settings.forget_sets).chain(&settings.checkpoints).map(Path::new);
    match inputs.into_iter().find(|input| overlap(results, input)) {
        Some(input) => {
            Err(SessionError::ResultsOverInputs { results: results.to_owned(), input: input.to_owned() })
        }
        None => Ok(()),
    }
}

/// Why a folder can't hold the results of a sweep, if it can't.
fn impossible(results: &Path, cache: Option<&Path>) -> Option<String> {
    if std::path::absolute(results).ok()?.to_str().is_none() {
        return Some("its path is no UTF-8, and workers are told it as text".into());
    }
    let there = real(results).ok()?;
    if there.parent().is_none() {
        return Some("it is the root of the file system".into());
    }
    if let Some(cache) = cache
        && real(cache).is_ok_and(|cache| there.starts_with(cache))
    {
        return Some(format!("it is in the cache `{}`, which all sweeps share", cache.display()));
    }
    let holds_results = |above: &&Path| above.join("plan.json").exists() && above.join("runs").is_dir();
    let other = there.ancestors().skip(1).find(holds_results)?;
    Some(format!("it is inside the results of another sweep, `{}`", other.display()))
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
