use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::json;
use sweep_disk::{Disk, Lock, OsDisk, Sharing};
use sweep_faults::{Counting, Death, Kept, SimulatedDisk};
use sweep_protocol::{
    measurement::{Accuracies, Artifact, MeasuredExamples, Measurement, NamedFile},
    message::Failure,
    network::Network,
    recipe::Recipe,
    terms::{ContentHash, RunId, Seed, SetSizes, UnitInterval},
};

use super::{
    Cache, ChangedInputs, Committed, Damage, Fault, Fetched, Holder, Notice, Opening, Recorded, Share,
    Source, Store, StoreError, fsck, journal,
};
use crate::{
    outcome::{Cause, Outcome},
    plan::{
        Forgotten, Identity, Names, OracleSize, Plan, PlannedEngine, PlannedInputs, PlannedOriginal, Point,
        Role, Run,
    },
};

const RUNS: u64 = 3;

/// The engine as it enters the ids of runs.
const BUILD: &str = "toy 0.1.0, 4 examples";

fn run_id(number: u64) -> RunId {
    let identity = Identity { engine: BUILD, data: None, network: None, start: None, method: "identity" };
    let mut ids = Names::of(&identity).runs(&BTreeMap::new(), &Recipe::default(), [Seed(number)].into_iter());
    ids.next().expect("one seed, one id")
}

fn hash_of(bytes: &[u8]) -> ContentHash {
    ContentHash::from(*blake3::hash(bytes).as_bytes())
}

fn plan(runs: u64) -> Plan {
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
        best_of: crate::plan::BestOf::Grid,
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

fn holder() -> Holder {
    Holder { host: "here".into(), pid: 1, since: "noon".into(), version: "0.1.0".into() }
}

fn confidences(number: u64) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}

fn measurement(number: u64) -> Measurement {
    let share = UnitInterval::new(1.0 / (number as f64 + 3.0)).expect("in range");
    Measurement {
        accuracy: Accuracies { retain: share, forget: share, validation: share, test: None, truth: None },
        unlearn_s: 0.1 * (number as f64),
        measure_s: 0.0,
        steps: number,
        confidences: Artifact { file: "confidences.npy".into(), blake3: hash_of(&confidences(number)) },
        weights: None,
        examples: None,
        reconstruction: None,
        curves: None,
        renamed: None,
        unchanged: false,
    }
}

fn outcome(number: u64) -> Outcome {
    match number % 3 {
        0 => Outcome::Finished(Box::new(measurement(number))),
        1 => Outcome::Diverged { step: number },
        _ => Outcome::Failed { cause: Cause::Reported(Failure::Error), message: "a \"quoted\" one".into() },
    }
}

struct Asked {
    plan: Plan,
    damage: Damage,
    inputs: ChangedInputs,
}

impl Asked {
    fn of(plan: Plan) -> Self {
        Self { plan, damage: Damage::Refuse, inputs: ChangedInputs::Refuse }
    }

    fn open(&self, disk: Arc<dyn Disk>, dir: &Path) -> Result<(Store, Vec<Notice>), StoreError> {
        self.opened(|opening| Store::open_on(disk, dir, opening))
    }

    fn open_share(
        &self,
        disk: Arc<dyn Disk>,
        dir: &Path,
        share: &str,
    ) -> Result<(Store, Vec<Notice>), StoreError> {
        self.opened(|opening| Store::open_share(disk, dir, opening, &Share::named(share)))
    }

    fn opened<T>(&self, open: impl FnOnce(&Opening<'_>) -> T) -> T {
        let opening = Opening {
            plan: &self.plan,
            grid: "name = \"small\"",
            included: &[],
            provenance: &json!({ "sweep": "0.1.0" }),
            holder: &holder(),
            damage: self.damage,
            changed_inputs: self.inputs,
        };
        open(&opening)
    }
}

fn memory() -> (Arc<SimulatedDisk>, PathBuf) {
    let disk = Arc::new(SimulatedDisk::default());
    (disk, PathBuf::from("results/small"))
}

/// Carries out what is missing; returns the runs whose end was acknowledged, and those that were started.
fn sweep(memory: &SimulatedDisk, store: &mut Store, plan: &Plan) -> (Vec<u64>, Vec<u64>) {
    let (mut acknowledged, mut started) = (Vec::new(), Vec::new());
    for run in &plan.runs {
        if store.outcome(&run.id).is_some() {
            continue;
        }
        let attempt = store.attempts(&run.id) + 1;
        let Ok(folder) = store.begin(&run.id, attempt, 0) else { break };
        started.push(run.seed.0);
        memory.put(&folder.join("confidences.npy"), &confidences(run.seed.0)).expect("room");
        if store.commit(&run.id, attempt, &outcome(run.seed.0), Source::Computed).is_err() {
            break;
        }
        acknowledged.push(run.seed.0);
    }
    (acknowledged, started)
}

fn check_complete(disk: &SimulatedDisk, dir: &Path, runs: u64, circumstances: &str) {
    let recorded = Recorded::read_on(disk, dir).expect(circumstances);
    assert_eq!(recorded.notices, [], "{circumstances}");
    for number in 0..runs {
        let record = recorded.outcomes.get(&run_id(number)).expect(circumstances);
        assert_eq!(record.outcome, outcome(number), "{circumstances}");
        if record.outcome.measurement().is_some() {
            let bytes = disk.read(&recorded.confidences(&run_id(number)), 1 << 20);
            assert_eq!(bytes.expect(circumstances), confidences(number), "{circumstances}");
        }
    }
}

#[test]
fn a_crash_at_any_change_loses_nothing_acknowledged_and_repeats_nothing() {
    let asked = Asked::of(plan(RUNS));
    let mut at = 1;
    loop {
        for power_fails in [false, true] {
            let circumstances = format!("crash at change {at}, power fails: {power_fails}");
            let (disk, dir) = memory();
            let dying = Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen));
            let (acknowledged, _) = match asked.open(dying.clone(), &dir) {
                Ok((mut store, _)) => sweep(&disk, &mut store, &asked.plan),
                Err(StoreError::Write { .. }) => Default::default(),
                Err(other) => panic!("{circumstances}: {other}"),
            };
            if power_fails {
                disk.lose_power(Kept::None);
            }
            let (mut store, _) = asked.open(disk.clone(), &dir).expect(&circumstances);
            for &number in &acknowledged {
                assert_eq!(store.outcome(&run_id(number)), Some(&outcome(number)), "{circumstances}");
            }
            let (_, repeated) = sweep(&disk, &mut store, &asked.plan);
            assert!(repeated.iter().all(|number| !acknowledged.contains(number)), "{circumstances}");
            drop(store);
            check_complete(&disk, &dir, RUNS, &circumstances);
            if dying.changes() < at {
                assert!(at > 30, "the sweep makes {at} changes: the loop has tried them all");
                return;
            }
        }
        at += 1;
    }
}

