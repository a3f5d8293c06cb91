//! `sweep plan`: what a grid asks for, without running anything.

use std::path::PathBuf;

use clap::Args;
use comfy_table::CellAlignment;

use super::{
    CommandError, Exit, Format, explain,
    inputs::{GridArguments, Prepared},
    terminal,
};
use crate::{
    frame::printable,
    plan::{Plan, Point},
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
    places: super::run::Places,
    /// How to show it
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn plan(arguments: &Arguments) -> Result<Exit, CommandError> {
    let prepared = Prepared::read(&arguments.grid)?;
    let plan = prepared.selected();
    match arguments.format {
        Format::Json => terminal::json(&*plan),
        Format::Human => {
            show(&plan, &arguments.places)?;
            if arguments.explain {
                terminal::data(&explain::explained(&plan));
            }
        }
    }
    Ok(Exit::Done)
}

/// Shows points, runs, costs and what is there already.
pub(super) fn show(plan: &Plan, places: &super::run::Places) -> Result<(), CommandError> {
    let known = Known::of(plan, places)?;
    let mut table = terminal::table();
    table.set_header(["point", "runs", "done", "cached", "passes a run", "passes in all"]);
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
        plan.engine.word(),
        plan.runs.len(),
    ));
    if left_out > 0 {
        terminal::data(&format!("… and {left_out} more points; `--format json` lists all"));
    }
    Ok(())
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
        format!("{:.0}", f64::from(count.runs) * point.passes),
    ]
}

/// Runs of one point.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    runs: u32,
    done: u32,
    cached: u32,
}

/// What earlier sweeps have left.
struct Known {
    recorded: Option<Recorded>,
    cache: Option<Cache>,
}

impl Known {
    fn of(plan: &Plan, places: &super::run::Places) -> Result<Self, CommandError> {
        let results: PathBuf = places.results(plan);
        let recorded =
            if results.join("plan.json").exists() { Some(Recorded::read(&results)?) } else { None };
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
            count.done += u32::from(self.is_done(&run.id));
            count.cached += u32::from(self.is_cached(&run.id));
        }
        counts
    }

    fn is_done(&self, run: &sweep_protocol::terms::RunId) -> bool {
        let outcome = self.recorded.as_ref().and_then(|recorded| recorded.outcomes.get(run));
        outcome.is_some_and(|record| record.outcome.is_final())
    }

    fn is_cached(&self, run: &sweep_protocol::terms::RunId) -> bool {
        !self.is_done(run) && self.cache.as_ref().is_some_and(|cache| cache.has(run))
    }
}
