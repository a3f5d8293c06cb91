//! One page about one point: all that is needed to carry it out again, and what came of it.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use clap::ValueEnum;
use serde_json::{Value as Json, json};
use sweep_protocol::terms::Value;

use super::{Arguments, ExportError, the_point};
use crate::{
    appraisal::appraise,
    cli::{CommandError, report, terminal, written},
    frame::{Frame, Mean, PointRow, printable},
    grid::{GridFile, Included},
    outcome::{Outcome, Status},
    plan::{Plan, PlannedInputs, PlannedOriginal, Point, Role},
    store::{Folder, Recorded},
};

/// Longest grid or provenance that a card quotes, in bytes.
const LONGEST: u64 = 1 << 20;
/// Seeds that the page has room for; the JSON has all.
const SEEDS: usize = 16;

/// How a card is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CardFormat {
    /// A page for people
    Markdown,
    /// The same and each run with its hashes, for programs
    Json,
}

pub(super) fn show(recorded: &Recorded, point: &str, arguments: &Arguments) -> Result<(), CommandError> {
    let dir = &arguments.dir;
    let position = the_point::named(&recorded.plan, point)?;
    let frame = appraise(dir, arguments.replicates)?;
    let card = Card {
        plan: &recorded.plan,
        point: &recorded.plan.points[position],
        position,
        row: &frame.points[position],
        frame: &frame,
        recorded,
        grid: quoted(&Folder::new(dir).grid())?,
        included: GridFile::included_by(&Folder::new(dir).grid()),
        provenance: quoted(&Folder::new(dir).provenance())
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default(),
        command: command(dir, &recorded.plan, position),
    };
    match arguments.format {
        CardFormat::Markdown => terminal::data(&terminal::tame(&card.page())),
        CardFormat::Json => terminal::json(&card.data()),
    }
    Ok(())
}

fn quoted(path: &Path) -> Result<String, ExportError> {
    let unreadable = |source| ExportError::Unreadable { path: path.to_owned(), source };
    let bytes = sweep_files::read(path, LONGEST).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| unreadable(std::io::Error::other(error)))
}

struct Card<'a> {
    plan: &'a Plan,
    point: &'a Point,
    position: usize,
    row: &'a PointRow,
    frame: &'a Frame,
    recorded: &'a Recorded,
    grid: String,
    included: Vec<Included>,
    provenance: Json,
    command: String,
}

