//! The small sweep in a folder that schedulers share: they claim its runs, carry them out and record their ends, step by
//! step. Each comes to numbers of its own, so that whose outcome of a run stands can be told.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sweep::{
    cluster::{Claims, Lease, Lookout, Owner, Squeue},
    outcome::Outcome,
    store::{Claim, Committed, Damage, Elsewhere, Holder, Recorded, Share, Source, Store, StoreError, fsck},
};
use sweep_disk::Disk;
use sweep_faults::{Counting, Death, SimulatedDisk};

use crate::sample::{self, DIR};

/// Runs of the sweep.
pub(crate) const RUNS: u64 = 5;
/// Long enough for every claim to be taken over whose owner is silent.
pub(crate) const LONG: Duration = Duration::from_mins(11);

const LEASE: Lease = Lease { beat: Duration::from_secs(10), silence: Duration::from_mins(10) };
/// What tells the numbers of one scheduler from those of the next; a run ends in the same way at each.
const APART: u64 = 6_000;

/// What is known to have happened, whoever knows it.
#[derive(Debug, Default)]
pub(crate) struct Chronicle {
    /// Whose end of a run was recorded, learnt of, or read: there may never be another.
    ends: BTreeMap<u64, u64>,
    acknowledged: BTreeSet<u64>,
    /// Runs that were started although somebody had recorded their end, and by whom.
    pub(crate) restarted: Vec<(u64, u64)>,
    /// Why schedulers ended early.
    pub(crate) errors: Vec<(u64, StoreError)>,
}

/// The chronicle of one trial, shared by everybody in it.
pub(crate) type Shared = Arc<Mutex<Chronicle>>;

pub(crate) fn lock(chronicle: &Shared) -> MutexGuard<'_, Chronicle> {
    chronicle.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Chronicle {
    fn end(&mut self, run: u64, author: u64) {
        let first = *self.ends.entry(run).or_insert(author);
        assert_eq!(first, author, "two outcomes of run {run}: of {first} and of {author}");
    }

    /// Reads the results as anybody may at any time: nothing that was seen may ever look different.
    pub(crate) fn read(&mut self, disk: &dyn Disk) {
        match Recorded::read_on(disk, Path::new(DIR)) {
            Ok(recorded) => {
                for number in 0..RUNS {
                    if let Some(author) = author(&recorded, number) {
                        self.end(number, author);
                    } else {
                        assert!(!self.ends.contains_key(&number), "run {number} had an outcome");
                    }
                }
            }
            Err(error) => {
                assert!(
                    matches!(error, StoreError::NoResults { .. } | StoreError::Missing { .. }),
                    "nobody can read: {error}"
                );
                assert!(self.ends.is_empty(), "everything is gone: {error}");
            }
        }
    }

    /// Fails unless those who ended early said that they could not write or read, or had no room.
    pub(crate) fn check_errors(&self) {
        for (_, error) in &self.errors {
            let text = error.to_string();
            let known = ["failed to write", "failed to read", "no room is left"];
            assert!(known.iter().any(|known| text.contains(known)), "another error: {text}");
        }
    }
}

/// Who came to the outcome of a run; it must be theirs in every detail.
fn author(recorded: &Recorded, number: u64) -> Option<u64> {
    let record = recorded.outcomes.get(&sample::run_id(number))?;
    let share = record.scheduler.as_ref().expect("nobody works here alone").to_string();
    let author = share.strip_prefix('s').and_then(|author| author.parse().ok()).expect("a scheduler");
    assert_eq!(record.outcome, outcome(number, author), "run {number} of {share}");
    Some(author)
}

fn outcome(run: u64, author: u64) -> Outcome {
    sample::outcome(run + author * APART)
}

/// One scheduler among several.
#[derive(Debug)]
pub(crate) struct Scheduler {
    number: u64,
    worker: Arc<dyn Disk>,
    store: Store,
    chronicle: Shared,
    waiting: BTreeSet<u64>,
    elsewhere: BTreeSet<u64>,
    /// The run that its worker has, and as which attempt.
    in_hand: Option<(u64, u32)>,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Something was done.
    Moved,
    /// What is left is with others.
    Waits,
    /// Nothing is left.
    Done,
}

/// Asks for the sweep, as whoever shares it does.
pub(crate) fn ask(disk: &Arc<dyn Disk>) -> Result<(), StoreError> {
    let plan = sample::plan(RUNS);
    let (dir, share) = (Path::new(DIR), Share::named("request"));
    sample::asked(&plan, Damage::Refuse, "here", |opening| {
        Store::open_share(disk.clone(), dir, opening, &share).map(|_| ())
    })
}

