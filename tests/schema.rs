//! `sweep schema` and `docs/grid.md` name the keys that a grid may have, no more and no fewer.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use crate::harness::{Bench, repository};

fn schema() -> Value {
    serde_json::from_str(&Bench::new().sweep(["schema"]).expect_code(0).stdout).expect("JSON")
}

fn keys(table: &Value) -> BTreeSet<String> {
    table["properties"].as_object().expect("a table of keys").keys().cloned().collect()
}

/// The keys that the check knows where a grid has the key `zzz`, from the note of its complaint.
fn known(grid: &str) -> BTreeSet<String> {
    let bench = Bench::new();
    bench.write("grid.toml", grid);
    let said = bench.sweep(["plan", "grid.toml"]).expect_code(2).stderr;
    let complaint =
        said.split("error: ").find(|it| it.lines().next().is_some_and(|line| line.contains("`zzz`")));
    let complaint = complaint.unwrap_or_else(|| panic!("no complaint about the key in:\n{said}"));
    let notes = complaint.lines().filter(|line| line.contains("note: "));
    let listed = notes.filter_map(|line| line.split_once("its keys are ").or(line.split_once("it has ")));
    let names = listed.flat_map(|(_, names)| names.split(", ").map(|name| name.trim_matches('`').to_owned()));
    names.collect()
}

#[test]
fn every_table_has_the_keys_that_the_check_knows() {
    let schema = schema();
    let properties = &schema["properties"];
    assert_eq!(known("zzz = 1\n"), keys(&schema), "top level");
    for table in [
        "data", "original", "training", "oracle", "shadows", "toy", "audit", "pool", "cluster", "sweep",
        "confirm",
    ] {
        assert_eq!(known(&format!("[{table}]\nzzz = 1\n")), keys(&properties[table]), "[{table}]");
    }
    let computed = &schema["definitions"]["computed"];
    for (grid, table) in [
        ("[engine]\nzzz = 1\n", &properties["engine"]["anyOf"][1]),
        ("[cluster.slurm]\nzzz = 1\n", &properties["cluster"]["properties"]["slurm"]),
        ("[[exclude]]\nzzz = 1\n", &properties["exclude"]["items"]),
        ("[method.finetune]\nlr = { zzz = 1 }\n", computed),
        (
            "[method.finetune]\nlr = { n = 1, random = { zzz = [1.0, 2.0] } }\n",
            &computed["properties"]["random"],
        ),
    ] {
        assert_eq!(known(grid), keys(table), "{grid}");
    }
    let network = &properties["training"]["properties"]["network"]["anyOf"][0];
    let names = network["properties"]["name"]["enum"].as_array().expect("names");
    let of = |name: &Value| known(&format!("[training]\nnetwork = {{ name = {name}, zzz = 1 }}\n"));
    assert_eq!(names.iter().flat_map(of).collect::<BTreeSet<_>>(), keys(network), "of all networks");
}

#[test]
fn every_method_has_the_hyper_parameters_that_the_check_knows() {
    let schema = schema();
    let methods = schema["properties"]["method"]["properties"].as_object().expect("methods");
    assert!(methods.len() >= 34, "{}", methods.len());
    for method in methods.keys().filter(|name| !["python", "recipe"].contains(&name.as_str())) {
        let mut keys = keys(&schema["definitions"][format!("method-{method}")]);
        assert!(keys.remove("zip") && keys.remove("method"), "{method}");
        assert_eq!(known(&format!("engine = \"toy\"\n[method.{method}]\nzzz = 1\n")), keys, "{method}");
    }
}

#[test]
fn the_page_on_grids_names_every_key() {
    let page = fs::read_to_string(repository("docs/grid.md")).expect("a page");
    let schema = schema();
    let mut tables = vec![&schema, &schema["definitions"]["computed"]];
    while let Some(table) = tables.pop() {
        for (key, value) in table["properties"].as_object().expect("keys") {
            let written = [format!("`{key}`"), format!("[{key}"), format!("{key} = "), format!("`{key}, ")];
            assert!(written.iter().any(|form| page.contains(form)), "{key}");
            let ways = value["anyOf"].as_array().into_iter().flatten().chain([value]);
            tables.extend(ways.filter(|way| way["properties"].is_object() && key != "method"));
        }
    }
}
