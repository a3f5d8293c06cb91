//! Everything in a grid but its methods: names, numbers of models, data, pool.

use sweep_methods::TrainingRecipe;
use sweep_protocol::network::Network;

use super::{
    audit,
    cluster::{self, ClusterSettings},
    confirm,
    data::{self, DataSets},
    engine::{self, EngineChoice},
    error::{Mistake, Problem, Problems, shown},
    function::{self, PythonSettings},
    original::{self, Originals},
    pool::{self, PoolSettings},
    remarks::{self, Remarks},
    search::{self, Search},
    shadows::{self, ShadowSettings},
    table::{Table, is_safe_name, text, unsafe_name, whole, wrong_type},
    training::{self, OwnParts, Training},
};
use crate::plan::{BestOf, Confirm, HELD_OUT_SEEDS, OracleSize, PlannedAudit};

/// Runs that a plan may have unless the grid raises `max-runs`.
pub const MAX_RUNS: u64 = 100_000;

/// What `max-runs` may be raised to: a plan is held in memory.
const MOST_RUNS: u64 = 10_000_000;

/// Keys of the top level.
const KEYS: &[&str] = &[
    "sweep-version",
    "include",
    "name",
    "tags",
    "note",
    "engine",
    "seeds",
    "max-runs",
    "sweep",
    "confirm",
    "data",
    "original",
    "training",
    "oracle",
    "shadows",
    "toy",
    "audit",
    "python",
    "pool",
    "cluster",
    "defaults",
    "method",
    "exclude",
];

/// What a grid says beside its methods.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name of the sweep, safe as a folder name.
    pub name: String,
    /// What the user says of the sweep; it decides nothing.
    pub remarks: Remarks,
    /// Which engine carries the runs out.
    pub engine: EngineChoice,
    /// Unlearned models per point (N).
    pub seeds: u64,
    /// Models per point after each stage, ascending up to N; empty where all come at once.
    pub stages: Vec<u64>,
    /// Among which points stages and confirmation look for the best.
    pub best_of: BestOf,
    /// Which points are carried out once more when all are measured.
    pub confirm: Option<Confirm>,
    /// What is audited beside the score.
    pub audit: Option<PlannedAudit>,
    /// Folder of the data set as the grid names it. An engine that trains always has one.
    pub data: Option<String>,
    /// Folders of data sets with the same training images as the grid names them, whose forget sets are forgotten in place of
    /// that of `data`: a sweep for each. The originals learn from `data`.
    pub forget_sets: Vec<String>,
    /// Checkpoints of the originals as the grid names them; without any they are trained.
    pub checkpoints: Vec<String>,
    /// Originals that unlearning starts from (K).
    pub originals: u64,
    /// The network; one of the user's own has its name, and no more is known of it here.
    pub network: Network,
    /// How the original and the retrained models are trained.
    pub training: TrainingRecipe,
    /// What of both is the user's own, in Python.
    pub(super) own: OwnParts,
    /// Numbers of retrained models.
    pub oracle: OracleSize,
    /// Shadow networks, each trained without one part of the persons.
    pub shadows: Option<ShadowSettings>,
    /// Forget examples that the toy engine draws confidences for.
    pub toy_examples: u32,
    /// Who runs functions of the user's own.
    pub python: PythonSettings,
    /// Where runs are carried out.
    pub pool: PoolSettings,
    /// How workers on other hosts are asked for.
    pub cluster: ClusterSettings,
    /// Most runs that the plan may have.
    pub max_runs: u64,
}

impl Settings {
    /// Whether the network is the user's own, in Python.
    pub fn has_own_network(&self) -> bool {
        self.own.network.is_some()
    }

    /// Folder of the data set of which the forget set is forgotten.
    pub fn split(&self) -> Option<&str> {
        self.forget_sets.first().or(self.data.as_ref()).map(String::as_str)
    }

    /// Whether networks are trained on data. A command says so itself when it is asked; it must be what the grid expects,
    /// which gives it data or none.
    pub fn trains(&self) -> bool {
        trains(&self.engine, self.data.as_deref())
    }
}

fn trains(engine: &EngineChoice, data: Option<&str>) -> bool {
    match engine {
        EngineChoice::Torch => true,
        EngineChoice::Toy => false,
        EngineChoice::Command(_) => data.is_some(),
    }
}

