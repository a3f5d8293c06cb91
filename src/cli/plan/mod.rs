//! `sweep plan`: what a grid asks for, without running anything.

mod time;

use std::{borrow::Cow, path::Path};

use clap::Args;
use comfy_table::CellAlignment;
use serde::Serialize;
use sweep_protocol::measurement::Measurement;

use self::time::TimeAhead;
use super::{
    CommandError, Exit, Format, Ground, explain,
    inputs::{self, Asked, GridArguments, Starts, Vouching},
    places::Places,
    terminal,
};
use crate::{
    frame::printable,
    plan::{BestOf, Confirm, Plan, Point, Run},
    store::{Cache, Recorded},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    grid: GridArguments,
    /// Show the recipe of every point
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    time: time::Arguments,
    #[command(flatten)]
    vouching: Vouching,
    #[command(flatten)]
    places: Places,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn plan(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let is_timed = arguments.time.is_asked();
    let starts = if is_timed { arguments.vouching.starts() } else { Starts::Nothing };
    let sweeps = inputs::read(&arguments.grid, &arguments.places, starts)?;
    let mut plans = Vec::new();
    for asked in &sweeps {
        let plan = asked.prepared.selected();
        let known = Known::of(&plan, &asked.dir, &arguments.places)?;
        let time =
            is_timed.then(|| TimeAhead::of(&asked.prepared, &known, &arguments.time, ground)).transpose()?;
        match arguments.format {
            Format::Json => plans.push(TimedPlan { plan, time }),
            Format::Human => {
                table(&plan, &known);
                for line in time.iter().flat_map(|time| time.lines(&plan)) {
                    terminal::data(&line);
                }
                if arguments.explain {
                    terminal::data(&explain::explained(&plan));
                }
            }
        }
    }
    match (arguments.format, &plans[..]) {
        (Format::Json, [plan]) => terminal::json(plan),
        (Format::Json, several) => terminal::json(&several),
        (Format::Human, _) => {}
    }
    Ok(Exit::Done)
}

/// A plan for programs.
#[derive(Serialize)]
struct TimedPlan<'p> {
    #[serde(flatten)]
    plan: Cow<'p, Plan>,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<TimeAhead>,
}

/// Shows points, runs, costs and what is there already.
pub(super) fn show(asked: &Asked, places: &Places) -> Result<(), CommandError> {
    let plan = asked.prepared.selected();
    table(&plan, &Known::of(&plan, &asked.dir, places)?);
    Ok(())
}

fn table(plan: &Plan, known: &Known) {
    let mut table = terminal::table();
    table.set_header(["point", "runs", "done", "cached", "passes a run", "passes to come"]);
    let counts = known.count(plan);
    let (mut pending, mut passes, mut left_out) = (0, 0.0, 0);
    for (point, count) in plan.points.iter().zip(&counts).filter(|(_, count)| count.runs > 0) {
        let left = count.runs - count.done - count.cached;
        pending += left;
        passes += f64::from(left) * point.passes;
        if table.row_count() < MOST_ROWS {
            table.add_row(row(point, *count));
        } else {
            left_out += 1;
        }
    }
    for column in 1..6 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    terminal::data(&format!(
        "{} ({} engine): {} runs, {pending} to carry out, {passes:.0} passes over the retain set\n{table}",
        plan.name,
        printable(&plan.engine.name),
        plan.runs.len(),
    ));
    if left_out > 0 {
        terminal::data(&format!("… and {left_out} more points; `--format json` lists all"));
    }
    for line in remarks(plan) {
        terminal::data(&line);
    }
}

/// Points beyond these are only counted: nobody reads a table of a million rows.
const MOST_ROWS: usize = 1_000;

fn row(point: &Point, count: Count) -> [String; 6] {
    [
        printable(&point.title()),
        count.runs.to_string(),
        count.done.to_string(),
        count.cached.to_string(),
        format!("{:.1}", point.passes),
        format!("{:.0}", f64::from(count.runs - count.done - count.cached) * point.passes),
    ]
}

/// Runs of one point.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    runs: u32,
    done: u32,
    cached: u32,
}

