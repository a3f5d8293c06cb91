//! The `[training]` table: how the original and the retrained models are trained, and which network they are.

use serde::Deserialize;
use sweep_methods::TrainingRecipe;
use sweep_protocol::message::Network;
use toml::{
    Spanned,
    de::{DeValue, ValueDeserializer},
};

use super::{
    error::Problems,
    phases::grammar,
    settings::unknown_name,
    table::{Entries, Table},
};

/// Networks that the worker can build.
const NETWORKS: &[&str] = &["resnet18"];

/// Keys of the table.
const KEYS: &[&str] = &["network", "epochs", "batch-size", "optimizer", "schedule", "class-weight"];

/// Reads `[training]`; what is missing is the competition's.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> (Network, TrainingRecipe) {
    let default = Network { name: "resnet18".to_owned(), width: 64, classes: 10 };
    let Some(table) = root.table("training", problems) else { return (default, TrainingRecipe::default()) };
    table.refuse_unknown(KEYS, problems);
    let network = network(&table, default, problems);
    (network, recipe(&table, problems))
}

fn network(training: &Table<'_>, default: Network, problems: &mut Problems) -> Network {
    const WIDEST: u64 = 1024;
    const MOST_CLASSES: u64 = 1000;
    let Some(node) = training.get("network") else { return default };
    let Some(table) = Table::of("network", node, problems) else { return default };
    table.refuse_unknown(&["name", "width", "classes"], problems);
    let name = match table.text("name", problems) {
        Some((name, span)) if !NETWORKS.contains(&name) => {
            problems.push(unknown_name("network", name, NETWORKS, span));
            default.name
        }
        Some((name, _)) => name.to_owned(),
        None => default.name,
    };
    Network {
        name,
        width: table.whole("width", 1..=WIDEST, u64::from(default.width), problems) as u32,
        classes: table.whole("classes", 2..=MOST_CLASSES, u64::from(default.classes), problems) as u32,
    }
}

/// Reads key by key, so that every wrong key is reported and not the first alone.
fn recipe(table: &Table<'_>, problems: &mut Problems) -> TrainingRecipe {
    let mut good = Entries::new();
    let span = table.span.clone().unwrap_or_default();
    for entry in table.in_order().into_iter().filter(|entry| is_of_training(entry.key)) {
        let key = Spanned::new(entry.key_span, entry.key.into());
        let mut alone = Entries::new();
        alone.insert(key.clone(), entry.node.clone());
        let table = Spanned::new(span.clone(), DeValue::Table(alone));
        match TrainingRecipe::deserialize(ValueDeserializer::from(table)) {
            Ok(_) => drop(good.insert(key, entry.node.clone())),
            Err(error) => problems.push(grammar(error, &entry.node.span())),
        }
    }
    let table = Spanned::new(span.clone(), DeValue::Table(good));
    TrainingRecipe::deserialize(ValueDeserializer::from(table)).unwrap_or_else(|error| {
        problems.push(grammar(error, &span));
        TrainingRecipe::default()
    })
}

fn is_of_training(key: &str) -> bool {
    key != "network" && KEYS.contains(&key)
}
