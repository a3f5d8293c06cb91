//! DET-CPU: real training gives the same bits whatever the number of slots, the order of runs, and after a crash.

use std::{collections::BTreeMap, fs};

use crate::{
    chance::Chance,
    harness::{Bench, TRAINING, csv_rows},
    report::Report,
};

/// Two retrained models, and then unlearned ones.
const ORACLE: &str = "[oracle]\nmodels = 2\nheld-out = 2\n";
const METHODS: [&str; 4] = [
    "[method.finetune]\nlr = 1e-2\n",
    "[method.ct]\nepochs = 1\n",
    "[method.neggrad-plus]\nepochs = 1\n",
    "[method.retrained]\nmethod = \"retrain\"\n",
];

/// The files and numbers of a run.
type Result = (BTreeMap<String, String>, Vec<u8>);

/// A trial is a run at one number of slots, in one order.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let bench = Bench::with_faces();
    let mut chance = Chance::new(trials);
    let seeds = trials.saturating_sub(5).div_ceil(METHODS.len() as u64).max(1);
    let expected = sweep(&bench, "one", "1", (seeds, &mut chance), None);
    let mut compare = |what: &str, found: BTreeMap<String, Result>| {
        for (id, expected) in &expected {
            report.trial(&format!("run {id}, {what}"), || {
                let found = found.get(id).expect("the same runs");
                assert_eq!(found.0, expected.0, "other numbers");
                assert!(found.1 == expected.1, "another array");
            });
        }
    };
    let (slots, crashes) =
        if trials < 20 { (&["4"][..], &["2"][..]) } else { (&["2", "4"][..], &["1", "2"][..]) };
    for jobs in slots {
        let found = sweep(&bench, &format!("slots-{jobs}"), jobs, (seeds, &mut chance), None);
        compare(&format!("{jobs} slots"), found);
    }
    for jobs in crashes {
        let crash = 1 + chance.below(expected.len() as u64 - 2) as usize;
        let found = sweep(&bench, &format!("crash-{jobs}"), jobs, (seeds, &mut chance), Some(crash));
        compare(&format!("{jobs} slots, killed after {crash} runs"), found);
    }
    report.figure(format!(
        "{} runs at 1 slot, again at {slots:?}, and after a crash at {crashes:?}",
        expected.len()
    ));
    report
}

/// Carries out the grid with its methods in random order; killed and resumed if `crash` says after how many runs.
fn sweep(
    bench: &Bench,
    results: &str,
    jobs: &str,
    (seeds, chance): (u64, &mut Chance),
    crash: Option<usize>,
) -> BTreeMap<String, Result> {
    let mut methods = METHODS;
    chance.shuffle(&mut methods);
    let file = format!("{results}.toml");
    bench.write(&file, format!("name = \"tiny\"\nseeds = {seeds}\n{TRAINING}{ORACLE}{}", methods.concat()));
    let arguments = [&file, "--out", results, "--no-cache", "--jobs", jobs];
    if let Some(moment) = crash {
        bench.kill_after(moment, results, arguments);
    }
    bench.sweep(arguments).expect_code(0);
    let rows = csv_rows(&bench.read(format!("{results}/runs.csv")));
    rows.into_iter()
        .map(|mut row| {
            let id = row["run_id"].clone();
            for circumstance in ["attempt", "source", "unlearn_s", "measure_s"] {
                row.remove(circumstance);
            }
            let array = bench.path(format!("{results}/runs/{id}/confidences.npy"));
            (id, (row, fs::read(array).expect("a finished run leaves its confidences")))
        })
        .collect()
}
