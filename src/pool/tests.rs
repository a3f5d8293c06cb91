//! The dispatcher with worker processes that are shell scripts.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crossbeam_channel::{Sender, unbounded};
use serde_json::json;
use sweep_disk::{Disk, OsDisk};
use sweep_faults::{Counting, Death};
use sweep_protocol::{
    message::Start,
    network::Network,
    recipe::Recipe,
    terms::{ContentHash, Device, RunId, Seed, SetSizes},
};
use tempfile::TempDir;

use super::{Ending, Happening, How, Interruption, Observer, PoolError, Settings, SlotSpec, job, run};
use crate::{
    cluster::{Claims, Lease, Lookout, Owner, Squeue},
    engine::WorkerCommand,
    outcome::{Cause, Outcome},
    plan::{
        Forgotten, Identity, Names, OracleSize, Plan, PlannedEngine, PlannedInputs, PlannedOriginal, Point,
        Role, Run,
    },
    store::{Cache, ChangedInputs, Damage, Holder, Notice, Opening, Recorded, Source, Store, StoreError},
};

/// Says hello, then performs jobs: `$run`, `$folder`, `$attempt` describe the job, `finished` reports a result.
const WORKER: &str = r#"
echo "{\"hello\":{\"format\":1,\"engine\":\"ENGINE\",\"version\":\"sh\",\"trains\":TRAINS,\"device\":\"cpu\",\"device_name\":\"sh\"}}"
field() { printf '%s\n' "$line" | sed "s/.*\"$1\":\"*\([^\",]*\).*/\1/"; }
write() { printf confidences > "$folder/confidences.npy"; printf weights > "$folder/model.safetensors"; }
finished() {
    printf '{"finished":{"run":"%s","measurement":{"accuracy":{"retain":0.9,"forget":0.5,"validation":0.8,"test":null},' "$run"
    printf '"unlearn_s":1.0,"measure_s":0.5,"steps":7,"confidences":{"file":"confidences.npy","blake3":"CONFIDENCES"},'
    printf '"weights":{"file":"model.safetensors","blake3":"WEIGHTS"}}}}\n'
}
while read -r line; do
    run=$(field run); folder=$(field folder); attempt=$(field attempt)
    PERFORM
done
"#;

fn hash(content: &str) -> ContentHash {
    blake3::hash(content.as_bytes()).to_hex().as_str().parse().expect("a hash")
}

/// A slot whose worker carries every job out in this way.
fn slot(engine: &str, perform: &str) -> SlotSpec {
    let script = WORKER
        .replace("ENGINE", engine)
        .replace("TRAINS", if engine == "torch" { "true" } else { "false" })
        .replace("CONFIDENCES", hash("confidences").as_str())
        .replace("WEIGHTS", hash("weights").as_str())
        .replace("PERFORM", perform);
    let args = vec!["-c".into(), script.into()];
    let command = WorkerCommand::new("/bin/sh".into(), args, Device::Cpu, std::env::vars_os());
    SlotSpec { device: Device::Cpu, command }
}

fn settings(slots: Vec<SlotSpec>) -> Settings {
    Settings { grace: Duration::from_secs(2), ..Settings::new(slots) }
}

fn run_id(number: u64) -> RunId {
    format!("{number:032x}").parse().expect("32 hexadecimal digits")
}

fn plan(engine: &str, roles: &[(Role, u64)]) -> Plan {
    let point = |role: Role| Point {
        label: role.word().into(),
        method: if role == Role::Unlearn { "finetune".into() } else { "retrain".into() },
        parameters: BTreeMap::new().into(),
        varied: [].into(),
        role,
        recipe: Recipe::default().into(),
        passes: 0.0,
    };
    let points: Vec<_> = roles.iter().map(|&(role, _)| point(role)).collect();
    let counts =
        roles.iter().enumerate().flat_map(|(point, &(_, count))| (0..count).map(move |seed| (point, seed)));
    let runs = counts
        .enumerate()
        .map(|(number, (point, seed))| Run { id: run_id(number as u64), point, seed: Seed(seed) })
        .collect();
    let oracle = OracleSize { models: 1, held_out: 1 };
    Plan {
        name: "small".into(),
        engine: PlannedEngine::ours(engine, "sh", engine == "torch"),
        seeds: 1,
        stages: Vec::new(),
        best_of: crate::plan::BestOf::Grid,
        confirm: None,
        keep_models: false,
        shadows: None,
        accuracies: false,
        audit: None,
        oracle,
        originals: roles.iter().find(|(role, _)| *role == Role::Original).map_or(1, |(_, count)| *count),
        inputs: None,
        points,
        runs,
    }
}

