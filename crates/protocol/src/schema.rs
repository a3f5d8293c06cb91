//! The messages as a JSON Schema (draft 7), for engines in other languages. What the phases of a recipe hold is left open.

use serde_json::{Map, Value, json};

use crate::FORMAT;

/// The schema of one line in either direction.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("A message between sweep and an engine, format {FORMAT}"),
        "oneOf": [{ "$ref": "#/definitions/to-engine" }, { "$ref": "#/definitions/from-engine" }],
        "definitions": {
            "to-engine": one_of("A line of the engine's standard input", &[("perform", reference("job"))]),
            "from-engine": one_of("A line of its standard output", &[
                ("hello", reference("hello")),
                ("progress", reference("progress")),
                ("finished", reference("finished")),
                ("diverged", reference("diverged")),
                ("failed", reference("failed")),
            ]),
            "hello": hello(),
            "job": job(),
            "row": row(),
            "progress": open("The run moves", &["run", "step", "steps"], &json!({
                "run": reference("run-id"),
                "step": whole("Optimiser steps taken", 0),
                "steps": whole("Optimiser steps in all", 0),
            })),
            "finished": open("The run is done and measured", &["run", "measurement"], &json!({
                "run": reference("run-id"), "measurement": reference("measurement"),
            })),
            "diverged": open("The loss or the weights stopped being finite: a result, no error", &["run", "step"], &json!({
                "run": reference("run-id"), "step": whole("The step after which it was noticed", 0),
            })),
            "failed": open("The run could not be done", &["run", "failure", "message"], &json!({
                "run": reference("run-id"),
                "failure": { "enum": ["refused", "out-of-memory", "device", "error"] },
                "message": text("What happened, which file or row, and the way out"),
            })),
            "inputs": closed("What a run starts from", &["data", "data_hash", "network", "start"], &json!({
                "data": text("Folder of the data set"),
                "data_hash": reference("hash"),
                "skip_bad_images": { "type": "boolean", "default": false },
                "network": reference("network"),
                "start": { "oneOf": [{ "const": "fresh" }, one_of("A file", &[("checkpoint", reference("checkpoint"))])] },
            })),
            "network": closed("An architecture with its sizes", &["name", "classes", "keys"], &json!({
                "name": text("Its name: resnet18"),
                "classes": whole("Outputs", 2),
                "keys": { "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } },
                "size": { "type": "integer", "minimum": 1, "default": 32, "description": "Pixels of a side of an image" },
                "preparation": reference("preparation"),
            })),
            "preparation": closed("A pixel x of 0 to 255 becomes (x / divide - mean) / std", &["divide", "mean", "std"], &json!({
                "divide": { "type": "number", "exclusiveMinimum": 0 },
                "mean": { "type": "array", "items": { "type": "number" }, "minItems": 3, "maxItems": 3 },
                "std": { "type": "array", "items": { "type": "number", "exclusiveMinimum": 0 }, "minItems": 3, "maxItems": 3 },
                "centred": { "type": "boolean", "description": "Whether the mean image of the retain set is subtracted; `mean` is 0 then" },
            })),
            "checkpoint": open("A PyTorch state dict or .safetensors", &["path", "blake3"], &json!({
                "path": text("The file"), "blake3": reference("hash"),
            })),
            "recipe": closed("What is done to the network", &["phases"], &json!({
                "phases": { "type": "array", "items": { "type": "object" } },
            })),
            "measurement": measurement(),
            "accuracies": closed("Shares that are classified correctly", &["retain", "forget", "validation"], &json!({
                "retain": reference("share"), "forget": reference("share"), "validation": reference("share"),
                "test": nullable(&reference("share")), "truth": nullable(&reference("share")),
            })),
            "file": closed("A file in the run's folder, complete before it is named", &["file"], &json!({
                "file": { "enum": ["confidences.npy", "model.safetensors", "examples.npy", "reconstruction.npy", "pictures.npy", "curves.csv"] },
                "blake3": nullable(&reference("hash")),
            })),
            "examples": closed("examples.npy: float64 [forget + retain + test, 5]", &["array", "retain_sample", "forget", "retain", "test"], &json!({
                "array": reference("file"),
                "retain_sample": whole("Retain examples that the job asked for", 0),
                "forget": whole("Rows of the forget set", 0),
                "retain": whole("Rows of the retain set", 0),
                "test": whole("Rows of the test set", 0),
            })),
            "reconstruct": reconstruct(),
            "reconstruction": reconstruction(),
            "renamed": closed("Where the recipe is empty: each output named after the label that most of its retain examples have", &["accuracy", "labels", "guessing"], &json!({
                "accuracy": reference("share"),
                "labels": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
                "guessing": reference("share"),
            })),
            "run-id": { "type": "string", "pattern": "^[0-9a-f]{32}$" },
            "hash": { "type": "string", "pattern": "^[0-9a-f]{64}$", "description": "BLAKE3" },
            "device": { "type": "string", "pattern": "^(cpu|cuda:[0-9]+)$" },
            "share": { "type": "number", "minimum": 0, "maximum": 1 },
        },
    })
}

