//! `live.html`: how a sweep goes, as a page that lies beside the report and loads itself anew, from a file and without a
//! server. Whoever carries the sweep out writes it again and again, and in the end points to the report.

use std::path::Path;

use minijinja::{Value, context};

use super::{ReportError, html, write};

const TEMPLATE: &str = include_str!("../../assets/live.html");
/// Seconds after which the page loads itself anew.
const REFRESH: u32 = 5;

/// How far a sweep is. All text must be printable; the page escapes it.
#[derive(Debug, Clone)]
pub struct Live {
    /// When this is so.
    pub at: String,
    /// How long the scheduler has been at work.
    pub elapsed: String,
    /// How long the rest will take, where that is known.
    pub to_go: Option<String>,
    /// Runs of the plan.
    pub runs: usize,
    /// Of those, with an outcome.
    pub ended: usize,
    /// The same as a whole number of percent.
    pub percent: usize,
    /// One row a label, in the order of the plan.
    pub methods: Vec<LiveMethod>,
    /// Points whose forget accuracy is nearest to the oracle's, nearest first.
    pub closest: Vec<LivePoint>,
    /// The latest runs without a result, latest first.
    pub failures: Vec<LiveFailure>,
}

/// The runs of one label.
#[derive(Debug, Clone, Default)]
pub struct LiveMethod {
    /// Name of the method's table in the grid.
    pub label: String,
    /// All of them.
    pub runs: usize,
    /// Had an outcome when the scheduler began.
    pub before: usize,
    /// Finished since.
    pub finished: usize,
    /// Diverged since.
    pub diverged: usize,
    /// Failed or ran too long since.
    pub failed: usize,
    /// Have no outcome.
    pub to_come: usize,
    /// Mean retain accuracy of those that finished since, as text in percent.
    pub retain: String,
    /// The same on the test set, or the validation set where there is none.
    pub test: String,
    /// The same on the forget set.
    pub forget: String,
}

/// One point that is near to retraining.
#[derive(Debug, Clone)]
pub struct LivePoint {
    /// The point in one line.
    pub title: String,
    /// Runs that finished since the scheduler began.
    pub runs: usize,
    /// Mean accuracy on the forget set, as text in percent.
    pub forget: String,
    /// That less the oracle's.
    pub gap: String,
    /// Mean accuracy on unseen data.
    pub test: String,
}

/// A run without a result.
#[derive(Debug, Clone)]
pub struct LiveFailure {
    /// Its point and seed.
    pub run: String,
    /// How it ended, in a word.
    pub status: String,
    /// Why.
    pub message: String,
}

/// That nobody is at work any more.
#[derive(Debug, Clone)]
pub struct Over {
    /// How the sweep ended.
    pub sentence: String,
    /// Whether there is a report to go to.
    pub reported: bool,
}

impl Live {
    fn view(&self) -> Value {
        let Self { at, elapsed, to_go, runs, ended, percent, methods, closest, failures } = self;
        context! {
            at, elapsed, to_go, runs, ended, percent,
            methods => methods.iter().map(LiveMethod::view).collect::<Value>(),
            closest => closest.iter().map(LivePoint::view).collect::<Value>(),
            failures => failures.iter().map(LiveFailure::view).collect::<Value>(),
        }
    }

    /// Writes the page into the folder of the results.
    pub fn write(&self, results: &Path, name: &str) -> Result<(), ReportError> {
        page(results, name, Some(self), None)
    }
}

impl LiveMethod {
    fn view(&self) -> Value {
        let Self { label, runs, before, finished, diverged, failed, to_come, retain, test, forget } = self;
        context! { label, runs, before, finished, diverged, failed, to_come, retain, test, forget }
    }
}

impl LivePoint {
    fn view(&self) -> Value {
        let Self { title, runs, forget, gap, test } = self;
        context! { title, runs, forget, gap, test }
    }
}

impl LiveFailure {
    fn view(&self) -> Value {
        let Self { run, status, message } = self;
        context! { run, status, message }
    }
}

impl Over {
    fn view(&self) -> Value {
        let Self { sentence, reported } = self;
        context! { sentence, reported }
    }

    /// Writes the page that takes the place of the one that loads itself anew.
    pub fn write(&self, results: &Path, name: &str) -> Result<(), ReportError> {
        page(results, name, None, Some(self))
    }
}

fn page(results: &Path, name: &str, live: Option<&Live>, over: Option<&Over>) -> Result<(), ReportError> {
    let (live, over) = (live.map(Live::view), over.map(Over::view));
    let values = context! { style => html::style(), refresh => REFRESH, name, live, over };
    let text = html::plain_page("live.html", TEMPLATE, values)?;
    write::bytes(&results.join("live.html"), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Live, LiveFailure, LiveMethod, Over};

    fn live(text: &str) -> Live {
        let method =
            LiveMethod { label: text.to_owned(), runs: 4, finished: 3, to_come: 1, ..LiveMethod::default() };
        let failure = LiveFailure { run: text.to_owned(), status: "failed".into(), message: text.to_owned() };
        Live {
            at: "2026-11-29 12:00:00Z".into(),
            elapsed: "2 minutes".into(),
            to_go: Some("40 seconds".into()),
            runs: 4,
            ended: 3,
            percent: 75,
            methods: vec![method],
            closest: Vec::new(),
            failures: vec![failure],
        }
    }

    #[test]
    fn it_loads_itself_anew_until_the_report_is_there() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let read = || fs::read_to_string(folder.path().join("live.html")).expect("a page");
        live("<script>x</script>").write(folder.path(), "<b>").expect("writable");
        let page = read();
        assert!(page.contains("http-equiv=\"refresh\" content=\"5\""), "{page}");
        assert!(page.contains("3 of 4 runs have ended, 40 seconds to go."), "{page}");
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        let over = Over { sentence: "4 finished".into(), reported: true };
        over.write(folder.path(), "r").expect("writable");
        let page = read();
        assert!(
            page.contains("content=\"2; url=report.html\"") && page.contains("href=\"report.html\""),
            "{page}"
        );
        Over { reported: false, ..over }.write(folder.path(), "r").expect("writable");
        assert!(!read().contains("refresh"), "nothing to wait for, nowhere to go");
    }
}
