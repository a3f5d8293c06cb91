//! Finds the libtorch that workers of the torch engine run on.
//!
//! A worker is led to one folder, by its `LD_LIBRARY_PATH`, and opens the CUDA half in the folder that its CPU half came
//! from: halves of two releases in one process would corrupt each other without a word.

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::python::{Whereabouts, packages, torch_version};

/// The release that workers are linked with: another one has other symbols and other arithmetic.
const LINKED: &str = "2.11.0";
/// Names the libtorch to take.
const NAMED: &str = "SWEEP_LIBTORCH";
/// The half for processors, without which nothing works.
const LIBRARY: &str = "libtorch_cpu.so";

/// A libtorch of the right release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Libtorch {
    /// The folder of its libraries.
    pub folder: PathBuf,
    /// How it was found.
    pub by: By,
}

/// How a libtorch was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The user named it.
    Name,
    /// It belongs to the active environment of Python or conda.
    Environment,
    /// It lies beside the program.
    Program,
    /// The Python that has the worker has it too.
    Package,
}

/// A libtorch that the user named can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LibtorchError {
    /// It isn't there.
    #[error(
        "{NAMED} names `{}`, and there is no {LIBRARY} in it, in its `lib` or in its `torch/lib`; name the folder of torch {LINKED}",
        folder.display()
    )]
    Nowhere {
        /// What was named.
        folder: PathBuf,
    },
    /// It is another release.
    #[error(
        "{NAMED} names `{}`, which is torch {}; workers are linked with torch {LINKED}: `pip install torch=={LINKED}`",
        folder.display(), found.as_deref().unwrap_or("of an unknown release")
    )]
    OtherRelease {
        /// Folder of its libraries.
        folder: PathBuf,
        /// The release, if it says.
        found: Option<String>,
    },
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "named by SWEEP_LIBTORCH",
            Self::Environment => "of the active environment",
            Self::Program => "beside the program",
            Self::Package => "of the Python that has the worker",
        })
    }
}

/// Where libtorch is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    named: Option<PathBuf>,
    active: Vec<PathBuf>,
    /// Folder of the worker's program.
    program: PathBuf,
}

impl Places {
    /// As the environment of this process says; `worker` is the program of the torch engine.
    pub(super) fn here(worker: &Path, here: &Whereabouts) -> Self {
        Self {
            named: env::var_os(NAMED).filter(|value| !value.is_empty()).map(PathBuf::from),
            active: here.active.clone(),
            program: worker.parent().unwrap_or(Path::new("")).to_owned(),
        }
    }

    /// The libtorch that the user named, if any.
    pub(super) fn named(&self) -> Result<Option<Libtorch>, LibtorchError> {
        let Some(named) = &self.named else { return Ok(None) };
        let candidates = [named.clone(), named.join("lib"), named.join("torch/lib")];
        let folder = candidates.into_iter().find(|folder| folder.join(LIBRARY).is_file());
        let folder = folder.ok_or_else(|| LibtorchError::Nowhere { folder: named.clone() })?;
        match release(&folder) {
            Some(found) if found == LINKED => Ok(Some(Libtorch { folder, by: By::Name })),
            found => Err(LibtorchError::OtherRelease { folder, found }),
        }
    }

    /// The first libtorch in the order of name, active environment, place beside the program; none where the worker is to
    /// use the one that it was built with. What nobody named is passed over if it is another release.
    pub(super) fn find(&self) -> Result<Option<Libtorch>, LibtorchError> {
        if let Some(named) = self.named()? {
            return Ok(Some(named));
        }
        let in_environments = self.active.iter().flat_map(|environment| packages(environment));
        let in_environments = in_environments.map(|folder| folder.join("torch/lib"));
        let beside = [self.program.join("libtorch/lib"), self.program.join("torch/lib")];
        let candidates = in_environments
            .map(|folder| (folder, By::Environment))
            .chain(beside.into_iter().map(|folder| (folder, By::Program)));
        Ok(candidates
            .filter(|(folder, _)| {
                folder.join(LIBRARY).is_file() && release(folder).as_deref() == Some(LINKED)
            })
            .map(|(folder, by)| Libtorch { folder, by })
            .next())
    }
}

