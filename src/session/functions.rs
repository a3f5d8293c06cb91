//! Functions of the user's own that a grid names: found without executing anything, and called only if they may be.

use std::path::Path;

use sweep_protocol::recipe::root;

use super::{Asking, SessionError, command, whereabouts};
use crate::{
    grid::Grid,
    plan::Plan,
    python::{Callee, Function, Functions, find, search_path},
};

/// Finds the functions of a grid that lies in the file `path`. Where runs follow, it refuses those that are not called unless
/// the user vouches for them.
pub(super) fn functions(grid: &Grid, path: &Path, asking: Asking<'_>) -> Result<Functions, SessionError> {
    let targets = grid.functions();
    if targets.is_empty() {
        return Ok(Functions::default());
    }
    let named = grid.settings().python.interpreter.as_deref();
    let here = whereabouts::here();
    let interpreter = Some(find(named, &here));
    let folders = search_path(named, &here);
    let read = |target: Callee| {
        let function = target.read(&folders);
        (target, function)
    };
    let functions = Functions { interpreter, found: targets.into_iter().map(read).collect() };
    if let Asking::Start { trusted: false } = asking {
        refuse_stranger(&functions, named, path)?;
        command::refuse_included(grid, path)?;
    }
    Ok(functions)
}

fn refuse_stranger(functions: &Functions, named: Option<&str>, grid: &Path) -> Result<(), SessionError> {
    if let Some(named) = named.filter(|named| !command::may_interpret(named, grid)) {
        let reason = format!("`{named}` is none of an environment below the grid's folder");
        return Err(SessionError::UntrustedFunction { what: named.to_owned(), reason });
    }
    for (target, function) in &functions.found {
        let Ok(function) = function else { continue };
        for file in files(function) {
            if let Some(reason) = command::stranger(&file, grid) {
                return Err(SessionError::UntrustedFunction { what: target.file.clone(), reason });
            }
        }
    }
    Ok(())
}

/// The function's file and what that imports.
fn files(function: &Function) -> Vec<std::path::PathBuf> {
    let file = Path::new(&function.file);
    let folder = root(file, function.module.as_deref());
    let imports = function.imports.iter().map(|imported| folder.join(&imported.path));
    std::iter::once(file.to_owned()).chain(imports).collect()
}

/// Refuses a plan that somebody else may have made if it calls functions.
pub(super) fn refuse_unseen(plan: &Plan) -> Result<(), SessionError> {
    match plan.calls() {
        None => Ok(()),
        Some(file) => {
            let reason = "the results folder names it, whoever made that".to_owned();
            Err(SessionError::UntrustedFunction { what: file, reason })
        }
    }
}
