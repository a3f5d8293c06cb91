//! TAMPER: one bit or one line anywhere below results is changed, of a sweep alone and of a shared one. No command panics,
//! waits for ever, or shows another number than the undamaged results have; what `fsck --repair` and one more command then
//! leave is what was there before. CACHE: the same for the shared cache. PLAN: every bit of a plan.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use sweep::{
    appraisal::{appraise, appraise_together},
    frame::{PointRow, Unscored},
    grid::GridFile,
    pool::{How, this_scheduler},
    session::{Asking, Outside, Prepared, Session, Unwatched, resolve},
    store::{Cache, ChangedInputs, Fetched, Recorded, fsck, fsck_cache, repair},
};
use sweep_disk::{Disk, OsDisk};
use sweep_faults::SimulatedDisk;
use sweep_inputs::dataset::BadImages;
use sweep_protocol::measurement::Measurement;
use walkdir::WalkDir;

use crate::{
    chance::Chance,
    command::{Points, ended, points, points_of, same},
    harness::Bench,
    report::Report,
    sample,
};

const GRID: &str = r#"
name = "gate"
engine = "toy"
seeds = 3
[toy]
examples = 4
[oracle]
models = 3
held-out = 3
[method.simulated]
shift = [0.0, 1.0]
[cluster]
heartbeat = "20ms"
"#;
/// Carries out what is missing and makes the report.
const AGAIN: &[&str] = &["run", "gate.toml", "--replicates", "0", "--progress", "none", "--out", "r"];
/// Makes one leaderboard.
const COMPARE: &[&str] = &["compare", "alone", "r", "--replicates", "0"];
/// Name of an expensive pass in the cache.
const PASS: &str = "00.f32";

/// One in so many trials is made by the commands themselves, the others by what they call: they are a hundred times faster.
const BY_COMMANDS: u64 = 40;

/// What became of the damage.
#[derive(Debug, Default)]
struct Ends {
    /// Everything showed what the undamaged results have.
    harmless: u64,
    /// It was said what is wrong, or what is missing.
    told: u64,
    /// A repair and one more start made the results what they were.
    repaired: u64,
    /// The user was told what to do: nothing was repaired by itself.
    left_to_user: u64,
}

/// Changes results in a folder of their own.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let bench = Bench::new();
    bench.write("gate.toml", GRID);
    bench.sweep([&AGAIN[..7], &["alone"]].concat()).expect_code(0);
    bench.sweep([&AGAIN[..7], &["shared", "--shared"]].concat()).expect_code(0);
    let by_commands = Tampered { bench: &bench, by: By::Commands };
    let by_library = Tampered { bench: &bench, by: By::Library(Box::new(prepared())) };
    // Several of them side by side, each with a seed of its own, make more trials in a night.
    let seed = std::env::var("SWEEP_GATE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(18);
    let (mut chance, mut ends) = (Chance::new(seed), Ends::default());
    for number in 0..trials {
        let tampered = if number % BY_COMMANDS == 0 { &by_commands } else { &by_library };
        let source = chance.pick(&["alone", "shared"]);
        let whole = tampered.points(source).expect("undamaged");
        let copied = Command::new("cp").args(["-a", source, "r"]).current_dir(bench.path(".")).status();
        assert!(copied.expect("cp starts").success());
        let damaged = damage(&bench.path("r"), &mut chance);
        let circumstances = format!("{number}, {source}: {damaged}");
        let resumes = chance.once_in(2);
        report.trial(&circumstances, || tampered.tried(resumes, &whole, &mut ends));
        fs::remove_dir_all(bench.path("r")).expect("ours");
    }
    report.figure(format!("{ends:?}"));
    report
}

/// Damaged results, and how they are looked at.
struct Tampered<'b> {
    bench: &'b Bench,
    by: By,
}

enum By {
    Commands,
    Library(Box<Prepared>),
}

