//! What the rows of both tables have in common, and what every number stands beside.

use super::text::printable;
use crate::plan::{BestOf, Confirm, OracleSize, Plan, PlannedEngine, PlannedInputs, PlannedOriginal};

/// What all rows have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Sweep {
    /// Name of the sweep.
    pub name: String,
    /// The engine that carried the runs out.
    pub engine: PlannedEngine,
    /// Unlearned models per point (N).
    pub seeds: u64,
    /// Models per point after each stage of a staged sweep; empty where all come at once.
    pub stages: Vec<u64>,
    /// Among which points stages and confirmation look for the best.
    pub best_of: BestOf,
    /// How the best points are confirmed, if they are.
    pub confirm: Option<Confirm>,
    /// Sizes of the two retrained groups.
    pub oracle: OracleSize,
    /// Originals that unlearning starts from in turn (K).
    pub originals: u64,
    /// Data and network; an engine that doesn't train has none.
    pub inputs: Option<PlannedInputs>,
}

impl Sweep {
    pub(super) fn of(plan: &Plan) -> Self {
        let inputs = plan.inputs.clone().map(|mut inputs| {
            inputs.data = printable(&inputs.data);
            if let Some(split) = &mut inputs.original_split {
                split.data = printable(&split.data);
            }
            inputs.network.name = printable(&inputs.network.name);
            let keys = std::mem::take(&mut inputs.network.keys);
            inputs.network.keys = keys.into_iter().map(|(key, value)| (printable(&key), value)).collect();
            for original in &mut inputs.originals {
                if let PlannedOriginal::Checkpoint { path, .. } = original {
                    *path = printable(path);
                }
            }
            inputs
        });
        Self {
            name: printable(&plan.name),
            engine: PlannedEngine { name: printable(&plan.engine.name), ..plan.engine.clone() },
            seeds: plan.seeds,
            stages: plan.stages.clone(),
            best_of: plan.best_of,
            confirm: plan.confirm,
            oracle: plan.oracle,
            originals: plan.originals,
            inputs,
        }
    }

    /// Short hash of the data that all runs share, where there is any.
    pub fn split(&self) -> Option<&str> {
        self.inputs.as_ref().map(|inputs| inputs.data_hash.short())
    }

    /// What every number stands beside: `N = 8 · given one original · split 0123456789ab · engine torch`. Where all unlearning
    /// of a sweep starts from one network, another would move every number.
    pub fn caption(&self) -> String {
        let (split, engine) = (self.split().unwrap_or("none"), &self.engine.name);
        format!("N = {} · {} · split {split} · engine {engine}", self.seeds, self.given())
    }

    /// Which networks all unlearning starts from: `given one original`, `over 4 originals`.
    pub fn given(&self) -> String {
        if self.originals > 1 {
            format!("over {} originals", self.originals)
        } else {
            "given one original".to_owned()
        }
    }

    /// What numbers hold for: `conditional on one original and one split`, `over 4 originals, conditional on one split`.
    pub fn conditions(&self) -> String {
        if self.originals > 1 {
            format!("{}, conditional on one split", self.given())
        } else {
            "conditional on one original and one split".to_owned()
        }
    }
}
