//! Whether a plan that was read is one that a grid can ask for: nothing in it is believed that can be worked out again.

use std::{cmp::Ordering, collections::BTreeSet};

use sweep_methods::{StartsFrom, find};
use sweep_protocol::{
    message::is_engine_name,
    terms::{RunId, Seed},
};
use thiserror::Error;

use super::{
    CONFIRM_SEEDS, EngineCommand, HELD_OUT_SEEDS, Identity, MOST_ORIGINALS, Names, OracleSize, Plan,
    PlannedEngine, PlannedInputs, PlannedOriginal, Point, RETRAIN_SEEDS, Role, Run, SHADOW_SEEDS,
};

/// What no grid asks for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanFault {
    /// Nothing to do.
    #[error("it has no points")]
    NoPoints,
    /// A number of models that no grid may ask for.
    #[error("it asks for {models} {what}, which must be from 1 to {HELD_OUT_SEEDS}")]
    Models {
        /// Of what.
        what: &'static str,
        /// How many.
        models: u64,
    },
    /// Stages that don't grow.
    #[error("its stages don't grow up to its {seeds} models per point")]
    Stages {
        /// Models per point.
        seeds: u64,
    },
    /// A run of no point.
    #[error("run {} is of point {point}, of {points}", run.short())]
    NoSuchPoint {
        /// The run.
        run: RunId,
        /// Its point.
        point: usize,
        /// How many there are.
        points: usize,
    },
    /// A point that there is once in every plan.
    #[error("it has the {} twice", role.word())]
    Twice {
        /// What the point stands for.
        role: Role,
    },
    /// A method that isn't registered.
    #[error("`{label}` is of the method `{method}`, which this version of sweep doesn't know")]
    UnknownMethod {
        /// Label of the point.
        label: String,
        /// The method.
        method: String,
    },
    /// Runs that are missing, repeated, out of order or of other seeds.
    #[error("the runs of `{title}` are not those of its seeds, one each and in their order")]
    Seeds {
        /// The point.
        title: String,
    },
    /// A run whose id is not the hash of what decides its result.
    #[error("run {} is none of `{title}`: what decides its result has another hash", run.short())]
    Misnamed {
        /// The run.
        run: RunId,
        /// The point that it claims to be of.
        title: String,
    },
    /// An engine that no grid can ask for.
    #[error("its engine is `{name}`, which is none, or has a command that makes no sense")]
    Engine {
        /// Its name.
        name: String,
    },
    /// Classes or persons of more or fewer examples than there are.
    #[error("it names classes or persons of another number of examples than the {forget} of the forget set")]
    Forgotten {
        /// Examples of the forget set.
        forget: u64,
    },
    /// More originals than models per point, or another number of them than it names.
    #[error("it asks for {originals} originals and {seeds} models per point, and names {named}")]
    Originals {
        /// Originals.
        originals: u64,
        /// Models per point.
        seeds: u64,
        /// Originals that are named.
        named: usize,
    },
    /// Shadow networks that make no sense.
    #[error("its shadow networks {what}")]
    Shadows {
        /// What is wrong with them.
        what: &'static str,
    },
    /// An original that none of the runs trains.
    #[error("the original is run {}, which it doesn't have", run.short())]
    NoOriginal {
        /// The run.
        run: RunId,
    },
}

impl Plan {
    /// Refuses what no grid asks for, and runs whose ids are not the hashes of what decides their results.
    pub fn check(&self) -> Result<(), PlanFault> {
        self.check_engine()?;
        self.check_numbers()?;
        self.check_points()?;
        let groups = self.groups()?;
        for (position, runs) in groups.iter().enumerate() {
            self.check_seeds(&self.points[position], runs)?;
        }
        self.check_inputs()?;
        self.check_shadows()?;
        let mut names: Option<(&str, Names)> = None;
        for (point, runs) in self.points.iter().zip(&groups) {
            let named = match names.take() {
                Some((method, named)) if method == &*point.method => named,
                _ => self.names(point)?,
            };
            let named = &mut names.insert((&point.method, named)).1;
            let seeds = runs.iter().map(|&run| self.runs[run].seed);
            let ids = named.runs(&point.parameters.to_map(), &point.recipe(), seeds);
            for (&run, id) in runs.iter().zip(ids) {
                if self.runs[run].id != id {
                    let run = self.runs[run].id.clone();
                    return Err(PlanFault::Misnamed { run, title: point.title() });
                }
            }
        }
        Ok(())
    }

    fn check_engine(&self) -> Result<(), PlanFault> {
        let PlannedEngine { name, command, .. } = &self.engine;
        let makes_sense = command.as_ref().is_none_or(|EngineCommand { words, files }| {
            !words.is_empty() && files.iter().all(|file| file.word < words.len())
        });
        if is_engine_name(name) && makes_sense {
            return Ok(());
        }
        Err(PlanFault::Engine { name: name.escape_debug().to_string() })
    }

