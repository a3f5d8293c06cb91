//! Which program works on which device: what the pool's slots are made of.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use sweep_protocol::terms::Device;

use super::CommandError;
use crate::{
    engine::WorkerCommand,
    grid::{PoolSettings, Settings},
    plan::EngineName,
    pool::SlotSpec,
};

/// Names another `sweep-torch` than the one beside this program.
const WORKER_VARIABLE: &str = "SWEEP_TORCH_WORKER";
/// Folder in the shared cache for what passes over the data have found.
const PASSES: &str = "passes";
/// Where the driver lists its GPUs.
const DRIVER: &str = "/proc/driver/nvidia/gpus";

/// The slots of a pool: as many as asked for on each device. Workers share what their passes find below `cache`.
pub(super) fn slots(
    settings: &Settings,
    jobs: Option<u32>,
    cache: Option<&Path>,
) -> Result<Vec<SlotSpec>, CommandError> {
    let devices = devices(&settings.pool, settings.engine);
    let mut slots = Vec::new();
    for device in devices {
        for _ in 0..count(&settings.pool, device, jobs) {
            slots.push(SlotSpec { device, command: command(settings, device, cache)? });
        }
    }
    Ok(slots)
}

/// The devices that the grid names, or all that this machine has.
fn devices(pool: &PoolSettings, engine: EngineName) -> Vec<Device> {
    match (&pool.devices, engine) {
        (_, EngineName::Toy) => vec![Device::Cpu],
        (Some(devices), EngineName::Torch) => devices.clone(),
        (None, EngineName::Torch) => match gpus() {
            0 => vec![Device::Cpu],
            count => (0..count).map(Device::Cuda).collect(),
        },
    }
}

/// Number of GPUs that this process may use: those of the driver, or fewer where a cluster has chosen.
fn gpus() -> u32 {
    let of_driver = std::fs::read_dir(DRIVER).map_or(0, |gpus| gpus.count() as u32);
    match env::var("CUDA_VISIBLE_DEVICES") {
        Ok(list) => of_driver.min(list.split(',').filter(|name| !name.trim().is_empty()).count() as u32),
        Err(_) => of_driver,
    }
}

fn count(pool: &PoolSettings, device: Device, jobs: Option<u32>) -> u32 {
    let fitting = match device {
        // One single-threaded worker per core: more threads in one would change the bits.
        Device::Cpu => thread::available_parallelism().map_or(1, |cores| cores.get() as u32),
        Device::Cuda(_) => 1,
    };
    jobs.or(pool.slots_per_device.map(u32::from)).unwrap_or(fitting)
}

fn command(settings: &Settings, device: Device, cache: Option<&Path>) -> Result<WorkerCommand, CommandError> {
    let (program, args): (PathBuf, Vec<OsString>) = match settings.engine {
        EngineName::Toy => {
            let examples = settings.toy_examples.to_string();
            (this_program()?, vec!["toy-worker".into(), "--examples".into(), examples.into()])
        }
        EngineName::Torch => {
            let mut args = vec!["serve".into(), "--device".into(), device.to_string().into()];
            // A job can't name a folder that isn't UTF-8 either.
            if let Some(passes) = cache.map(|cache| cache.join(PASSES)).as_deref().and_then(Path::to_str) {
                args.extend(["--cache".into(), passes.into()]);
            }
            (torch_worker()?, args)
        }
    };
    Ok(WorkerCommand::new(program, args, device, env::vars_os()))
}

fn this_program() -> Result<PathBuf, CommandError> {
    env::current_exe().map_err(|source| CommandError::NoProgram { source })
}

/// The torch engine's worker: the one that `SWEEP_TORCH_WORKER` names, or the one beside this program.
pub(super) fn torch_worker() -> Result<PathBuf, CommandError> {
    if let Some(named) = env::var_os(WORKER_VARIABLE) {
        return Ok(named.into());
    }
    let beside = this_program()?.with_file_name("sweep-torch");
    if beside.is_file() { Ok(beside) } else { Err(CommandError::NoTorchWorker { looked_at: beside }) }
}

/// Asks the torch engine for its version, which is part of the identity of every run.
pub(super) fn torch_version(worker: &Path) -> Result<String, CommandError> {
    let failed = |reason: String| CommandError::TorchUnusable { worker: worker.to_owned(), reason };
    let output = Command::new(worker).arg("--version").output().map_err(|error| failed(error.to_string()))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || version.is_empty() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(version)
}