impl Tampered<'_> {
    /// Looks at the results in every way, then repairs them.
    fn tried(&self, resumes: bool, whole: &Points, ends: &mut Ends) {
        // The report of the undamaged results mustn't be taken for that of the damaged ones.
        let _ = fs::remove_file(self.bench.path("r/points.csv"));
        let is_resumed = !resumes || self.resume();
        let shown = self.points("r");
        let complete = shown.is_some_and(|shown| same(whole, &shown));
        let compared = self.compare();
        let sound = self.fsck();
        if is_resumed && complete && compared && sound {
            ends.harmless += 1;
            return;
        }
        ends.told += 1;
        self.repair();
        if self.resume() {
            let shown = self.points("r").expect("its report was made");
            assert!(same(whole, &shown), "it is repaired, and something is missing");
            ends.repaired += 1;
        } else {
            ends.left_to_user += 1;
        }
    }

    /// The report, if there is one.
    fn points(&self, results: &str) -> Option<Points> {
        match &self.by {
            By::Commands => (ended(self.bench, &["report", results, "--replicates", "0"]).code == Some(0))
                .then(|| points(self.bench, results)),
            By::Library(_) => appraise(&self.bench.path(results), 0).ok().map(|frame| points_of(&frame)),
        }
    }

    fn compare(&self) -> bool {
        match &self.by {
            By::Commands => ended(self.bench, COMPARE).code == Some(0),
            By::Library(_) => appraise_together(&[self.bench.path("alone"), self.bench.path("r")], 0).is_ok(),
        }
    }

    /// Whether the results are sound.
    fn fsck(&self) -> bool {
        match &self.by {
            By::Commands => ended(self.bench, &["fsck", "r"]).code == Some(0),
            By::Library(_) => fsck(&OsDisk, &self.bench.path("r")).is_ok_and(|checked| checked.is_sound()),
        }
    }

    fn repair(&self) {
        match &self.by {
            By::Commands => drop(ended(self.bench, &["fsck", "r", "--repair"])),
            By::Library(_) => {
                let disk: Arc<dyn Disk> = Arc::new(OsDisk);
                // That it can't be repaired is what the next step tells.
                let _ = repair(&disk, &self.bench.path("r"), &this_scheduler());
            }
        }
    }

    /// Whether one more start carries everything out.
    fn resume(&self) -> bool {
        match &self.by {
            By::Commands => ended(self.bench, AGAIN).code == Some(0),
            By::Library(prepared) => {
                let (dir, program) = (self.bench.path("r"), Path::new(env!("CARGO_BIN_EXE_sweep")));
                let session = Session {
                    accept_weak_original: false,
                    disk: Arc::new(OsDisk),
                    dir: &dir,
                    cache: None,
                    program,
                    jobs: Some(2),
                    retry: &[],
                    changed_inputs: ChangedInputs::Refuse,
                    task: None,
                    heeds_signals: false,
                    watcher: &Unwatched,
                };
                let carried = session.run(prepared);
                let is_complete = carried.is_ok_and(|carried| carried.ending.how == How::Complete);
                let lost = |point: &PointRow| matches!(point.score, Err(Unscored::Lost { .. }));
                is_complete && appraise(&dir, 0).is_ok_and(|frame| !frame.points.iter().any(lost))
            }
        }
    }
}

/// The grid as the library takes it.
fn prepared() -> Prepared {
    let grid_file = GridFile::parse("gate.toml", GRID).expect("TOML");
    let text = grid_file.text().to_owned();
    let grid = grid_file.check().expect("a grid without mistakes");
    let outside = Outside {
        grid: Path::new("gate.toml"),
        asking: Asking::Start { trusted: false },
        bad: BadImages::Refuse,
    };
    let (resolved, _) = resolve(&grid, outside, &|_, _| ()).expect("the toy is there");
    let plan = grid.plan(&resolved).expect("fit for its data");
    Prepared { grid, text, plan, only: None }
}

