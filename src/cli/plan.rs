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
    plan::Plan,
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
        Format::Json => terminal::data(&serde_json::to_string_pretty(&plan).expect("a plan is plain data")),
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
    let (mut pending, mut passes) = (0, 0.0);
    for (position, point) in plan.points.iter().enumerate() {
        let runs = plan.runs_of(position).count();
        if runs == 0 {
            continue;
        }
        let done = plan.runs_of(position).filter(|run| known.is_done(&run.id)).count();
        let cached = plan.runs_of(position).filter(|run| known.is_cached(&run.id)).count();
        let left = runs - done - cached;
        pending += left;
        passes += left as f64 * point.passes;
        table.add_row([
            point.title(),
            runs.to_string(),
            done.to_string(),
            cached.to_string(),
            format!("{:.1}", point.passes),
            format!("{:.0}", runs as f64 * point.passes),
        ]);
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
    Ok(())
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

    fn is_done(&self, run: &sweep_protocol::terms::RunId) -> bool {
        let outcome = self.recorded.as_ref().and_then(|recorded| recorded.outcomes.get(run));
        outcome.is_some_and(|record| record.outcome.is_final())
    }

    fn is_cached(&self, run: &sweep_protocol::terms::RunId) -> bool {
        !self.is_done(run) && self.cache.as_ref().is_some_and(|cache| cache.has(run))
    }
}
