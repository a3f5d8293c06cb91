//! The grid file as a JSON Schema (draft 7), for editors that complete and check TOML. It says less than the check does:
//! what a schema can't say (phases, expressions, sizes that depend on one another) is left open.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use sweep_methods::{FUNCTION, Kind, METHODS, Method, PHASES, Parameter};
use sweep_protocol::{
    network::{CLASSES, Key, NETWORKS, SIZE, SIZES},
    terms::Value as Scalar,
};

use super::label::OWN_FUNCTION;
use crate::{audit::AUDITS, plan::MOST_FOLDS};

/// The schema of a grid.
pub fn schema() -> Value {
    let methods = swept().map(|method| (definition(method), of_method(method)));
    let mut definitions: Map<String, Value> = methods.collect();
    definitions.insert("computed".to_owned(), computed());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A grid of sweep",
        "type": "object",
        "additionalProperties": false,
        "required": ["name", "method"],
        "properties": {
            "sweep-version": text("Oldest version of sweep that the grid is for: \"0.1\""),
            "include": text("A file beside the grid, ending in .toml, that says what the grid doesn't"),
            "name": text("Name of the sweep and of its results folder"),
            "tags": list(&text("A word of A-Z a-z 0-9 . _ -"), "Words to find the sweep by; they decide nothing"),
            "note": text("What the sweep is for; it decides nothing"),
            "engine": { "description": "Who carries runs out; default torch", "anyOf": [
                words("One that comes with sweep", &["torch", "toy"]),
                table("One of your own", &json!({
                    "command": list(&text("A word"), "The program and its arguments; it speaks the protocol"),
                })),
            ] },
            "seeds": count("Unlearned models per point (N); scores compare at equal N only"),
            "max-runs": count("Refuse a plan with more runs; default 100000"),
            "sweep": table("How the best point is looked for", &json!({
                "stages": list(&count("Models per point"), "Models per point after each stage, ascending; the last is N, in place of `seeds`"),
                "best-of": words("Among which points stages and confirmation look for the best; default grid", &["grid", "method"]),
            })),
            "confirm": table("The best points once more, on fresh seeds against the held-out group", &json!({
                "top": count("How many of the best; default 3"),
                "seeds": whole("Models of each; default 64", 4),
            })),
            "data": table("The data set", &json!({
                "path": text("Folder in the competition's layout"),
                "forget": { "description": "Splits of the same training images that are forgotten instead: a sweep for each; originals learn from `path`", "anyOf": [
                    text("A folder"), list(&text("A folder"), "Folders"),
                ] },
            })),
            "original": table("Where unlearning starts; left out, one original is trained by [training]", &json!({
                "models": count("Originals that are trained; seed s of unlearning starts from number s mod that; default 1"),
                "checkpoint": { "description": "PyTorch state dict (.pth) or .safetensors, or several: an original each", "anyOf": [
                    text("A file"), list(&text("A file"), "Files"),
                ] },
            })),
            "training": training(),
            "oracle": table("Retrained models", &json!({
                "models": count("In the oracle, which every score compares with; default N"),
                "held-out": whole("In the held-out group, the ceiling of every score; default N", 0),
            })),
            "shadows": table("Shadow networks, each trained without one part of the persons", &json!({
                "folds": bounded("Parts of the persons, of which each network leaves out one; default 6", 2, MOST_FOLDS),
                "repeats": whole("Networks without any one person; default 8, all in all folds × repeats", 2),
            })),
            "toy": table("The toy engine", &json!({ "examples": count("Forget examples; default 50") })),
            "audit": table("Other numbers beside the score", &json!({
                "audits": list(&json!({ "enum": AUDITS.iter().map(|entry| entry.name).collect::<Vec<_>>() }), "Which"),
                "retain-sample": count("Retain examples that are measured one by one; default 1000"),
                "reconstruction": table("How images are extracted from weights; what is left out is what was chosen on faces", &json!({
                    "candidates": count("Candidates for each training image; default 2"),
                    "restarts": count("Extractions whose candidates are pooled; default 1"),
                    "steps": count("Steps of each; default 400"),
                    "lr": { "type": "number", "exclusiveMinimum": 0, "description": "Learning rate of the first step; default 0.01" },
                    "alpha": { "type": "number", "exclusiveMinimum": 0, "description": "Steepness of the derivative of a ReLU; default 50" },
                    "lambda-min": { "type": "number", "exclusiveMinimum": 0, "description": "Below this a multiplier is punished; default 0.005" },
                    "pictures": { "type": "boolean", "description": "Whether pictures of the forget set are kept and shown: they show who was to be forgotten; default false" },
                })),
            })),
            "python": table("Who runs functions of your own", &json!({
                "interpreter": text("A Python with PyTorch; default SWEEP_PYTHON, the active environment, python3"),
                "batch-size": count("Examples in a batch of the loaders; default 64"),
            })),
            "pool": table("Where runs are carried out", &json!({
                "devices": { "description": "\"auto\" or a list of \"cpu\" and \"cuda:N\"", "anyOf": [
                    { "const": "auto" }, list(&text("Device"), "Devices"),
                ] },
                "slots-per-device": { "description": "Workers on one device; default \"auto\"", "anyOf": [
                    { "const": "auto" }, count("Workers"),
                ] },
                "cohort": { "description": "Runs of one point that a worker carries out together; default \"auto\"", "anyOf": [
                    { "const": "auto" }, count("Runs"),
                ] },
                "precision": words("In what numbers GPUs multiply; default float32", &["float32", "tf32"]),
                "run-timeout": duration("Longest that a run may take"),
                "stall-timeout": duration("Longest that a run may stand still; default 10m"),
                "keep-models": words("Whether unlearning runs leave their weights; default none", &["none", "all"]),
                "curves": words("What training curves show; default loss", &["loss", "accuracies"]),
            })),
            "cluster": cluster(),
            "defaults": { "type": "object", "description": "Hyper-parameters for every method that has them" },
            "method": swept_methods(),
            "exclude": list(&table("Points that are not wanted", &json!({
                "when": text("Expression: method == 'finetune' and lr > 5e-3"),
                "why": text("For readers"),
            })), "Points that are not wanted"),
        },
        "definitions": definitions,
    })
}

