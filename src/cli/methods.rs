//! `sweep methods`: the registry, for people and programs.

use clap::Args;
use comfy_table::{ContentArrangement, Table};
use serde_json::json;
use sweep_methods::{Engines, Facts, METHODS, Method, Parameter, TrainingRecipe, find};
use sweep_protocol::{
    network::{Architecture, NETWORKS},
    recipe::Recipe,
    terms::{Set, SetSizes},
};

use super::{CommandError, Exit, Format, terminal, written};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Show this method's hyper-parameters
    name: Option<String>,
    /// How to show them
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn methods(arguments: &Arguments) -> Result<Exit, CommandError> {
    let shown: Vec<&Method> = match &arguments.name {
        None => METHODS.iter().collect(),
        Some(name) => vec![find(name).ok_or_else(|| CommandError::unknown_method(name))?],
    };
    match (arguments.format, &arguments.name) {
        (Format::Json, _) => {
            terminal::data(&format!("{:#}", json!(shown.iter().map(|m| as_json(m)).collect::<Vec<_>>())));
        }
        (Format::Human, None) => terminal::data(&overview(&shown)),
        (Format::Human, Some(_)) => shown.iter().for_each(|method| terminal::data(&details(method))),
    }
    Ok(Exit::Done)
}

fn overview(methods: &[&Method]) -> String {
    let mut table = table();
    table.set_header(["method", "tier", "family", "networks", "data", "cost", "source"]);
    for method in methods {
        let example = Example::of(method);
        let (networks, data, cost) = (example.networks_in_words(), example.data(), example.cost());
        let row = [method.name, method.tier.word(), method.family, &networks, &data, &cost, method.source];
        table.add_row(row);
    }
    format!(
        "{table}\n\ncost: passes over the retain set at the defaults, where {REFERENCE_IN_WORDS}\n\
         `sweep methods NAME` shows one method."
    )
}

fn details(method: &Method) -> String {
    let example = Example::of(method);
    let engines = match method.engines {
        Engines::All => "every engine",
        Engines::Simulating => "engines that train nothing",
        Engines::Torch => "the torch engine alone",
    };
    let (networks, data) = (example.networks_in_words(), example.data());
    let cost = format!("{} passes over the retain set at the defaults", example.cost());
    let apart = example.recipe.apart().map(|apart| format!("run by run: {apart}"));
    let together = apart.unwrap_or_else(|| "in lockstep".to_owned());
    let facts = [
        ("", method.about),
        ("tier: ", method.tier.word()),
        ("family: ", method.family),
        ("source: ", method.source),
        ("goes wrong: ", method.failure_modes),
        ("networks: ", &networks),
        ("data: ", &data),
        ("cost: ", &cost),
        ("runs on: ", engines),
        ("several seeds at once: ", &together),
    ];
    let facts = facts.map(|(head, body)| format!("  {head}{body}\n")).concat();
    let recipe = match example.recipe.phases.as_slice() {
        [] => String::new(),
        _ => format!("\n\nthe recipe at the defaults:\n\n{}", written::phases(&example.recipe, method.name)),
    };
    format!("{}\n{facts}{}{recipe}", method.name, hyper_parameters(method))
}

fn hyper_parameters(method: &Method) -> String {
    if method.parameters.is_empty() {
        return "  no hyper-parameters".to_owned();
    }
    let mut table = table();
    table.set_header(["hyper-parameter", "default", "usual", "accepts", "meaning"]);
    for parameter in method.parameters {
        table.add_row([
            parameter.name.to_owned(),
            parameter.default().to_string(),
            parameter.usual.unwrap_or_default().to_owned(),
            parameter.kind.in_words(),
            parameter.about.to_owned(),
        ]);
    }
    table.to_string()
}

/// The sizes at which methods are costed here: the challenge's proportions.
const REFERENCE: SetSizes = SetSizes { retain: 19_600, forget: 400, validation: 2_500, test: Some(2_500) };
const REFERENCE_IN_WORDS: &str = "2 % of 20,000 images are forgotten and 2,500 validate";

/// What a method does at its defaults.
struct Example {
    recipe: Recipe,
    /// Whether the phases come from elsewhere.
    open: bool,
}

impl Example {
    fn of(method: &Method) -> Self {
        let facts = Facts::of(TrainingRecipe::default());
        let open = method.engines == Engines::Simulating || method.open;
        Self { recipe: (method.recipe)(&method.defaults(), &facts), open }
    }

    /// The sets that it looks at.
    fn data(&self) -> String {
        let sets: Vec<&str> = self.recipe.sets().into_iter().map(Set::word).collect();
        if sets.is_empty() { "–".to_owned() } else { sets.join(", ") }
    }

    /// The networks that have what it changes.
    fn networks(&self) -> Vec<&'static str> {
        let works = |architecture: &&Architecture| {
            let layout = architecture.usual(10).layout().ok();
            self.recipe.check(layout.as_ref(), Some(&REFERENCE)).is_ok()
        };
        NETWORKS.iter().filter(works).map(|architecture| architecture.name).collect()
    }

    fn networks_in_words(&self) -> String {
        let networks = self.networks();
        if networks.len() == NETWORKS.len() { "all".to_owned() } else { networks.join(", ") }
    }

    /// Passes over the retain set.
    fn cost(&self) -> String {
        if self.open { "–".to_owned() } else { format!("{:.2}", self.recipe.passes(&REFERENCE)) }
    }
}

fn table() -> Table {
    let mut table = terminal::table();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(terminal::width().unwrap_or(120));
    table
}

fn as_json(method: &Method) -> serde_json::Value {
    let example = Example::of(method);
    json!({
        "name": method.name,
        "tier": method.tier.word(),
        "family": method.family,
        "about": method.about,
        "source": method.source,
        "failure_modes": method.failure_modes,
        "networks": example.networks(),
        "data": example.recipe.sets(),
        "passes": (!example.open).then(|| example.recipe.passes(&REFERENCE)),
        "parameters": method.parameters.iter().map(parameter_as_json).collect::<Vec<_>>(),
        "apart": example.recipe.apart().map(|apart| apart.to_string()),
        "recipe": example.recipe,
    })
}

fn parameter_as_json(parameter: &Parameter) -> serde_json::Value {
    json!({
        "name": parameter.name,
        "default": parameter.default(),
        "usual": parameter.usual,
        "accepts": parameter.kind.in_words(),
        "about": parameter.about,
    })
}