#[test]
fn a_crash_during_the_resume_after_a_crash_is_no_worse() {
    let asked = Asked::of(plan(2));
    for first in 1..45 {
        for second in 1..45 {
            let circumstances = format!("crashes at changes {first} and {second}");
            let (disk, dir) = memory();
            let mut acknowledged = Vec::new();
            for at in [first, second] {
                let dying = Arc::new(Counting::new(disk.clone(), at, Death::FailFromThen));
                if let Ok((mut store, _)) = asked.open(dying, &dir) {
                    acknowledged.extend(sweep(&disk, &mut store, &asked.plan).0);
                }
                disk.lose_power(Kept::None);
            }
            let (mut store, _) = asked.open(disk.clone(), &dir).expect(&circumstances);
            for &number in &acknowledged {
                assert_eq!(store.outcome(&run_id(number)), Some(&outcome(number)), "{circumstances}");
            }
            sweep(&disk, &mut store, &asked.plan);
            drop(store);
            check_complete(&disk, &dir, 2, &circumstances);
        }
    }
}

#[test]
fn a_write_that_fails_once_is_the_last_one() {
    let asked = Asked::of(plan(RUNS));
    let mut stopped = 0;
    for at in 1..60 {
        let (disk, dir) = memory();
        let failing = Arc::new(Counting::new(disk.clone(), at, Death::FailOnce));
        let Ok((mut store, _)) = asked.open(failing.clone(), &dir) else { continue };
        let (acknowledged, _) = sweep(&disk, &mut store, &asked.plan);
        if acknowledged.len() as u64 == RUNS {
            continue;
        }
        let changes = failing.changes();
        let again = store.commit(&run_id(2), 1, &outcome(2), Source::Computed);
        assert!(matches!(again, Err(StoreError::Stopped { .. })), "change {at}: {again:?}");
        assert_eq!(failing.changes(), changes, "nothing is written after the failure");
        stopped += 1;
    }
    assert!(stopped > 10, "the failure hit the sweep itself {stopped} times");
}

fn small_journal() -> (Arc<SimulatedDisk>, PathBuf, Vec<u8>) {
    let (disk, dir) = memory();
    let asked = Asked::of(plan(RUNS));
    let (mut store, _) = asked.open(disk.clone(), &dir).expect("an empty disk");
    sweep(&disk, &mut store, &asked.plan);
    let bytes = disk.read(&store.folder().journal(None), u64::MAX).expect("it is there");
    (disk, dir, bytes)
}

/// Opens damaged results in every way; nothing may panic, no outcome may differ from what was recorded.
fn never_wrong(disk: &Arc<SimulatedDisk>, dir: &Path, damaged: &[u8], circumstances: &str) {
    let journal = dir.join("journal.jsonl");
    disk.put(&journal, damaged).expect("room");
    let right = |number: u64, found: Option<&Outcome>| {
        if let Some(found) = found {
            assert_eq!(found, &outcome(number), "{circumstances}");
        }
    };
    let recorded = Recorded::read_on(&**disk, dir).expect(circumstances);
    for number in 0..RUNS {
        right(number, recorded.outcomes.get(&run_id(number)).map(|record| &record.outcome));
    }
    let mut asked = Asked::of(plan(RUNS));
    match asked.open(disk.clone(), dir) {
        Ok((store, _)) => (0..RUNS).for_each(|number| right(number, store.outcome(&run_id(number)))),
        // A journal that says nothing, beside runs, is no fresh start.
        Err(StoreError::Missing { .. }) if !damaged.contains(&b'\n') => return,
        Err(StoreError::Damaged { .. }) => {
            assert_eq!(disk.read(&journal, u64::MAX).expect("there"), damaged, "a refusal touches nothing");
        }
        Err(other) => panic!("{circumstances}: {other}"),
    }
    asked.damage = Damage::Repair;
    let (mut store, _) = asked.open(disk.clone(), dir).expect(circumstances);
    (0..RUNS).for_each(|number| right(number, store.outcome(&run_id(number))));
    sweep(disk, &mut store, &asked.plan);
    drop(store);
    check_complete(disk, dir, RUNS, circumstances);
}

