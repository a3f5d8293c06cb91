//! From a checked grid to the runs of its plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    ops::Range,
    sync::Arc,
};

use sweep_methods::{Arguments, Facts, Method, StartsFrom, find};
use sweep_protocol::{
    network::{Layout, Network},
    recipe::{Python, Recipe},
    reconstruction::MOST_TRAINED,
    terms::{ContentHash, RunId, Seed, SetSizes, Value},
};

use super::{
    Grid, Settings, ShadowSettings,
    error::{GridError, Mistake, Problem, Problems, shown},
    function::FixedCall,
    source::Span,
    space::Space,
};
use crate::{
    plan::{
        Forgotten, HELD_OUT_SEEDS, Identity, Names, Parameters, Plan, PlannedEngine, PlannedInputs,
        PlannedOriginal, PlannedSplit, Point, PointRecipe, RETRAIN_SEEDS, Role, Run, SHADOW_SEEDS,
        TrainingSet, first_seed, numbered,
    },
    python::{self, Functions},
};

/// What is found outside the grid and decides results. A plan for an engine that trains without its data is good for looking
/// at alone: it names no inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    /// Who carries the runs out.
    pub engine: PlannedEngine,
    /// The data set; an engine that doesn't train has none.
    pub data: Option<ResolvedData>,
    /// Hashes of the checkpoints that the grid names, in its order.
    pub checkpoints: Vec<ContentHash>,
    /// The functions of the user's own that it names.
    pub functions: Functions,
}

/// A data set that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedData {
    /// Hash of its manifest.
    pub hash: ContentHash,
    /// Images that were left out.
    pub skipped_images: u64,
    /// Examples in each set.
    pub sizes: SetSizes,
    /// What the examples of the forget set are.
    pub forgotten: Forgotten,
    /// What the originals and the shadow networks learn from, where that is another split of the same training images.
    pub original_split: Option<PlannedSplit>,
    /// What the training images are, in the order in which the originals learn them.
    pub training: TrainingSet,
}

impl Grid {
    /// Number of runs in the plan.
    pub fn run_count(&self) -> u128 {
        self.settings.run_count(&self.spaces)
    }

    /// Lists the points and runs, in the order of the grid: the originals, the oracle, the held-out group, then one
    /// unlearning run of every point, then the next of every point. An error names the methods that can't be carried out on
    /// these data.
    pub fn plan(&self, resolved: &Resolved) -> Result<Plan, GridError> {
        let mut expansion = Expansion::new(self, resolved);
        expansion.retrained();
        expansion.unlearned();
        expansion.few_enough_to_reconstruct();
        mem::take(&mut expansion.problems)
            .into_result()
            .map_err(|problems| problems.into_error(self.sources.clone()))?;
        Ok(Plan {
            name: self.settings.name.clone(),
            seeds: self.settings.seeds,
            stages: self.settings.stages.clone(),
            best_of: self.settings.best_of,
            confirm: self.settings.confirm,
            keep_models: self.settings.pool.keep_models,
            accuracies: self.settings.pool.accuracies,
            audit: self.settings.audit.clone(),
            oracle: self.settings.oracle,
            shadows: self.settings.shadows.and_then(|asked| asked.planned(&expansion.data?.training)),
            originals: self.settings.originals_started_from(),
            inputs: expansion.inputs(),
            engine: resolved.engine.clone(),
            points: expansion.points,
            runs: expansion.runs,
        })
    }
}

impl Settings {
    /// Number of runs of a plan with these points.
    pub(super) fn run_count(&self, spaces: &[Space]) -> u128 {
        let points: usize = spaces.iter().map(|space| space.kept.len()).sum();
        let retrained = u128::from(self.oracle.models) + u128::from(self.oracle.held_out);
        let originals = if self.trains_original() { self.originals } else { 0 };
        let shadows = u128::from(self.shadows.map_or(0, ShadowSettings::models));
        u128::from(originals) + retrained + shadows + points as u128 * u128::from(self.seeds)
    }