impl Card<'_> {
    fn data(&self) -> Json {
        let Self { plan, point, row, .. } = self;
        let mean = |mean: Option<Mean>| {
            mean.map(|mean| json!({ "mean": mean.value, "half_width": mean.half_width }))
        };
        json!({
            "sweep": plan.name,
            "point": point.title(),
            "label": &*point.label,
            "method": &*point.method,
            "parameters": point.parameters.to_map(),
            "recipe": &*point.recipe(),
            "passes": point.passes,
            "engine": plan.engine,
            "inputs": plan.inputs,
            "oracle": plan.oracle,
            "n": plan.seeds,
            "accuracy": {
                "retain": mean(row.means.retain_acc),
                "forget": mean(row.means.forget_acc),
                "validation": mean(row.means.val_acc),
                "test": mean(row.means.test_acc),
                "truth": mean(row.means.truth_acc),
            },
            "scores": report::point_json(self.frame, row),
            "runs": self.runs(),
            "provenance": self.provenance,
            "command": self.command,
            "grid": self.grid,
            "included": self.included.iter().map(|file| (&file.name, &file.text)).collect::<BTreeMap<_, _>>(),
        })
    }

    /// Each run with what names its result.
    fn runs(&self) -> Vec<Json> {
        let run = |run: &crate::plan::Run| {
            let outcome = self.recorded.outcomes.get(&run.id).map(|record| &record.outcome);
            let confidences =
                outcome.and_then(Outcome::measurement).map(|measured| &measured.confidences.blake3);
            let status = outcome.map_or_else(|| "pending".to_owned(), |end| end.status().to_string());
            json!({ "run": run.id, "seed": run.seed, "status": status, "confidences_blake3": confidences })
        };
        self.plan.runs_of(self.position).map(run).collect()
    }

    fn page(&self) -> String {
        let Self { plan, point, row, .. } = self;
        let mut page = format!("# {} — {}\n\n", point.title(), plan.name);
        let about = sweep_methods::find(&point.method).map_or("", |method| method.about);
        let _ = writeln!(page, "`{}`: {about}\n\n```sh\n{}\n```\n", point.method, self.command);
        page += &self.scores();
        page += "\n| hyper-parameter | value |\n|---|---|\n";
        for (name, value) in point.parameters.iter() {
            let _ = writeln!(page, "| {name} | {value} |");
        }
        page += "\n| | |\n|---|---|\n";
        for (name, value) in self.facts() {
            let _ = writeln!(page, "| {name} | {} |", value.replace('|', "\\|"));
        }
        let _ = writeln!(page, "\n## Recipe, {:.2} passes over the retain set\n", row.passes);
        let _ = writeln!(page, "```toml\n{}```\n", written::phases(&point.recipe(), &point.label));
        let _ = write!(page, "## Grid\n\n```toml\n{}\n```", self.grid.trim_end());
        for Included { name, text } in &self.included {
            let _ = write!(page, "\n\nIncluded: `{name}`\n\n```toml\n{}\n```", text.trim_end());
        }
        page
    }

    fn scores(&self) -> String {
        let mut table = "| measured | value [95 %] |\n|---|---|\n".to_owned();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(table, "| {name} | {value} |");
        };
        match &self.row.score {
            Ok(score) => {
                line("score", score.score.to_string());
                line("forgetting quality", score.forgetting_quality.to_string());
                line("retain ratio", score.retain_ratio.to_string());
                line("test ratio", score.test_ratio.to_string());
                if let Some(normalised) = &score.normalised {
                    line("between floor and ceiling", normalised.to_string());
                }
                if let Some(own) = &score.cross_fit {
                    line("cross-fitted quality", own.quality.to_string());
                }
                if let Some(nulls) = &score.nulls {
                    line("p (q) against retraining", nulls.omnibus.to_string());
                }
            }
            Err(reason) => line("score", format!("none: {reason}")),
        }
        let means = &self.row.means;
        let sets = [
            ("retain", means.retain_acc),
            ("forget", means.forget_acc),
            ("validation", means.val_acc),
            ("test", means.test_acc),
            ("truth of the forget", means.truth_acc),
        ];
        for (set, mean) in sets {
            if let Some(mean) = mean {
                line(&format!("accuracy on the {set} set, %"), mean.percent());
            }
        }
        line("runs", self.row.counts.to_string());
        table
    }

    /// What the numbers rest on.
    fn facts(&self) -> Vec<(String, String)> {
        let plan = self.plan;
        let mut facts = vec![
            ("seeds".to_owned(), self.seeds()),
            ("oracle".to_owned(), format!("{} retrained models", plan.oracle.models)),
            ("engine".to_owned(), format!("{} {}", plan.engine.name, plan.engine.version)),
        ];
        facts.extend(plan.inputs.as_ref().map_or_else(Vec::new, of_inputs));
        let provenance = self.provenance.as_object().into_iter().flatten();
        facts.extend(provenance.filter(|(name, _)| *name != "engine").map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        }));
        facts
    }

    fn seeds(&self) -> String {
        let runs = self.frame.runs.iter().filter(|run| run.point == self.position);
        let seeds: Vec<String> = runs
            .map(|run| match run.status {
                Status::Finished => run.seed.to_string(),
                status => format!("{} ({status})", run.seed),
            })
            .collect();
        let more = seeds.len().saturating_sub(SEEDS);
        let shown = seeds[..seeds.len() - more].join(", ");
        if more > 0 { format!("{shown} and {more} more") } else { shown }
    }
}

fn of_inputs(inputs: &PlannedInputs) -> Vec<(String, String)> {
    let PlannedInputs { data, data_hash, sizes, network, originals, .. } = inputs;
    let test = sizes.test.map_or_else(|| "no".to_owned(), |count| count.to_string());
    let network = serde_json::to_string(network).expect("a network is plain data");
    let original = |original: &PlannedOriginal| match original {
        PlannedOriginal::Trained { run } => format!("trained by run {run}"),
        PlannedOriginal::Checkpoint { path, blake3 } => format!("{path}, BLAKE3 {blake3}"),
    };
    let what = if originals.len() > 1 { "originals, in turn" } else { "original" };
    vec![
        ("data".to_owned(), format!("{data}, BLAKE3 {data_hash}")),
        (
            "images".to_owned(),
            format!(
                "{} retain, {} forget, {} validation, {test} test",
                sizes.retain, sizes.forget, sizes.validation
            ),
        ),
        ("network".to_owned(), format!("`{network}`")),
        (what.to_owned(), originals.iter().map(original).collect::<Vec<_>>().join("; ")),
    ]
}

/// What carries the runs of the point out, beside the original and the retrained models that its score needs.
fn command(dir: &Path, plan: &Plan, position: usize) -> String {
    let point = &plan.points[position];
    let grid = in_shell(&printable(&Folder::new(dir).grid().display().to_string()));
    // A staged sweep finds out itself which points it goes on with.
    if point.role != Role::Unlearn || !plan.stages.is_empty() {
        return format!("sweep run {grid} --out repeated");
    }
    let mut only = format!("label == \"{}\"", point.label);
    for name in point.varied.iter() {
        if let Some(value) = point.parameters.get(name) {
            let value = match value {
                Value::Text(text) => format!("\"{text}\""),
                other => other.to_string(),
            };
            let _ = write!(only, " and {name} == {value}");
        }
    }
    format!("sweep run {grid} --only {} --out repeated", in_shell(&only))
}

/// A word as a shell takes it.
fn in_shell(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