/// Every entry of a cache is given back as it was, or not at all, and `fsck` sees what a sweep sees.
pub(crate) fn cache(trials: u64) -> Report {
    let mut report = Report::default();
    let place = Bench::new();
    let disk: Arc<dyn Disk> = Arc::new(OsDisk);
    let (from, into, dir) = (place.path("from"), place.path("into"), place.path("cache"));
    let cache = Cache::open_on(disk.clone(), &dir).expect("room");
    let (run, measured) = (sample::run_id(3), measured(3));
    fs::create_dir(&from).expect("room");
    fs::write(from.join(sample::CONFIDENCES), sample::confidences(3)).expect("room");
    let passes = dir.join("passes");
    disk.create_dir(&passes).expect("room");
    let numbers: Vec<u8> = (0..64_u8).collect();
    let pass = [&sweep_files::stamp(PASS, &numbers)[..], &numbers].concat();
    let (mut chance, mut of_passes) = (Chance::new(18), 0);
    for number in 0..trials {
        fs::write(passes.join(PASS), &pass).expect("room");
        cache.keep(&run, &from, &measured).expect("room");
        disk.remove(&into).and_then(|()| disk.create_dir(&into)).expect("room");
        // A copy, so that the run's own file stays as it is.
        let array = dir.join(run.as_str()).join(sample::CONFIDENCES);
        let bytes = fs::read(&array).expect("kept");
        fs::remove_file(&array).and_then(|()| fs::write(&array, bytes)).expect("room");
        assert!(fsck_cache(&*disk, &dir).expect("readable").is_sound(), "what was kept is sound");
        let damaged = damage(&dir, &mut chance);
        report.trial(&format!("{number}: {damaged}"), || {
            let sound = fsck_cache(&*disk, &dir).expect("readable").is_sound();
            assert!(!sound, "fsck says that it is sound");
            match cache.fetch(&run, &into) {
                Fetched::Hit(hit) => {
                    assert!(damaged.contains(PASS) && *hit == measured, "another measurement");
                    of_passes += 1;
                }
                Fetched::Damaged(_) | Fetched::Miss => assert!(!damaged.contains(PASS), "lost"),
            }
        });
        disk.remove(&dir.join(run.as_str())).expect("ours");
    }
    report.figure(format!("{of_passes} of them in passes, the others in a run"));
    report
}

/// Changes `bits` bits of every byte of a plan.
pub(crate) fn plan(bits: u64) -> Report {
    let mut report = Report::default();
    let disk = Arc::new(SimulatedDisk::default());
    assert!(sample::scheduler(&disk, 3).error.is_none(), "a disk that works");
    let dir = Path::new(sample::DIR);
    let path = dir.join("plan.json");
    let whole = disk.read(&path, u64::MAX).expect("it is there");
    for place in 0..whole.len() {
        for bit in 0..bits {
            let bit = (bit + place as u64) % 8;
            let mut damaged = whole.clone();
            damaged[place] ^= 1 << bit;
            disk.put(&path, &damaged).expect("room");
            report.trial(&format!("bit {bit} of byte {place}"), || {
                assert!(Recorded::read_on(disk.as_ref(), dir).is_err(), "it is believed");
            });
        }
    }
    report.figure(format!("a plan of {} bytes", whole.len()));
    report
}

/// Changes one bit, or removes, repeats or exchanges one line, of a file below a folder; says what it did.
fn damage(dir: &Path, chance: &mut Chance) -> String {
    let mut files: Vec<PathBuf> = WalkDir::new(dir)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file() && entry.metadata().is_ok_and(|found| found.len() > 0))
        .map(walkdir::DirEntry::into_path)
        .collect();
    files.sort();
    let file = &files[chance.below(files.len() as u64) as usize];
    let mut bytes = fs::read(file).expect("ours");
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    let line = chance.below(lines.len() as u64) as usize;
    let other = chance.below(lines.len() as u64) as usize;
    let what = match chance.below(5) {
        0 if lines.len() > 1 => {
            bytes = [&lines[..line], &lines[line + 1..]].concat().concat();
            format!("line {line} is gone")
        }
        1 if lines.len() > 1 => {
            bytes = [&lines[..line], &lines[line..=line], &lines[line..]].concat().concat();
            format!("line {line} is there twice")
        }
        2 if lines[line] != lines[other] => {
            let mut swapped = lines.clone();
            swapped.swap(line, other);
            bytes = swapped.concat();
            format!("lines {line} and {other} changed places")
        }
        _ => {
            let (place, bit) = (chance.below(bytes.len() as u64) as usize, chance.below(8));
            bytes[place] ^= 1 << bit;
            format!("bit {bit} of byte {place} flipped")
        }
    };
    fs::write(file, bytes).expect("ours");
    format!("{}: {what}", file.display())
}

fn measured(number: u64) -> Measurement {
    sample::outcome(number).measurement().expect("it finished").clone()
}