    pub(super) fn trains_original(&self) -> bool {
        self.trains() && self.checkpoints.is_empty()
    }

    /// Originals of the plan: checkpoints mean nothing to an engine that doesn't train.
    fn originals_started_from(&self) -> u64 {
        if self.trains() || self.checkpoints.is_empty() { self.originals } else { 1 }
    }
}

struct Expansion<'g> {
    grid: &'g Grid,
    data: Option<&'g ResolvedData>,
    functions: &'g Functions,
    checkpoints: &'g [ContentHash],
    /// The engine as it enters the ids of runs.
    engine: String,
    facts: Facts,
    network: Network,
    /// Tensors of the network, where there is one of the catalogue.
    layout: Option<Layout>,
    /// Runs that train originals.
    originals: Vec<RunId>,
    points: Vec<Point>,
    runs: Vec<Run>,
    problems: Problems,
}

impl<'g> Expansion<'g> {
    fn new(grid: &'g Grid, resolved: &'g Resolved) -> Self {
        let settings = &grid.settings;
        let engine = resolved.engine.identity();
        let mut problems = Problems::default();
        let (network, trainer) = own_parts(settings, &resolved.functions, &mut problems);
        let mut facts = Facts { trainer, ..Facts::of(settings.training.clone()) };
        if let (Some(_), Some(data)) = (settings.shadows, &resolved.data) {
            facts.persons = data.training.shown().hash();
        }
        let runs = Vec::with_capacity(usize::try_from(grid.run_count()).unwrap_or(0));
        let trains = settings.trains();
        let data = resolved.data.as_ref().filter(|_| trains);
        let named = if trains { settings.checkpoints.len() } else { 0 };
        let layout = network.layout().ok().filter(|_| trains);
        Self {
            grid,
            data,
            functions: &resolved.functions,
            checkpoints: resolved.checkpoints.get(..named).unwrap_or_default(),
            engine,
            facts,
            network,
            layout,
            originals: Vec::new(),
            points: Vec::new(),
            runs,
            problems,
        }
    }

    /// The originals, the oracle and the held-out group.
    fn retrained(&mut self) {
        let settings = &self.grid.settings;
        let oracle = settings.oracle;
        if settings.trains_original() {
            self.group("original", "original", (Role::Original, BTreeMap::new()), 0..settings.originals);
            self.originals = self.runs.iter().map(|run| run.id.clone()).collect();
        }
        self.group("oracle", "retrain", (Role::Oracle, BTreeMap::new()), 0..oracle.models);
        let held_out = HELD_OUT_SEEDS..HELD_OUT_SEEDS + oracle.held_out;
        self.group("held-out", "retrain", (Role::HeldOut, BTreeMap::new()), held_out);
        if let Some(asked) = settings.shadows {
            let training = self.data.map(|data| &data.training);
            self.problems.extend(training.and_then(|training| asked.too_few(training)));
            let folds = BTreeMap::from([("folds".to_owned(), Value::Integer(i64::from(asked.folds)))]);
            self.group(
                "shadow",
                "shadow",
                (Role::Shadow, folds),
                SHADOW_SEEDS..SHADOW_SEEDS + asked.models(),
            );
        }
    }

    /// Refuses training sets that images are not reconstructed of.
    fn few_enough_to_reconstruct(&mut self) {
        let asked = self.grid.settings.audit.as_ref().and_then(|audit| audit.reconstruct);
        let trained = self.data.map_or(0, |data| data.sizes.retain + data.sizes.forget);
        if asked.is_some() && trained > MOST_TRAINED {
            let reason = format!(
                "the training set has {trained} images, and time grows with the square; at most {MOST_TRAINED} are taken"
            );
            self.problems.push(Problem::nowhere(Mistake::NoReconstruction { reason }));
        }
    }