fn training() -> Value {
    table(
        "How the original and the retrained models are trained",
        &json!({
            "network": { "anyOf": [network(), own("Your own network; other keys are keyword arguments")] },
            "train": own("Your own training; other keys are keyword arguments"),
            "epochs": { "type": "number", "exclusiveMinimum": 0, "description": "Passes over the training data; default 30" },
            "batch-size": count("Examples in a batch; default 64"),
            "optimizer": { "type": "object", "description": "Default { adam = { lr = 1e-4, weight-decay = 5e-3 } }" },
            "schedule": { "description": "How the learning rate moves; default \"cosine\"" },
            "class-weight": { "description": "Weights of the classes in the cross entropy; default \"inverse\"" },
            "augment": {
                "description": "What is done to images anew in every batch: cut out of a frame of so many black pixels, mirrored; default none",
                "type": "object",
                "properties": {
                    "crop": { "type": "integer", "minimum": 0, "maximum": 255 },
                    "flip": { "type": "boolean" },
                },
                "additionalProperties": false,
            },
        }),
    )
}

/// A function or class of the user's own, of whose keyword arguments nothing is known here.
fn own(about: &str) -> Value {
    json!({
        "type": "object",
        "description": about,
        "properties": { FUNCTION: text("\"FILE.py:NAME\" or \"package.module:NAME\"") },
        "required": [FUNCTION],
    })
}

/// The keys of single networks, each with the bounds of all that have it.
fn own_keys() -> BTreeMap<String, Value> {
    let mut keys: BTreeMap<&str, (Vec<String>, u32, u32)> = BTreeMap::new();
    for architecture in NETWORKS {
        for Key { name, least, most, default, about } in architecture.keys {
            let (abouts, lowest, highest) = keys.entry(name).or_insert((Vec::new(), *least, *most));
            abouts.push(format!("{}: {about}, {least} to {most}; default {default}", architecture.name));
            (*lowest, *highest) = ((*lowest).min(*least), (*highest).max(*most));
        }
    }
    let schema = |(name, (abouts, least, most)): (&str, (Vec<String>, u32, u32))| {
        (name.to_owned(), bounded(&abouts.join(". "), least, most))
    };
    keys.into_iter().map(schema).collect()
}

/// The keys that networks share and those of each; which of them a network has, its name decides.
fn network() -> Value {
    let names: Vec<&str> = NETWORKS.iter().map(|architecture| architecture.name).collect();
    let mut properties = Map::new();
    properties.insert("name".to_owned(), words("Its name; default resnet18", &names));
    let (least, most) = (CLASSES.start(), CLASSES.end());
    properties.insert("classes".to_owned(), bounded("Outputs; default 10", *least, *most));
    let about = format!("Pixels of a side of an image; default {SIZE}");
    properties.insert("size".to_owned(), bounded(&about, *SIZES.start(), *SIZES.end()));
    properties.extend(own_keys());
    let divisor = json!({ "type": "number", "exclusiveMinimum": 0 });
    let numbers = |of: &Value| json!({ "type": "array", "items": of, "minItems": 3, "maxItems": 3 });
    for (key, of, about) in [
        (
            "mean",
            json!({ "type": "number" }),
            "What is subtracted from the divided pixels of each colour; default 0",
        ),
        ("std", divisor.clone(), "By what each colour is divided last; default 1"),
    ] {
        let value = json!({ "anyOf": [of, numbers(&of)], "description": about });
        properties.insert(key.to_owned(), value);
    }
    let mut divide = divisor;
    divide["description"] =
        "By what pixels of 0 to 255 are divided first; default 1: they stay as they are".into();
    properties.insert("divide".to_owned(), divide);
    table("The network, and what it sees of an image", &Value::Object(properties))
}