#[test]
fn a_journal_cut_at_any_byte_is_never_read_wrongly() {
    let (disk, dir, bytes) = small_journal();
    for length in 0..bytes.len() {
        never_wrong(&disk, &dir, &bytes[..length], &format!("cut to {length} bytes"));
    }
}

#[test]
fn any_flipped_bit_is_noticed() {
    let (disk, dir, bytes) = small_journal();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1 << bit;
            let scan = journal::scan(&damaged);
            assert!(!scan.damaged.is_empty() || scan.torn > 0, "bit {bit} of byte {index} goes unnoticed");
            if bit == index % 8 {
                never_wrong(&disk, &dir, &damaged, &format!("bit {bit} of byte {index} flipped"));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn overwritten_bytes_are_never_read_wrongly(at in any::<proptest::sample::Index>(), noise in any::<[u8; 24]>(), length in 1_usize..=24) {
        let (disk, dir, mut bytes) = small_journal();
        let start = at.index(bytes.len());
        for (byte, noise) in bytes[start..].iter_mut().zip(&noise[..length]) {
            *byte = *noise;
        }
        never_wrong(&disk, &dir, &bytes, &format!("{length} bytes at {start} overwritten"));
    }

    #[test]
    fn a_journal_of_noise_is_never_a_panic(noise in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let scan = journal::scan(&noise);
        assert!(scan.entries.is_empty());
        assert_eq!(scan.length + scan.torn, noise.len() as u64);
    }
}

#[test]
fn every_line_is_plain_json_with_its_checksum() {
    let (_, _, bytes) = small_journal();
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    for (index, line) in text.lines().enumerate() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(value["seq"], index as u64 + 1);
        let (covered, _) = line.split_once(",\"crc32c\"").expect("a checksum");
        assert_eq!(value["crc32c"], format!("{:08x}", crc32c::crc32c(covered.as_bytes())));
    }
    // The check value of CRC-32C (RFC 3720, appendix B.4, in the order of its digits): all other tests stand on it.
    assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
}

#[test]
fn the_first_final_outcome_stands() {
    let (disk, dir) = memory();
    let asked = Asked::of(plan(1));
    let (mut store, _) = asked.open(disk.clone(), &dir).expect("an empty disk");
    let run = run_id(0);
    store.begin(&run, 1, 0).expect("room");
    let first = store.commit(&run, 1, &Outcome::Cancelled, Source::Computed).expect("room");
    let second = store.commit(&run, 2, &outcome(1), Source::Computed).expect("room");
    let third = store.commit(&run, 3, &outcome(2), Source::Computed).expect("room");
    assert_eq!((first, second, third), (Committed::Recorded, Committed::Recorded, Committed::Late));
    assert_eq!((store.outcome(&run), store.late()), (Some(&outcome(1)), 1));
    store.reopen(&run).expect("room");
    assert_eq!(store.outcome(&run), None, "asked for again");
    store.commit(&run, 4, &outcome(2), Source::Computed).expect("room");
    drop(store);
    let recorded = Recorded::read_on(&*disk, &dir).expect("whole");
    assert_eq!(recorded.outcomes[&run].outcome, outcome(2));
    assert_eq!(recorded.outcomes[&run].attempt, 4);
}

#[test]
fn a_changed_plan_keeps_what_it_still_asks_for() {
    let (disk, dir, _) = small_journal();
    let (store, notices) = Asked::of(plan(2)).open(disk.clone(), &dir).expect("whole");
    assert_eq!(notices, [Notice::PlanChanged { kept: 2, ignored: 1 }]);
    drop(store);
    let recorded = Recorded::read_on(&*disk, &dir).expect("whole");
    assert_eq!(recorded.plan, plan(2));
    assert_eq!(
        recorded.outcomes.keys().cloned().collect::<BTreeSet<_>>(),
        BTreeSet::from([run_id(0), run_id(1)])
    );
    let (_, notices) = Asked::of(plan(RUNS)).open(disk, &dir).expect("whole");
    assert_eq!(notices, [Notice::PlanChanged { kept: 3, ignored: 0 }], "nothing was thrown away");
}