    /// One point that a sweep has by itself, and its runs.
    fn group(
        &mut self,
        label: &str,
        method: &str,
        (role, values): (Role, BTreeMap<String, Value>),
        seeds: Range<u64>,
    ) {
        if seeds.is_empty() {
            return;
        }
        let method = find(method).expect("what a sweep has by itself is registered");
        let arguments = Arguments::checked(values);
        let recipe = Arc::new((method.recipe)(&arguments, &self.facts));
        self.fit(label, None, &recipe, &mut BTreeSet::new());
        self.add_runs(&mut self.names(method, role), (arguments.values(), &recipe), seeds);
        self.points.push(Point {
            label: label.into(),
            method: method.name.into(),
            parameters: arguments.into_values().into(),
            varied: Arc::default(),
            role,
            passes: self.passes(&recipe),
            recipe: recipe.into(),
        });
    }

    /// All unlearning points, and their runs with the first seed of every point before the second of any.
    fn unlearned(&mut self) {
        let (first_run, count) = (self.runs.len(), self.grid.settings.seeds);
        self.points.reserve_exact(self.grid.spaces.iter().map(|space| space.kept.len()).sum());
        for space in &self.grid.spaces {
            self.label(space);
        }
        let turn = |run: &Run| if run.seed.0 < count { run.seed.0 } else { run.seed.0 - RETRAIN_SEEDS };
        self.runs[first_run..].sort_by_key(turn);
    }

    /// The points of one label, which share all that can be shared.
    fn label(&mut self, space: &Space) {
        let Some(&some) = space.kept.first() else { return };
        let (label, method): (Arc<str>, Arc<str>) = (space.label.as_str().into(), space.method.name.into());
        let varied: Arc<[String]> = space.varied().into();
        let call = match self.call(space) {
            Ok(call) => call,
            Err(problems) => return self.problems.extend(problems),
        };
        let deferred = deferred(space.method, &self.facts, call.clone());
        let mut names = self.names(space.method, Role::Unlearn);
        let mut values = space.parameters(some);
        let first = first_seed(space.method.starts_from);
        let mut reported = BTreeSet::new();
        for (position, &index) in space.kept.iter().enumerate() {
            space.put_parameters(index, &mut values);
            let arguments = Arguments::checked(mem::take(&mut values));
            let written = space.recipes.as_ref().map(|recipes| recipes[position].clone());
            let now = match (&written, &call) {
                (Some(written), _) => written.clone(),
                (None, Some(call)) => python::recipe(call, arguments.values()).into(),
                (None, None) => (space.method.recipe)(&arguments, &self.facts).into(),
            };
            self.fit(&space.label, Some(&space.span), &now, &mut reported);
            self.add_runs(&mut names, (arguments.values(), &now), first..first + self.grid.settings.seeds);
            self.points.push(Point {
                label: label.clone(),
                method: method.clone(),
                parameters: Parameters::point_of(space.axes.clone(), index),
                varied: varied.clone(),
                role: Role::Unlearn,
                passes: self.passes(&now),
                recipe: written.map_or_else(|| deferred.clone(), PointRecipe::from),
            });
            values = arguments.into_values();
        }
    }

    /// The call of a label's function, or everything that is wrong with it.
    fn call(&self, space: &Space) -> Result<Option<Arc<Python>>, Vec<Problem>> {
        let Some(call) = &space.call else { return Ok(None) };
        let batch_size = self.grid.settings.python.batch_size;
        call.written(self.functions, batch_size).map(|written| Some(Arc::new(written)))
    }

    /// Reports what keeps a recipe from being carried out on these data, each fault of a label once.
    fn fit(&mut self, label: &str, span: Option<&Span>, recipe: &Recipe, reported: &mut BTreeSet<String>) {
        let Err(faults) = recipe.check(self.layout.as_ref(), self.data.map(|data| &data.sizes)) else {
            return;
        };
        let data = self.grid.settings.split().unwrap_or("the engine's own data");
        for fault in faults.into_iter().filter(|fault| reported.insert(fault.to_string())) {
            let mistake = Mistake::Unfit { label: shown(label), data: shown(data), fault };
            self.problems.push(match span {
                Some(span) => Problem::at(span.clone(), mistake),
                None => Problem::nowhere(mistake),
            });
        }
    }

