//! `sweep plan --time`: how long the runs will take that are still to be carried out, and what fits into a budget.

use std::{num::NonZeroUsize, ops::Range, path::Path, time::Duration};

use clap::Args;
use serde::Serialize;

use super::Known;
use crate::{
    cli::{CommandError, ground::Ground},
    forecast::{Costs, Forecast, Lasted},
    frame::printable,
    grid::duration,
    plan::{Plan, Role, Run},
    session::{Prepared, Session, Unwatched},
    store::ChangedInputs,
};

/// Whether time is asked for, and on what.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Say how long the runs will take: by those that have finished, else workers are started and try a moment of it
    #[arg(long)]
    pub(super) time: bool,
    /// Say what of the sweep fits into this time: `16h`, `1h30m`; implies --time
    #[arg(long, value_name = "TIME", value_parser = budget)]
    budget: Option<Duration>,
    /// Workers at a time on each device (default: one per core, or one per GPU)
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
}

fn budget(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("it must be {}", duration::EXPECTED))
}

impl Arguments {
    pub(super) fn is_asked(&self) -> bool {
        self.time || self.budget.is_some()
    }
}

/// How long a sweep will take here.
#[derive(Debug, Serialize)]
pub(super) struct TimeAhead {
    /// Workers at a time.
    slots: NonZeroUsize,
    /// What a run and a pass cost.
    costs: Costs,
    /// The runs that are left; none where one of them is of an unknown cost.
    forecast: Option<Forecast>,
    budget: Option<Fitting>,
}

/// What fits into a budget.
#[derive(Debug, Serialize)]
struct Fitting {
    budget_s: f64,
    /// Models of each point that fit, at most those that are asked for.
    seeds: u64,
    /// Those that are asked for.
    of: u64,
    /// The runs that fit.
    forecast: Forecast,
    /// Slots on which all would fit; none where the dearest run alone is longer.
    slots: Option<u64>,
}

impl TimeAhead {
    /// Reads or tries what runs cost, and lays the runs that are left on the slots.
    pub(super) fn of(
        prepared: &Prepared,
        known: &Known,
        arguments: &Arguments,
        ground: &Ground,
    ) -> Result<Self, CommandError> {
        let program = ground.program()?;
        let session = Session {
            disk: ground.disk(),
            dir: Path::new("."),
            cache: None,
            program: &program,
            jobs: arguments.jobs,
            retry: &[],
            changed_inputs: ChangedInputs::Refuse,
            accept_weak_original: false,
            task: None,
            heeds_signals: false,
            watcher: &Unwatched,
        };
        let slots = session.width(prepared)?;
        let plan = prepared.selected();
        let left = Outstanding::of(&plan, known);
        let finished = plan.runs.iter().filter_map(|run| {
            let measurement = known.measurement(run)?;
            Some((plan.point(run), Lasted::from(&measurement)))
        });
        let read = Costs::of_finished(finished).filter(|costs| left.forecast(costs, slots.get()).is_some());
        let costs = match read {
            Some(costs) => costs,
            None => session.trial(prepared)?,
        };
        let forecast = left.forecast(&costs, slots.get());
        let budget = arguments.budget.and_then(|budget| Fitting::of(&left, &costs, (slots.get(), budget)));
        Ok(Self { slots, costs, forecast, budget })
    }

    /// For people, a line each.
    pub(super) fn lines(&self, plan: &Plan) -> Vec<String> {
        let Some(forecast) = &self.forecast else {
            return vec![
                "time: unknown; some of the runs train by a function of yours, and none of them has finished yet".to_owned(),
            ];
        };
        let slots = counted(self.slots.get() as u64, "slot");
        let mut lines = vec![format!(
            "time: about {} on {slots} for {} ({} of work){}",
            shown(forecast.wall_s),
            counted(forecast.runs as u64, "run"),
            shown(forecast.work_s),
            if plan.stages.is_empty() { "" } else { ", at most: the sweep is staged" },
        )];
        lines.push(self.source());
        let untried = self.costs.untried.iter().map(|(label, reason)| {
            format!(
                "  `{}` gave nothing when it was tried ({}), and is taken to cost what others do",
                printable(label),
                printable(reason)
            )
        });
        lines.extend(untried);
        lines.extend(self.budget.as_ref().map(Fitting::line));
        lines
    }

