//! From a checked grid to the runs of its plan.

use std::{collections::BTreeMap, ops::Range};

use sweep_protocol::{
    recipe::Recipe,
    terms::{ContentHash, RunId, Seed, SetSizes},
};

use super::Grid;
use crate::{
    method::{Arguments, Facts, Method, StartsFrom, find},
    plan::{
        EngineName, HELD_OUT_SEEDS, Identity, Plan, PlannedInputs, PlannedOriginal, Point, RETRAIN_SEEDS,
        Role, Run,
    },
};

/// What is found outside the grid and decides results. A plan for the torch engine without its data is good for looking
/// at alone: it names no inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Version of the engine and of what it stands on.
    pub engine_version: String,
    /// The data set; the toy engine has none.
    pub data: Option<ResolvedData>,
    /// Hash of the checkpoint that the grid names, if it names one.
    pub checkpoint: Option<ContentHash>,
}

/// A data set that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedData {
    /// Hash of its manifest.
    pub hash: ContentHash,
    /// Examples in each set.
    pub sizes: SetSizes,
}

impl Grid {
    /// Number of runs in the plan.
    pub fn run_count(&self) -> u128 {
        let settings = &self.settings;
        let points: usize = self.spaces.iter().map(|space| space.kept.len()).sum();
        let retrained = u128::from(settings.oracle.models) + u128::from(settings.oracle.held_out);
        u128::from(self.trains_original()) + retrained + points as u128 * u128::from(settings.seeds)
    }

    /// Lists the points and runs, in the order of the grid: the original, the oracle, the held-out group, then one
    /// unlearning run of every point, then the next of every point.
    pub fn plan(&self, resolved: &Resolved) -> Plan {
        let mut expansion = Expansion::new(self, resolved);
        expansion.retrained();
        expansion.unlearned();
        Plan {
            name: self.settings.name.clone(),
            engine: self.settings.engine,
            seeds: self.settings.seeds,
            stages: self.settings.stages.clone(),
            audit: self.settings.audit.clone(),
            oracle: self.settings.oracle,
            inputs: expansion.inputs(),
            points: expansion.points,
            runs: expansion.runs,
        }
    }

    fn trains_original(&self) -> bool {
        self.settings.engine == EngineName::Torch && self.settings.checkpoint.is_none()
    }
}

struct Expansion<'g> {
    grid: &'g Grid,
    data: Option<&'g ResolvedData>,
    checkpoint: Option<&'g ContentHash>,
    /// Engine and version, and what else decides its results.
    engine: String,
    facts: Facts,
    original: Option<RunId>,
    points: Vec<Point>,
    runs: Vec<Run>,
}

impl<'g> Expansion<'g> {
    fn new(grid: &'g Grid, resolved: &'g Resolved) -> Self {
        let settings = &grid.settings;
        let word = settings.engine.word();
        let engine = match settings.engine {
            EngineName::Torch => format!("{word} {}", resolved.engine_version),
            EngineName::Toy => {
                format!("{word} {}, {} examples", resolved.engine_version, settings.toy_examples)
            }
        };
        let facts = Facts { training: settings.training.clone() };
        let runs = Vec::with_capacity(usize::try_from(grid.run_count()).unwrap_or(0));
        let trains = settings.engine == EngineName::Torch;
        let data = resolved.data.as_ref().filter(|_| trains);
        let checkpoint = resolved.checkpoint.as_ref().filter(|_| trains && settings.checkpoint.is_some());
        Self { grid, data, checkpoint, engine, facts, original: None, points: Vec::new(), runs }
    }

    /// The original, the oracle and the held-out group.
    fn retrained(&mut self) {
        let oracle = self.grid.settings.oracle;
        if self.grid.trains_original() {
            self.group("original", "original", Role::Original, 0..1);
            self.original = self.runs.first().map(|run| run.id.clone());
        }
        self.group("oracle", "retrain", Role::Oracle, 0..oracle.models);
        let held_out = HELD_OUT_SEEDS..HELD_OUT_SEEDS + oracle.held_out;
        self.group("held-out", "retrain", Role::HeldOut, held_out);
    }