fn open(disk: Arc<dyn Disk>, dir: &Path, plan: &Plan) -> Result<Store, StoreError> {
    let holder = Holder { host: "here".into(), pid: 1, since: "noon".into(), version: "0.1.0".into() };
    let opening = Opening {
        plan,
        grid: "",
        included: &[],
        provenance: &json!({}),
        holder: &holder,
        damage: Damage::Refuse,
        changed_inputs: ChangedInputs::Refuse,
    };
    Store::open_on(disk, dir, &opening).map(|(store, _)| store)
}

/// Remembers what it was told, in words; may interrupt when a run starts.
#[derive(Debug, Default)]
struct Witness {
    told: Vec<String>,
    interrupts: Option<Sender<Interruption>>,
}

impl Observer for Witness {
    fn event(&mut self, happening: &Happening<'_>) {
        if matches!(happening, Happening::Started { .. })
            && let Some(interrupts) = self.interrupts.take()
        {
            interrupts.send(Interruption::Interrupt(1)).expect("the pool listens");
        }
        self.told.push(match happening {
            Happening::WorkerStarting { .. } => "starting".to_owned(),
            Happening::WorkerReady { .. } => "ready".to_owned(),
            Happening::WorkerLost { reason, .. } => format!("lost: {reason}"),
            Happening::SlotBroken { reason, .. } => format!("broken: {reason}"),
            Happening::Started { run, attempt, .. } => format!("run {run} attempt {attempt}"),
            Happening::Progress { run, step, .. } => format!("run {run} step {step}"),
            Happening::Ended { run, outcome, source, .. } => {
                format!("run {run} {} {source:?}", outcome.status())
            }
            Happening::Retrying { run, .. } => format!("run {run} again"),
            Happening::Abandoned { run, .. } => format!("run {run} abandoned"),
            Happening::Crowded { runs, rows, .. } => format!("{} runs anew, {rows} at once", runs.len()),
            Happening::Dropped { run, .. } => format!("late outcome of run {run}"),
            Happening::Draining { .. } => "draining".to_owned(),
            Happening::Notice(notice) => notice.to_string(),
        });
    }
}

struct Stage {
    _parent: TempDir,
    dir: PathBuf,
    plan: Plan,
    witness: Witness,
}

impl Stage {
    fn new(plan: Plan) -> Self {
        let parent = tempfile::tempdir().expect("a temporary folder");
        let dir = parent.path().join("small");
        Self { _parent: parent, dir, plan, witness: Witness::default() }
    }

    fn sweep(&mut self, settings: &Settings, cache: Option<&Cache>) -> Ending {
        let mut store = open(Arc::new(OsDisk), &self.dir, &self.plan).expect("writable");
        run(&self.plan, &mut store, cache, settings, &mut self.witness).expect("a healthy disk")
    }

    fn outcome(&self, run: u64) -> Option<Outcome> {
        let recorded = Recorded::read_for(&OsDisk, &self.dir, &self.plan).expect("whole");
        recorded.outcomes.get(&run_id(run)).map(|record| record.outcome.clone())
    }
}