/// What the table doesn't say: who gets how many models, and what runs measure for the audits.
fn remarks(plan: &Plan) -> Vec<String> {
    let mut remarks = Vec::new();
    if !plan.stages.is_empty() {
        let stages: Vec<String> = plan.stages.iter().map(ToString::to_string).collect();
        remarks.push(format!(
            "staged: every point gets {} models, those that can still be the best{} go on to {}; these are the most runs \
             that it can take",
            stages[0],
            if plan.best_of == BestOf::Method { " of their method" } else { "" },
            stages[1..].join(", ")
        ));
    }
    if let Some(Confirm { top, seeds }) = plan.confirm {
        remarks.push(format!(
            "confirmed: the {top} best points{}, and those with their methods' defaults, get {seeds} models of fresh seeds each \
             once all points are measured; they come beside these runs",
            if plan.best_of == BestOf::Method { " of each method" } else { "" }
        ));
    }
    if let Some(network) = plan.inputs.as_ref().map(|inputs| &inputs.network).filter(|it| it.own.is_some()) {
        remarks.push(format!(
            "network: {}, in Python, of which nothing is executed to plan: whether it can be built, how many outputs it has and \
             whether a checkpoint fits it is seen before the first run",
            printable(&network.name)
        ));
    }
    let Some(audit) = &plan.audit else { return remarks };
    let names: Vec<&str> = audit.audits.iter().map(|audit| audit.entry().name).collect();
    let wanted = plan.runs.iter().filter_map(|run| plan.retain_sample(run)).collect::<Vec<_>>();
    let measured = wanted.first().map_or_else(
        || "from what every run measures".to_owned(),
        |sample| {
            format!(
                "for which {} runs measure forget, test and {sample} retain examples one by one",
                wanted.len()
            )
        },
    );
    remarks.push(format!("audits: {}, {measured}", names.join(", ")));
    if let Some(asked) = audit.reconstruct {
        let runs = plan.runs.iter().filter(|run| plan.reconstruct(run).is_some()).count();
        let steps = u64::from(asked.restarts) * u64::from(asked.steps);
        let pictures = if asked.pictures { "; pictures of the forget set are kept and shown" } else { "" };
        remarks.push(format!("{runs} runs look for images in the weights, in {steps} steps each{pictures}"));
    }
    remarks
}

/// What earlier sweeps have left.
struct Known {
    recorded: Option<Recorded>,
    cache: Option<Cache>,
}

impl Known {
    fn of(plan: &Plan, results: &Path, places: &Places) -> Result<Self, CommandError> {
        let recorded = if results.join("plan.json").exists() { Some(Recorded::read(results)?) } else { None };
        let cache = match places.cache(plan) {
            Some(dir) if dir.exists() => Some(Cache::open(&dir)?),
            _ => None,
        };
        Ok(Self { recorded, cache })
    }

    /// The runs of every point.
    fn count(&self, plan: &Plan) -> Vec<Count> {
        let mut counts = vec![Count::default(); plan.points.len()];
        for run in &plan.runs {
            let count = &mut counts[run.point];
            count.runs += 1;
            // The cache is a folder of files: it is asked for what isn't there yet alone.
            let done = self.is_done(plan, run);
            count.done += u32::from(done);
            count.cached += u32::from(!done && self.is_cached(plan, run));
        }
        counts
    }

    /// Whether a run needs not be carried out.
    fn has(&self, plan: &Plan, run: &Run) -> bool {
        self.is_done(plan, run) || self.is_cached(plan, run)
    }

    /// What a run has measured.
    fn measurement(&self, run: &Run) -> Option<Measurement> {
        let record = self.recorded.as_ref().and_then(|recorded| recorded.outcomes.get(&run.id));
        let recorded = record.and_then(|record| record.outcome.measurement().cloned());
        recorded.or_else(|| self.cache.as_ref()?.measurement(&run.id))
    }

    fn is_done(&self, plan: &Plan, run: &Run) -> bool {
        let record = self.recorded.as_ref().and_then(|recorded| recorded.outcomes.get(&run.id));
        record.is_some_and(|record| plan.is_settled(run, &record.outcome))
    }

    fn is_cached(&self, plan: &Plan, run: &Run) -> bool {
        let found = self.cache.as_ref().and_then(|cache| cache.measurement(&run.id));
        found.is_some_and(|measurement| plan.is_answered(run, &measurement))
    }
}
