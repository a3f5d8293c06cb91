//! Who the engine of a grid is, as it enters the ids of runs.

use std::{env, path::Path, time::Duration};

use sweep_protocol::terms::Device;

use super::{SessionError, TorchEngine, command, devices::kind_of_devices};
use crate::{
    engine::{ask, toy},
    grid::{EngineChoice, Grid},
    plan::{EngineCommand, PlannedEngine},
    store::Recorded,
};

/// How long an engine may take to say who it is; libraries on a cold network disk are slow to load.
const PATIENCE: Duration = Duration::from_mins(5);

/// Whether a command of the user's is started to hear who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking<'a> {
    /// It is, if it may be.
    Start {
        /// The user vouches for it, whatever it is.
        trusted: bool,
    },
    /// It isn't: the engine is who it was when these results were made, as long as the command is the same, or nobody.
    Recorded(&'a Path),
}

/// The engine of a grid that lies in the file `path`.
pub(super) fn engine(grid: &Grid, path: &Path, asking: Asking<'_>) -> Result<PlannedEngine, SessionError> {
    let settings = grid.settings();
    match &settings.engine {
        EngineChoice::Torch => {
            let version = TorchEngine::here()?.version()? + &kind_of_devices(&settings.pool)?;
            Ok(PlannedEngine::ours("torch", &version, true))
        }
        EngineChoice::Toy => Ok(PlannedEngine::ours("toy", &toy::version(settings.toy_examples), false)),
        EngineChoice::Command(words) => {
            let found = command::found(words, path)?;
            match asking {
                Asking::Start { trusted } => {
                    if !trusted {
                        command::refuse_stranger(&found, path)?;
                        command::refuse_included(grid, path)?;
                    }
                    asked(found, grid)
                }
                Asking::Recorded(results) => Ok(recorded(found, settings.trains(), results)),
            }
        }
    }
}

fn recorded(command: EngineCommand, trains: bool, results: &Path) -> PlannedEngine {
    let before = Recorded::read(results).ok().map(|recorded| recorded.plan.engine);
    let is_same =
        |before: &PlannedEngine| before.command.as_ref() == Some(&command) && before.trains == trains;
    before.filter(is_same).unwrap_or_else(|| PlannedEngine::unasked(command, trains))
}

fn asked(found: EngineCommand, grid: &Grid) -> Result<PlannedEngine, SessionError> {
    let unusable = |reason: String| SessionError::EngineUnusable { command: found.line(), reason };
    let hello = ask(&command::started(&found, Device::Cpu, env::vars_os()), PATIENCE)
        .map_err(|error| unusable(error.to_string()))?;
    if EngineChoice::is_ours(&hello.engine) {
        return Err(unusable(format!(
            "it calls itself `{}`, as an engine that comes with sweep; a grid names that by `engine = \"{0}\"`",
            hello.engine
        )));
    }
    match (hello.trains, grid.settings().trains()) {
        (true, false) => {
            let reason =
                "it trains networks on data, and the grid names none: add `[data]` with `path = \"…\"`";
            return Err(unusable(reason.to_owned()));
        }
        (false, true) => {
            let reason = "it trains nothing, so it has no use for `[data]`: take it out of the grid";
            return Err(unusable(reason.to_owned()));
        }
        _ => {}
    }
    let known = hello.methods.as_ref();
    if let Some(unknown) = grid
        .methods()
        .into_iter()
        .find(|&method| known.is_some_and(|known| !known.iter().any(|name| name == method)))
    {
        let known = known.map_or_else(String::new, |known| known.join(", "));
        return Err(unusable(format!("it doesn't carry out `{unknown}`; it knows: {known}")));
    }
    Ok(PlannedEngine {
        name: hello.engine,
        version: hello.version,
        trains: hello.trains,
        command: Some(found),
    })
}