    fn source(&self) -> String {
        let what = match self.costs.any {
            Some(cost) => format!("{:.2} s a pass and {:.2} s a run beside it", cost.pass_s, cost.run_s),
            None => "as long as a run of each label".to_owned(),
        };
        match self.costs.finished {
            0 => format!("  {what}, tried just now on {}", counted(self.slots.get() as u64, "worker")),
            runs => format!(
                "  {what}, by {} that have finished; each label by its own",
                counted(runs as u64, "run")
            ),
        }
    }
}

/// The runs that are still to be carried out.
struct Outstanding<'p> {
    plan: &'p Plan,
    /// Each with its place among the runs of its point.
    runs: Vec<(&'p Run, u64)>,
}

impl<'p> Outstanding<'p> {
    fn of(plan: &'p Plan, known: &Known) -> Self {
        let mut counts = vec![0; plan.points.len()];
        let place = |run: &'p Run| {
            counts[run.point] += 1;
            (run, counts[run.point])
        };
        let is_left = |(run, _): &(&Run, u64)| !known.has(plan, run);
        Self { plan, runs: plan.runs.iter().map(place).filter(is_left).collect() }
    }

    fn forecast(&self, costs: &Costs, slots: usize) -> Option<Forecast> {
        self.with(u64::MAX, costs, slots)
    }

    /// With so many models of each unlearning point at most.
    fn with(&self, seeds: u64, costs: &Costs, slots: usize) -> Option<Forecast> {
        let is_meant =
            |(run, place): &&(&Run, u64)| *place <= seeds || self.plan.point(run).role != Role::Unlearn;
        let runs = self.runs.iter().filter(is_meant).map(|(run, _)| *run);
        Forecast::of(&self.plan.points, runs, costs, slots)
    }
}

impl Fitting {
    /// None where the cost of a run is unknown.
    fn of(left: &Outstanding<'_>, costs: &Costs, (slots, budget): (usize, Duration)) -> Option<Self> {
        let fits = |forecast: Option<Forecast>| {
            forecast.is_some_and(|forecast| forecast.wall_s <= budget.as_secs_f64())
        };
        let of = left.plan.seeds;
        let beyond = first(0..of + 1, |seeds| !fits(left.with(seeds, costs, slots)));
        let seeds = beyond.saturating_sub(1);
        let enough = first(slots as u64..MOST_SLOTS + 1, |slots| fits(left.forecast(costs, slots as usize)));
        Some(Self {
            budget_s: budget.as_secs_f64(),
            seeds,
            of,
            forecast: left.with(seeds, costs, slots)?,
            slots: (enough <= MOST_SLOTS).then_some(enough),
        })
    }

    fn line(&self) -> String {
        let Self { budget_s, seeds, of, forecast, slots } = self;
        let budget = shown(*budget_s);
        let all = match slots {
            Some(slots) => format!("all {of} fit on {}", counted(*slots, "slot")),
            None => "all of them fit on no number of slots".to_owned(),
        };
        match seeds {
            _ if seeds == of => format!("  {budget}: everything fits"),
            0 => format!("  {budget}: not one model of each point fits; {all}"),
            _ => format!(
                "  {budget}: {seeds} of {of} models of each point fit, in {} (-S seeds={seeds}); {all}",
                shown(forecast.wall_s)
            ),
        }
    }
}

/// More slots than this are not looked at.
const MOST_SLOTS: u64 = 1024;

/// The first number of a range of which something is true that stays true beyond it; the end of the range if of none.
fn first(Range { mut start, mut end }: Range<u64>, is_so: impl Fn(u64) -> bool) -> u64 {
    while start < end {
        let middle = u64::midpoint(start, end);
        if is_so(middle) { end = middle } else { start = middle + 1 }
    }
    end
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A length of time in two units at most.
fn shown(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 10.0 => format!("{seconds:.1} s"),
        0..=119 => format!("{whole} s"),
        120..=7199 => format!("{} min {} s", whole / 60, whole % 60),
        7200..=172_799 => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}