impl Scheduler {
    /// Joins the others; `number` is unlike theirs.
    pub(crate) fn join(disk: &Arc<dyn Disk>, number: u64, chronicle: &Shared) -> Result<Self, StoreError> {
        let dir = Path::new(DIR);
        let name = format!("s{number}");
        let (host, boot) = ("far".to_owned(), "another".to_owned());
        let owner = Owner { name, host: host.clone(), boot, pid: 1, started: 1, task: None };
        let lookout = Lookout::new(owner, Squeue::new(Duration::MAX));
        let claims = Claims::join(disk.clone(), dir, LEASE, lookout)
            .map_err(|source| StoreError::Write { path: dir.to_owned(), source })?;
        let holder = Holder { host, pid: 1, since: "noon".into(), version: "0.1.0".into() };
        let (store, plan, _) = Store::join(disk.clone(), dir, claims, &holder)?;
        assert_eq!(plan, sample::plan(RUNS), "what is asked for");
        let mut joined = Self {
            number,
            worker: disk.clone(),
            store,
            chronicle: chronicle.clone(),
            waiting: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            in_hand: None,
        };
        for run in 0..RUNS {
            if !joined.counts_on(run) {
                joined.waiting.insert(run);
            }
        }
        Ok(joined)
    }

    /// Does what is next: claims a run and hands it to its worker, records what that came to, or looks at the others.
    pub(crate) fn step(&mut self) -> Result<Step, StoreError> {
        if let Some((run, attempt)) = self.in_hand.take() {
            return self.record(run, attempt);
        }
        if let Some(run) = self.waiting.pop_first() {
            return self.claim(run);
        }
        let changes = self.store.look()?;
        for change in &changes {
            let (Elsewhere::Ended(id, _) | Elsewhere::Free(id)) = change;
            let run = (0..RUNS).find(|&run| sample::run_id(run) == *id).expect("a run of the plan");
            self.elsewhere.remove(&run);
            if matches!(change, Elsewhere::Free(_)) {
                self.waiting.insert(run);
            } else {
                assert!(self.counts_on(run), "an end without an outcome");
            }
        }
        if !changes.is_empty() {
            Ok(Step::Moved)
        } else if self.elsewhere.is_empty() {
            self.store.release().map(|()| Step::Done)
        } else {
            Ok(Step::Waits)
        }
    }

    /// Takes back what is recorded about a run, so that it is carried out again.
    pub(crate) fn retry(&mut self, run: u64) -> Result<(), StoreError> {
        lock(&self.chronicle).ends.remove(&run);
        lock(&self.chronicle).acknowledged.remove(&run);
        self.store.reopen(&sample::run_id(run))?;
        self.waiting.insert(run);
        Ok(())
    }

    /// Whether an end of ours came too late.
    pub(crate) fn late(&self) -> bool {
        self.store.late() > 0
    }

    /// Goes on until the others are to be waited for.
    pub(crate) fn hurry(&mut self) -> Result<Step, StoreError> {
        loop {
            match self.step()? {
                Step::Moved => {}
                step => return Ok(step),
            }
        }
    }

    /// Goes on until its worker has a run, or as long as it can.
    pub(crate) fn take_one(&mut self) -> Result<Step, StoreError> {
        loop {
            match self.step()? {
                Step::Moved if self.in_hand.is_none() => {}
                step => return Ok(step),
            }
        }
    }

    fn claim(&mut self, run: u64) -> Result<Step, StoreError> {
        let id = sample::run_id(run);
        match self.store.claim(&id)? {
            Claim::Ours(attempt) => {
                let folder = self.store.begin(&id, attempt, 0)?;
                if lock(&self.chronicle).acknowledged.contains(&run) {
                    lock(&self.chronicle).restarted.push((run, self.number));
                }
                let (path, bytes) = (folder.join(sample::CONFIDENCES), self.confidences(run));
                self.worker.create_new(&path, &bytes).map_err(|source| StoreError::Write { path, source })?;
                self.in_hand = Some((run, attempt));
            }
            Claim::Theirs => {
                self.elsewhere.insert(run);
            }
            Claim::Ended(_) => assert!(self.counts_on(run), "an end without an outcome"),
            Claim::Doomed(_) => panic!("run {run} has not cost that many schedulers"),
        }
        Ok(Step::Moved)
    }

    fn record(&mut self, run: u64, attempt: u32) -> Result<Step, StoreError> {
        let id = sample::run_id(run);
        self.store.beat(&id)?;
        match self.store.commit(&id, attempt, &outcome(run, self.number), Source::Computed)? {
            Committed::Recorded => {
                let mut chronicle = lock(&self.chronicle);
                assert!(chronicle.acknowledged.insert(run), "run {run} is recorded twice");
                chronicle.end(run, self.number);
            }
            Committed::Late if self.counts_on(run) => {}
            Committed::Late => {
                self.elsewhere.insert(run);
            }
        }
        Ok(Step::Moved)
    }