#[test]
fn changed_inputs_are_refused_until_accepted() {
    let with = |data: &[u8], original: &[u8]| {
        let mut plan = plan(RUNS);
        plan.inputs = Some(PlannedInputs {
            data: "data".into(),
            data_hash: hash_of(data),
            skipped_images: 0,
            sizes: SetSizes { retain: 4, forget: 2, validation: 2, test: None },
            forgotten: Forgotten::default(),
            original_split: None,
            network: Network::new("resnet18", 10, &[("width", 8)]),
            originals: vec![PlannedOriginal::Checkpoint {
                path: "original.pth".into(),
                blake3: hash_of(original),
            }],
        });
        let inputs = plan.inputs.as_ref().expect("just given");
        let (data, network, start) = (&inputs.data_hash, &inputs.network, hash_of(original));
        let identity = Identity {
            engine: BUILD,
            data: Some(data),
            network: Some(network),
            start: Some(start.as_str()),
            method: "identity",
        };
        let ids = Names::of(&identity).runs(&BTreeMap::new(), &Recipe::default(), (0..RUNS).map(Seed));
        for (run, id) in plan.runs.iter_mut().zip(ids) {
            run.id = id;
        }
        plan
    };
    let (disk, dir) = memory();
    drop(Asked::of(with(b"data", b"original")).open(disk.clone(), &dir).expect("an empty disk"));
    let mut other = Asked::of(with(b"data", b"another"));
    let changed = match other.open(disk.clone(), &dir) {
        Err(StoreError::InputsChanged { changed, .. }) => changed,
        other => panic!("the original differs, but: {other:?}"),
    };
    assert_eq!(changed.iter().map(|input| input.what).collect::<Vec<_>>(), ["original"]);
    assert_eq!(Recorded::read_on(&*disk, &dir).expect("whole").plan, with(b"data", b"original"));
    other.inputs = ChangedInputs::Accept;
    let (_, notices) = other.open(disk, &dir).expect("accepted");
    // Other inputs, other ids: nothing of the old plan is kept.
    let replanned = Notice::PlanChanged { kept: 0, ignored: 0 };
    assert_eq!(notices, [replanned, Notice::InputsAccepted { changed }]);
}

#[test]
fn a_changed_byte_of_the_plan_is_noticed_by_every_reader_and_mended_on_request() {
    let (disk, dir, _) = small_journal();
    let path = dir.join("plan.json");
    let bytes = disk.read(&path, u64::MAX).expect("it is there");
    for index in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1 << (index % 8);
        disk.put(&path, &damaged).expect("room");
        let read = Recorded::read_on(&*disk, &dir);
        assert!(matches!(read, Err(StoreError::PlanDamaged { .. })), "byte {index}: {read:?}");
        let found = fsck(&*disk, &dir).expect("readable");
        assert!(!found.is_sound(), "byte {index}");
        let mut asked = Asked::of(plan(RUNS));
        let opened = asked.open(disk.clone(), &dir);
        assert!(matches!(opened, Err(StoreError::PlanDamaged { .. })), "byte {index}: {opened:?}");
        asked.inputs = ChangedInputs::Accept;
        let (store, _) = asked.open(disk.clone(), &dir).expect("written anew");
        assert_eq!(store.outcome(&run_id(0)), Some(&outcome(0)), "nothing is repeated");
    }
    assert_eq!(disk.read(&path, u64::MAX).expect("it is there"), bytes);
}

#[test]
fn numbers_that_nobody_can_count_on_from_are_damage() {
    for (seq, epoch, attempt) in [(u64::MAX, 1, 1), (100, u64::MAX, 1), (100, 1, u32::MAX)] {
        let (disk, dir, mut bytes) = small_journal();
        let event = journal::Event::Started { run: run_id(1), attempt, slot: 0 };
        let line = journal::encode(&journal::Entry { seq, epoch, event });
        bytes.splice(0..0, line);
        assert_eq!(journal::scan(&bytes).damaged.len(), 1, "{seq} {epoch} {attempt}");
        disk.put(&dir.join("journal.jsonl"), &bytes).expect("room");
        let opened = Asked::of(plan(RUNS)).open(disk.clone(), &dir);
        assert!(matches!(opened, Err(StoreError::Damaged { .. })), "{opened:?}");
        assert!(!fsck(&*disk, &dir).expect("readable").is_sound());
    }
}

#[test]
fn a_run_is_under_way_from_its_beginning_to_its_end() {
    let (disk, dir) = memory();
    let (mut store, _) = Asked::of(plan(RUNS)).open(disk.clone(), &dir).expect("a fresh start");
    let is_under_way = || Recorded::read_on(&*disk, &dir).expect("readable").is_under_way(&run_id(1));
    assert!(!is_under_way(), "nothing has begun");
    store.begin(&run_id(1), 1, 0).expect("room");
    assert!(is_under_way());
    store.commit(&run_id(1), 1, &outcome(1), Source::Computed).expect("room");
    assert!(!is_under_way(), "it has ended");
}

#[test]
fn a_missing_journal_or_plan_is_no_fresh_start() {
    for name in ["journal.jsonl", "plan.json"] {
        let (disk, dir, _) = small_journal();
        disk.remove(&dir.join(name)).expect("it is there");
        let opened = Asked::of(plan(RUNS)).open(disk, &dir);
        assert!(
            matches!(opened, Err(StoreError::Missing { ref path }) if path.ends_with(name)),
            "{opened:?}"
        );
    }
}

#[test]
fn a_second_scheduler_is_told_who_holds_the_results() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dir = parent.path().join("small");
    let asked = Asked::of(plan(RUNS));
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let (store, _) = asked.open(disk.clone(), &dir).expect("an empty folder");
    let second = asked.open(disk.clone(), &dir);
    let Err(StoreError::Locked { holder, .. }) = second else { panic!("two schedulers: {second:?}") };
    assert_eq!(holder, "process 1 on here since noon");
    Recorded::read(&dir).expect("readers need no lock");
    drop(store);
    asked.open(disk, &dir).expect("free again");
}

