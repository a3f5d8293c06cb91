//! Holds the interpreter against recorded trajectories.
//!
//! A golden file records what an independent implementation reached with one method when everything random was given.
//! A replay carries out the recipe that the registered method
//! writes at the recorded hyper-parameters, on the recorded draws, in float32 and in float64, and compares. It knows the
//! format, not any one recording.

mod compare;
mod golden;
mod record;
mod recordings;
mod script;

pub use compare::{Agreement, Comparison, Differences};
pub use golden::{Golden, GoldenError};

use std::{ops::ControlFlow, path::Path};

use sweep_methods::StartsFrom;
use sweep_protocol::{network::Preparation, terms::Set};
use tch::{Device, Kind};
use thiserror::Error;

use crate::{
    examples::Examples,
    network::{Weights, build},
    pass_cache::PassCache,
    phase::{Halt, Subject, Watch, carry_out},
    python::Interpreters,
};
use record::Record;
use script::Script;

/// A recording could not be replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// The recording can't be read, or makes no sense.
    #[error(transparent)]
    Golden(#[from] GoldenError),
    /// The recipe came to no end.
    #[error("replaying `{method}` in {kind:?}: {halt}")]
    Halt {
        /// The method.
        method: String,
        /// The arithmetic.
        kind: Kind,
        /// Why.
        halt: Halt,
    },
}

/// Replays one golden file and its neighbours in the same folder.
pub fn replay(path: &Path) -> Result<Agreement, ReplayError> {
    let golden = Golden::read(path)?;
    let script = script::script(&golden)?;
    let float32 = trajectory(&golden, &script, Kind::Float)?;
    let float64 = trajectory(&golden, &script, Kind::Double)?;
    Ok(Agreement::new(golden.method, float32, float64))
}

/// Carries the recipe out in one arithmetic and compares with the recording.
fn trajectory(golden: &Golden, script: &Script, kind: Kind) -> Result<Comparison, ReplayError> {
    let network = build(&golden.network).map_err(GoldenError::from)?;
    let examples = Examples::new(golden.host.clone(), &Preparation::default(), Device::Cpu);
    let mut draws = Record::new(golden, script)?;
    let halted = |halt| ReplayError::Halt { method: golden.method.clone(), kind, halt };

    let mut weights = match script.starts_from {
        StartsFrom::Original => {
            Weights::from_state(&network, &golden.original, (kind, Device::Cpu)).map_err(GoldenError::from)?
        }
        StartsFrom::Fresh => Weights::born(&network, &mut draws, (kind, Device::Cpu))
            .map_err(|missing| halted(Halt::from(missing)))?,
    };
    let mut losses = Losses::default();
    let mut subject = Subject {
        network: &network,
        weights: &mut weights,
        known: &PassCache::NONE,
        interpreters: &Interpreters::default(),
    };
    carry_out(&script.recipe, &mut subject, &examples, &mut draws, &mut losses).map_err(halted)?;
    let reached = compare::Reached { network: &network, weights: &weights, losses: &losses.0 };
    Ok(compare::compare(golden, &reached, &examples, kind)?)
}

/// Keeps every loss.
#[derive(Debug, Default)]
struct Losses(Vec<f64>);

impl Watch for Losses {
    fn stepped(&mut self, _step: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn losses(&mut self, losses: &[f64]) {
        self.0.extend(losses);
    }

    fn scored(&mut self, losses: &[f64]) {
        self.0.extend(losses);
    }
}

/// The sets that a golden data file may name, and the names.
const SETS: [(Set, &str); 3] = [
    (Set::Retain, "retain_indices"),
    (Set::Forget, "forget_indices"),
    (Set::Validation, "validation_indices"),
];