#[test]
fn every_run_is_carried_out_once_and_recorded() {
    let mut stage = Stage::new(plan("toy", &[(Role::Oracle, 2), (Role::Unlearn, 3)]));
    let perform = "echo \"at work on $run\" >&2; write; finished";
    let ending = stage.sweep(&settings(vec![slot("toy", perform), slot("toy", perform)]), None);
    assert_eq!(ending, Ending { finished: 5, diverged: 0, failed: 0, pending: 0, how: How::Complete });
    for number in 0..5 {
        let Some(Outcome::Finished(measurement)) = stage.outcome(number) else {
            panic!("run {number} is missing")
        };
        assert_eq!(measurement.steps, 7);
        let log = std::fs::read_to_string(stage.dir.join(format!("runs/{}/worker.log", run_id(number))));
        assert_eq!(log.expect("there is a log"), format!("at work on {}\n", run_id(number)));
    }
    stage.witness.told.clear();
    let ending = stage.sweep(&settings(vec![slot("toy", "exit 1")]), None);
    assert_eq!((ending.finished, ending.how), (5, How::Complete));
    assert_eq!(stage.witness.told, [""; 0], "nothing is repeated, no worker is started");
}

#[test]
fn a_worker_that_dies_costs_its_run_an_attempt_and_nobody_else() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 3)]));
    let perform = r#"
        case "$run-$attempt" in *0-1) echo "out of luck" >&2; exit 7;; *1-*) kill -9 $$;; esac
        write; finished"#;
    let ending = stage.sweep(&settings(vec![slot("toy", perform)]), None);
    assert_eq!((ending.finished, ending.failed), (2, 1));
    assert!(matches!(stage.outcome(0), Some(Outcome::Finished(_))), "the second attempt did it");
    let Some(Outcome::Failed { cause: Cause::WorkerLost, message }) = stage.outcome(1) else {
        panic!("it kills every worker, but: {:?}", stage.outcome(1))
    };
    assert!(message.contains("signal 9"), "{message}");
    let told = stage.witness.told.join("\n");
    assert!(told.contains("it exited with code 7; it said last: out of luck"), "{told}");
    assert!(told.contains("run 0 attempt 2"), "{told}");
}

#[test]
fn a_worker_that_names_files_it_did_not_write_is_not_believed() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 1)]));
    let ending = stage.sweep(&settings(vec![slot("toy", "finished")]), None);
    assert_eq!((ending.finished, ending.failed), (0, 1));
}

#[test]
fn what_is_said_of_another_run_is_dropped() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 2)]));
    let perform = r"write; finished; finished
        real=$run; run=ffffffffffffffffffffffffffffffff; finished; run=$real";
    let ending = stage.sweep(&settings(vec![slot("toy", perform)]), None);
    assert_eq!((ending.finished, ending.failed), (2, 0));
    let dropped = stage.witness.told.iter().filter(|told| told.contains("late outcome")).count();
    assert!(dropped >= 2, "the user is told of what is dropped: {:?}", stage.witness.told);
}

#[test]
fn a_worker_that_floods_its_log_finishes_and_the_log_stays_small() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 1)]));
    let perform = "head -c 9000000 /dev/zero >&2; write; finished";
    assert_eq!(stage.sweep(&settings(vec![slot("toy", perform)]), None).finished, 1);
    let log = stage.dir.join(format!("runs/{}/worker.log", run_id(0)));
    let length = std::fs::metadata(log).expect("there is a log").len();
    assert!((1 << 20..(2 << 20) + 100_000).contains(&length), "{length} bytes");
}

#[test]
fn what_a_worker_leaves_behind_goes_with_it() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 1)]));
    let pids = stage.dir.with_extension("pids");
    let perform = format!("sleep 1000 & echo $! >> {}; kill -9 $$", pids.display());
    assert_eq!(stage.sweep(&settings(vec![slot("toy", &perform)]), None).failed, 1);
    let left = std::fs::read_to_string(&pids).expect("it wrote them");
    assert_eq!(left.lines().count(), 2, "one for each attempt");
    for pid in left.lines() {
        assert!(!Path::new("/proc").join(pid).exists(), "process {pid} is left, or nobody has reaped it");
    }
}