#[test]
fn results_are_private_and_links_are_not_followed() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dir = parent.path().join("small");
    let asked = Asked::of(plan(RUNS));
    let (mut store, _) = asked.open(Arc::new(OsDisk), &dir).expect("an empty folder");
    let run = store.begin(&run_id(1), 1, 0).expect("room");
    store.log(&run_id(1), 1).expect("room").write(b"hello\n");
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    for private in [dir.clone(), dir.join("runs"), run.clone()] {
        assert_eq!(mode(&private), 0o700, "{}", private.display());
    }
    for private in [dir.join("journal.jsonl"), dir.join("plan.json"), run.join("worker.log")] {
        assert_eq!(mode(&private), 0o600, "{}", private.display());
    }
    drop(store);
    let elsewhere = parent.path().join("elsewhere");
    std::fs::rename(dir.join("journal.jsonl"), &elsewhere).expect("it is there");
    std::os::unix::fs::symlink(&elsewhere, dir.join("journal.jsonl")).expect("free");
    let opened = asked.open(Arc::new(OsDisk), &dir);
    assert!(matches!(opened, Err(StoreError::Read { .. })), "{opened:?}");
}

#[test]
fn somebody_elses_line_in_the_journal_stops_the_store() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dir = parent.path().join("small");
    let (mut store, _) = Asked::of(plan(RUNS)).open(Arc::new(OsDisk), &dir).expect("an empty folder");
    let journal = store.folder().journal(None);
    let mut bytes = std::fs::read(&journal).expect("it is there");
    bytes.extend_from_slice(b"{}\n");
    std::fs::write(&journal, bytes).expect("writable");
    let committed = store.commit(&run_id(1), 1, &outcome(1), Source::Computed);
    assert!(matches!(committed, Err(StoreError::Write { .. })), "{committed:?}");
}

#[test]
fn a_scheduler_that_lost_its_lock_is_fenced() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dir = parent.path().join("small");
    let asked = Asked::of(plan(RUNS));
    let (mut first, _) = asked.open(Arc::new(OsDisk), &dir).expect("an empty folder");
    first.begin(&run_id(1), 1, 0).expect("room");
    // What a lock that another host doesn't see amounts to.
    std::fs::remove_file(dir.join("sweep.lock")).expect("it is there");
    let (mut second, _) = asked.open(Arc::new(OsDisk), &dir).expect("free as far as it can see");
    let fenced = first.commit(&run_id(1), 1, &outcome(1), Source::Computed);
    assert!(matches!(fenced, Err(StoreError::Fenced { .. })), "{fenced:?}");
    let stopped = first.begin(&run_id(2), 1, 0);
    assert!(matches!(stopped, Err(StoreError::Stopped { .. })), "{stopped:?}");
    second.begin(&run_id(1), 2, 0).expect("the journal is as it left it");
    second.commit(&run_id(1), 2, &outcome(1), Source::Computed).expect("the results are its own");
    drop((first, second));
    let recorded = Recorded::read(&dir).expect("whole");
    assert_eq!(recorded.outcomes[&run_id(1)].attempt, 2);
    assert_eq!(recorded.notices, []);
}

#[test]
fn a_line_of_a_fenced_scheduler_counts_for_nothing() {
    let (disk, dir, mut bytes) = small_journal();
    let entry = |seq, epoch| {
        let event = journal::Event::Reopened { run: run_id(1) };
        journal::encode(&journal::Entry { seq, epoch, event })
    };
    bytes.extend(entry(100, 2));
    bytes.extend(entry(101, 1));
    let scan = journal::scan(&bytes);
    assert_eq!((scan.damaged.len(), scan.torn, scan.fenced), (0, 0, 1));
    disk.put(&dir.join("journal.jsonl"), &bytes).expect("room");
    let (_, notices) = Asked::of(plan(RUNS)).open(disk, &dir).expect("no damage");
    assert_eq!(notices, [Notice::FencedLines { path: dir.join("journal.jsonl"), lines: 1 }]);
}

#[test]
fn schedulers_that_share_a_sweep_keep_a_journal_each_and_are_read_as_one() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let dir = parent.path().join("small");
    let plan = plan(RUNS);
    let (disk, asked): (Arc<dyn Disk>, _) = (Arc::new(OsDisk), Asked::of(plan.clone()));
    let share = |name: &str| asked.open_share(disk.clone(), &dir, name);
    let (mut left, _) = share("node/1").expect("an empty folder");
    let (mut right, _) = share("node2").expect("another share");
    assert!(matches!(share("node2"), Err(StoreError::Locked { .. })), "a share has one scheduler");
    let sole = asked.open(disk.clone(), &dir);
    assert!(matches!(sole, Err(StoreError::Locked { .. })), "and excludes a sole one: {sole:?}");
    for (store, number) in [(&mut left, 1), (&mut right, 2)] {
        store.begin(&run_id(number), 1, 0).expect("room");
        store.commit(&run_id(number), 1, &outcome(number), Source::Computed).expect("room");
    }
    drop((left, right));
    assert!(dir.join("journal.node-1.jsonl").is_file() && dir.join("journal.node2.jsonl").is_file());

    let recorded = Recorded::read(&dir).expect("whole");
    assert_eq!(
        recorded.outcomes.keys().cloned().collect::<BTreeSet<_>>(),
        BTreeSet::from([run_id(1), run_id(2)])
    );
    let (mut sole, _) = asked.open(disk.clone(), &dir).expect("free now");
    assert_eq!(sole.outcome(&run_id(2)), Some(&outcome(2)), "what others recorded is known");
    sole.reopen(&run_id(2)).expect("room");
    drop(sole);
    let recorded = Recorded::read(&dir).expect("whole");
    assert_eq!(
        recorded.outcomes.keys().cloned().collect::<Vec<_>>(),
        [run_id(1)],
        "later openings come later"
    );
    let (later, _) = share("node2").expect("free now");
    assert_eq!(later.outcome(&run_id(2)), None);
}