/// Reads the settings. Some problems leave a stand-in, so that the rest of the grid is checked all the same.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> Settings {
    root.refuse_unknown(KEYS, problems);
    version(root, problems);
    let name = name(root, problems);
    let engine = engine::read(root, problems);
    let Search { stages, best_of } = search::read(root, problems);
    let seeds = seeds(root, &stages, problems);
    let confirm = confirm::read(root, seeds, problems);
    let fewest = stages.first().copied().or(seeds).unwrap_or(HELD_OUT_SEEDS);
    let fewest = confirm.map_or(fewest, |confirm| confirm.seeds.min(fewest));
    let Originals { checkpoints, models: originals } = original::read(root, fewest, problems);
    let Training { network, recipe: training, own } = training::read(root, &engine, problems);
    let DataSets { path: data, forget: forget_sets } = data::read(root, &engine, problems);
    let trains = trains(&engine, data.as_deref());
    Settings {
        name: name.unwrap_or_default(),
        remarks: remarks::read(root, problems),
        seeds: seeds.unwrap_or(1),
        audit: audit::read(root, (&network, trains), problems),
        data,
        forget_sets,
        checkpoints,
        originals,
        network,
        training,
        shadows: shadows::read(root, (&engine, &own), problems),
        own,
        oracle: oracle(root, (seeds.unwrap_or(1), stages.last().copied()), confirm, problems),
        toy_examples: toy(root, &engine, problems),
        pool: pool::read(root, &engine, problems),
        engine,
        python: function::settings(root, problems),
        cluster: cluster::read(root, problems),
        stages,
        best_of,
        confirm,
        max_runs: root.whole("max-runs", 1..=MOST_RUNS, MAX_RUNS, problems),
    }
}

/// N: the last stage, or what the grid says.
fn seeds(root: &Table<'_>, stages: &[u64], problems: &mut Problems) -> Option<u64> {
    let Some(&last) = stages.last() else {
        let node = root.require("seeds", problems)?;
        return whole("seeds", node, 1..=HELD_OUT_SEEDS, problems);
    };
    if let Some(node) = root.get("seeds") {
        let problem = wrong_type("seeds", "left out, because the last of `stages` says it", node);
        problems.push(problem.help("remove `seeds`, or `[sweep]`"));
    }
    Some(last)
}

fn version(root: &Table<'_>, problems: &mut Problems) {
    const HAVE: &str = env!("CARGO_PKG_VERSION");
    let Some((wanted, span)) = root.text("sweep-version", problems) else { return };
    let numbers = |version: &str| -> Option<[u64; 3]> {
        let mut parts = version.split('.').map(str::parse);
        let numbers = [parts.next()?.ok()?, parts.next()?.ok()?, parts.next().unwrap_or(Ok(0)).ok()?];
        parts.next().is_none().then_some(numbers)
    };
    match numbers(wanted) {
        None => problems.extend(
            root.get("sweep-version")
                .map(|node| wrong_type("sweep-version", "a version such as \"0.1\"", node)),
        ),
        Some(version) if Some(version) > numbers(HAVE) => problems.push(
            Problem::at(span, Mistake::TooNew { wanted: shown(wanted), have: HAVE })
                .help("install that version, or lower `sweep-version` if the grid uses nothing new"),
        ),
        Some(_) => {}
    }
}

fn name(root: &Table<'_>, problems: &mut Problems) -> Option<String> {
    let node = root.require("name", problems)?;
    let (name, span) = text("name", node, problems)?;
    if is_safe_name(name) {
        return Some(name.to_owned());
    }
    problems.push(unsafe_name(name, span));
    None
}

/// A staged sweep compares its last stage with as many retrained models, and a confirmation its models with as many held out.
fn oracle(
    root: &Table<'_>,
    (seeds, last_stage): (u64, Option<u64>),
    confirm: Option<Confirm>,
    problems: &mut Problems,
) -> OracleSize {
    let fewest = last_stage.unwrap_or(1);
    let fresh = confirm.map_or(0, |confirm| confirm.seeds);
    let mut oracle = OracleSize { models: seeds, held_out: seeds.max(fresh) };
    if let Some(table) = root.table("oracle", problems) {
        table.refuse_unknown(&["models", "held-out"], problems);
        // Beyond that the seeds of one group would run into those of the next.
        oracle.models = table.whole("models", fewest..=HELD_OUT_SEEDS, oracle.models, problems);
        oracle.held_out = table.whole("held-out", fresh..=HELD_OUT_SEEDS, oracle.held_out, problems);
    }
    oracle
}

fn toy(root: &Table<'_>, engine: &EngineChoice, problems: &mut Problems) -> u32 {
    const EXAMPLES: u64 = 50;
    const MOST: u64 = 1_000_000;
    let Some(table) = root.table("toy", problems) else { return EXAMPLES as u32 };
    if let (EngineChoice::Torch | EngineChoice::Command(_), Some(span)) = (engine, &table.span) {
        let mistake = Mistake::WrongEngine { key: "[toy]".to_owned(), engine: engine.written() };
        problems.push(Problem::at(span.clone(), mistake).help("remove it, or say engine = \"toy\""));
    }
    table.refuse_unknown(&["examples"], problems);
    table.whole("examples", 1..=MOST, EXAMPLES, problems) as u32
}
