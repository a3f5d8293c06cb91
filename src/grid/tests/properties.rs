use std::{collections::BTreeSet, fmt::Write as _};

use proptest::prelude::*;
use sweep_protocol::terms::RunId;

use super::{TORCH, checked, planned, resolved};
use crate::grid::{Color, GridFile};

const KEYS: [&str; 4] = ["lr", "epochs", "weight-decay", "batch-size"];

/// A table of hyper-parameters, with as many values for each key as asked for; from 2 on, because batches of one example
/// can't be trained on.
fn table(label: &str, lengths: &[usize; 4], order: &[usize]) -> String {
    let mut text = format!("[method.{label}]\n");
    for &key in order {
        let values: Vec<String> = (2..lengths[key] + 2).map(|value| value.to_string()).collect();
        writeln!(text, "{} = [{}]", KEYS[key], values.join(", ")).expect("into a string");
    }
    text
}

fn ids(text: &str) -> BTreeSet<RunId> {
    planned(text).runs.into_iter().map(|run| run.id).collect()
}

/// Reads, checks and plans; all that is asked is that it ends with a plan or with problems that can be shown.
fn survive(text: &str) -> Result<(), TestCaseError> {
    let planned = GridFile::parse("grid.toml", text).and_then(GridFile::check).and_then(|grid| {
        let plan = grid.plan(&resolved())?;
        Ok((plan.runs.len() as u128, grid.run_count()))
    });
    match planned {
        Ok((runs, counted)) => prop_assert_eq!(runs, counted),
        Err(error) => {
            prop_assert!(!error.problems().is_empty());
            prop_assert!(error.render(Color::Plain).starts_with("error"));
            prop_assert!(error.render(Color::Ansi).contains("error"));
        }
    }
    Ok(())
}

const VALID: &str = r#"sweep-version = "0.1"
name = "all"
engine = "torch"
seeds = 2
max-runs = 1000
[data]
path = "d"
[original]
checkpoint = "o.pth"
[training]
network = { name = "resnet18", width = 16, classes = 10 }
optimizer = { adam = { lr = 1e-3 } }
[oracle]
models = 3
[pool]
devices = ["cuda:0", "cpu"]
run-timeout = "1h30m"
[defaults]
momentum = 0.5
[method.finetune]
lr = { logspace = [1e-4, 1e-1, 4] }
weight-decay = { range = [0, 1, 0.5] }
[[method.finetune.zip]]
epochs = [1, 2]
batch-size = { random = { uniform = [1, 512] }, n = 2, seed = 1 }
[method.mine]
method = "recipe"
lr = [0.1, 0.2]
phases = [{ reinit = { tensors = { modules = ["fc"] } } }, { train = { data = [{ set = "retain", batch-size = 64 }], epochs = 2, loss = [{ cross-entropy = { on = "retain" } }], optimizer = { sgd = { lr = "$lr" } } } }]
[[exclude]]
when = "method == 'finetune' and (lr > 5e-3 or epochs in [7]) and not label == 'x'"
why = "diverges"
"#;

proptest! {
    #[test]
    fn the_size_is_the_product_of_the_axes(
        lengths in prop::array::uniform4(1..5_usize),
        other in prop::array::uniform4(1..4_usize),
        seeds in 1..4_usize,
    ) {
        let head = TORCH.replace("seeds = 2", &format!("seeds = {seeds}"));
        let text = format!("{head}{}{}", table("finetune", &lengths, &[0, 1, 2, 3]), table("ct", &other, &[0, 1, 2, 3]));
        let points = lengths.iter().product::<usize>() + other.iter().product::<usize>() + 1;
        let grid = checked(&text);
        let plan = super::plan(&grid, &resolved());
        prop_assert_eq!(plan.runs.len(), 1 + 3 + 2 + points * seeds);
        prop_assert_eq!(grid.run_count(), plan.runs.len() as u128);
        prop_assert_eq!(&plan, &planned(&text), "the same grid gives the same plan");
    }

    #[test]
    fn the_order_of_keys_changes_no_id(
        lengths in prop::array::uniform4(1..4_usize),
        order in Just([0, 1, 2, 3]).prop_shuffle(),
    ) {
        let ordered = format!("{TORCH}{}", table("finetune", &lengths, &[0, 1, 2, 3]));
        let shuffled = format!("{TORCH}{}", table("finetune", &lengths, &order));
        prop_assert_eq!(ids(&ordered), ids(&shuffled));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        survive(&text)?;
    }

    #[test]
    fn no_override_panics(text in "[a-z.\"'\\[\\]{}= 0-9é]{0,40}") {
        let mut file = GridFile::parse("grid.toml", VALID).expect("a valid grid");
        if file.set(&text).is_ok() {
            let _ = file.check().map_err(|error| error.render(Color::Plain));
        }
    }

    #[test]
    fn no_mutation_of_a_valid_grid_makes_the_check_panic(
        edits in prop::collection::vec((0..VALID.len(), 0..12_usize, "[ -~\n]{0,6}"), 1..4)
    ) {
        let mut text = VALID.to_owned();
        for (start, length, replacement) in edits {
            let start = start.min(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, &replacement);
        }
        survive(&text)?;
    }

    #[test]
    fn no_exchange_of_values_makes_the_check_panic(
        line in 0..VALID.lines().count(),
        value in prop::sample::select(vec![
            "nan", "-inf", "0", "-1", "1e400", "9223372036854775808", "true", "\"$lr\"", "\"\"", "[]", "[[]]", "{}", "1979-05-27",
            "{ linspace = [0, 1, 9999999999] }", "{ random = { uniform = [0, 1] }, n = 1000000000 }", "[1, 1.0]", "\"\\u0000\"",
        ]),
    ) {
        let changed = |(number, text): (usize, &str)| match text.split_once(" = ") {
            Some((key, _)) if number == line => format!("{key} = {value}\n"),
            _ => format!("{text}\n"),
        };
        survive(&VALID.lines().enumerate().map(changed).collect::<String>())?;
    }
}

#[test]
fn the_grid_that_is_mutated_is_valid() {
    assert_eq!(planned(VALID).points.len(), 2 + 4 * 3 * 2 - 2 * 3 * 2 + 2 + 1);
}
