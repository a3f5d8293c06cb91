//! Where this process looks for environments of Python.

use std::{env, path::PathBuf};

use crate::python::Whereabouts;

/// Names the interpreter of the environment that `sweep` belongs to; the SDK does.
const NAMED: &str = "SWEEP_PYTHON";
/// Where environments of Python and of conda say that they are active.
const ACTIVE: [&str; 2] = ["VIRTUAL_ENV", "CONDA_PREFIX"];

/// As the environment of this process says.
pub(super) fn here() -> Whereabouts {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let list = |name| env::var_os(name).map_or_else(Vec::new, |list| env::split_paths(&list).collect());
    let program = env::current_exe().ok();
    Whereabouts {
        named: set(NAMED),
        active: ACTIVE.into_iter().filter_map(set).collect(),
        beside: program.and_then(|program| Some(program.parent()?.to_owned())),
        path: list("PATH"),
        python_path: list("PYTHONPATH"),
        home: env::var_os("HOME"),
    }
}
