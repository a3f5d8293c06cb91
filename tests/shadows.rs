//! Shadow networks, at the smallest scale: who is left out of which, what the tables say, and forget sets by memorisation.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::harness::{Bench, TRAINING, csv_rows};

fn grid() -> String {
    format!(
        "name = \"shadows\"\nseeds = 2\n{TRAINING}[oracle]\nmodels = 2\nheld-out = 0\n[shadows]\nfolds = 3\nrepeats = 4\n\
        [method.identity]\n"
    )
}

#[test]
fn every_person_is_left_out_as_often_and_tables_are_made_again_from_results() {
    let bench = Bench::with_faces();
    bench.write("grid.toml", grid());
    bench.sweep(["grid.toml", "--out", "r"]).expect_code(0);
    let table = bench.read("r/memorization.csv");
    let rows = csv_rows(&table);
    let listed: Vec<_> = ["retain", "forget"]
        .iter()
        .flat_map(|list| csv_rows(&bench.read(format!("faces/{list}.csv"))))
        .collect();
    let ids = |rows: &[BTreeMap<String, String>]| {
        rows.iter().map(|row| row["image_id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&rows), ids(&listed), "every training image once, in the order of the lists");
    for (row, listed) in rows.iter().zip(&listed) {
        assert_eq!((&row["person_id"], &row["class"]), (&listed["person_id"], &listed["age_group"]));
        assert_eq!((row["networks_with"].as_str(), row["networks_without"].as_str()), ("8", "4"));
        let number = |column: &str| row[column].parse::<f64>().expect("a number");
        let value = number("accuracy_with") - number("accuracy_without");
        assert!((number("memorization") - value).abs() < 1e-12);
        assert!(number("memorization_low") < value && value < number("memorization_high"));
    }
    let attacks = csv_rows(&bench.read("r/shadows.csv"));
    let of = |attack: &str, measure: &str| {
        let found = attacks
            .iter()
            .find(|row| row["role"] == "shadow" && row["attack"] == attack && row["measure"] == measure);
        found.unwrap_or_else(|| panic!("{attack}, {measure}: {attacks:?}")).clone()
    };
    for attack in ["threshold", "lira", "rmia"] {
        let auc: f64 = of(attack, "AUC")["value"].parse().expect("a number");
        assert!((0.3..=1.0).contains(&auc) && of(attack, "AUC")["n"] == "12", "{attack}: {auc}");
        assert!(
            of(attack, "TPR at 0.1 % FPR")["dash_reason"].contains("negatives"),
            "too few images for this rate"
        );
    }
    assert!(attacks.iter().any(|row| row["title"] == "identity" && row["measure"] == "taken for seen"));
    assert!(bench.read("r/report.html").contains("Shadow networks"));
    assert!(bench.path("r/figures/memorization.svg").is_file());

    std::fs::remove_file(bench.path("r/memorization.csv")).expect("it was written");
    bench.sweep(["report", "r"]).expect_code(0);
    assert_eq!(bench.read("r/memorization.csv"), table);

    bench.sweep(["grid.toml", "--out", "again"]).expect_code(0);
    let sources: BTreeSet<String> = csv_rows(&bench.read("again/runs.csv"))
        .iter()
        .filter(|row| row["role"] == "shadow")
        .map(|row| row["source"].clone())
        .collect();
    assert_eq!(sources, BTreeSet::from(["cached".to_owned()]), "they are kept for other sweeps");

    let alone = bench.sweep(["split", "faces", "alone", "--forget", "memorized:5"]).expect_code(2);
    assert!(alone.stderr.contains("[shadows]"), "{}", alone.stderr);
    bench.sweep(["split", "faces", "memorized", "--forget", "memorized:5", "--by", "r"]).expect_code(0);
    let mut persons: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in &rows {
        persons.entry(&row["person_id"]).or_default().push(row["memorization"].parse().expect("a number"));
    }
    let means: BTreeMap<&str, f64> =
        persons.iter().map(|(person, all)| (*person, all.iter().sum::<f64>() / all.len() as f64)).collect();
    let forgotten = csv_rows(&bench.read("memorized/forget.csv"));
    let chosen: BTreeSet<&str> = forgotten.iter().map(|row| row["person_id"].as_str()).collect();
    assert!(forgotten.len() >= 5);
    let end = |own: bool, start: f64, pick: fn(f64, f64) -> f64| {
        means
            .iter()
            .filter(|(person, _)| chosen.contains(*person) == own)
            .map(|(_, mean)| *mean)
            .fold(start, pick)
    };
    assert!(end(true, 1.0, f64::min) >= end(false, -1.0, f64::max), "no other person is memorised more");
    assert!(bench.read("memorized/split.json").contains("\"by\""));
}

#[test]
fn data_that_name_other_persons_have_other_shadow_networks() {
    let bench = Bench::with_faces();
    bench.write("grid.toml", grid());
    // Ids of the shadow networks, and of all other runs.
    let planned = || -> [BTreeSet<String>; 2] {
        let shown = bench.sweep(["plan", "grid.toml", "--format", "json"]).expect_code(0).stdout;
        let plan: Value = serde_json::from_str(&shown).expect("a plan");
        [true, false].map(|own| {
            let runs = plan["runs"].as_array().expect("runs").iter();
            let role = |run: &&Value| {
                let point = run["point"].as_u64().expect("a position") as usize;
                (plan["points"][point]["role"] == "shadow") == own
            };
            runs.filter(role).map(|run| run["id"].to_string()).collect()
        })
    };
    let before = planned();
    assert_eq!(before[0].len(), 12);
    let list = bench.read("faces/retain.csv");
    let mut lines = list.lines();
    let head = lines.next().expect("a head").to_owned();
    let renamed: Vec<String> = lines.map(|line| format!("{line}x\n")).collect();
    assert!(head.ends_with("person_id"), "{head}");
    bench.write("faces/retain.csv", format!("{head}\n{}", renamed.concat()));
    let after = planned();
    assert!(after[0].is_disjoint(&before[0]), "other persons would be left out");
    assert_eq!(after[1], before[1], "nothing else goes by persons");
}
