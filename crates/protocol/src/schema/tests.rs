//! The schema is held to the types: what it requires they require, what it refuses they refuse, and every key that they write
//! it knows.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema;
use crate::{
    FORMAT,
    message::{FromWorker, ToWorker},
};

const RUN: &str = "0123456789abcdef0123456789abcdef";

fn hash() -> String {
    "ab".repeat(32)
}

/// Messages with everything that they can have.
fn full() -> Vec<Value> {
    let file = |name: &str| json!({ "file": name, "blake3": hash() });
    let asked = json!({ "candidates": 2, "restarts": 1, "steps": 400, "lr": 0.5, "alpha": 50.0, "lambda-min": 0.25,
        "pictures": true });
    vec![
        json!({ "perform": {
            "run": RUN, "attempt": 2, "seed": 7, "method": "finetune",
            "parameters": { "lr": 0.1, "epochs": 2, "schedule": "cosine", "clip": true },
            "folder": "/results/runs/x", "original": 3, "keep_weights": true, "retain_sample": 10, "reconstruct": asked, "accuracies": true,
            "inputs": {
                "data": "faces", "data_hash": hash(), "skip_bad_images": true,
                "network": { "name": "resnet18", "classes": 10, "keys": { "width": 4 }, "size": 28,
                    "preparation": { "divide": 255.0, "mean": [0.0, 0.0, 0.0], "std": [0.25, 0.25, 0.25],
                        "centred": true } },
                "start": { "checkpoint": { "path": "o.pth", "blake3": hash() } },
            },
            "recipe": { "phases": [{ "zero": { "tensors": "all" } }] },
            "beside": [{ "run": RUN, "attempt": 1, "seed": 8, "folder": "/results/runs/y" }],
            "rows": 2,
        } }),
        json!({ "hello": { "format": FORMAT, "engine": "a", "version": "1", "trains": true, "methods": ["scrub"], "capacity": 4,
            "device": "cuda:1", "device_name": "b" } }),
        json!({ "progress": { "run": RUN, "step": 1, "steps": 2 } }),
        json!({ "finished": { "run": RUN, "measurement": {
            "accuracy": { "retain": 0.5, "forget": 0.5, "validation": 0.5, "test": 0.5, "truth": 0.5 },
            "unlearn_s": 1.0, "measure_s": 0.5, "steps": 7, "unchanged": true, "curves": file("curves.csv"),
            "renamed": { "accuracy": 0.5, "labels": [1, 0], "guessing": 0.5 },
            "confidences": file("confidences.npy"), "weights": file("model.safetensors"),
            "examples": { "array": file("examples.npy"), "retain_sample": 3, "forget": 1, "retain": 2, "test": 3 },
            "reconstruction": { "array": file("reconstruction.npy"), "pictures": file("pictures.npy"), "asked": asked,
                "forget": 1, "retain": 2, "unseen": 3 },
        } } }),
        json!({ "diverged": { "run": RUN, "step": 4 } }),
        json!({ "failed": { "run": RUN, "failure": "refused", "message": "row 3" } }),
    ]
}

fn reads(message: &Value) -> bool {
    if message.get("perform").is_some() {
        serde_json::from_value::<ToWorker>(message.clone()).is_ok()
    } else {
        serde_json::from_value::<FromWorker>(message.clone()).is_ok()
    }
}

/// As the types write it.
fn written(message: &Value) -> Value {
    let text = if message.get("perform").is_some() {
        serde_json::from_value::<ToWorker>(message.clone()).map(|message| json!(message))
    } else {
        serde_json::from_value::<FromWorker>(message.clone()).map(|message| json!(message))
    };
    text.expect("a message")
}

fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    match schema.get("$ref").and_then(Value::as_str) {
        Some(path) => &root["definitions"][path.trim_start_matches("#/definitions/")],
        None => schema,
    }
}

/// The schema of an object with this key, among alternatives.
fn for_value<'s>(root: &'s Value, schema: &'s Value, value: &Value) -> &'s Value {
    let schema = resolved(root, schema);
    let alternatives = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
    let Some(alternatives) = alternatives else { return schema };
    let fits = |schema: &&Value| match value.as_object().and_then(|object| object.keys().next()) {
        Some(key) => schema["properties"].get(key).is_some(),
        None => schema["type"] != "null",
    };
    let candidates = alternatives.iter().map(|alternative| for_value(root, alternative, value));
    candidates.filter(|schema| schema.is_object()).find(fits).unwrap_or(schema)
}

/// An object in a message that the schema describes.
struct Found<'a> {
    /// Where it is, as a JSON pointer.
    path: String,
    schema: &'a Value,
    object: &'a Map<String, Value>,
}

/// Finds all of them, from the outside in.
fn walk<'a>(root: &'a Value, schema: &'a Value, value: &'a Value, path: &str, found: &mut Vec<Found<'a>>) {
    let Some(object) = value.as_object() else { return };
    let schema = for_value(root, schema, value);
    let Some(properties) = schema["properties"].as_object() else { return };
    found.push(Found { path: path.to_owned(), schema, object });
    for (key, value) in object {
        if let Some(schema) = properties.get(key) {
            walk(root, schema, value, &format!("{path}/{key}"), found);
        }
    }
}

#[test]
fn the_schema_says_what_the_types_say() {
    let schema = schema();
    let mut seen = BTreeSet::new();
    for message in full() {
        assert!(reads(&message), "a full message: {message}");
        assert_eq!(written(&message), message, "nothing is lost on the way");
        let mut found = Vec::new();
        walk(&schema, &schema, &message, "", &mut found);
        for Found { path, schema, object } in found {
            seen.insert(schema["description"].to_string());
            let known: BTreeSet<&String> =
                schema["properties"].as_object().expect("properties").keys().collect();
            if schema["required"].as_array().is_none_or(|required| required.len() == 1 && known.len() == 1) {
                // The variant of a message: one key by itself.
                continue;
            }
            assert_eq!(known, object.keys().collect(), "keys at {path}");
            let required: Vec<&str> =
                schema["required"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
            for key in object.keys() {
                let mut without = message.clone();
                without.pointer_mut(&path).and_then(Value::as_object_mut).expect("there").remove(key);
                assert_eq!(!reads(&without), required.contains(&key.as_str()), "{path}/{key} is required");
            }
            let mut with = message.clone();
            with.pointer_mut(&path)
                .and_then(Value::as_object_mut)
                .expect("there")
                .insert("zzz".into(), json!(1));
            assert_eq!(!reads(&with), schema["additionalProperties"] == false, "{path} refuses keys");
        }
    }
    assert!(seen.len() >= 12, "every kind of object was looked at: {seen:?}");
}

#[test]
fn words_are_those_of_the_types() {
    let schema = schema();
    for failure in schema["definitions"]["failed"]["properties"]["failure"]["enum"].as_array().expect("words")
    {
        assert!(reads(&json!({ "failed": { "run": RUN, "failure": failure, "message": "" } })), "{failure}");
    }
    assert!(!reads(&json!({ "failed": { "run": RUN, "failure": "bored", "message": "" } })));
    let mut job = full().remove(0);
    job["perform"]["inputs"]["start"] = json!("fresh");
    assert!(reads(&job), "a start without a file");
    job["perform"]["inputs"] = Value::Null;
    assert!(reads(&job), "no inputs");
}