fn hello() -> Value {
    closed(
        "The first message: who the engine is",
        &["format", "engine", "version", "trains", "device", "device_name"],
        &json!({
            "format": { "const": FORMAT },
            "engine": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
            "version": text("Its version and that of what it stands on"),
            "trains": { "type": "boolean", "description": "Whether it trains networks on data" },
            "methods": nullable(&json!({ "type": "array", "items": { "type": "string" } })),
            "capacity": whole("How many runs it carries out at once; 1 where nothing is said", 1),
            "device": reference("device"),
            "device_name": text("The device in words"),
        }),
    )
}

fn reconstruct() -> Value {
    closed(
        "How images are reconstructed from the weights",
        &["candidates", "restarts", "steps", "lr", "alpha", "lambda-min"],
        &json!({
            "candidates": whole("Candidates for each training image", 1),
            "restarts": whole("Extractions whose candidates are pooled", 1),
            "steps": whole("Steps of each", 1),
            "lr": { "type": "number", "exclusiveMinimum": 0 },
            "alpha": { "type": "number", "exclusiveMinimum": 0 },
            "lambda-min": { "type": "number", "minimum": 0 },
            "pictures": { "type": "boolean", "description": "Whether pictures of the forget set are kept" },
        }),
    )
}

fn reconstruction() -> Value {
    closed(
        "reconstruction.npy: float64 [forget + retain + unseen, 3]",
        &["array", "asked", "forget", "retain", "unseen"],
        &json!({
            "array": reference("file"),
            "pictures": nullable(&reference("file")),
            "asked": reference("reconstruct"),
            "forget": whole("Rows of the forget set", 0),
            "retain": whole("Rows of the retain set", 0),
            "unseen": whole("Rows of the test set, or of the validation set where there is none", 0),
        }),
    )
}

fn job() -> Value {
    closed(
        "Perform one run",
        &["run", "attempt", "seed", "method", "parameters", "folder", "recipe", "keep_weights"],
        &json!({
            "run": reference("run-id"),
            "attempt": whole("Counted from 1", 1),
            "seed": whole("Everything random derives from it", 0),
            "method": text("Name of the method"),
            "parameters": { "type": "object", "additionalProperties": { "type": ["boolean", "number", "string"] } },
            "folder": text("An existing folder of this run alone, absolute"),
            "inputs": nullable(&reference("inputs")),
            "original": nullable(&whole("Which of several originals the run starts from, where there are no inputs", 0)),
            "recipe": reference("recipe"),
            "keep_weights": { "type": "boolean" },
            "retain_sample": nullable(&whole("Measure single examples, with so many of the retain set", 0)),
            "reconstruct": nullable(&reference("reconstruct")),
            "accuracies": { "type": "boolean", "default": false, "description": "Measure accuracies between epochs too, for the training curves" },
            "beside": { "type": "array", "items": reference("row"),
                "description": "Runs to be carried out with this one; none unless `capacity` has room for them" },
            "rows": nullable(&whole("Compute in no more rows than these: with more, memory ran out", 1)),
        }),
    )
}

fn row() -> Value {
    closed(
        "A run beside that of a job, which is the same in all else",
        &["run", "attempt", "seed", "folder"],
        &json!({
            "run": reference("run-id"),
            "attempt": whole("Counted from 1", 1),
            "seed": whole("Everything random derives from it", 0),
            "folder": text("An existing folder of this run alone, absolute"),
        }),
    )
}

fn measurement() -> Value {
    closed(
        "What was measured",
        &["accuracy", "unlearn_s", "measure_s", "steps", "confidences"],
        &json!({
            "accuracy": reference("accuracies"),
            "unlearn_s": { "type": "number", "minimum": 0, "description": "Seconds in the recipe alone" },
            "measure_s": { "type": "number", "minimum": 0, "description": "Seconds of measuring" },
            "steps": whole("Optimiser steps taken", 0),
            "confidences": reference("file"),
            "weights": nullable(&reference("file")),
            "examples": nullable(&reference("examples")),
            "reconstruction": nullable(&reference("reconstruction")),
            "curves": nullable(&reference("file")),
            "unchanged": { "type": "boolean", "default": false, "description": "Whether the recipe, which has phases, left every weight as it was" },
            "renamed": nullable(&reference("renamed")),
        }),
    )
}

/// An object with one of these keys.
fn one_of(about: &str, variants: &[(&str, Value)]) -> Value {
    let variant = |(name, content): &(&str, Value)| {
        let properties = Map::from_iter([((*name).to_owned(), content.clone())]);
        json!({ "type": "object", "required": [name], "additionalProperties": false, "properties": properties })
    };
    json!({ "description": about, "oneOf": variants.iter().map(variant).collect::<Vec<_>>() })
}

fn closed(about: &str, required: &[&str], properties: &Value) -> Value {
    let mut schema = open(about, required, properties);
    schema["additionalProperties"] = json!(false);
    schema
}

/// An object whose reader passes over keys that it doesn't know.
fn open(about: &str, required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "description": about, "required": required, "properties": properties })
}

fn reference(definition: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{definition}") })
}

fn nullable(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

fn whole(about: &str, least: u64) -> Value {
    json!({ "type": "integer", "minimum": least, "description": about })
}

#[cfg(test)]
mod tests;
