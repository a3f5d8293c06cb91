//! What it takes to carry the sweep out again: its grid, what its methods do, and what it cost.

use std::{collections::BTreeSet, path::Path};

use minijinja::{Value, context};

use crate::{
    frame::{Frame, RunRow, printable},
    grid::GridFile,
    store::Folder,
};

/// Longest grid that stands in the page, in bytes; a longer one is beside it.
const LONGEST_GRID: u64 = 1 << 16;

pub(super) fn view(frame: &Frame, results: &Path) -> Value {
    context! {
        grid => grid(results),
        included => pairs(included(results)),
        cost => pairs(spent(results).into_iter().chain(cost(frame)).collect()),
        methods => pairs(methods(frame)),
    }
}

fn pairs(pairs: Vec<(String, String)>) -> Value {
    pairs.into_iter().map(|(name, value)| Value::from_iter([name, value])).collect()
}

/// The grid beside the results, line by line; several sweeps together have none.
fn grid(results: &Path) -> Option<String> {
    let bytes = sweep_files::read(&Folder::new(results).grid(), LONGEST_GRID).ok()?;
    Some(shown(&String::from_utf8(bytes).ok()?))
}

/// The files that it includes, as far as they can be read.
fn included(results: &Path) -> Vec<(String, String)> {
    let files = GridFile::included_by(&Folder::new(results).grid());
    let fits = files.into_iter().filter(|file| file.text.len() as u64 <= LONGEST_GRID);
    fits.map(|file| (printable(&file.name), shown(&file.text))).collect()
}

fn shown(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| printable(&line.replace('\t', "    "))).collect();
    lines.join("\n")
}

/// One sentence for each method that takes part, by name.
fn methods(frame: &Frame) -> Vec<(String, String)> {
    let names: BTreeSet<&str> = frame.points.iter().map(|point| point.method.as_str()).collect();
    let about = |name: &str| Some((name.to_owned(), sweep_methods::find(name)?.about.to_owned()));
    names.into_iter().filter_map(about).collect()
}

/// What schedulers have spent on it.
fn spent(results: &Path) -> Option<(String, String)> {
    let cost = Folder::new(results).read_cost()?;
    let sessions =
        if cost.sessions == 1 { "one session".to_owned() } else { format!("{} sessions", cost.sessions) };
    let gpus = if cost.gpu_s > 0.0 { format!(", {} of GPUs held", hours(cost.gpu_s)) } else { String::new() };
    let said = format!(
        "{} on the wall in {sessions}, {} of processors{gpus}; sessions that were killed are not in it",
        hours(cost.wall_s),
        hours(cost.processor_s)
    );
    Some(("Spent".to_owned(), said))
}

/// Seconds as people say them, and as hours, which bills are in.
fn hours(seconds: f64) -> String {
    let said = duration(seconds);
    if seconds < 3600.0 { said } else { format!("{said} ({:.1} h)", seconds / 3600.0) }
}

/// What all runs took that were carried out for this sweep.
fn cost(frame: &Frame) -> Vec<(String, String)> {
    let is_computed = |run: &&RunRow| run.source.as_deref() == Some("computed");
    let computed: Vec<&RunRow> = frame.runs.iter().filter(is_computed).collect();
    let sum = |pick: fn(&RunRow) -> Option<f64>| computed.iter().filter_map(|run| pick(run)).sum::<f64>();
    let training = sum(|run| run.measured.and_then(|own| own.unlearn_s));
    let measuring = sum(|run| run.measured.and_then(|own| own.measure_s));
    let finished = computed.iter().filter(|run| run.measured.is_some());
    let passes: f64 = finished.map(|run| frame.points[run.point].passes).sum();
    let cached = frame.runs.iter().filter(|run| run.source.as_deref() == Some("cached")).count();
    vec![
        (
            "Time of the workers".to_owned(),
            format!(
                "{} in {} runs: {} training and unlearning, {} measuring; what they took to start, and runs that failed, \
                 are not in it",
                duration(training + measuring),
                computed.len(),
                duration(training),
                duration(measuring)
            ),
        ),
        ("Passes over the retain set".to_owned(), format!("{passes:.1}")),
        ("Runs taken from the cache".to_owned(), format!("{cached}, which cost nothing here")),
    ]
}

/// Seconds as people say them: `12.3 s`, `4 min 05 s`, `3 h 20 min`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{duration, grid, methods};
    use crate::frame::sample::Sample;

    #[test]
    fn durations_are_said_as_people_say_them() {
        let said = [(0.04, "0.0 s"), (59.4, "59.4 s"), (245.0, "4 min 05 s"), (12_012.0, "3 h 20 min")];
        for (seconds, text) in said {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn the_grid_keeps_its_lines_and_nothing_that_controls() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert_eq!(grid(folder.path()), None);
        let path = folder.path().join("grid.toml");
        sweep_files::replace(&path, b"name = \"a\"\n\tx = 1 # \x1b[2J\n").expect("writable");
        assert_eq!(grid(folder.path()).as_deref(), Some("name = \"a\"\n    x = 1 # \\x1b[2J"));
        fs::remove_file(path).expect("ours");
    }

    #[test]
    fn every_method_has_its_sentence() {
        let methods = methods(&Sample::finished(3).frame());
        let names: Vec<&str> = methods.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"ct") && names.contains(&"retrain"), "{names:?}");
        assert!(methods.iter().all(|(_, about)| about.len() > 10), "{methods:?}");
    }
}