    fn check_numbers(&self) -> Result<(), PlanFault> {
        let OracleSize { models, held_out } = self.oracle;
        let counts = [
            ("models per point", self.seeds, 1),
            ("models in the oracle", models, 1),
            ("held-out models", held_out, 0),
            ("models to confirm a point", self.confirm.map_or(1, |confirm| confirm.seeds), 1),
        ];
        for (what, models, least) in counts {
            if !(least..=HELD_OUT_SEEDS).contains(&models) {
                return Err(PlanFault::Models { what, models });
            }
        }
        let inputs = self.inputs.as_ref();
        let named = inputs.map_or(self.originals as usize, |inputs| inputs.originals.len());
        let fewest = self.stages.first().copied().unwrap_or(self.seeds);
        if !(1..=fewest.min(MOST_ORIGINALS)).contains(&self.originals) || named as u64 != self.originals {
            let (originals, seeds) = (self.originals, self.seeds);
            return Err(PlanFault::Originals { originals, seeds, named });
        }
        let ascending = self.stages.is_sorted_by(|one, next| one < next);
        if !ascending || self.stages.last().is_some_and(|&last| last != self.seeds) {
            return Err(PlanFault::Stages { seeds: self.seeds });
        }
        Ok(())
    }

    fn check_points(&self) -> Result<(), PlanFault> {
        if self.points.is_empty() {
            return Err(PlanFault::NoPoints);
        }
        let mut single = BTreeSet::new();
        for role in self.points.iter().map(|point| point.role).filter(|role| !role.is_many()) {
            if !single.insert(role) {
                return Err(PlanFault::Twice { role });
            }
        }
        Ok(())
    }

    /// Positions of the runs of each point.
    fn groups(&self) -> Result<Vec<Vec<usize>>, PlanFault> {
        let mut groups = vec![Vec::new(); self.points.len()];
        for (position, Run { id, point, .. }) in self.runs.iter().enumerate() {
            let Some(group) = groups.get_mut(*point) else {
                let (run, points) = (id.clone(), self.points.len());
                return Err(PlanFault::NoSuchPoint { run, point: *point, points });
            };
            group.push(position);
        }
        Ok(groups)
    }

    /// A staged sweep has asked for the first runs of a point alone.
    fn check_seeds(&self, point: &Point, runs: &[usize]) -> Result<(), PlanFault> {
        let (first, models) = match point.role {
            Role::Original => (0, self.originals),
            Role::Oracle => (0, self.oracle.models),
            Role::HeldOut => (HELD_OUT_SEEDS, self.oracle.held_out),
            Role::Shadow => (SHADOW_SEEDS, self.shadow_models()),
            Role::Unlearn => (first_seed(starts_from(point)?), self.seeds),
            Role::Confirm => (CONFIRM_SEEDS, self.confirm.map_or(0, |confirm| confirm.seeds)),
        };
        let complete = match (runs.len() as u64).cmp(&models) {
            Ordering::Less => !self.stages.is_empty() && point.role != Role::Confirm,
            Ordering::Equal => models > 0,
            Ordering::Greater => false,
        };
        if !complete || !runs.iter().map(|&run| self.runs[run].seed).eq((first..).map(Seed).take(runs.len()))
        {
            return Err(PlanFault::Seeds { title: point.title() });
        }
        Ok(())
    }

    fn check_inputs(&self) -> Result<(), PlanFault> {
        let Some(PlannedInputs { originals, forgotten, sizes, .. }) = &self.inputs else { return Ok(()) };
        if !forgotten.fits(sizes.forget) {
            return Err(PlanFault::Forgotten { forget: sizes.forget });
        }
        let mut trained = self.runs[self.training_originals()].iter();
        for original in originals {
            let PlannedOriginal::Trained { run } = original else { continue };
            if trained.next().is_none_or(|trained| trained.id != *run) {
                return Err(PlanFault::NoOriginal { run: run.clone() });
            }
        }
        Ok(())
    }

    /// Names for the runs of a point.
    pub(super) fn names(&self, point: &Point) -> Result<Names, PlanFault> {
        let inputs = self.inputs.as_ref();
        let starts = match starts_from(point)? {
            StartsFrom::Fresh => vec![None],
            StartsFrom::Original => self.starts(),
        };
        let starts: Vec<Option<&str>> = starts.iter().map(Option::as_deref).collect();
        let identity = Identity {
            engine: &self.engine.identity(),
            data: inputs.map(|inputs| inputs.data_of(point.role).1),
            network: inputs.map(|inputs| &inputs.network),
            start: None,
            method: &point.method,
        };
        Ok(Names::in_turn(&identity, &starts))
    }
}

/// The first seed of an unlearning point. Runs that train afresh under a label of their own must not be those of the oracle
/// or the held-out group.
pub fn first_seed(starts_from: StartsFrom) -> u64 {
    match starts_from {
        StartsFrom::Fresh => RETRAIN_SEEDS,
        StartsFrom::Original => 0,
    }
}

fn starts_from(point: &Point) -> Result<StartsFrom, PlanFault> {
    find(&point.method).map(|method| method.starts_from).ok_or_else(|| PlanFault::UnknownMethod {
        label: point.label.to_string(),
        method: point.method.to_string(),
    })
}
