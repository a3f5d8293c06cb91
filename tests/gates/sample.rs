//! A small sweep without workers: a plan, the outcome that each of its runs has, and a scheduler that carries it out.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use sweep::{
    outcome::{Cause, Outcome},
    plan::{BestOf, Identity, Names, OracleSize, Plan, PlannedEngine, Point, Role, Run},
    store::{ChangedInputs, Damage, Holder, Notice, Opening, Recorded, Source, Store, StoreError},
};
use sweep_disk::Disk;
use sweep_faults::{Counting, Death, SimulatedDisk};
use sweep_protocol::{
    measurement::{Accuracies, Artifact, Measurement},
    message::Failure,
    recipe::Recipe,
    terms::{ContentHash, RunId, Seed, UnitInterval},
};

/// Where the results are, on a disk of their own.
pub(crate) const DIR: &str = "results/small";

/// Name of the one array that a run leaves.
pub(crate) const CONFIDENCES: &str = "confidences.npy";

/// The engine as it enters the ids of runs.
const BUILD: &str = "toy 0.1.0, 4 examples";

/// A plan of runs without inputs.
pub(crate) fn plan(runs: u64) -> Plan {
    let point = Point {
        label: "identity".into(),
        method: "identity".into(),
        parameters: BTreeMap::new().into(),
        varied: [].into(),
        role: Role::Unlearn,
        recipe: Recipe::default().into(),
        passes: 0.0,
    };
    Plan {
        name: "small".into(),
        engine: PlannedEngine::ours("toy", "0.1.0, 4 examples", false),
        seeds: runs,
        stages: Vec::new(),
        best_of: BestOf::Grid,
        confirm: None,
        keep_models: false,
        shadows: None,
        accuracies: false,
        audit: None,
        oracle: OracleSize { models: 1, held_out: 1 },
        originals: 1,
        inputs: None,
        points: vec![point],
        runs: (0..runs).map(|number| Run { id: run_id(number), point: 0, seed: Seed(number) }).collect(),
    }
}

pub(crate) fn run_id(number: u64) -> RunId {
    let identity = Identity { engine: BUILD, data: None, network: None, start: None, method: "identity" };
    let mut ids = Names::of(&identity).runs(&BTreeMap::new(), &Recipe::default(), [Seed(number)].into_iter());
    ids.next().expect("one seed, one id")
}

/// The bytes that a run leaves as its confidences.
pub(crate) fn confidences(number: u64) -> Vec<u8> {
    number.to_le_bytes().repeat(4)
}

/// The only right outcome of a run: two of three are measured, the others end in the other ways.
pub(crate) fn outcome(number: u64) -> Outcome {
    match number % 6 {
        1 => Outcome::Diverged { step: number },
        4 => Outcome::Failed { cause: Cause::Reported(Failure::Error), message: "a \"quoted\" one\n".into() },
        _ => Outcome::Finished(Box::new(measurement(number))),
    }
}

fn measurement(number: u64) -> Measurement {
    let share = UnitInterval::new(1.0 / (number as f64 + 3.0)).expect("in range");
    let blake3 = ContentHash::from(*blake3::hash(&confidences(number)).as_bytes());
    Measurement {
        accuracy: Accuracies { retain: share, forget: share, validation: share, test: None, truth: None },
        unlearn_s: 0.1 * (number as f64),
        measure_s: 0.0,
        steps: number,
        confidences: Artifact { file: CONFIDENCES.into(), blake3 },
        weights: None,
        examples: None,
        reconstruction: None,
        curves: None,
        renamed: None,
        unchanged: false,
    }
}

/// Opens the results of a plan as a scheduler of this name would.
pub(crate) fn open(
    disk: Arc<dyn Disk>,
    dir: &Path,
    plan: &Plan,
    damage: Damage,
    host: &str,
) -> Result<(Store, Vec<Notice>), StoreError> {
    asked(plan, damage, host, |opening| Store::open_on(disk, dir, opening))
}

/// What a scheduler of this name brings along.
pub(crate) fn asked<T>(plan: &Plan, damage: Damage, host: &str, open: impl FnOnce(&Opening<'_>) -> T) -> T {
    let holder = Holder { host: host.into(), pid: 1, since: "noon".into(), version: "0.1.0".into() };
    open(&Opening {
        plan,
        grid: "name = \"small\"",
        included: &[],
        provenance: &serde_json::Value::Null,
        holder: &holder,
        damage,
        changed_inputs: ChangedInputs::Refuse,
    })
}

/// What a scheduler has done before it ended or failed.
#[derive(Debug, Default)]
pub(crate) struct Done {
    /// Runs that were handed to a worker.
    pub(crate) started: Vec<u64>,
    /// Runs whose outcome was acknowledged as recorded.
    pub(crate) acknowledged: Vec<u64>,
    /// Why it ended early.
    pub(crate) error: Option<StoreError>,
}

/// Carries out what is missing, with a worker that writes its array to `worker` and syncs nothing itself.
pub(crate) fn carry_out(worker: &dyn Disk, store: &mut Store, plan: &Plan) -> Done {
    let mut done = Done::default();
    for run in &plan.runs {
        if store.outcome(&run.id).is_some() {
            continue;
        }
        if let Err(error) = carry_out_one(worker, store, run, &mut done) {
            done.error = Some(error);
            return done;
        }
    }
    done
}

fn carry_out_one(worker: &dyn Disk, store: &mut Store, run: &Run, done: &mut Done) -> Result<(), StoreError> {
    let number = run.seed.0;
    let attempt = store.attempts(&run.id) + 1;
    let folder = store.begin(&run.id, attempt, 0)?;
    done.started.push(number);
    let path = folder.join(CONFIDENCES);
    worker.create_new(&path, &confidences(number)).map_err(|source| StoreError::Write { path, source })?;
    store.commit(&run.id, attempt, &outcome(number), Source::Computed)?;
    done.acknowledged.push(number);
    Ok(())
}

/// One scheduler with its worker on one disk, from its beginning to its end or first failure.
pub(crate) fn scheduler<D: Disk + 'static>(disk: &Arc<D>, runs: u64) -> Done {
    let plan = plan(runs);
    match open(disk.clone(), Path::new(DIR), &plan, Damage::Refuse, "here") {
        Ok((mut store, _)) => carry_out(disk.as_ref(), &mut store, &plan),
        Err(error) => Done { error: Some(error), ..Done::default() },
    }
}

/// Number of durable changes that a whole sweep makes, the worker's included.
pub(crate) fn changes(runs: u64) -> u64 {
    let counting = Arc::new(Counting::new(Arc::new(SimulatedDisk::default()), u64::MAX, Death::FailOnce));
    let done = scheduler(&counting, runs);
    assert_eq!(done.acknowledged.len() as u64, runs, "{:?}", done.error);
    counting.changes()
}

/// Fails unless every run has its right outcome and the array that it names.
pub(crate) fn check_results(disk: &dyn Disk, runs: u64) {
    let recorded = Recorded::read_on(disk, Path::new(DIR)).expect("results that can be read");
    assert_eq!(recorded.notices, [], "nothing is left that needs a notice");
    for number in 0..runs {
        let run = run_id(number);
        let record = recorded.outcomes.get(&run).expect("every run has an outcome");
        assert_eq!(record.outcome, outcome(number), "run {number}");
        if record.outcome.measurement().is_some() {
            let bytes = disk.read(&recorded.confidences(&run), 1 << 20).expect("its array is there");
            assert_eq!(bytes, confidences(number), "run {number}");
        }
    }
}