    /// One point that every sweep has by itself, and its runs.
    fn group(&mut self, label: &str, method: &str, role: Role, seeds: Range<u64>) {
        if seeds.is_empty() {
            return;
        }
        let method = find(method).expect("original and retrain are registered");
        let arguments = Arguments::checked(BTreeMap::new());
        let recipe = (method.recipe)(&arguments, &self.facts);
        self.add((label, role), (method, arguments, recipe), &[], seeds);
    }

    /// All unlearning points, and their runs with the first seed of every point before the second of any.
    fn unlearned(&mut self) {
        let grid = self.grid;
        let (first_run, count) = (self.runs.len(), grid.settings.seeds);
        self.points.reserve_exact(grid.spaces.iter().map(|space| space.kept.len()).sum());
        for space in &grid.spaces {
            let varied = space.varied();
            let first = first_seed(space.method.starts_from);
            for (position, &index) in space.kept.iter().enumerate() {
                let arguments = Arguments::checked(space.parameters(index));
                let recipe = space.recipe(position, &arguments, &self.facts);
                let done = (space.method, arguments, recipe);
                self.add((&space.label, Role::Unlearn), done, &varied, first..first + count);
            }
        }
        let turn = |run: &Run| if run.seed.0 < count { run.seed.0 } else { run.seed.0 - RETRAIN_SEEDS };
        self.runs[first_run..].sort_by_key(turn);
    }

    fn add(
        &mut self,
        (label, role): (&str, Role),
        (method, arguments, recipe): (&'static Method, Arguments, Recipe),
        varied: &[String],
        seeds: Range<u64>,
    ) {
        let settings = &self.grid.settings;
        let identity = Identity {
            engine: &self.engine,
            data: self.data.map(|data| &data.hash),
            network: (settings.engine == EngineName::Torch).then_some(&settings.network),
            start: self.start(method),
            method: method.name,
            parameters: arguments.values(),
            recipe: &recipe,
            seed: Seed(0),
        };
        let point = self.points.len();
        let run = |seed| Run { id: Identity { seed, ..identity }.id(), point, seed };
        let runs: Vec<Run> = seeds.map(|seed| run(Seed(seed))).collect();
        self.runs.extend(runs);
        self.points.push(Point {
            label: label.to_owned(),
            method: method.name.to_owned(),
            parameters: arguments.into_values(),
            varied: varied.to_vec(),
            role,
            passes: self.data.map_or(0.0, |data| recipe.passes(&data.sizes)),
            recipe,
        });
    }

    /// What the plan names as its inputs, once the original is planned.
    fn inputs(&self) -> Option<PlannedInputs> {
        let settings = &self.grid.settings;
        let data = self.data?;
        let original = match &self.original {
            Some(run) => PlannedOriginal::Trained { run: run.clone() },
            None => PlannedOriginal::Checkpoint {
                path: settings.checkpoint.clone()?,
                blake3: self.checkpoint?.clone(),
            },
        };
        Some(PlannedInputs {
            data: settings.data.clone()?,
            data_hash: data.hash.clone(),
            sizes: data.sizes,
            network: settings.network.clone(),
            original,
        })
    }

    /// What the runs of a method start from, as it enters their ids.
    fn start(&self, method: &Method) -> Option<&str> {
        match (method.starts_from, &self.original) {
            (StartsFrom::Fresh, _) => None,
            (StartsFrom::Original, Some(run)) => Some(run.as_str()),
            (StartsFrom::Original, None) => self.checkpoint.map(ContentHash::as_str),
        }
    }
}

/// Runs that train afresh under a label of their own must not be those of the oracle or the held-out group.
fn first_seed(starts_from: StartsFrom) -> u64 {
    match starts_from {
        StartsFrom::Fresh => RETRAIN_SEEDS,
        StartsFrom::Original => 0,
    }
}
