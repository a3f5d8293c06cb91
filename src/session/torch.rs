//! The torch engine on this machine: its worker's program and the libtorch that this runs on.

use std::{env, ffi::OsString, path::PathBuf, process::Command};

use serde::Deserialize;

use super::{
    SessionError,
    libtorch::{By, Libtorch, Places},
    package::Pythons,
    whereabouts,
};

/// Names another `sweep-torch` than the one beside this program.
const WORKER: &str = "SWEEP_TORCH_WORKER";
const SEARCH_PATH: &str = "LD_LIBRARY_PATH";

/// The torch engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TorchEngine {
    /// The worker's program.
    pub worker: PathBuf,
    /// What it is led to; none where it finds the libtorch that it was built with by itself.
    pub libtorch: Option<Libtorch>,
}

/// What a worker finds on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Findings {
    /// Version of libtorch.
    pub torch: String,
    /// Folder of libtorch.
    pub libtorch: Option<PathBuf>,
    /// The processor.
    pub processor: String,
    /// GPUs that can be used.
    pub gpus: u32,
    /// Why none can.
    pub cuda_problem: Option<String>,
}

/// This program, as it is started again.
pub fn this_program() -> Result<PathBuf, SessionError> {
    env::current_exe().map_err(|source| SessionError::NoProgram { source })
}

impl TorchEngine {
    /// The worker that `SWEEP_TORCH_WORKER` names, or the one beside this program, on the libtorch that is found for it; or
    /// the one that is installed in an environment of Python, on the libtorch of that environment.
    pub fn here() -> Result<Self, SessionError> {
        let program = this_program()?;
        let named = env::var_os(WORKER).map(PathBuf::from);
        let is_named = named.is_some();
        let worker = named.unwrap_or_else(|| program.with_file_name("sweep-torch"));
        let here = whereabouts::here();
        let places = Places::here(&worker, &here);
        if worker.is_file() {
            return Ok(Self { libtorch: places.find()?, worker });
        }
        let package = if is_named { None } else { Pythons::here(&program, &here).package()? };
        let Some(package) = package else {
            return Err(SessionError::NoTorchWorker { looked_at: worker });
        };
        let worker = package.worker.clone();
        let libtorch = match places.named()? {
            Some(named) => named,
            None => Libtorch { folder: package.libtorch()?, by: By::Package },
        };
        Ok(Self { worker, libtorch: Some(libtorch) })
    }

    /// Its version, which is part of the identity of every run.
    pub fn version(&self) -> Result<String, SessionError> {
        let version = self.ask("--version")?;
        if version.is_empty() {
            Err(self.unusable("it doesn't say which version it is"))
        } else {
            Ok(version)
        }
    }

    /// What it finds on this machine.
    pub fn findings(&self) -> Result<Findings, SessionError> {
        let answer = self.ask("doctor")?;
        serde_json::from_str(&answer)
            .map_err(|error| self.unusable(&format!("its answer can't be read ({error}); build it again")))
    }

    /// The environment of its workers: this one, with libtorch where the dynamic linker looks first.
    pub fn environment(&self) -> impl Iterator<Item = (OsString, OsString)> + use<> {
        let led = self.libtorch.as_ref().map(|libtorch| libtorch.search_path(env::var_os(SEARCH_PATH)));
        env::vars_os().chain(led.map(|path| (SEARCH_PATH.into(), path)))
    }

    fn ask(&self, question: &str) -> Result<String, SessionError> {
        let output = Command::new(&self.worker)
            .arg(question)
            .envs(self.environment())
            .output()
            .map_err(|error| self.unusable(&error.to_string()))?;
        if !output.status.success() {
            return Err(self.unusable(String::from_utf8_lossy(&output.stderr).trim()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn unusable(&self, reason: &str) -> SessionError {
        SessionError::TorchUnusable { worker: self.worker.clone(), reason: reason.to_owned() }
    }
}
