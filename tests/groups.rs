//! Who is harmed, on the toy engine: the table of parts of the forget set, and what the report says of them.

use std::collections::BTreeMap;

use crate::harness::{Bench, csv_rows};

const GRID: &str = r#"
name = "parts"
engine = "toy"
seeds = 8
[toy]
examples = 40
[method.near]
method = "simulated"
shift = 0.0
[method.far]
method = "simulated"
shift = 3.0
"#;

#[test]
fn parts_of_the_forget_set_are_tested_and_the_worst_come_first() {
    let bench = Bench::new();
    bench.write("parts.toml", GRID);
    let said = bench.sweep(["parts.toml", "--out", "r"]).expect_code(0).stdout;
    let rows = csv_rows(&bench.read("r/groups.csv"));
    let of = |label: &str| rows.iter().filter(|row| row["label"] == label).collect::<Vec<_>>();
    for label in ["near", "far", "identity"] {
        let parts: Vec<(&str, &str)> =
            of(label).iter().map(|row| (row["group"].as_str(), row["examples"].as_str())).collect();
        assert_eq!(parts, [("hard", "14"), ("middle", "13"), ("easy", "13")], "{label}");
    }
    let number = |row: &BTreeMap<String, String>, column: &str| {
        row[column].parse::<f64>().unwrap_or_else(|_| panic!("no {column} in {row:?}"))
    };
    for row in &rows {
        assert_eq!((row["by"].as_str(), row["n"].as_str()), ("difficulty", "8"));
        assert_eq!(row["q"].is_empty(), row["label"] == "identity", "the floor is no discovery: {row:?}");
        assert!(row["accuracy"].is_empty(), "nothing is measured of single examples: {row:?}");
        assert!((0.0001..=1.0).contains(&number(row, "p")), "{row:?}");
    }
    for row in of("far") {
        assert!(number(row, "q") <= 0.001 && number(row, "cross_fitted_high") < 0.7, "{row:?}");
        assert!(number(row, "shift_low") > 1.0, "{row:?}");
    }
    assert!(of("near").iter().all(|row| number(row, "q") > 0.05), "nothing is found where there is nothing");

    assert!(
        said.contains("harmed, by difficulty: Told from retraining: 3 of 3 thirds by difficulty"),
        "{said}"
    );
    let page = bench.read("r/report.html");
    let section = page.split("<h2>Who is harmed</h2>").nth(1).expect("the section");
    let first = section.find("<td>far").expect("the far point");
    assert!(first < section.find("<td>near").expect("the near point"), "the worst come first");
    assert!(section.contains("The engine has no data set"), "why there are no persons is said");
}