fn cluster() -> Value {
    let slurm = table(
        "What Slurm is asked for, for each worker",
        &json!({
            "partition": text("Partition"),
            "account": text("Account"),
            "gres": text("Generic resources: gpu:1"),
            "cpus": count("Cores"),
            "mem": text("Memory: 16G"),
            "time": duration("Time limit of one turn"),
            "signal-before": duration("How long before its time limit a worker is told of it; default 3m"),
            "extra": list(&text("One option: --nice=100"), "Further options of sbatch"),
        }),
    );
    let heartbeat = duration("Time between two signs of life of a run; default 15s");
    table("Workers on other hosts", &json!({ "heartbeat": heartbeat, "slurm": slurm }))
}

/// Methods that a grid may name.
fn swept() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(|method| method.is_swept())
}

fn definition(method: &Method) -> String {
    format!("method-{}", method.name)
}

fn swept_methods() -> Value {
    let reference = |method: &Method| json!({ "$ref": format!("#/definitions/{}", definition(method)) });
    let by_name: Map<String, Value> =
        swept().map(|method| (method.name.to_owned(), reference(method))).collect();
    let of_label = swept().map(|method| {
        json!({ "if": { "properties": { "method": { "const": method.name } } }, "then": reference(method) })
    });
    json!({
        "type": "object",
        "description": "One table for each label; a label that is no method's name says `method = \"…\"`",
        "minProperties": 1,
        "properties": by_name,
        "additionalProperties": {
            "type": "object",
            "anyOf": [{ "required": ["method"] }, { "required": [FUNCTION] }],
            "properties": { "method": { "enum": swept().map(|method| method.name).collect::<Vec<_>>() } },
            "allOf": of_label.collect::<Vec<_>>(),
        },
    })
}

fn of_method(method: &Method) -> Value {
    let axes = method.parameters.iter().map(|parameter| (parameter.name.to_owned(), axis(parameter)));
    let mut properties: Map<String, Value> = axes.collect();
    let zipped = Value::Object(properties.clone());
    properties.insert("method".to_owned(), json!({ "const": method.name }));
    let own = method.open;
    if method.name == OWN_FUNCTION {
        properties.insert(
            FUNCTION.to_owned(),
            text("The function: \"FILE.py:FUNCTION\" or \"package.module:FUNCTION\""),
        );
    } else if own {
        properties.insert(PHASES.to_owned(), list(&json!({ "type": "object" }), "What is done, in order"));
    }
    let zip = json!({ "type": "object", "properties": zipped, "additionalProperties": own });
    properties.insert("zip".to_owned(), list(&zip, "Axes of equal length that are walked together"));
    json!({
        "type": "object",
        "description": format!("{} ({})", method.about, method.source),
        "properties": properties,
        "additionalProperties": own,
    })
}

/// A value, a list of values, or a rule that gives them.
fn axis(parameter: &Parameter) -> Value {
    let usual = parameter.usual.map_or_else(String::new, |usual| format!("; worth trying: {usual}"));
    let description = format!("{}: {}{usual}", parameter.about, parameter.kind.in_words());
    let single = match parameter.kind {
        Kind::Positive(_) => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::NonNegative(_) => json!({ "type": "number", "minimum": 0 }),
        Kind::UnitInterval(_) => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
        Kind::Count(_) => json!({ "type": "integer", "minimum": 1 }),
        Kind::Choice(words) => json!({ "enum": words.iter().collect::<Vec<_>>() }),
    };
    let several = json!({ "type": "array", "items": single, "minItems": 1 });
    let mut ways = vec![single, several];
    if !matches!(parameter.kind, Kind::Choice(_)) {
        ways.push(json!({ "$ref": "#/definitions/computed" }));
    }
    let default = match parameter.default() {
        Scalar::Bool(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::Float(value) => json!(value),
        Scalar::Text(value) => json!(value),
    };
    json!({ "description": description, "default": default, "anyOf": ways })
}

fn computed() -> Value {
    let numbers = |count: u32, about: &str| json!({ "type": "array", "items": { "type": "number" }, "minItems": count, "maxItems": count, "description": about });
    let random = json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
        "properties": { "uniform": numbers(2, "[from, to]"), "log-uniform": numbers(2, "[from, to], above 0") } });
    table(
        "Computed values",
        &json!({
            "logspace": numbers(3, "[from, to, how many]"),
            "linspace": numbers(3, "[from, to, how many]"),
            "range": numbers(3, "[from, to, step]; both ends belong to it"),
            "random": random,
            "n": count("How many random values"),
            "seed": whole("Of the random values; default 0", 0),
        }),
    )
}

fn table(about: &str, properties: &Value) -> Value {
    json!({ "type": "object", "description": about, "properties": properties, "additionalProperties": false })
}

fn list(items: &Value, about: &str) -> Value {
    json!({ "type": "array", "description": about, "items": items })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

fn words(about: &str, words: &[&str]) -> Value {
    json!({ "enum": words, "description": about })
}

fn whole(about: &str, least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "description": about })
}

fn bounded(about: &str, least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most, "description": about })
}

fn count(about: &str) -> Value {
    whole(about, 1)
}

fn duration(about: &str) -> Value {
    json!({ "type": "string", "pattern": "^([0-9]+(ms|d|h|m|s))+$", "description": format!("{about}: \"40m\", \"1h30m\"") })
}