#[test]
fn a_device_whose_workers_die_under_two_runs_is_used_no_more() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 3)]));
    let on = |device, perform| SlotSpec { device, ..slot("toy", perform) };
    let ending = stage.sweep(&settings(vec![on(Device::Cuda(0), "kill -9 $$")]), None);
    let How::NoWorkers { reasons } = ending.how else { panic!("the device is left: {ending:?}") };
    assert!(reasons[0].1.contains("cuda:0 cost two runs in a row their worker"), "{reasons:?}");
    assert_eq!((ending.failed, ending.pending), (1, 2), "the first run had its retry, the others wait");
    let ending = stage.sweep(&settings(vec![on(Device::Cuda(1), "write; finished")]), None);
    assert_eq!((ending.finished, ending.how), (2, How::Complete));
}

#[test]
fn a_pool_without_workers_says_why() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 1)]));
    let mut missing = slot("toy", "");
    missing.command.program = "/nowhere/worker".into();
    let mut mute = slot("toy", "");
    mute.command.args = ["-c", "echo 'libtorch_cpu.so: cannot open' >&2; exit 127"].map(Into::into).to_vec();
    let mut old = slot("toy", "");
    old.command.args[1] = std::ffi::OsString::from(
        old.command.args[1].to_string_lossy().replace("\\\"format\\\":1", "\\\"format\\\":0"),
    );
    let ending = stage.sweep(&settings(vec![missing, mute, slot("torch", ""), old]), None);
    let How::NoWorkers { reasons } = &ending.how else { panic!("no worker can work, but: {ending:?}") };
    assert_eq!(ending.pending, 1);
    assert!(!reasons.is_empty());
    let expected = ["/nowhere/worker", "libtorch_cpu.so", "is engine `torch`", "format 0"];
    // One run needs one worker: the slots are tried one after the other.
    for ((number, reason), expected) in reasons.iter().zip(expected) {
        assert!(reason.contains(expected), "slot {number}: {reason}");
    }
    assert_eq!(reasons.len(), 4);
}

#[test]
fn a_refusal_ends_the_sweep_and_is_no_outcome() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 4)]));
    let perform =
        r#"printf '{"failed":{"run":"%s","failure":"refused","message":"forget.csv: row 3"}}\n' "$run""#;
    let ending = stage.sweep(&settings(vec![slot("toy", perform)]), None);
    assert_eq!(ending.how, How::Refused { message: "forget.csv: row 3".to_owned() });
    assert_eq!(ending.pending, 4);
}

#[test]
fn a_store_that_fails_ends_the_sweep_and_its_workers() {
    let mut failures = 0;
    for at in (20..60).step_by(3) {
        let stage = Stage::new(plan("toy", &[(Role::Unlearn, 3)]));
        let disk = Arc::new(Counting::new(Arc::new(OsDisk), at, Death::FailOnce));
        let Ok(mut store) = open(disk, &stage.dir, &stage.plan) else { continue };
        let pids = stage.dir.join("pids");
        let perform = format!("echo $$ >> {}; write; finished", pids.display());
        let settings = settings(vec![slot("toy", &perform), slot("toy", &perform)]);
        match run(&stage.plan, &mut store, None, &settings, &mut Witness::default()) {
            Ok(ending) => assert_eq!(ending.finished, 3),
            Err(PoolError::Store(StoreError::Write { .. })) => failures += 1,
            Err(other) => panic!("change {at}: {other}"),
        }
        for pid in std::fs::read_to_string(&pids).unwrap_or_default().lines() {
            assert!(!Path::new("/proc").join(pid).exists(), "change {at}: worker {pid} is left");
        }
    }
    assert!(failures > 5, "the failure hit the sweep {failures} times");
}