    fn confidences(&self, run: u64) -> Vec<u8> {
        sample::confidences(run + self.number * APART)
    }

    /// Whether the scheduler takes a run for ended; then it must never turn out otherwise.
    fn counts_on(&self, run: u64) -> bool {
        let Some(record) = self.store.record(&sample::run_id(run)) else { return false };
        let share = record.scheduler.as_ref().expect("nobody works here alone").to_string();
        let author = share.strip_prefix('s').and_then(|author| author.parse().ok()).expect("a scheduler");
        lock(&self.chronicle).end(run, author);
        true
    }
}

/// A scheduler from its beginning; nothing where it fails at once.
pub(crate) fn start(disk: &Arc<dyn Disk>, number: u64, chronicle: &Shared) -> Option<Scheduler> {
    let started = ask(disk).and_then(|()| Scheduler::join(disk, number, chronicle));
    started.map_err(|error| lock(chronicle).errors.push((number, error))).ok()
}

/// Number of durable changes that a scheduler makes that nobody disturbs.
pub(crate) fn changes_of_one() -> u64 {
    let disk = Arc::new(SimulatedDisk::default());
    let chronicle = Shared::default();
    let counting = Arc::new(Counting::new(disk.clone(), u64::MAX, Death::FailOnce));
    work(&disk, vec![start(&(counting.clone() as Arc<dyn Disk>), 1, &chronicle)], &chronicle);
    check_results(&disk, &chronicle);
    counting.changes()
}

/// Lets schedulers take turns until each is done or has failed. Where all wait, the claims of the dead grow old.
pub(crate) fn work(disk: &SimulatedDisk, schedulers: Vec<Option<Scheduler>>, chronicle: &Shared) {
    let mut schedulers: Vec<Scheduler> = schedulers.into_iter().flatten().collect();
    let mut waited = 0;
    while !schedulers.is_empty() {
        let mut moved = false;
        schedulers.retain_mut(|scheduler| match scheduler.step() {
            Ok(step) => {
                moved |= step == Step::Moved;
                step != Step::Done
            }
            Err(error) => {
                lock(chronicle).errors.push((scheduler.number, error));
                moved = true;
                false
            }
        });
        if !moved {
            disk.pass(LONG);
            waited += 1;
            assert!(waited < 100, "nobody goes on");
        }
    }
}

/// A scheduler that dies with a run in hand, long ago.
pub(crate) fn die_early(disk: &SimulatedDisk, on: &Arc<dyn Disk>, number: u64, chronicle: &Shared) {
    if let Some(mut scheduler) = start(on, number, chronicle)
        && let Err(error) = scheduler.step()
    {
        lock(chronicle).errors.push((number, error));
    }
    disk.pass(LONG);
}

/// Fails unless every run has ended, once, as everybody knows it, and nothing is damaged.
pub(crate) fn check_results(disk: &SimulatedDisk, chronicle: &Shared) {
    let recorded = Recorded::read_on(disk, Path::new(DIR)).expect("results that can be read");
    for number in 0..RUNS {
        let author = author(&recorded, number).expect("every run has an outcome");
        lock(chronicle).end(number, author);
        let run = sample::run_id(number);
        if recorded.outcomes[&run].outcome.measurement().is_some() {
            let bytes = disk.read(&recorded.confidences(&run), 1 << 20).expect("its array is there");
            assert_eq!(bytes, sample::confidences(number + author * APART), "run {number}");
        }
    }
    for number in 0..RUNS {
        let (ended, reopened) = (journalled(disk, "ended", number), journalled(disk, "reopened", number));
        assert!(ended <= 1 + reopened, "run {number} ends {ended} times in the journals");
    }
    let checked = fsck(disk, Path::new(DIR)).expect("results that can be read");
    assert!(checked.is_sound(), "{:?}", checked.findings);
}

/// How often the journals have this event about a run.
fn journalled(disk: &SimulatedDisk, event: &str, number: u64) -> usize {
    let dir = Path::new(DIR);
    let (event, run) = (format!("\"{event}\""), sample::run_id(number).to_string());
    let names = disk.list(dir).expect("a folder").into_iter();
    let journals = names.filter(|name| name.to_string_lossy().starts_with("journal."));
    let counts = journals.map(|name| {
        let text = disk.read(&dir.join(name), 1 << 20).expect("a journal");
        let text = String::from_utf8_lossy(&text);
        text.lines().filter(|line| line.contains(&event) && line.contains(&run)).count()
    });
    counts.sum()
}
