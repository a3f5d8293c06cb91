//! `sweep plan`: what a grid asks for, without running anything.

use std::path::PathBuf;

use clap::Args;
use comfy_table::CellAlignment;

use super::{
    CommandError, Exit, Format,
    inputs::{GridArguments, Prepared},
    terminal,
};
use crate::{
    plan::{Plan, Point, Run},
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
                plan.points.iter().for_each(|point| terminal::data(&explained(point)));
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
        let done = plan.runs_of(position).filter(|run| known.is_done(plan, run)).count();
        let cached = plan.runs_of(position).filter(|run| known.is_cached(plan, run)).count();
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
    for line in remarks(plan) {
        terminal::data(&line);
    }
    Ok(())
}

/// What the table doesn't say: who gets how many models, and what runs measure for the audits.
fn remarks(plan: &Plan) -> Vec<String> {
    let mut remarks = Vec::new();
    if !plan.stages.is_empty() {
        let stages: Vec<String> = plan.stages.iter().map(ToString::to_string).collect();
        remarks.push(format!(
            "staged: every point gets {} models, those that can still be the best go on to {}; these are the most runs \
             that it can take",
            stages[0],
            stages[1..].join(", ")
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
    remarks
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

    fn is_done(&self, plan: &Plan, run: &Run) -> bool {
        let record = self.recorded.as_ref().and_then(|recorded| recorded.outcomes.get(&run.id));
        record.is_some_and(|record| match record.outcome.measurement() {
            Some(measurement) => plan.is_answered(run, measurement),
            None => record.outcome.is_final(),
        })
    }

    fn is_cached(&self, plan: &Plan, run: &Run) -> bool {
        let found = self.cache.as_ref().and_then(|cache| cache.measurement(&run.id));
        !self.is_done(plan, run) && found.is_some_and(|measurement| plan.is_answered(run, &measurement))
    }
}

fn explained(point: &Point) -> String {
    let parameters: Vec<String> =
        point.parameters.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let recipe = serde_json::to_string_pretty(&point.recipe).expect("a recipe is plain data");
    format!("\n{} ({})\n  {}\n{recipe}", point.title(), point.method, parameters.join(", "))
}