#[test]
fn finished_oracles_are_shared_between_sweeps() {
    let roles = [(Role::Original, 1), (Role::Oracle, 2), (Role::Unlearn, 1)];
    let mut first = Stage::new(plan("torch", &roles));
    let parent = tempfile::tempdir().expect("a temporary folder");
    let cache = Cache::open(&parent.path().join("deep/cache")).expect("room");
    let works = settings(vec![slot("torch", "write; finished")]);
    assert_eq!(first.sweep(&works, Some(&cache)).finished, 4);

    let mut second = Stage::new(plan("torch", &roles));
    let damaged = parent.path().join("deep/cache").join(run_id(2).as_str());
    std::fs::remove_file(damaged.join("confidences.npy")).expect("it is there");
    std::fs::write(damaged.join("confidences.npy"), "other").expect("writable");
    assert_eq!(second.sweep(&works, Some(&cache)).finished, 4);
    let ended: Vec<_> = second.witness.told.iter().filter(|told| told.contains(" finished ")).collect();
    let expected = [
        "run 0 finished Cached",
        "run 1 finished Cached",
        "run 2 finished Computed",
        "run 3 finished Computed",
    ];
    assert_eq!(ended, expected);
    assert!(second.witness.told.contains(&Notice::DamagedCacheEntry { path: damaged }.to_string()));
    let recorded = Recorded::read_for(&OsDisk, &second.dir, &second.plan).expect("whole");
    assert_eq!(recorded.outcomes[&run_id(0)].source, Source::Cached);
    assert_eq!(std::fs::read(recorded.confidences(&run_id(0))).expect("brought"), b"confidences");
}

#[test]
fn a_termination_leaves_what_was_at_work_pending() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 3)]));
    let (sender, interruptions) = unbounded();
    sender.send(Interruption::Terminate).expect("room");
    let settings = Settings { interruptions, ..settings(vec![slot("toy", "sleep 1000")]) };
    let ending = stage.sweep(&settings, None);
    assert_eq!(ending.how, How::Drained { by: Interruption::Terminate });
    assert_eq!(ending.pending, 3);
}

#[test]
fn an_interrupt_lets_the_run_at_work_finish() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 3)]));
    let (sender, interruptions) = unbounded();
    stage.witness.interrupts = Some(sender);
    // The sender is dropped after its one message: a silent channel must not stop the pool from listening to workers.
    let settings = Settings { interruptions, ..settings(vec![slot("toy", "write; finished")]) };
    let ending = stage.sweep(&settings, None);
    assert_eq!(ending.how, How::Drained { by: Interruption::Interrupt(1) });
    assert_eq!((ending.finished, ending.pending), (1, 2));
}

#[test]
fn a_hung_worker_is_replaced() {
    let mut stage = Stage::new(plan("toy", &[(Role::Unlearn, 1)]));
    let perform = r#"if [ "$attempt" = 1 ]; then sleep 1000; fi; write; finished"#;
    let settings = Settings { stall_timeout: Duration::ZERO, ..settings(vec![slot("toy", perform)]) };
    // With no patience at all the second attempt may be taken for hung too: what counts is that it ends.
    let ending = stage.sweep(&settings, None);
    assert_eq!((ending.finished + ending.failed, ending.how), (1, How::Complete));
    assert!(stage.witness.told.iter().any(|told| told.contains("made no step")), "{:?}", stage.witness.told);
}

#[test]
fn unlearning_starts_from_the_weights_that_the_original_left() {
    let mut plan = plan("torch", &[(Role::Original, 1), (Role::Oracle, 1), (Role::Unlearn, 1)]);
    plan.inputs = Some(PlannedInputs {
        data: "faces".into(),
        data_hash: hash("data"),
        skipped_images: 0,
        sizes: SetSizes { retain: 4, forget: 2, validation: 2, test: None },
        forgotten: Forgotten::default(),
        original_split: None,
        network: Network::new("resnet18", 10, &[("width", 8)]),
        originals: vec![PlannedOriginal::Trained { run: run_id(0) }],
    });
    let mut stage = Stage::new(plan);
    assert_eq!(stage.sweep(&settings(vec![slot("torch", "write; finished")]), None).finished, 3);
    let store = open(Arc::new(OsDisk), &stage.dir, &stage.plan).expect("writable");
    let job = |run| {
        job::job(&stage.plan, run, (1, "folder".into()), &job::recorded(&store))
            .expect("the original is recorded")
    };
    let start = |run| job(run).inputs.expect("the plan has inputs").start;
    assert_eq!((start(0), start(1)), (Start::Fresh, Start::Fresh));
    assert_eq!(start(2), Start::Checkpoint { path: store.weights(&run_id(0)), blake3: hash("weights") });
    assert_eq!([0, 1, 2].map(|run| job(run).keep_weights), [true, false, false]);
}

