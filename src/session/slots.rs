//! Which program works on which device: what the pool's slots are made of.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use sweep_protocol::terms::Device;

use super::{SessionError, command::started};
use crate::{
    engine::WorkerCommand,
    grid::PoolSettings,
    plan::{EngineCommand, PlannedEngine},
    pool::SlotSpec,
};

/// Folder in the shared cache for what passes over the data have found.
const PASSES: &str = "passes";
/// Names another `sweep-torch` than the one beside this program.
const WORKER_VARIABLE: &str = "SWEEP_TORCH_WORKER";
/// Where the driver lists its GPUs.
const DRIVER: &str = "/proc/driver/nvidia/gpus";

/// The slots of a pool: as many as asked for on each device.
pub fn slots(
    pool: &PoolSettings,
    engine: Engine<'_>,
    jobs: Option<u32>,
) -> Result<Vec<SlotSpec>, SessionError> {
    let granted = Granted::here();
    let mut slots = Vec::new();
    for device in devices(pool, engine, &granted)? {
        for _ in 0..count(pool, device, jobs) {
            slots.push(SlotSpec { device, command: command(engine, device, &granted)? });
        }
    }
    Ok(slots)
}

/// The engine with what its workers are told on their command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine<'a> {
    /// `sweep-torch`.
    Torch {
        /// Below which workers share what their passes find.
        cache: Option<&'a Path>,
    },
    /// The one that is built in.
    Toy {
        /// The program `sweep`, which serves it.
        program: &'a Path,
        /// Forget examples.
        examples: u32,
    },
    /// One of the user's.
    Command {
        /// Its program and arguments.
        command: &'a EngineCommand,
        /// Whether it trains networks, which GPUs are for.
        trains: bool,
    },
}

impl<'a> Engine<'a> {
    /// The engine of a plan; `program` is `sweep`.
    pub fn of(
        planned: &'a PlannedEngine,
        toy_examples: u32,
        cache: Option<&'a Path>,
        program: &'a Path,
    ) -> Self {
        match &planned.command {
            Some(command) => Self::Command { command, trains: planned.trains },
            None if planned.trains => Self::Torch { cache },
            None => Self::Toy { program, examples: toy_examples },
        }
    }
}

/// The GPUs that this process may use, where a cluster or the user has chosen some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Granted(Option<Vec<String>>);

impl Granted {
    fn here() -> Self {
        let value = |name| env::var(name).ok();
        Self::of(value("CUDA_VISIBLE_DEVICES").as_deref(), value("SLURM_JOB_GPUS").as_deref())
    }

    /// An allocation that names its GPUs is believed even where nothing hides the others.
    fn of(visible: Option<&str>, allocated: Option<&str>) -> Self {
        let names = |list: &str| {
            list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self(visible.or(allocated).map(names))
    }

    fn count(&self, of_driver: u32) -> u32 {
        self.0.as_ref().map_or(of_driver, |names| of_driver.min(names.len() as u32))
    }

    fn refuse(&self, devices: &[Device]) -> Result<(), SessionError> {
        let Some(names) = &self.0 else { return Ok(()) };
        let beyond =
            devices.iter().find(|device| matches!(device, Device::Cuda(at) if *at as usize >= names.len()));
        match beyond {
            Some(&device) => Err(SessionError::NotGranted { device, granted: names.len() }),
            None => Ok(()),
        }
    }
}

/// The devices that the grid names, or all that this machine has.
fn devices(pool: &PoolSettings, engine: Engine<'_>, granted: &Granted) -> Result<Vec<Device>, SessionError> {
    match (&pool.devices, engine) {
        (_, Engine::Toy { .. }) | (None, Engine::Command { trains: false, .. }) => Ok(vec![Device::Cpu]),
        (Some(devices), _) => granted.refuse(devices).map(|()| devices.clone()),
        (None, _) => match granted.count(gpus()) {
            0 => Ok(vec![Device::Cpu]),
            count => Ok((0..count).map(Device::Cuda).collect()),
        },
    }
}

/// Number of GPUs that the driver has.
fn gpus() -> u32 {
    std::fs::read_dir(DRIVER).map_or(0, |gpus| gpus.count() as u32)
}

/// Cores that this process may use: an allocation may hold fewer than the machine shows.
fn cores() -> u32 {
    let shown = thread::available_parallelism().map_or(1, |cores| cores.get() as u32);
    let allocated = env::var("SLURM_CPUS_ON_NODE").ok().and_then(|count| count.parse().ok());
    allocated.map_or(shown, |allocated: u32| shown.min(allocated.max(1)))
}

fn count(pool: &PoolSettings, device: Device, jobs: Option<u32>) -> u32 {
    let fitting = match device {
        // One single-threaded worker per core: more threads in one would change the bits.
        Device::Cpu => cores(),
        Device::Cuda(_) => 1,
    };
    jobs.or(pool.slots_per_device.map(u32::from)).unwrap_or(fitting)
}

fn command(engine: Engine<'_>, device: Device, granted: &Granted) -> Result<WorkerCommand, SessionError> {
    let visible = granted.0.as_ref().map(|names| ("CUDA_VISIBLE_DEVICES".into(), names.join(",").into()));
    let inherited = env::vars_os().chain(visible);
    let (program, args): (PathBuf, Vec<OsString>) = match engine {
        Engine::Command { command, .. } => return Ok(started(command, device, inherited)),
        Engine::Toy { program, examples } => {
            (program.to_owned(), vec!["toy-worker".into(), "--examples".into(), examples.to_string().into()])
        }
        Engine::Torch { cache } => {
            let mut args = vec!["serve".into(), "--device".into(), device.to_string().into()];
            // A job can't name a folder that isn't UTF-8 either.
            if let Some(passes) = cache.map(|cache| cache.join(PASSES)).as_deref().and_then(Path::to_str) {
                args.extend(["--cache".into(), passes.into()]);
            }
            (torch_worker()?, args)
        }
    };
    Ok(WorkerCommand::new(program, args, device, inherited))
}

/// This program, as it is started again.
pub fn this_program() -> Result<PathBuf, SessionError> {
    env::current_exe().map_err(|source| SessionError::NoProgram { source })
}

/// The torch engine's worker: the one that `SWEEP_TORCH_WORKER` names, or the one beside this program.
pub fn torch_worker() -> Result<PathBuf, SessionError> {
    if let Some(named) = env::var_os(WORKER_VARIABLE) {
        return Ok(named.into());
    }
    let beside = this_program()?.with_file_name("sweep-torch");
    if beside.is_file() { Ok(beside) } else { Err(SessionError::NoTorchWorker { looked_at: beside }) }
}

/// Asks the torch engine for its version, which is part of the identity of every run.
pub fn torch_version(worker: &Path) -> Result<String, SessionError> {
    let failed = |reason: String| SessionError::TorchUnusable { worker: worker.to_owned(), reason };
    let output = Command::new(worker).arg("--version").output().map_err(|error| failed(error.to_string()))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || version.is_empty() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(version)
}
