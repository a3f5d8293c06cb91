//! The `[training]` table: how the original and the retrained models are trained, and which network they are.

use std::ops::RangeInclusive;

use serde::Deserialize;
use sweep_methods::{FUNCTION, TrainingRecipe};
use sweep_protocol::network::{
    self, Architecture, CLASSES, NETWORKS, Network, NetworkError, Preparation, SIZE, SIZES,
};
use toml::{
    Spanned,
    de::{DeValue, ValueDeserializer},
};

use super::{
    engine::EngineChoice,
    error::{Mistake, Problem, Problems, shown},
    function::{FixedCall, FunctionCall},
    phases::grammar,
    table::{Entries, Entry, Node, Table, real, unknown_name, wrong_type},
};
use crate::python::Duty;

/// The network of a grid that names none.
const DEFAULT: &str = "resnet18";

/// The number of classes of a grid that names none: the competition's.
const DEFAULT_CLASSES: u64 = 10;

/// The word for the mean image of the retain set in place of the mean of each colour.
const RETAIN: &str = "retain";

/// Keys of the table.
const KEYS: &[&str] =
    &["network", "train", "epochs", "batch-size", "optimizer", "schedule", "class-weight", "augment"];

/// Keys of every network.
const OF_EVERY_NETWORK: [&str; 5] = ["classes", "size", "divide", "mean", "std"];

/// What the table says.
#[derive(Debug)]
pub(super) struct Training {
    pub(super) network: Network,
    pub(super) recipe: TrainingRecipe,
    pub(super) own: OwnParts,
}

/// What of it is in Python, as the grid names it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct OwnParts {
    /// What makes the network.
    pub(super) network: Option<FixedCall>,
    /// What trains the original and the retrained models.
    pub(super) training: Option<FixedCall>,
}

/// Reads `[training]`; what is missing is the competition's.
pub(super) fn read(root: &Table<'_>, engine: &EngineChoice, problems: &mut Problems) -> Training {
    let Some(table) = root.table("training", problems) else {
        let (recipe, own) = Default::default();
        return Training { network: network(None, problems), recipe, own };
    };
    table.refuse_unknown(KEYS, problems);
    let network_table = table.get("network").and_then(|node| Table::of("network", node, problems));
    let is_own = |table: &&Table<'_>| table.get(FUNCTION).is_some();
    let own = OwnParts {
        network: network_table
            .as_ref()
            .filter(is_own)
            .and_then(|table| FixedCall::of(table, Duty::Network, &OF_EVERY_NETWORK, problems)),
        training: table
            .get("train")
            .and_then(|node| Table::of("train", node, problems))
            .and_then(|table| FixedCall::of(&table, Duty::Training, &[], problems)),
    };
    own.check(&table, engine, problems);
    let network = match network_table.as_ref().filter(is_own) {
        Some(table) => own_network(table, own.network.as_ref(), problems),
        None => network(network_table.as_ref(), problems),
    };
    Training { network, recipe: recipe(&table, problems), own }
}

impl OwnParts {
    /// All of them.
    pub(super) fn calls(&self) -> impl Iterator<Item = &FunctionCall> {
        self.network.iter().chain(&self.training).map(|part| &part.call)
    }

    fn check(&self, table: &Table<'_>, engine: &EngineChoice, problems: &mut Problems) {
        if let Some(call) = self.calls().next().filter(|_| *engine != EngineChoice::Torch) {
            let mistake = Mistake::TorchOnly { method: FUNCTION, engine: engine.written() };
            let help = "leave `engine` out, which means torch, or remove what is in Python from `[training]`";
            problems.push(Problem::at(call.span.clone(), mistake).help(help));
        }
        match (&self.network, &self.training) {
            (Some(network), None) if table.get("train").is_none() => {
                let mistake = Mistake::UntrainedNetwork { network: network.call.target.function.clone() };
                let help =
                    "add to `[training]` for example train = { python = \"my_method.py:train\", epochs = 3 }";
                problems.push(Problem::at(network.call.span.clone(), mistake).help(help));
            }
            (_, Some(training)) => {
                let function = &training.call.target.function;
                let idle = |entry: &Entry<'_>| is_of_training(entry.key);
                for entry in table.in_order().into_iter().filter(idle) {
                    let (key, function) = (shown(entry.key), function.clone());
                    let help = "remove it; what the function is called with stands in the table `train`, and \
                                `[python] batch-size` is that of its loaders";
                    problems.push(
                        Problem::at(entry.key_span, Mistake::TrainedOtherwise { key, function }).help(help),
                    );
                }
            }
            (None | Some(_), None) => {}
        }
    }
}

