//! Writes `live.html` while a sweep runs: counts, accuracies so far and the latest failures.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    time::{Duration, Instant},
};

use indicatif::HumanDuration;
use sweep_protocol::measurement::Measurement;

use super::{remaining::Remaining, slot};
use crate::{
    frame::{printable, shortened},
    outcome::Outcome,
    plan::{Plan, Role},
    pool::{Happening, Observer},
    report::{Live, LiveFailure, LiveMethod, LivePoint},
};

/// Shortest time between two pages.
const PAUSE: Duration = Duration::from_secs(3);
const MOST_FAILURES: usize = 20;
const MOST_POINTS: usize = 5;
const LONGEST_MESSAGE: usize = 300;

/// Sums of accuracies over the runs that finished.
#[derive(Debug, Clone, Copy, Default)]
struct AccuracySums {
    runs: usize,
    retain: f64,
    held_out: f64,
    forget: f64,
}

impl AccuracySums {
    fn add(&mut self, measured: &Measurement) {
        self.runs += 1;
        self.retain += measured.accuracy.retain.get();
        self.held_out += measured.accuracy.held_out().get();
        self.forget += measured.accuracy.forget.get();
    }

    fn percent(&self, sum: f64) -> String {
        if self.runs == 0 { String::new() } else { format!("{:.1}", 100.0 * sum / self.runs as f64) }
    }

    fn mean_forget(&self) -> Option<f64> {
        (self.runs > 0).then(|| self.forget / self.runs as f64)
    }
}

/// Follows a sweep for the page.
pub(super) struct LivePage<'p> {
    plan: &'p Plan,
    results: &'p Path,
    /// Place of each point's label among the rows.
    rows: Vec<usize>,
    methods: Vec<LiveMethod>,
    of_method: Vec<AccuracySums>,
    of_point: BTreeMap<usize, AccuracySums>,
    failures: VecDeque<LiveFailure>,
    ended: usize,
    remaining: Remaining,
    since: Instant,
    written: Option<Instant>,
}

impl<'p> LivePage<'p> {
    /// The runs at the positions `ended` have an outcome already.
    pub(super) fn new(plan: &'p Plan, ended: &[usize], results: &'p Path) -> Self {
        let mut methods: Vec<LiveMethod> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rows = Vec::new();
        for point in &plan.points {
            let place = *places.entry(&point.label).or_insert_with(|| {
                methods.push(LiveMethod { label: printable(&point.label), ..LiveMethod::default() });
                methods.len() - 1
            });
            rows.push(place);
        }
        for run in &plan.runs {
            methods[rows[run.point]].runs += 1;
            methods[rows[run.point]].to_come += 1;
        }
        for run in ended {
            let method = &mut methods[rows[plan.runs[*run].point]];
            method.before += 1;
            method.to_come -= 1;
        }
        let of_method = vec![AccuracySums::default(); methods.len()];
        let page = Self {
            plan,
            results,
            rows,
            methods,
            of_method,
            of_point: BTreeMap::new(),
            failures: VecDeque::new(),
            ended: ended.len(),
            remaining: Remaining::of(plan, ended),
            since: Instant::now(),
            written: None,
        };
        page.write();
        page
    }

    fn ended(&mut self, run: usize, outcome: &Outcome) {
        let point = self.plan.runs[run].point;
        let row = self.rows[point];
        self.ended += 1;
        let method = &mut self.methods[row];
        method.to_come = method.to_come.saturating_sub(1);
        match outcome {
            Outcome::Finished(measured) => {
                method.finished += 1;
                self.of_method[row].add(measured);
                self.of_point.entry(point).or_default().add(measured);
                return;
            }
            Outcome::Diverged { .. } => method.diverged += 1,
            Outcome::Failed { .. } | Outcome::TimedOut { .. } => method.failed += 1,
            Outcome::Cancelled => {}
        }
        self.failures.push_front(self.failure(run, outcome));
        self.failures.truncate(MOST_FAILURES);
    }

    fn failure(&self, run: usize, outcome: &Outcome) -> LiveFailure {
        let message = match outcome {
            Outcome::Failed { message, .. } => shortened(&printable(message), LONGEST_MESSAGE),
            Outcome::Diverged { step } => format!("not finite after step {step}"),
            Outcome::TimedOut { after_s } => format!("stopped after {after_s:.0} s"),
            Outcome::Finished(_) | Outcome::Cancelled => String::new(),
        };
        let run = &self.plan.runs[run];
        LiveFailure {
            run: printable(&format!("{} seed={}", self.plan.point(run).title(), run.seed)),
            status: outcome.status().to_string(),
            message,
        }
    }

    /// Points of unlearning whose forget accuracy is nearest to the oracle's.
    fn closest(&self) -> Vec<LivePoint> {
        let oracle = self.plan.points.iter().position(|point| point.role == Role::Oracle);
        let oracle = oracle.and_then(|point| self.of_point.get(&point)?.mean_forget());
        let Some(oracle) = oracle else { return Vec::new() };
        let judged = self.of_point.iter().filter(|(point, _)| self.plan.points[**point].is_judged());
        let mut gaps: Vec<(f64, usize, &AccuracySums)> =
            judged.filter_map(|(point, sums)| Some((sums.mean_forget()? - oracle, *point, sums))).collect();
        gaps.sort_by(|one, other| one.0.abs().total_cmp(&other.0.abs()).then(one.1.cmp(&other.1)));
        let shown = gaps.into_iter().take(MOST_POINTS).map(|(gap, point, sums)| LivePoint {
            title: printable(&self.plan.points[point].title()),
            runs: sums.runs,
            forget: sums.percent(sums.forget),
            gap: format!("{:+.1}", 100.0 * gap),
            test: sums.percent(sums.held_out),
        });
        shown.collect()
    }

    fn page(&self) -> Live {
        let passed = self.since.elapsed();
        let methods = self.methods.iter().zip(&self.of_method).map(|(method, sums)| LiveMethod {
            retain: sums.percent(sums.retain),
            test: sums.percent(sums.held_out),
            forget: sums.percent(sums.forget),
            ..method.clone()
        });
        let runs = self.plan.runs.len();
        Live {
            at: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
            elapsed: format!("{}", HumanDuration(passed)),
            to_go: self.remaining.time(passed).map(|time| format!("{}", HumanDuration(time))),
            runs,
            ended: self.ended,
            percent: (100 * self.ended).checked_div(runs).unwrap_or(100),
            methods: methods.collect(),
            closest: self.closest(),
            failures: self.failures.iter().cloned().collect(),
        }
    }

    /// Writes the page, if it can be written: the sweep doesn't depend on it.
    fn write(&self) {
        let _ = self.page().write(self.results, &printable(&self.plan.name));
    }
}

impl Observer for LivePage<'_> {
    fn event(&mut self, happening: &Happening<'_>) {
        match happening {
            Happening::Started { run, .. } => self.remaining.begin(*run),
            Happening::Progress { run, step, steps, .. } => {
                self.remaining.advance(*run, slot::share(*step, *steps));
            }
            Happening::Ended { slot, run, outcome, .. } => {
                self.remaining.end(slot.is_some(), *run);
                self.ended(*run, outcome);
            }
            Happening::Retrying { run, .. } | Happening::Abandoned { run, .. } => self.remaining.stop(*run),
            Happening::Crowded { runs, .. } => {
                for &run in runs {
                    self.remaining.stop(run);
                }
            }
            _ => return,
        }
        if self.written.is_none_or(|written| written.elapsed() >= PAUSE) {
            self.written = Some(Instant::now());
            self.write();
        }
    }
}