#[test]
fn seeds_start_from_several_originals_in_turn_and_go_together_only_where_they_share_one() {
    let mut plan = plan("torch", &[(Role::Original, 2), (Role::Oracle, 1), (Role::Unlearn, 4)]);
    plan.seeds = 4;
    plan.inputs = Some(PlannedInputs {
        data: "faces".into(),
        data_hash: hash("data"),
        skipped_images: 0,
        sizes: SetSizes { retain: 4, forget: 2, validation: 2, test: None },
        forgotten: Forgotten::default(),
        original_split: None,
        network: Network::new("resnet18", 10, &[("width", 8)]),
        originals: [0, 1].map(|run| PlannedOriginal::Trained { run: run_id(run) }).to_vec(),
    });
    let weights =
        |run: &RunId| Some(Start::Checkpoint { path: run.as_str().into(), blake3: hash(run.as_str()) });
    let start = |run| {
        let job = job::job(&plan, run, (1, "folder".into()), &weights).expect("the originals are recorded");
        assert_eq!(job.original, None, "the weights say it");
        job.inputs.expect("the plan has inputs").start
    };
    assert_eq!([0, 1, 2].map(start), [Start::Fresh, Start::Fresh, Start::Fresh]);
    assert_eq!([3, 4, 5, 6].map(start), [0, 1, 0, 1].map(|run| weights(&run_id(run)).expect("some")));

    let drawn = Plan { engine: PlannedEngine::ours("toy", "sh", false), inputs: None, ..plan };
    let number = |run| {
        job::job(&drawn, run, (1, "folder".into()), &|_| None).expect("nothing has to be there").original
    };
    assert_eq!([2, 3, 4, 5].map(number), [None, Some(0), Some(1), Some(0)]);
    let companies = job::companies(&drawn);
    assert!(companies[3].is_some() && companies[3] != companies[4], "{companies:?}");
    assert_eq!((companies[3], companies[4]), (companies[5], companies[6]));
}

#[test]
fn a_run_that_another_scheduler_took_over_and_lost_is_carried_out_after_all() {
    // While the first attempt is at work, a scheduler that is gone by now has claimed the run.
    const TAKEN_OVER: &str = r#"
        claims=$folder/../../claims
        if [ "$attempt" = 1 ]; then sed 's/"started":[0-9]*/"started":0/' "$claims/$run.1" > "$claims/$run.2"; fi
        write; finished"#;
    let folder = TempDir::new().expect("a folder");
    let (dir, disk) = (folder.path().join("results"), Arc::new(OsDisk));
    let mut plan = plan("toy", &[(Role::Unlearn, 1)]);
    // Who joins reads the plan, and believes the ids that it can work out alone.
    let identity = Identity {
        engine: &plan.engine.identity(),
        data: None,
        network: None,
        start: None,
        method: "finetune",
    };
    let ids = Names::of(&identity).runs(&BTreeMap::new(), &Recipe::default(), [Seed(0)].into_iter());
    plan.runs[0].id = ids.last().expect("one seed, one id");
    drop(open(disk.clone(), &dir, &plan).expect("room"));
    let lease = Lease { beat: Duration::from_millis(10), silence: Duration::from_mins(10) };
    let lookout = Lookout::new(Owner::here(None), Squeue::new(Duration::MAX));
    let claims = Claims::join(disk.clone(), &dir, lease, lookout).expect("room");
    let (mut store, _, _) = Store::join(disk, &dir, claims, &super::this_scheduler()).expect("room");
    let mut witness = Witness::default();
    let settings = settings(vec![slot("toy", TAKEN_OVER)]);
    let ending = run(&plan, &mut store, None, &settings, &mut witness).expect("room");
    assert_eq!((ending.how, ending.finished, ending.pending), (How::Complete, 1, 0), "{:?}", witness.told);
    let started: Vec<_> = witness.told.iter().filter(|told| told.contains("attempt")).collect();
    assert_eq!(started, ["run 0 attempt 1", "run 0 attempt 3"]);
}
