//! Audits on the toy engine: what is measured for them, and what they say.

use std::collections::BTreeSet;

use crate::harness::{Bench, csv_rows};

const PLAIN: &str = r#"
name = "audited"
engine = "toy"
seeds = 8
[toy]
examples = 40
[method.simulated]
shift = [0.0, 3.0]
"#;

const AUDIT: &str = r#"
[audit]
audits = ["average-gap", "indiscernibility", "klom", "mia", "nomus", "roc", "simple-mia", "tow", "tow-mia", "u-lira"]
retain-sample = 60
"#;

#[test]
fn every_audit_stands_beside_the_oracle_and_its_noise() {
    let bench = Bench::new();
    bench.write("audited.toml", format!("{PLAIN}{AUDIT}"));
    let plan = bench.sweep(["plan", "audited.toml", "--out", "r"]).expect_code(0).stdout;
    assert!(plan.contains("60 retain examples one by one"), "{plan}");
    bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);

    let rows = csv_rows(&bench.read("r/audits.csv"));
    let audits: BTreeSet<&str> = rows.iter().map(|row| row["audit"].as_str()).collect();
    assert_eq!(audits.len(), 10, "{audits:?}");
    let number = |row: &std::collections::BTreeMap<String, String>, column: &str| {
        row[column].parse::<f64>().unwrap_or_else(|_| panic!("no {column} in {row:?}"))
    };
    for row in &rows {
        assert_eq!(row["n"], "8");
        // 60 test examples and 8 × 40 negatives resolve no rate of one in a thousand.
        if row["measure"].starts_with("TPR") && row["value"].is_empty() {
            assert!(row["dash_reason"].contains("negatives give no rate at"), "{row:?}");
            continue;
        }
        assert_eq!(row["dash_reason"], "", "{row:?}");
        assert!((0.001..=1.0).contains(&number(row, "p")), "{row:?}");
        let methods = row["role"] == "unlearn" && row["label"] != "identity";
        assert_eq!(row["q"].is_empty(), !methods, "{row:?}");
        assert_ne!(row["oracle"].is_empty(), row["expected"].is_empty(), "{row:?}");
        if methods {
            assert!(number(row, "q") >= number(row, "p"), "{row:?}");
        }
    }
    assert!(rows.iter().any(|row| row["measure"] == "TPR at 0.1 % FPR" && row["value"].is_empty()));
    let p = |title: &str, audit: &str, measure: &str| {
        let of = |row: &&std::collections::BTreeMap<String, String>| {
            row["title"] == title && row["audit"] == audit && row["measure"] == measure
        };
        number(rows.iter().find(of).unwrap_or_else(|| panic!("no {audit} {measure} of {title}")), "p")
    };
    // Three standard deviations from retraining: each of these sees it.
    for (audit, measure) in [
        ("u-lira", "AUC"),
        ("klom", "forget, mean"),
        ("simple-mia", "accuracy"),
        ("tow", "ToW"),
        ("average-gap", "average gap"),
    ] {
        let far = p("simulated shift=3", audit, measure);
        assert!(far <= 0.01, "{audit}: {far}");
    }
    let page = bench.read("r/report.html");
    assert!(page.contains("<h2>Audits</h2>") && page.contains("figures/losses.png"), "the report shows them");
    assert!(bench.path("r/figures/losses.svg").exists());
}

#[test]
fn naming_an_audit_later_measures_again_once_and_keeps_every_number() {
    let bench = Bench::new();
    bench.write("audited.toml", PLAIN);
    bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);
    let (runs, points) = (bench.ended("r"), bench.read("r/points.csv"));
    assert!(!bench.path("r/audits.csv").exists());

    bench.write("audited.toml", format!("{PLAIN}{AUDIT}"));
    let plan = bench.sweep(["plan", "audited.toml", "--out", "r"]).expect_code(0).stdout;
    assert!(plan.contains("40 runs, 40 to carry out"), "what was measured before lacks the arrays:\n{plan}");
    let said = bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);
    assert!(said.stderr.contains("40 finished runs were measured without"), "{}", said.stderr);
    assert_eq!(bench.read("r/points.csv"), points, "the same runs");
    let again = bench.ended("r");
    assert_eq!(again[..40], runs, "what was recorded stays");
    assert_eq!(again[40..].iter().collect::<BTreeSet<_>>(), runs.iter().collect::<BTreeSet<_>>());

    bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);
    bench.write("audited.toml", PLAIN);
    bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), 80, "an answer to more is an answer to less");
}

#[test]
fn an_audit_that_needs_nothing_new_repeats_nothing() {
    let bench = Bench::new();
    bench.write("audited.toml", PLAIN);
    bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);
    bench.write("audited.toml", format!("{PLAIN}[audit]\naudits = [\"tow\", \"u-lira\"]\n"));
    bench.sweep(["audited.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), 40);
    assert!(bench.read("r/audits.csv").contains("u-lira"));
    assert!(!bench.path("r/figures/losses.svg").exists(), "nothing to show");
}
