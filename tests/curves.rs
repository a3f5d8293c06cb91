//! Training curves: engines may send some, the page shows those of its points, and no result rests on them.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{
    engines,
    harness::{Bench, csv_rows, measured},
};

/// What the toy in Python does before it says that it has finished.
const FINISHED: &str = "    say(\"finished\"";

/// A folder with a grid and an engine that does `also` before a run is finished and says so.
fn bench(also: &str, said: &str) -> Bench {
    let script = engines::script().replace(FINISHED, &format!("{also}\n{FINISHED}"));
    let script = script.replace("\"weights\": None}", &format!("\"weights\": None, {said}}}"));
    assert!(script.contains(also) && script.contains(said), "the example has changed");
    engines::bench(engines::GRID, &script)
}

/// Curves of two loops, whose losses the seed decides.
const WRITES: &str = r#"
    with open(os.path.join(folder, "curves.csv"), "w") as file:
        file.write("loop,round,epoch,loss,right_retain\n")
        file.writelines(f"{own},1,{epoch},{1 / epoch + seed % 7},0.5\n" for own in (1, 2) for epoch in (1, 2))
"#;
const SAYS: &str = r#""curves": {"file": "curves.csv"}"#;

/// What the page's script reads.
fn embedded(bench: &Bench) -> Value {
    let page = bench.read("r/report.html");
    let data = page.split("id=\"points\">").nth(1).and_then(|rest| rest.split("</script>").next());
    serde_json::from_str(data.expect("the page has points")).expect("JSON")
}

/// The folder of the runs of unlearning, in the order of the plan.
fn folders(bench: &Bench) -> Vec<PathBuf> {
    let runs = csv_rows(&bench.read("r/runs.csv"));
    let unlearned = runs.iter().filter(|run| run["role"] == "unlearn" && run["label"] == "simulated");
    unlearned.map(|run| bench.path(format!("r/runs/{}", run["run_id"]))).collect()
}

#[test]
fn the_page_shows_curves_and_losing_them_costs_no_result() {
    let bench = bench(WRITES, SAYS);
    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    let (expected, points) = (measured(&bench.read("r/runs.csv")), bench.read("r/points.csv"));
    assert!(expected.iter().all(|run| run["status"] == "finished"), "{expected:?}");
    let data = embedded(&bench);
    assert_eq!(
        data["curves"].as_object().map(serde_json::Map::len),
        Some(2),
        "of both points: {}",
        data["curves"]
    );
    let first = &data["curves"]["0"];
    assert_eq!(first.as_array().map(Vec::len), Some(2), "two loops");
    assert_eq!((&first[0]["epoch"], &first[1]["loop"]), (&serde_json::json!([1.0, 2.0]), &2.into()));
    assert_eq!(first[0]["right"]["retain"], serde_json::json!([0.5, 0.5]));
    let number = |column: &str| first[0][column][1].as_f64().expect("a number");
    assert!((number("low") + number("high") - 2.0 * number("loss")).abs() < 1e-3, "{first}");
    assert!(!bench.read("r/report.html").contains("missing or damaged"));
    assert!(bench.path("r/figures/curves.svg").is_file());
    bench.sweep(["figures", "r", "--only", "curves", "--format", "pdf", "--out", "paper"]).expect_code(0);

    let folders = folders(&bench);
    fs::remove_file(folders[0].join("curves.csv")).expect("it was there");
    fs::write(folders[1].join("curves.csv"), "loop,round,epoch,loss\n1,1,1,0\n").expect("ours");
    fs::write(folders[2].join("curves.csv"), vec![b'x'; 1 << 20]).expect("ours");
    bench.sweep(["report", "r"]).expect_code(0);
    assert_eq!(bench.read("r/points.csv"), points, "no number has changed");
    let data = embedded(&bench);
    assert_eq!(data["curves"].as_object().map(serde_json::Map::len), Some(1), "{}", data["curves"]);
    let page = bench.read("r/report.html");
    assert!(page.contains("The curves of 3 runs are missing or damaged"), "the page says so");
    let lost: Vec<String> = folders[..3]
        .iter()
        .map(|folder| folder.file_name().expect("a run").to_string_lossy().into_owned())
        .collect();
    let warned = page
        .split("are missing or damaged")
        .nth(1)
        .and_then(|rest| rest.split("</p>").next())
        .expect("a sentence");
    assert!(lost.iter().all(|run| warned.contains(run)), "and names them: {warned}");

    let said = bench.sweep(["fsck", "r"]).expect_code(0);
    assert_eq!(
        said.stdout.matches("its training curves are lost; its result stands").count(),
        3,
        "{}",
        said.stdout
    );
    bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    let ended = bench.ended("r").len();
    bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
    assert_eq!(bench.ended("r").len(), ended, "no run is repeated");
    assert_eq!(measured(&bench.read("r/runs.csv")), expected);
}

#[test]
fn a_run_that_names_curves_which_are_not_there_is_as_good_as_any() {
    for (also, said) in [
        ("    pass", SAYS),
        (WRITES, r#""curves": {"file": "curves.csv", "blake3": "0" * 64}"#),
        (WRITES, r#""curves": {"file": "../curves.csv"}"#),
        ("    open(os.path.join(folder, \"curves.csv\"), \"w\").write(\"x\" * 300_000)", SAYS),
        (
            "    open(os.path.join(folder, \"curves.csv\"), \"w\").write(\"loop,round,epoch,loss\\n1,1,1,nan\\n\")",
            SAYS,
        ),
    ] {
        let bench = bench(also, said);
        bench.sweep(["grids/own.toml", "--out", "r"]).expect_code(0);
        let runs = csv_rows(&bench.read("r/runs.csv"));
        assert!(runs.iter().all(|run| run["status"] == "finished"), "{also}, {said}: {runs:?}");
        assert_eq!(embedded(&bench)["curves"], serde_json::json!({}), "{also}, {said}");
        bench.sweep(["fsck", "r"]).expect_code(0);
    }
}
