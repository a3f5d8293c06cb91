//! Which program works on which device: what the pool's slots are made of.

use std::{env, ffi::OsString, iter, path::Path, thread};

use sweep_protocol::terms::{Device, Products};

use super::{
    SessionError, Watcher,
    command::started,
    devices::{Granted, cohort, devices},
    torch::TorchEngine,
};
use crate::{
    engine::WorkerCommand,
    gpu::gpus,
    grid::PoolSettings,
    plan::{EngineCommand, PlannedEngine},
    pool::SlotSpec,
};

/// Folder in the shared cache for what passes over the data have found.
const PASSES: &str = "passes";

/// The slots of a pool: as many as asked for on each device. What is passed over is told to `watcher`.
pub fn slots(
    pool: &PoolSettings,
    engine: Engine<'_>,
    jobs: Option<u32>,
    watcher: &dyn Watcher,
) -> Result<Vec<SlotSpec>, SessionError> {
    let granted = Granted::here();
    let devices = match engine {
        Engine::Toy { .. } => vec![Device::Cpu],
        Engine::Command { trains: false, .. } if pool.devices.is_none() => vec![Device::Cpu],
        _ => devices(pool.devices.as_deref(), &granted, gpus, watcher)?,
    };
    let inherited = || env::vars_os().chain(granted.variable());
    let command: Box<dyn Fn(Device) -> WorkerCommand> = match engine {
        Engine::Command { command, .. } => Box::new(move |device| started(command, device, inherited())),
        Engine::Toy { program, examples } => {
            let rows = cohort(pool, Device::Cpu);
            let args = ["toy-worker", "--examples", &examples.to_string(), "--rows", &rows.to_string()];
            let args = args.map(OsString::from);
            Box::new(move |device| WorkerCommand::new(program.to_owned(), args.to_vec(), device, inherited()))
        }
        Engine::Torch { cache } => {
            let torch = torch_on(&devices)?;
            Box::new(move |device| {
                let inherited = torch.environment().chain(granted.variable());
                WorkerCommand::new(torch.worker.clone(), serve(device, cache, pool), device, inherited)
            })
        }
    };
    let filled = |device| {
        iter::repeat_n(SlotSpec { device, command: command(device) }, count(pool, device, jobs) as usize)
    };
    Ok(devices.iter().copied().flat_map(filled).collect())
}

/// What a worker of the torch engine is told.
fn serve(device: Device, cache: Option<&Path>, pool: &PoolSettings) -> Vec<OsString> {
    let rows = cohort(pool, device);
    let mut args = vec!["serve".into(), "--device".into(), device.to_string().into()];
    // A job can't name a folder that isn't UTF-8 either.
    if let Some(passes) = cache.map(|cache| cache.join(PASSES)).as_deref().and_then(Path::to_str) {
        args.extend(["--cache".into(), passes.into()]);
    }
    if pool.precision != Products::Float32 {
        args.extend(["--precision".into(), pool.precision.to_string().into()]);
    }
    if rows > 1 {
        args.extend(["--rows".into(), rows.to_string().into()]);
    }
    args
}

/// The torch engine, which must be able to use GPUs where there are some among its devices: a sweep ends before it begins
/// rather than with the death of its workers.
fn torch_on(devices: &[Device]) -> Result<TorchEngine, SessionError> {
    let torch = TorchEngine::here()?;
    if devices.iter().any(|device| *device != Device::Cpu)
        && let Some(problem) = torch.findings()?.cuda_problem
    {
        return Err(SessionError::NoCuda { problem });
    }
    Ok(torch)
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