    /// The runs of the point that is pushed next.
    fn add_runs(
        &mut self,
        names: &mut Names,
        (parameters, recipe): (&BTreeMap<String, Value>, &Recipe),
        seeds: Range<u64>,
    ) {
        let (point, first) = (self.points.len(), seeds.start);
        let ids = names.runs(parameters, recipe, seeds.map(Seed));
        self.runs.extend((first..).map(Seed).zip(ids).map(|(seed, id)| Run { id, point, seed }));
    }

    fn names(&self, method: &Method, role: Role) -> Names {
        let settings = &self.grid.settings;
        let learned = self.data.and_then(|data| data.original_split.as_ref());
        let learned = learned.filter(|_| role.forgets_nothing()).map(|split| &split.data_hash);
        let identity = Identity {
            engine: &self.engine,
            data: learned.or(self.data.map(|data| &data.hash)),
            network: settings.trains().then_some(&self.network),
            start: None,
            method: method.name,
        };
        let starts = self.starts(method);
        Names::in_turn(&identity, &starts.iter().map(Option::as_deref).collect::<Vec<_>>())
    }

    fn passes(&self, recipe: &Recipe) -> f64 {
        self.data.map_or(0.0, |data| recipe.passes(&data.sizes))
    }

    /// What the plan names as its inputs, once the originals are planned.
    fn inputs(&self) -> Option<PlannedInputs> {
        let settings = &self.grid.settings;
        let data = self.data?;
        let trained = self.originals.iter().map(|run| PlannedOriginal::Trained { run: run.clone() });
        let named = settings.checkpoints.iter().zip(self.checkpoints);
        let named = named
            .map(|(path, hash)| PlannedOriginal::Checkpoint { path: path.clone(), blake3: hash.clone() });
        Some(PlannedInputs {
            data: settings.split()?.to_owned(),
            data_hash: data.hash.clone(),
            skipped_images: data.skipped_images,
            sizes: data.sizes,
            forgotten: data.forgotten.clone(),
            original_split: data.original_split.clone(),
            network: self.network.clone(),
            originals: trained.chain(named).collect(),
        })
    }

    /// What the runs of a method start from in turn, as it enters their ids.
    fn starts(&self, method: &Method) -> Vec<Option<String>> {
        if method.starts_from == StartsFrom::Fresh {
            return vec![None];
        }
        let trained = self.originals.iter().map(RunId::as_str);
        let known = trained.chain(self.checkpoints.iter().map(ContentHash::as_str));
        let known: Vec<_> = known.map(|word| Some(word.to_owned())).collect();
        if known.is_empty() { numbered(self.grid.settings.originals_started_from()) } else { known }
    }
}

/// The network, and what trains it where that is a function of the user's own.
fn own_parts(
    settings: &Settings,
    functions: &Functions,
    problems: &mut Problems,
) -> (Network, Option<Python>) {
    let sizes = (settings.network.classes, settings.network.size);
    let mut written = |part: Option<&FixedCall>| {
        let written = part?.written(functions, settings.python.batch_size, sizes);
        written.map_err(|found| problems.extend(found)).ok()
    };
    let own = written(settings.own.network.as_ref()).map(Box::new);
    let trainer = written(settings.own.training.as_ref());
    (Network { own, ..settings.network.clone() }, trainer)
}

/// The recipes of a registered method's points, or those that call a function, written when they are asked for.
fn deferred(method: &'static Method, facts: &Facts, call: Option<Arc<Python>>) -> PointRecipe {
    if let Some(call) = call {
        return PointRecipe::by(Arc::new(move |values| python::recipe(&call, values)));
    }
    let facts = facts.clone();
    PointRecipe::by(Arc::new(move |values| (method.recipe)(&Arguments::checked(values.clone()), &facts)))
}