#[test]
fn the_room_of_the_dead_is_given_back_and_that_of_the_living_is_theirs() {
    let (disk, dir) = memory();
    let asked = Asked::of(plan(RUNS));
    let open = |name: &str| asked.open_share(disk.clone(), &dir, name).expect("another share").0;
    let ballasts = || {
        let names = disk.list(&dir).expect("a folder").into_iter();
        let names = names.filter_map(|name| name.into_string().ok());
        names.filter(|name| name.ends_with(".ballast")).collect::<Vec<_>>()
    };
    let living = open("living");
    // What is left of a scheduler that was killed, whose lock went with it.
    disk.put(&dir.join(".sweep.killed.ballast"), b"").expect("room");
    let left_over = Fault::LeftOver;
    let found = fsck(&*disk, &dir).expect("readable").findings;
    assert!(found.iter().any(|finding| finding.fault == left_over), "{found:?}");
    let other = open("other");
    assert_eq!(ballasts(), [".sweep.living.ballast", ".sweep.other.ballast"]);
    assert_eq!(fsck(&*disk, &dir).expect("readable").findings, []);
    drop((living, other));
    assert_eq!(ballasts(), [""; 0]);
}

#[test]
fn a_full_disk_still_records_what_is_in_hand() {
    let asked = Asked::of(plan(RUNS));
    let mut rescued = 0;
    for at in 1..60 {
        let (disk, dir) = memory();
        let failing = Arc::new(Counting::new(disk.clone(), at, Death::FailOnce).full());
        let Ok((mut store, _)) = asked.open(failing, &dir) else { continue };
        let Ok(folder) = store.begin(&run_id(0), 1, 0) else { continue };
        disk.put(&folder.join("confidences.npy"), &confidences(0)).expect("room");
        let committed = store.commit(&run_id(0), 1, &outcome(0), Source::Computed);
        match store.begin(&run_id(1), 1, 0) {
            Err(StoreError::Full { .. }) => {
                committed.expect("the ballast makes room");
                drop(store);
                let recorded = Recorded::read_on(&*disk, &dir).expect("whole");
                assert_eq!(recorded.outcomes[&run_id(0)].outcome, outcome(0), "change {at}");
                assert_eq!(recorded.notices, [], "change {at}");
                rescued += 1;
            }
            Err(StoreError::Stopped { .. } | StoreError::Write { .. }) | Ok(_) => {}
            Err(other) => panic!("change {at}: {other}"),
        }
    }
    assert!(rescued >= 1, "the failure hit the record of a run {rescued} times");
}

#[test]
fn results_that_others_can_write_to_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().expect("a temporary folder");
    let asked = Asked::of(plan(RUNS));
    for (mode, refused) in [(0o777, true), (0o770, true), (0o1777, false), (0o755, false)] {
        let dir = parent.path().join(format!("{mode:o}"));
        std::fs::create_dir(&dir).expect("room");
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(mode)).expect("ours");
        let opened = asked.open(Arc::new(OsDisk), &dir);
        assert_eq!(matches!(opened, Err(StoreError::Exposed { .. })), refused, "mode {mode:o}: {opened:?}");
    }
}

#[test]
fn a_planted_link_is_written_through_nowhere() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let (dir, victim) = (parent.path().join("small"), parent.path().join("victim"));
    std::fs::create_dir(&victim).expect("room");
    std::fs::write(victim.join("canary"), "alive").expect("room");
    let asked = Asked::of(plan(RUNS));
    let planted = [
        "sweep.lock",
        "plan.json",
        "grid.toml",
        "provenance.json",
        ".plan.json.tmp",
        "journal.jsonl",
        "runs",
        ".sweep.ballast",
        &format!("runs/{}", run_id(1)),
    ];
    for name in planted {
        let _ = std::fs::remove_dir_all(&dir);
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().expect("below the results")).expect("room");
        let target = if name.starts_with("runs") { victim.clone() } else { victim.join("canary") };
        std::os::unix::fs::symlink(&target, &path).expect("free");
        let opened = asked.open(Arc::new(OsDisk), &dir);
        if let Ok((mut store, _)) = opened {
            // Either the link was replaced, or what would follow it fails.
            let _ = store.begin(&run_id(1), 1, 0);
        }
        let left: Vec<_> = std::fs::read_dir(&victim).expect("it is there").collect();
        assert_eq!(left.len(), 1, "{name}: {left:?}");
        assert_eq!(std::fs::read_to_string(victim.join("canary")).expect("it is there"), "alive", "{name}");
    }
}

