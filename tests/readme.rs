//! What the README shows is true: its grid is accepted, its commands exist.

use std::fs;

use sweep::plot::FIGURES;

use crate::harness::{Bench, repository};

fn readme() -> String {
    fs::read_to_string(repository("README.md")).expect("the repository has a README")
}

#[test]
fn the_grid_of_the_readme_is_accepted() {
    let text = readme();
    let grid =
        text.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a grid is shown");
    let bench = Bench::new();
    bench.write("grid.toml", grid);
    // On the toy engine the grid is checked and planned all the same, and no data are needed.
    let said = bench.sweep(["plan", "grid.toml", "--set", "engine=toy"]).expect_code(0);
    assert!(said.stdout.contains("finetune lr=0.001 epochs=3"), "{}", said.stdout);
}

#[test]
fn every_command_of_the_readme_exists() {
    let text = readme();
    let commands: Vec<&str> = text
        .match_indices("`sweep ")
        .filter_map(|(start, opening)| text[start + opening.len()..].split([' ', '`']).next())
        .filter(|word| word.chars().all(|letter| letter.is_ascii_lowercase()))
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        Bench::new().sweep([command, "--help"]).expect_code(0);
    }
}

#[test]
fn the_readme_is_read_in_one_sitting() {
    let lines = readme().lines().count();
    assert!(lines <= 150, "{lines} lines: tables of methods and results belong into docs/");
}

#[test]
fn every_document_that_the_readme_names_exists() {
    let text = readme();
    let links: Vec<&str> = text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 10, "{links:?}");
    for link in links {
        assert!(repository(link).exists(), "{link}");
    }
}

#[test]
fn every_experiment_is_a_plan() {
    for entry in fs::read_dir(repository("experiments")).expect("a folder of grids") {
        let path = entry.expect("readable").path().display().to_string();
        Bench::new().sweep(["plan", &path, "--set", "engine=toy"]).expect_code(0);
    }
}

#[test]
fn every_figure_that_an_experiment_announces_is_made() {
    // Those of the audits are made where there is something to show.
    let names: Vec<&str> =
        FIGURES.iter().map(|figure| figure.name).chain(["losses", "reconstruction"]).collect();
    for entry in fs::read_dir(repository("experiments")).expect("a folder of grids") {
        let path = entry.expect("readable").path();
        let text = fs::read_to_string(&path).expect("text");
        let figure = text.split("Figure: ").nth(1).expect("each says its figure").trim_start();
        assert!(names.iter().any(|name| figure.starts_with(name)), "{}: {figure}", path.display());
    }
}

#[test]
fn what_contributing_adds_is_in_the_source() {
    let text = fs::read_to_string(repository("CONTRIBUTING.md")).expect("the repository has one");
    for file in ["crates/methods/src/eu_k.rs", "crates/protocol/src/network/resnet18_cifar.rs"] {
        let added = text.split(&format!("+++ b/{file}\n@@\n")).nth(1).expect("the file is added in the diff");
        let lines = added.lines().take_while(|line| line.starts_with('+')).map(|line| &line[1..]);
        let source = fs::read_to_string(repository(file)).expect("it is there");
        assert_eq!(lines.collect::<Vec<_>>(), source.lines().collect::<Vec<_>>(), "{file}");
    }
}
