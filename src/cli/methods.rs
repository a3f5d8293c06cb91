//! `sweep methods`: the registry, for people and programs.

use clap::Args;
use comfy_table::{ContentArrangement, Table};
use serde_json::json;

use super::{CommandError, Exit, Format, terminal};
use crate::method::{Engines, METHODS, Method, Parameter, find};

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
    table.set_header(["method", "what it does"]);
    for method in methods {
        table.add_row([method.name, method.about]);
    }
    format!("{table}\n\n`sweep methods NAME` shows the hyper-parameters.")
}

fn details(method: &Method) -> String {
    let engines = match method.engines {
        Engines::All => "every engine",
        Engines::Toy => "the toy engine alone",
    };
    let mut text =
        format!("{}\n  {}\n  source: {}\n  runs on: {engines}\n", method.name, method.about, method.source);
    if method.parameters.is_empty() {
        return text + "  no hyper-parameters";
    }
    let mut table = table();
    table.set_header(["hyper-parameter", "default", "accepts", "meaning"]);
    for parameter in method.parameters {
        table.add_row([
            parameter.name.to_owned(),
            parameter.default().to_string(),
            parameter.kind.in_words(),
            parameter.about.to_owned(),
        ]);
    }
    text += &table.to_string();
    text
}

fn table() -> Table {
    let mut table = terminal::table();
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(terminal::width().unwrap_or(120));
    table
}

fn as_json(method: &Method) -> serde_json::Value {
    json!({
        "name": method.name,
        "about": method.about,
        "source": method.source,
        "parameters": method.parameters.iter().map(parameter_as_json).collect::<Vec<_>>(),
    })
}

fn parameter_as_json(parameter: &Parameter) -> serde_json::Value {
    json!({
        "name": parameter.name,
        "default": parameter.default(),
        "accepts": parameter.kind.in_words(),
        "about": parameter.about,
    })
}