#[test]
fn a_measurement_can_name_no_file_elsewhere() {
    let (disk, dir) = memory();
    let (mut store, _) = Asked::of(plan(1)).open(disk, &dir).expect("an empty disk");
    let mut lie = measurement(0);
    lie.confidences.file = "../../grid.toml".into();
    assert_eq!(store.described(&run_id(0), lie.clone().into()), None);
    let committed = store.commit(&run_id(0), 1, &Outcome::Finished(Box::new(lie)), Source::Computed);
    assert!(matches!(committed, Err(StoreError::ForeignArtifact { .. })), "{committed:?}");
}

#[test]
fn files_are_described_as_they_are_found() {
    let (disk, dir) = memory();
    let (mut store, _) = Asked::of(plan(1)).open(disk.clone(), &dir).expect("an empty disk");
    let folder = store.begin(&run_id(0), 1, 0).expect("room");
    let named = |blake3| {
        let named = NamedFile { file: "confidences.npy".into(), blake3 };
        measurement(0).describe_files(|_| Ok::<_, ()>(named.clone())).expect("it is named")
    };
    assert_eq!(store.described(&run_id(0), named(None)), None, "it is not there");
    disk.put(&folder.join("confidences.npy"), &confidences(0)).expect("room");
    let described = Some(measurement(0));
    assert_eq!(store.described(&run_id(0), named(None)), described);
    assert_eq!(store.described(&run_id(0), named(Some(hash_of(&confidences(0))))), described);
    assert_eq!(store.described(&run_id(0), named(Some(hash_of(b"other")))), None, "other bytes");
}

/// A measurement that names curves.
fn curved(number: u64) -> Measurement {
    let curves = Some(Artifact { file: "curves.csv".into(), blake3: hash_of(b"curves") });
    Measurement { curves, ..measurement(number) }
}

#[test]
fn curves_that_are_not_as_they_are_said_to_be_are_left_out_and_the_rest_stands() {
    let (disk, dir) = memory();
    let (mut store, _) = Asked::of(plan(1)).open(disk.clone(), &dir).expect("an empty disk");
    let folder = store.begin(&run_id(0), 1, 0).expect("room");
    disk.put(&folder.join("confidences.npy"), &confidences(0)).expect("room");
    let described = |named: Measurement| store.described(&run_id(0), named.into());
    assert_eq!(described(curved(0)), Some(measurement(0)), "they are not there");
    disk.put(&folder.join("curves.csv"), b"other curves").expect("room");
    assert_eq!(described(curved(0)), Some(measurement(0)), "other bytes");
    disk.put(&folder.join("curves.csv"), b"curves").expect("room");
    assert_eq!(described(curved(0)), Some(curved(0)));
    let mut elsewhere = curved(0);
    elsewhere.curves = Some(elsewhere.confidences.clone());
    assert_eq!(described(elsewhere), Some(measurement(0)), "another file of the run");
}

/// Where the run lies whose files a cache keeps, and where it brings them.
const FROM: &str = "results/from";
const INTO: &str = "results/into";

/// An empty cache, and the confidences of a run that it may keep.
fn kept() -> (Arc<SimulatedDisk>, Cache) {
    let (disk, _) = memory();
    let cache = Cache::open_on(disk.clone(), Path::new("results/cache")).expect("room");
    disk.create_dir(Path::new(FROM)).expect("room");
    disk.put(&Path::new(FROM).join("confidences.npy"), &confidences(3)).expect("room");
    (disk, cache)
}

#[test]
fn the_cache_keeps_curves_as_long_as_it_has_them() {
    let (disk, cache) = kept();
    let (from, into) = (Path::new(FROM), Path::new(INTO));
    let fetched = |run: &RunId| {
        disk.remove(into).and_then(|()| disk.create_dir(into)).expect("room");
        cache.fetch(run, into)
    };
    cache.keep(&run_id(3), from, &curved(3)).expect("room");
    assert_eq!(fetched(&run_id(3)), Fetched::Hit(Box::new(measurement(3))), "they were lost before");
    disk.put(&from.join("curves.csv"), b"curves").expect("room");
    cache.keep(&run_id(4), from, &curved(3)).expect("room");
    assert_eq!(fetched(&run_id(4)), Fetched::Hit(Box::new(curved(3))));
    assert_eq!(disk.read(&into.join("curves.csv"), 100).expect("brought"), b"curves");
    let entry = Path::new("results/cache").join(run_id(4).as_str());
    disk.put(&entry.join("curves.csv"), b"other bytes").expect("room");
    assert_eq!(fetched(&run_id(4)), Fetched::Hit(Box::new(measurement(3))), "they are damaged");
    let names = disk.list(into).expect("a folder");
    assert_eq!(names, ["confidences.npy"], "and are not brought");
}

#[test]
fn a_flooded_log_keeps_its_beginning_and_its_end() {
    let parent = tempfile::tempdir().expect("a temporary folder");
    let path = parent.path().join("worker.log");
    let mut log = super::RunLog::open(&path, 1).expect("room");
    log.write(b"first\xff\n");
    let flood = vec![b'x'; 65536];
    for _ in 0..100 {
        log.write(&flood);
    }
    log.write(b"last\n");
    drop(log);
    let bytes = std::fs::read(&path).expect("it is there");
    assert!(bytes.starts_with(b"first\xff\n") && bytes.ends_with(b"xlast\n"));
    let dropped = 7 + 100 * 65536 + 5 - 2 * (1 << 20);
    let mark = format!("\n--- {dropped} bytes left out ---\n");
    assert!(bytes.windows(mark.len()).any(|window| window == mark.as_bytes()), "says what is missing");
    assert_eq!(bytes.len(), 2 * (1 << 20) + mark.len());
}