/// Reads the table of a network of the user's own; its constructor and arguments are in `call`.
fn own_network(table: &Table<'_>, call: Option<&FixedCall>, problems: &mut Problems) -> Network {
    let size = |key: &str, bounds: RangeInclusive<u32>, default: u64, problems: &mut Problems| {
        table.whole(key, u64::from(*bounds.start())..=u64::from(*bounds.end()), default, problems) as u32
    };
    let classes = size("classes", CLASSES, DEFAULT_CLASSES, problems);
    let image = size("size", SIZES, u64::from(SIZE), problems);
    let name = call.map_or_else(String::new, |FixedCall { call, .. }| {
        format!("{}:{}", call.target.file, call.target.function)
    });
    Network { size: image, preparation: preparation(table, problems), ..Network::new(&name, classes, &[]) }
}

/// Reads the network's table by the keys of the architecture that it names.
fn network(table: Option<&Table<'_>>, problems: &mut Problems) -> Network {
    let architecture = architecture(table, problems);
    let own = architecture.keys.iter().map(|key| key.name);
    let known: Vec<&'static str> = ["name"].into_iter().chain(OF_EVERY_NETWORK).chain(own).collect();
    if let Some(table) = table {
        table.refuse_unknown(&known, problems);
    }
    let mut size = |key: &str, bounds: RangeInclusive<u32>, default: u64| {
        let bounds = u64::from(*bounds.start())..=u64::from(*bounds.end());
        table.map_or(default, |table| table.whole(key, bounds, default, problems)) as u32
    };
    let classes = size("classes", CLASSES, DEFAULT_CLASSES);
    let image = size("size", architecture.least_size..=*SIZES.end(), u64::from(SIZE));
    let keys = architecture
        .keys
        .iter()
        .map(|key| (key.name.to_owned(), size(key.name, key.least..=key.most, u64::from(key.default))));
    let keys = keys.collect();
    let preparation = table.map_or_else(Preparation::default, |table| preparation(table, problems));
    let network = Network { size: image, keys, preparation, ..Network::new(architecture.name, classes, &[]) };
    if let Err(NetworkError::NoMultiple { key, value, of, step }) = network.check() {
        // What isn't written is the default, so at least one of the two is, unless the name alone brings them together.
        let span = |key: &str| table.and_then(|table| table.get(key)).map(Node::span);
        let at = span(of).or_else(|| span(key)).or_else(|| table.and_then(|table| table.span.clone()));
        let mistake = Mistake::NoMultiple { key, value, of, step };
        problems.push(Problem { span: at, ..Problem::nowhere(mistake) });
    }
    network
}

/// Reads what is done to pixels; one number stands for all three colours.
fn preparation(table: &Table<'_>, problems: &mut Problems) -> Preparation {
    let raw = Preparation::default();
    let above_0 = |numbers: [f64; 3]| numbers.into_iter().all(|number| number > 0.0);
    let mut read = |key: &str, otherwise: [f64; 3], good: &dyn Fn([f64; 3]) -> bool, expected: &str| {
        let Some(node) = table.get(key) else { return otherwise };
        colours(node).filter(|numbers| good(*numbers)).unwrap_or_else(|| {
            problems.push(wrong_type(key, expected, node));
            otherwise
        })
    };
    let one = |numbers: [f64; 3]| above_0(numbers) && numbers.map(f64::to_bits) == [numbers[0].to_bits(); 3];
    let [divide, ..] = read("divide", [raw.divide(); 3], &one, "a finite number above 0");
    let centred = table.get("mean").is_some_and(|node| node.get_ref().as_str() == Some(RETAIN));
    let mean = if centred {
        raw.mean()
    } else {
        let expected =
            "a finite number, three (red, green, blue) or \"retain\", the mean image of the retain set";
        read("mean", raw.mean(), &|_| true, expected)
    };
    let std = read("std", raw.std(), &above_0, "a finite number above 0, or three: red, green, blue");
    let prepared = Preparation::new(divide, mean, std).unwrap_or(raw);
    if centred { prepared.centred() } else { prepared }
}

fn colours(node: &Node<'_>) -> Option<[f64; 3]> {
    match node.get_ref() {
        DeValue::Array(numbers) => numbers.iter().map(real).collect::<Option<Vec<_>>>()?.try_into().ok(),
        _ => real(node).map(|number| [number; 3]),
    }
}

fn architecture(table: Option<&Table<'_>>, problems: &mut Problems) -> &'static Architecture {
    let default = || network::find(DEFAULT).expect("the default network is registered");
    let Some((name, span)) = table.and_then(|table| table.text("name", problems)) else { return default() };
    network::find(name).unwrap_or_else(|| {
        let known: Vec<&str> = NETWORKS.iter().map(|architecture| architecture.name).collect();
        problems.push(unknown_name("network", name, &known, span));
        default()
    })
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
    key != "network" && key != "train" && KEYS.contains(&key)
}
