//! The worker that is installed as a package of Python (`unlearn-sweep-torch`).
//!
//! Where it lies, and which libtorch its environment has, is asked of that environment's own interpreter: torch may lie in
//! another folder of packages than the worker (layers of environments, `--target`, `.pth` files), and nobody else knows all
//! the rules. It looks both up and imports neither.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde::Deserialize;
use thiserror::Error;

use crate::python::Whereabouts;

const PACKAGE: &str = "unlearn_sweep_torch";
/// Looks where Python looks, but for the working folder, which may be a stranger's: so it isn't asked by `-m`. A folder that
/// `pip install --target` has filled comes first.
const QUESTION: &str = "\
import sys
sys.path[:] = sys.argv[1:] + [folder for folder in sys.path if folder]
try:
    import unlearn_sweep_torch
except ImportError:
    sys.exit(44)
import json
print(json.dumps(unlearn_sweep_torch.found()))
";
/// How an interpreter ends that doesn't have the package.
const ABSENT: i32 = 44;

/// Why an installed worker can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PackageError {
    /// The interpreter doesn't answer.
    #[error("the Python `{}` doesn't say where its worker is: {reason}", interpreter.display())]
    Mute {
        /// The interpreter.
        interpreter: PathBuf,
        /// Why.
        reason: String,
    },
    /// Its environment has no libtorch that the worker is built for.
    #[error("{0}")]
    NoLibtorch(String),
}

/// What an environment of Python has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Package {
    /// The worker's program.
    pub(super) worker: PathBuf,
    /// Folder of the libraries of its torch, if that is one that the worker is built for.
    libtorch: Option<PathBuf>,
    /// What is wrong with its torch, and the way out.
    problem: Option<String>,
}

impl Package {
    /// Folder of its libtorch.
    pub(super) fn libtorch(self) -> Result<PathBuf, PackageError> {
        self.libtorch.ok_or_else(|| PackageError::NoLibtorch(self.problem.unwrap_or_default()))
    }

    fn is_complete(&self) -> bool {
        self.libtorch.is_some()
    }
}

/// Whom to ask, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pythons {
    /// The user named one: no other is asked.
    named: bool,
    programs: Vec<PathBuf>,
    /// What `pip install --target` has filled, with this program in its `bin`.
    target: Option<PathBuf>,
}

impl Pythons {
    /// Those that are looked at for everything; `program` is this one.
    pub(super) fn here(program: &Path, here: &Whereabouts) -> Self {
        let above = program.parent().and_then(Path::parent).filter(|above| above.join(PACKAGE).is_dir());
        Self { named: here.named.is_some(), programs: here.interpreters(), target: above.map(Path::to_owned) }
    }

    /// The first package with a libtorch, or the first at all; none where no interpreter has one.
    pub(super) fn package(&self) -> Result<Option<Package>, PackageError> {
        let mut incomplete = None;
        for interpreter in &self.programs {
            match self.ask(interpreter) {
                Ok(Some(package)) if package.is_complete() => return Ok(Some(package)),
                Ok(package) => incomplete = incomplete.or(package),
                // What nobody named need not be an interpreter at all.
                Err(error) if self.named => return Err(error),
                Err(_) => {}
            }
        }
        Ok(incomplete)
    }

    fn ask(&self, interpreter: &Path) -> Result<Option<Package>, PackageError> {
        let mute = |reason: String| PackageError::Mute { interpreter: interpreter.to_owned(), reason };
        let target = self.target.iter().map(|folder| OsString::from(folder.as_os_str()));
        let said = Command::new(interpreter).args(["-c", QUESTION]).args(target).output();
        let Output { status, stdout, stderr } = said.map_err(|error| mute(error.to_string()))?;
        if status.code() == Some(ABSENT) {
            return Ok(None);
        }
        if !status.success() {
            let stderr = String::from_utf8_lossy(&stderr);
            return Err(mute(stderr.trim().lines().last().unwrap_or("it says nothing").to_owned()));
        }
        serde_json::from_slice(&stdout).map(Some).map_err(|error| mute(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::symlink,
        path::{Path, PathBuf},
    };

    use super::{PackageError, Pythons};
    use crate::python::Whereabouts;

    const LACKS: &str = "exit 44";

    /// An interpreter that answers like this, whatever it is asked.
    fn interpreter(path: PathBuf, answers: &str) -> PathBuf {
        let stand_in = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/python/answers");
        fs::create_dir_all(path.parent().expect("below the root")).expect("writable");
        fs::write(path.with_added_extension("answers"), answers).expect("writable");
        symlink(stand_in, &path).expect("writable");
        path
    }

    fn has(worker: &str, libtorch: &str) -> String {
        format!(r#"echo '{{"worker":"{worker}","libtorch":{libtorch},"problem":"wants torch 2.11"}}'"#)
    }

    fn asked(named: bool, programs: Vec<PathBuf>) -> Pythons {
        Pythons { named, programs, target: None }
    }

    #[test]
    fn the_first_environment_with_worker_and_libtorch_is_taken() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |name: &str, answers: &str| interpreter(root.path().join(name), answers);
        let (lacks, broken) = (at("lacks", LACKS), at("broken", "echo oh >&2; exit 1"));
        let (torchless, whole) = (at("torchless", &has("/a", "null")), at("whole", &has("/b", "\"/t/lib\"")));

        let found = asked(false, vec![lacks.clone(), broken.clone(), torchless.clone(), whole]).package();
        let package = found.expect("an answer").expect("a package");
        assert_eq!(package.worker, Path::new("/b"));
        assert_eq!(package.libtorch(), Ok("/t/lib".into()));

        let found = asked(false, vec![lacks.clone(), torchless]).package().expect("an answer");
        let refused = found.expect("a package").libtorch();
        assert_eq!(refused, Err(PackageError::NoLibtorch("wants torch 2.11".to_owned())));

        assert_eq!(asked(false, vec![lacks, broken, "/nowhere/python3".into()]).package(), Ok(None));
    }

    #[test]
    fn an_interpreter_that_is_named_must_answer() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let broken =
            interpreter(root.path().join("broken"), "echo Traceback >&2; echo 'No: such' >&2; exit 1");
        let reason = "No: such".to_owned();
        let refused = Err(PackageError::Mute { interpreter: broken.clone(), reason });
        assert_eq!(asked(true, vec![broken]).package(), refused);
    }

    #[test]
    fn a_folder_that_pip_has_filled_is_looked_at_first() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| root.path().join(path);
        let own = interpreter(at("own/bin/python3"), LACKS);
        let here = Whereabouts { beside: Some(at("own/bin")), ..Whereabouts::default() };
        let found = Pythons::here(&at("own/bin/sweep"), &here);
        assert_eq!(found, asked(false, vec![own.clone()]));

        fs::create_dir(at("own/unlearn_sweep_torch")).expect("writable");
        let found = Pythons::here(&at("own/bin/sweep"), &here);
        assert_eq!(found, Pythons { named: false, programs: vec![own], target: Some(at("own")) });

        let here = Whereabouts { named: Some("/x/python".into()), ..here };
        let found = Pythons::here(&at("venv/bin/sweep"), &here);
        assert_eq!(found, asked(true, vec!["/x/python".into()]), "no other is asked");
    }
}