#[test]
fn the_cache_gives_back_what_it_was_given_or_nothing() {
    let (disk, _) = memory();
    let cache = Cache::open_on(disk.clone(), Path::new("results/cache")).expect("room");
    let (from, into) = (Path::new("results/from"), Path::new("results/into"));
    disk.create_dir(from).and_then(|()| disk.sync_dir(Path::new("results"))).expect("room");
    disk.put(&from.join("confidences.npy"), &confidences(3)).expect("room");
    let run = run_id(3);
    assert_eq!(cache.fetch(&run, into), Fetched::Miss);
    cache.keep(&run, from, &measurement(3)).expect("room");
    cache.keep(&run, from, &measurement(3)).expect("losing a race is fine");
    let emptied = || {
        disk.remove(into).and_then(|()| disk.create_dir(into)).expect("room");
    };
    emptied();
    disk.lose_power(Kept::None);
    emptied();
    assert_eq!(cache.fetch(&run, into), Fetched::Hit(Box::new(measurement(3))));
    assert_eq!(disk.read(&into.join("confidences.npy"), 100).expect("brought"), confidences(3));

    emptied();
    let entry = Path::new("results/cache").join(run.as_str());
    disk.put(&entry.join("confidences.npy"), b"other bytes").expect("room");
    assert_eq!(cache.fetch(&run, into), Fetched::Damaged(Notice::DamagedCacheEntry { path: entry.clone() }));
    emptied();
    assert_eq!(cache.fetch(&run, into), Fetched::Miss, "the damaged entry is gone");
    cache.keep(&run, from, &measurement(3)).expect("and can be made again");
    disk.put(&entry.join("measurement.json"), b"{").expect("room");
    assert!(matches!(cache.fetch(&run, into), Fetched::Damaged(_)));
}

#[test]
fn a_changed_digit_or_another_runs_entry_in_the_cache_is_not_believed() {
    let (disk, cache) = kept();
    let (from, into) = (Path::new(FROM), Path::new(INTO));
    let (one, other) = (run_id(3), run_id(4));
    let entry = |run: &RunId| Path::new("results/cache").join(run.as_str()).join("measurement.json");
    let fetched = |run: &RunId| {
        disk.remove(into).and_then(|()| disk.create_dir(into)).expect("room");
        cache.fetch(run, into)
    };
    cache.keep(&one, from, &measurement(3)).expect("room");
    let bytes = disk.read(&entry(&one), 1 << 20).expect("it is there");
    for index in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1 << (index % 8);
        disk.put(&entry(&one), &damaged).expect("room");
        assert!(!cache.has(&one), "byte {index}");
        assert!(matches!(fetched(&one), Fetched::Damaged(_)), "byte {index}");
        cache.keep(&one, from, &measurement(3)).expect("made again");
    }
    assert!(matches!(fetched(&one), Fetched::Hit(_)));
    cache.keep(&other, from, &measurement(3)).expect("room");
    disk.put(&entry(&other), &bytes).expect("room");
    assert!(matches!(fetched(&other), Fetched::Damaged(_)), "what was measured for another run");
}

#[test]
fn an_entry_without_single_examples_gives_way_to_one_that_has_them() {
    let (disk, _) = memory();
    let cache = Cache::open_on(disk.clone(), Path::new("results/cache")).expect("room");
    let from = Path::new("results/from");
    disk.create_dir(from).expect("room");
    disk.put(&from.join("confidences.npy"), &confidences(3)).expect("room");
    disk.put(&from.join("examples.npy"), b"rows").expect("room");
    let array = Artifact { file: "examples.npy".into(), blake3: hash_of(b"rows") };
    let examples = Some(MeasuredExamples { array, retain_sample: 9, forget: 1, retain: 1, test: 1 });
    let (poor, rich) = (measurement(3), Measurement { examples, ..measurement(3) });
    let run = run_id(3);
    for (given, kept) in [(&poor, &poor), (&rich, &rich), (&poor, &rich)] {
        cache.keep(&run, from, given).expect("room");
        assert_eq!(cache.measurement(&run).as_ref(), Some(kept), "what has more stays");
    }
    let into = Path::new("results/into");
    disk.create_dir(into).expect("room");
    assert_eq!(cache.fetch(&run, into), Fetched::Hit(Box::new(rich)));
    assert_eq!(disk.read(&into.join("examples.npy"), 100).expect("brought"), b"rows");
}

#[test]
fn the_lock_in_memory_excludes_like_the_real_one() {
    let (disk, _) = memory();
    let path = Path::new("results/lock");
    let held = disk.try_lock(path, "first", Sharing::Sole).expect("no error");
    assert!(matches!(disk.try_lock(path, "second", Sharing::Sole).expect("no error"), Lock::Busy { .. }));
    drop(held);
    assert!(matches!(disk.try_lock(path, "third", Sharing::Sole).expect("no error"), Lock::Held(_)));
}
