//! Commands as users give them, each of which must end soon, and with an exit code of the table.

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
};

use sweep::frame::{Frame, Mean, PointRow, ScoreRow};

use crate::harness::{Bench, Said, csv_rows};

/// What a command may end with.
pub(crate) const CODES: [i32; 11] = [0, 1, 2, 3, 4, 5, 6, 7, 75, 130, 143];
/// Seconds after which a command counts as hanging.
const LONGEST: &str = "60";
/// Columns that tell how a result came about.
const CIRCUMSTANCES: [&str; 2] = ["unlearn_s", "measure_s"];

/// A row by its columns.
type Row = BTreeMap<String, String>;
/// The rows of `points.csv` by the title of their point.
pub(crate) type Points = BTreeMap<String, Row>;

/// Carries out a command of a bench; one that hangs, panics or dies fails the trial.
pub(crate) fn ended(bench: &Bench, command: &[&str]) -> Said {
    let mut timed = Command::new("timeout");
    timed.args(["-k", "1", LONGEST, env!("CARGO_BIN_EXE_sweep")]).args(command);
    timed.current_dir(bench.path(".")).stdin(Stdio::null()).env("NO_COLOR", "1");
    let said = Said::from(timed.output().expect("timeout starts"));
    check_code(command, &said);
    said
}

/// Fails unless the command ended with a code of the table.
pub(crate) fn check_code(command: &[&str], said: &Said) {
    let is_known = said.code.is_some_and(|code| CODES.contains(&code));
    assert!(is_known, "{command:?} ended with {:?}: {}", said.code, said.stderr);
}

/// What a report shows.
pub(crate) fn points(bench: &Bench, results: &str) -> Points {
    let rows = csv_rows(&bench.read(format!("{results}/points.csv"))).into_iter();
    rows.map(|mut row| {
        row.retain(|column, _| !CIRCUMSTANCES.iter().any(|word| column.starts_with(word)));
        (row["title"].clone(), row)
    })
    .collect()
}

/// The same of a report that was not written.
pub(crate) fn points_of(frame: &Frame) -> Points {
    let row = |point: &PointRow| {
        let score = point.score.as_ref();
        let mean = |mean: Option<Mean>| format!("{mean:?}");
        let part =
            |pick: fn(&ScoreRow) -> f64| score.map_or_else(|_| String::new(), |row| pick(row).to_string());
        let cells = [
            ("label", point.label.clone()),
            ("role", point.role.word().to_owned()),
            ("n_finished", point.counts.finished.to_string()),
            ("parameters", format!("{:?}", point.parameters)),
            ("retain_acc", mean(point.means.retain_acc)),
            ("forget_acc", mean(point.means.forget_acc)),
            ("val_acc", mean(point.means.val_acc)),
            ("forgetting_quality", part(|row| row.forgetting_quality.value)),
            ("retain_ratio", part(|row| row.retain_ratio.value)),
            ("score", part(|row| row.score.value)),
            (
                "epsilon_median",
                score.map_or_else(|_| String::new(), |row| format!("{:?}", row.epsilon_median())),
            ),
            ("everything", format!("{score:?}")),
            ("dash_reason", score.err().map_or_else(String::new, ToString::to_string)),
        ];
        (point.title.clone(), cells.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect())
    };
    frame.points.iter().map(row).collect()
}

/// What a point's own runs say.
const OWN: [&str; 4] = ["label", "retain_acc", "forget_acc", "val_acc"];
/// What its runs and the oracle's say.
const SCORED: [&str; 4] = ["forgetting_quality", "retain_ratio", "score", "epsilon_median"];

/// Fails if a report shows another number than the undamaged results have; true if it shows all of them. Where runs are
/// missing, which a report counts, only what doesn't look at them must be as it was.
pub(crate) fn same(whole: &Points, seen: &Points) -> bool {
    let of = |title: &String| whole.get(title).unwrap_or_else(|| panic!("{title} is no point of the sweep"));
    let has_all = |title: &String, row: &Row| row["n_finished"] == of(title)["n_finished"];
    let of_oracle = |row: &Row| row["role"] == "oracle";
    let has_oracle = seen.iter().filter(|(_, row)| of_oracle(row)).all(|(title, row)| has_all(title, row));
    for (title, row) in seen.iter().filter(|(title, row)| has_all(title, row)) {
        let scored = SCORED.iter().filter(|_| has_oracle && !row["score"].is_empty());
        for column in OWN.iter().chain(scored) {
            assert_eq!(row[*column], of(title)[*column], "{column} of {title}");
        }
    }
    let scored = |row: &Row| row["dash_reason"].clone();
    let is_whole = |(title, row): (&String, &Row)| has_all(title, row) && scored(row) == scored(of(title));
    let is_complete = whole.len() == seen.len() && seen.iter().all(is_whole);
    assert!(!is_complete || whole == seen, "{seen:?}, not {whole:?}");
    is_complete
}
