//! What a rehearsal found, for people and programs.

use comfy_table::CellAlignment;
use serde_json::json;
use sweep_protocol::terms::UnitInterval;

use super::super::{CommandError, Format, logs, terminal};
use crate::{
    frame::printable,
    outcome::Outcome,
    plan::Plan,
    rehearsal::{Effect, ModelView, Moved, Rehearsal, Views, tried},
};

/// Most lines of what a function has printed: of one that failed, and of one that didn't.
const LINES: [usize; 2] = [60, 12];
/// Most modules that are named.
const MODULES: usize = 8;

pub(super) fn show(
    rehearsal: &Rehearsal,
    plan: &Plan,
    effect: &Effect,
    format: Format,
) -> Result<(), CommandError> {
    let said = said(effect)?;
    match format {
        Format::Json => {
            let point = tried(plan)?;
            terminal::json(&json!({
                "function": rehearsal.function,
                "arguments": point.parameters.to_map(),
                "data": rehearsal.data,
                "status": effect.outcome.status().word(),
                "effect": effect,
                "way": effect.way(),
                "printed": said,
            }));
        }
        Format::Human => terminal::data(&terminal::tame(&human(rehearsal, plan, effect, &said)?)),
    }
    Ok(())
}

fn human(
    rehearsal: &Rehearsal,
    plan: &Plan,
    effect: &Effect,
    said: &[String],
) -> Result<String, CommandError> {
    let arguments = tried(plan)?.parameters.to_map();
    let given = arguments.iter().filter(|(key, _)| *key != "python");
    let given: Vec<String> = given.map(|(key, value)| format!(" {key}={value}")).collect();
    let function = &rehearsal.function;
    let head =
        format!("{function}{}: {}\n{}", given.concat(), ending(&effect.outcome), printed(effect, said));
    if effect.models.after.is_none() {
        return Ok(head);
    }
    let weights = effect.weights.as_ref().map(moved).unwrap_or_default();
    Ok(format!(
        "{head}\n{}\n{weights}{}\nOne model on a few images is a look, not a score. For a score, in a grid:\n\n  \
         [method.mine]\n  python = \"{function}\"\n",
        table(&effect.models),
        way(effect),
    ))
}

/// The end of what the function has printed.
fn printed(effect: &Effect, said: &[String]) -> String {
    if said.is_empty() {
        return String::new();
    }
    let most = if effect.models.after.is_some() { LINES[1] } else { LINES[0] };
    let last = &said[said.len().saturating_sub(most)..];
    let what = if last.len() < said.len() { "the last lines that it printed" } else { "it printed" };
    format!("\n{what}:\n  {}\n", last.join("\n  "))
}

fn ending(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finished(measured) if measured.unchanged => {
            format!("returned after {:.1} s and left every weight as it was", measured.unlearn_s)
        }
        Outcome::Finished(measured) => {
            let steps = match measured.steps {
                0 => "no steps of an optimiser".to_owned(),
                1 => "one step".to_owned(),
                steps => format!("{steps} steps"),
            };
            format!("returned after {:.1} s, {steps}", measured.unlearn_s)
        }
        Outcome::Diverged { step } => format!("left weights that are not finite, after {step} steps"),
        Outcome::Failed { message, .. } => format!("failed: {}", printable(message)),
        Outcome::TimedOut { after_s } => {
            format!("was stopped after {after_s:.0} s; -S pool.run-timeout=1h gives it longer")
        }
        Outcome::Cancelled => "was stopped".to_owned(),
    }
}

/// One number of a model.
type Of = fn(&ModelView) -> Option<f64>;

fn table(models: &Views) -> String {
    let shown = [Some(&models.before), models.after.as_ref(), models.retrained.as_ref()];
    let mut table = terminal::table();
    table.set_header(["", "before", "after", "retrained"]);
    let rows: [(&str, Of); 6] = [
        ("accuracy on the retain set", |model| Some(model.accuracy.retain.get())),
        ("on the forget set", |model| Some(model.accuracy.forget.get())),
        ("on the validation set", |model| Some(model.accuracy.validation.get())),
        ("on the test set", |model| model.accuracy.test.map(UnitInterval::get)),
        ("confidence in the labels of the forget set", |model| Some(model.confidence)),
        ("attack: forget or test image? (50 %: can't tell)", |model| model.attack),
    ];
    for (name, of) in rows {
        let cell = |model: Option<&ModelView>| {
            model.and_then(of).map_or_else(|| "–".to_owned(), |share| format!("{:.1} %", 100.0 * share))
        };
        let [before, after, retrained] = shown.map(cell);
        table.add_row([name.to_owned(), before, after, retrained]);
    }
    for column in 1..4 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

fn moved(moved: &Moved) -> String {
    let share = |distance: f64, norm: f64| match 100.0 * distance / norm {
        share if share.is_finite() => format!("{share:.2} %"),
        _ => format!("{distance:.3} from nothing"),
    };
    let mut modules: Vec<_> = moved.modules.iter().filter(|module| module.distance > 0.0).collect();
    let all = modules.len();
    modules.truncate(MODULES);
    let named: Vec<String> = modules
        .iter()
        .map(|module| format!("{} {}", printable(&module.module), share(module.distance, module.norm)))
        .collect();
    let more = if all > MODULES { format!(" and {} more", all - MODULES) } else { String::new() };
    let named = if named.is_empty() { String::new() } else { format!(": {}{more}", named.join(", ")) };
    let statistics = if moved.statistics { "others than before" } else { "as they were" };
    format!(
        "\nweights moved by {:.3}, {} of their norm{named}\nstatistics of batch normalisation: {statistics}\n",
        moved.distance,
        share(moved.distance, moved.norm),
    )
}

fn way(effect: &Effect) -> String {
    effect.way().map_or_else(String::new, |way| {
        format!(
            "of the way from the original's confidence in the forget set to the retrained model's it went {:.0} %\n",
            100.0 * way
        )
    })
}

/// The lines that the function's process has said.
fn said(effect: &Effect) -> Result<Vec<String>, CommandError> {
    if !effect.log.exists() {
        return Ok(Vec::new());
    }
    let text = logs::end_of(&effect.log)
        .map_err(|source| CommandError::Folder { path: effect.log.clone(), source })?;
    Ok(text.lines().map(printable).collect())
}