impl Libtorch {
    /// The search path of the dynamic linker with this libtorch before everything else.
    pub fn search_path(&self, inherited: Option<OsString>) -> OsString {
        let mut path = self.folder.clone().into_os_string();
        if let Some(inherited) = inherited.filter(|inherited| !inherited.is_empty()) {
            path.push(":");
            path.push(inherited);
        }
        path
    }
}

/// The release that a folder of libraries belongs to, without what follows the `+`: wheels of torch have a `version.py`
/// above their `lib`, the archives of libtorch a `build-version`.
fn release(folder: &Path) -> Option<String> {
    let above = folder.parent()?;
    let whole = torch_version(above).or_else(|| fs::read_to_string(above.join("build-version")).ok())?;
    Some(whole.trim().split('+').next()?.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::{By, LINKED, LibtorchError, Places};

    /// A folder of libraries that says which release it is.
    fn put(torch: &Path, version: &str) -> PathBuf {
        fs::create_dir_all(torch.join("lib")).expect("writable");
        fs::write(torch.join("lib/libtorch_cpu.so"), "").expect("writable");
        fs::write(torch.join("version.py"), format!("__version__ = '{version}'\ndebug = False\n"))
            .expect("writable");
        torch.join("lib")
    }

    fn places(root: &Path) -> Places {
        Places { named: None, active: vec![root.join("venv"), root.join("conda")], program: root.join("bin") }
    }

    #[test]
    fn name_comes_before_environment_before_place() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| root.path().join(path);
        let found = |places: &Places| places.find().map(|found| found.map(|it| (it.folder, it.by)));
        let mut places = places(root.path());
        assert_eq!(found(&places), Ok(None));

        let beside = put(&at("bin/libtorch"), "2.11.0+cpu");
        assert_eq!(found(&places), Ok(Some((beside, By::Program))));
        let in_conda = put(&at("conda/lib/python3.12/site-packages/torch"), "2.11.0+cu130");
        assert_eq!(found(&places), Ok(Some((in_conda.clone(), By::Environment))));
        put(&at("venv/lib/python3.11/site-packages/torch"), "2.9.1");
        assert_eq!(found(&places), Ok(Some((in_conda, By::Environment))), "another release is passed over");

        let named = put(&at("site-packages/torch"), "2.11.0");
        for spelt in ["site-packages", "site-packages/torch", "site-packages/torch/lib"] {
            places.named = Some(at(spelt));
            assert_eq!(found(&places), Ok(Some((named.clone(), By::Name))), "{spelt}");
        }
    }

    #[test]
    fn a_named_libtorch_that_can_t_be_used_is_refused() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let mut places = places(root.path());
        places.named = Some(root.path().join("none"));
        assert!(matches!(places.find(), Err(LibtorchError::Nowhere { .. })));
        let folder = put(&root.path().join("old"), "2.5.1+cu121");
        places.named = Some(root.path().join("old"));
        let refused = places.find();
        assert_eq!(refused, Err(LibtorchError::OtherRelease { folder, found: Some("2.5.1".to_owned()) }));
        let said = refused.expect_err("refused").to_string();
        assert!(said.contains("2.5.1") && said.contains("pip install torch==2.11.0"), "{said}");
    }

    #[test]
    fn the_release_is_the_pinned_one() {
        let pins = include_str!("../../scripts/libtorch-requirements.txt");
        let with_cuda = include_str!("../../scripts/libtorch-cuda-requirements.txt");
        for pins in [pins, with_cuda] {
            assert!(pins.contains(&format!("\ntorch=={LINKED} ")), "{pins}");
        }
    }
}
