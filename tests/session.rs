//! A sweep from a Rust program, without the command line: what the library is for, and how it is used.
//!
//! The worker processes are the only processes: the toy engine's are served by the program `sweep`, which is named.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use sweep::{
    appraisal::appraise,
    frame::Frame,
    grid::GridFile,
    outcome::Status,
    plan::Plan,
    pool::{Happening, How, Observer},
    report::Report,
    session::{Asking, Outside, Prepared, Remark, Session, Unwatched, Watcher, resolve},
    store::{ChangedInputs, Notice},
};
use sweep_disk::OsDisk;
use sweep_inputs::dataset::BadImages;

const GRID: &str = r#"
name = "from-rust"
engine = "toy"
seeds = 8
[oracle]
models = 8
held-out = 8
[toy]
examples = 20
[method.simulated]
shift = [0.0, 3.0]
"#;

/// The second point is far from retraining: a few models show it.
const STAGED: &str = r#"
name = "from-rust"
engine = "toy"
[sweep]
stages = [6, 12]
[toy]
examples = 40
[method.simulated]
shift = [0.0, 4.0]
"#;

/// Reads a grid, looks at what it names, and expands it.
fn prepared(grid: &str) -> Prepared {
    let grid_file = GridFile::parse("grid.toml", grid).expect("TOML");
    let text = grid_file.text().to_owned();
    let grid = grid_file.check().expect("a grid without mistakes");
    let outside = Outside {
        grid: Path::new("grid.toml"),
        asking: Asking::Start { trusted: false },
        bad: BadImages::Refuse,
    };
    let (resolved, _) = resolve(&grid, outside, &|_, _| ()).expect("the toy is there");
    let plan = grid.plan(&resolved).expect("fit for its data");
    Prepared { grid, text, plan, only: None }
}

fn session<'a>(dir: &'a Path, program: &'a Path, watcher: &'a dyn Watcher) -> Session<'a> {
    Session {
        disk: Arc::new(OsDisk),
        dir,
        cache: None,
        program,
        jobs: Some(2),
        retry: &[],
        changed_inputs: ChangedInputs::Refuse,
        accept_weak_original: false,
        task: None,
        heeds_signals: false,
        watcher,
    }
}

#[test]
fn a_sweep_is_run_scored_and_resumed() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (dir, program) = (folder.path().join("results"), PathBuf::from(env!("CARGO_BIN_EXE_sweep")));
    let prepared = prepared(GRID);
    let tally = Tally::default();
    let carried = session(&dir, &program, &tally).run(&prepared).expect("nothing is in the way");
    assert_eq!((carried.ending.how, carried.ending.finished), (How::Complete, prepared.plan.runs.len()));
    assert_eq!(tally.0.borrow().get(&Status::Finished), Some(&prepared.plan.runs.len()), "all were told");

    let frame = appraise(&dir, 200).expect("the results are whole");
    let score = |shift: f64| {
        let title = format!("simulated shift={shift}");
        let point = frame.points.iter().find(|point| point.title == title);
        let point = point.unwrap_or_else(|| panic!("no `{title}` among {:?}", titles(&frame)));
        point.score.as_ref().unwrap_or_else(|reason| panic!("`{title}` has no score: {reason}")).score.value
    };
    assert!(score(0.0) > score(3.0), "what is nearer to retraining scores higher");
    Report::write(&dir, &frame).expect("room for a report");
    assert!(dir.join("report.html").is_file());

    // Running again finds everything done: nothing is begun, nothing ends.
    let again = Tally::default();
    session(&dir, &program, &again).run(&prepared).expect("the results are whole");
    assert!(again.0.borrow().is_empty(), "nothing is carried out twice");
}

#[test]
fn a_staged_sweep_asks_for_more_until_its_strategy_has_seen_enough() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (dir, program) = (folder.path().join("results"), PathBuf::from(env!("CARGO_BIN_EXE_sweep")));
    let prepared = prepared(STAGED);
    let carried = session(&dir, &program, &Unwatched).run(&prepared).expect("nothing is in the way");
    assert_eq!(carried.ending.how, How::Complete);
    assert!(carried.plan.runs.len() < prepared.plan.runs.len(), "a point that is behind gets no more models");
}

fn titles(frame: &Frame) -> Vec<&str> {
    frame.points.iter().map(|point| point.title.as_str()).collect()
}

/// Counts the runs that end, by how they do.
#[derive(Default)]
struct Tally(RefCell<BTreeMap<Status, usize>>);

struct Counting<'t>(&'t Tally);

impl Watcher for Tally {
    fn notice(&self, _: &Notice) {}

    fn remark(&self, _: &Remark) {}

    fn begins<'p>(&'p self, _: &'p Plan, _: usize, _: &[usize]) -> Box<dyn Observer + 'p> {
        Box::new(Counting(self))
    }
}

impl Observer for Counting<'_> {
    fn event(&mut self, happening: &Happening<'_>) {
        if let Happening::Ended { outcome, .. } = happening {
            *self.0.0.borrow_mut().entry(outcome.status()).or_default() += 1;
        }
    }
}
