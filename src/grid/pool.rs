//! The `[pool]` table: where runs are carried out, and for how long they may last.

use std::{num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};
use sweep_protocol::terms::{Device, Products};
use toml::de::DeValue;

use super::{
    duration,
    engine::EngineChoice,
    error::{Mistake, Problem, Problems},
    table::{Node, Table, whole, wrong_type},
};

/// Where runs are carried out, and for how long they may last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolSettings {
    /// The devices; none stands for all that the machine has.
    pub devices: Option<Vec<Device>>,
    /// Workers on one device; none stands for a number that fits the device.
    pub slots_per_device: Option<NonZeroU32>,
    /// Runs of one point that a worker carries out together at most; none stands for a number that fits the device.
    #[serde(default)]
    pub cohort: Option<NonZeroU32>,
    /// In what numbers GPUs multiply.
    #[serde(default)]
    pub precision: Products,
    /// How long a run may last.
    pub run_timeout: Option<Duration>,
    /// How long a worker may be silent.
    pub stall_timeout: Option<Duration>,
    /// Whether unlearning runs leave their weights.
    pub keep_models: bool,
    /// Whether runs measure accuracies between epochs, for the training curves.
    #[serde(default)]
    pub accuracies: bool,
}

const KEYS: &[&str] = &[
    "devices",
    "slots-per-device",
    "cohort",
    "precision",
    "run-timeout",
    "stall-timeout",
    "keep-models",
    "curves",
];

/// Reads `[pool]`.
pub(super) fn read(root: &Table<'_>, engine: &EngineChoice, problems: &mut Problems) -> PoolSettings {
    let Some(table) = root.table("pool", problems) else { return PoolSettings::default() };
    table.refuse_unknown(KEYS, problems);
    PoolSettings {
        devices: table.get("devices").and_then(|node| devices(node, problems)),
        slots_per_device: table
            .get("slots-per-device")
            .and_then(|node| count("slots-per-device", node, problems)),
        cohort: table.get("cohort").and_then(|node| count("cohort", node, problems)),
        precision: table
            .get("precision")
            .map_or_else(Products::default, |node| precision(node, engine, problems)),
        run_timeout: table.get("run-timeout").and_then(|node| timeout("run-timeout", node, problems)),
        stall_timeout: table.get("stall-timeout").and_then(|node| timeout("stall-timeout", node, problems)),
        keep_models: table.get("keep-models").is_some_and(|node| keep_models(node, problems)),
        accuracies: table.get("curves").is_some_and(|node| accuracies(node, engine, problems)),
    }
}

fn devices(node: &Node<'_>, problems: &mut Problems) -> Option<Vec<Device>> {
    const EXPECTED: &str = "\"auto\" or a list of \"cpu\" and \"cuda:N\", each once";
    let items = match node.get_ref() {
        DeValue::String(word) if word == "auto" => return None,
        DeValue::Array(items) if !items.is_empty() => items,
        _ => {
            problems.push(wrong_type("devices", EXPECTED, node));
            return None;
        }
    };
    let mut devices = Vec::new();
    for item in items {
        match item.get_ref().as_str().and_then(|name| name.parse::<Device>().ok()) {
            Some(device) if !devices.contains(&device) => devices.push(device),
            _ => problems.push(wrong_type("devices", EXPECTED, item)),
        }
    }
    Some(devices)
}

/// Engines of the user's own are not told.
fn precision(node: &Node<'_>, engine: &EngineChoice, problems: &mut Problems) -> Products {
    let Some(products) = node.get_ref().as_str().and_then(|word| word.parse().ok()) else {
        problems.push(wrong_type("precision", "\"float32\" or \"tf32\"", node));
        return Products::default();
    };
    if products != Products::Float32 && *engine != EngineChoice::Torch {
        let mistake = Mistake::WrongEngine { key: "precision".to_owned(), engine: engine.written() };
        problems.push(Problem::at(node.span(), mistake).help("remove it"));
    }
    products
}

fn keep_models(node: &Node<'_>, problems: &mut Problems) -> bool {
    match node.get_ref().as_str() {
        Some("all") => return true,
        Some("none") => {}
        _ => problems.push(wrong_type("keep-models", "\"none\" or \"all\"", node)),
    }
    false
}

/// The toy trains nothing.
fn accuracies(node: &Node<'_>, engine: &EngineChoice, problems: &mut Problems) -> bool {
    match node.get_ref().as_str() {
        Some("accuracies") if *engine == EngineChoice::Toy => {
            let mistake = Mistake::WrongEngine { key: "curves".to_owned(), engine: engine.written() };
            problems.push(Problem::at(node.span(), mistake).help("remove it"));
        }
        Some("accuracies") => return true,
        Some("loss") => {}
        _ => problems.push(wrong_type("curves", "\"loss\" or \"accuracies\"", node)),
    }
    false
}

fn count(key: &'static str, node: &Node<'_>, problems: &mut Problems) -> Option<NonZeroU32> {
    const MOST: u64 = 1024;
    if node.get_ref().as_str() == Some("auto") {
        return None;
    }
    let count = whole(key, node, 1..=MOST, problems)?;
    NonZeroU32::new(count as u32)
}

fn timeout(key: &str, node: &Node<'_>, problems: &mut Problems) -> Option<Duration> {
    let duration = node.get_ref().as_str().and_then(duration::parse);
    if duration.is_none() {
        problems.push(wrong_type(key, duration::EXPECTED, node));
    }
    duration
}
