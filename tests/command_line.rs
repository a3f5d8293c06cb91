//! What the user meets first: help, version, errors that say where and what to do, exit codes.

use std::fs;

use crate::harness::{Bench, repository};

#[test]
fn the_version_is_one_line_of_data() {
    let said = Bench::new().sweep(["--version"]).expect_code(0);
    assert_eq!(said.stdout, format!("sweep {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(said.stderr, "");
}

/// The gates start a `sweep` of their own that dies on request; the one that is shipped can't be asked.
#[test]
fn nothing_makes_what_is_shipped_fail_on_purpose() {
    let bench = Bench::new();
    bench.write(
        "toy.toml",
        "name = \"x\"\nengine = \"toy\"\nseeds = 2\n[oracle]\nmodels = 2\nheld-out = 2\n[method.simulated]\n",
    );
    let mut command = bench.command(["run", "toy.toml", "--out", "r", "--replicates", "0"]);
    for (at, by) in [("SWEEP_GATES_CRASH_AT", "SWEEP_GATES_CRASH_BY"), ("SWEEP_CRASH_AT", "SWEEP_CRASH_BY")] {
        command.env(at, "1").env(by, "kill");
    }
    let status = command.output().expect("sweep starts").status;
    assert_eq!(status.code(), Some(0), "{status}");
    let program = fs::read(env!("CARGO_BIN_EXE_sweep")).expect("it was just started");
    let holds = |word: &str| program.windows(word.len()).any(|bytes| bytes == word.as_bytes());
    assert!(holds("sweep_disk"), "names of packages are in it: that one is missing would tell nothing");
    for word in ["sweep_faults", "SimulatedDisk", "CRASH_AT"] {
        assert!(!holds(word), "`{word}` is for tests");
    }
}

#[test]
fn a_grid_with_mistakes_is_refused_with_all_of_them() {
    let bench = Bench::new();
    bench.write("bad.toml", "name = \"x\"\nengine = \"toy\"\nseeds = 0\n[method.simulated]\nshfit = 1.0\n");
    let said = bench.sweep(["bad.toml"]).expect_code(2);
    for part in ["bad.toml:3", "bad.toml:5", "did you mean `shift`"] {
        assert!(said.stderr.contains(part), "`{part}` in:\n{}", said.stderr);
    }
    assert!(!bench.path("results").exists(), "nothing is written for a grid that can't be used");
}

#[test]
fn an_unknown_method_is_answered_with_the_closest() {
    let said = Bench::new().sweep(["methods", "finetun"]).expect_code(2);
    assert!(said.stderr.contains("did you mean `finetune`?"), "{}", said.stderr);
}

#[test]
fn the_methods_are_listed_for_programs_too() {
    let said = Bench::new().sweep(["methods", "--format", "json"]).expect_code(0);
    let methods: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let names: Vec<&str> =
        methods.as_array().expect("a list").iter().filter_map(|m| m["name"].as_str()).collect();
    for name in ["ct", "finetune", "identity", "neggrad-plus", "recipe", "retrain"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
}

#[test]
fn a_method_is_shown_with_all_that_a_user_must_know() {
    let said = Bench::new().sweep(["methods", "scrub"]).expect_code(0);
    for part in [
        "arXiv:2302.09880",
        "goes wrong: diverges",
        "forget-epochs",
        "retain, forget",
        "[[method.my-scrub.phases]]",
    ] {
        assert!(said.stdout.contains(part), "`{part}` in:\n{}", said.stdout);
    }
    let said = Bench::new().sweep(["methods", "scrub", "--format", "json"]).expect_code(0);
    let methods: serde_json::Value = serde_json::from_str(&said.stdout).expect("JSON");
    let scrub = &methods[0];
    assert_eq!(scrub["tier"], "1");
    assert_eq!(scrub["parameters"][0]["name"], "lr");
    assert_eq!(scrub["parameters"][0]["usual"], "1e-4 to 1e-2");
    assert!(scrub["recipe"]["phases"][0]["alternate"].is_object(), "{scrub}");
}

#[test]
fn a_plan_explains_recipes_that_a_grid_can_take_back() {
    let bench = Bench::new();
    bench.write("grid.toml", "name = \"x\"\nengine = \"toy\"\nseeds = 3\n[method.msg]\n");
    let said = bench.sweep(["plan", "grid.toml", "--explain"]).expect_code(0);
    let (_, recipe) = said.stdout.split_once("[[method.my-msg.phases]]").expect("the recipe is shown");
    let (recipe, _) = recipe.split_once("\nidentity").expect("the floor comes next");
    let own = format!(
        "name = \"y\"\nengine = \"toy\"\nseeds = 3\n[method.my-msg]\nmethod = \"recipe\"\n[[method.my-msg.phases]]{recipe}"
    );
    bench.write("own.toml", own);
    let again = bench.sweep(["plan", "own.toml", "--explain"]).expect_code(0);
    assert!(again.stdout.contains(recipe.trim_end()), "{}\nnot in\n{}", recipe, again.stdout);
}

#[test]
fn a_plan_costs_nothing() {
    let bench = Bench::new();
    let toy = repository("experiments/toy.toml").display().to_string();
    let said = bench.sweep(["plan", &toy]).expect_code(0);
    assert!(said.stdout.contains("200 runs, 200 to carry out"), "{}", said.stdout);
    let said = bench.sweep([&toy, "--dry-run"]).expect_code(0);
    assert!(said.stdout.contains("200 runs"), "{}", said.stdout);
    assert!(!bench.path("results").exists(), "planning writes nothing");
}

#[test]
fn a_filter_that_selects_nothing_is_no_success() {
    let toy = repository("experiments/toy.toml").display().to_string();
    Bench::new().sweep([&toy, "--only", "method == 'finetune'"]).expect_code(7);
}

#[test]
fn missing_data_is_refused_before_anything_else() {
    let bench = Bench::new();
    bench.write("grid.toml", "name = \"x\"\nseeds = 3\n[data]\npath = \"nowhere\"\n[method.finetune]\n");
    let said = bench.sweep(["grid.toml"]).expect_code(3);
    let full = bench.path("nowhere").display().to_string();
    assert!(said.stderr.contains("no data set `nowhere`"), "{}", said.stderr);
    assert!(said.stderr.contains(&full), "it names the folder that it looked for: {}", said.stderr);
}

#[test]
fn faces_are_drawn_the_same_for_the_same_seed() {
    let bench = Bench::new();
    for folder in ["a", "b"] {
        bench.sweep(["synth", folder, "--images", "500", "--persons", "80", "--seed", "3"]).expect_code(0);
    }
    assert_eq!(bench.read("a/forget.csv"), bench.read("b/forget.csv"));
    let said = bench.sweep(["synth", "a", "--images", "500"]);
    assert_ne!(said.code, Some(0), "a data set is not drawn over another");
}

#[test]
fn a_preset_of_faces_is_what_its_options_are() {
    let bench = Bench::new();
    let drawn = |folder: &str, options: &[&str]| {
        let few = ["synth", folder, "--images", "500", "--persons", "80"];
        bench.sweep(few.iter().chain(options)).expect_code(0);
        std::fs::read(bench.path(format!("{folder}/images/000/000000.png"))).expect("a picture")
    };
    let [challenge, canaries] = ["challenge", "canaries"].map(|preset| drawn(preset, &["--preset", preset]));
    assert!(challenge != canaries, "two presets draw the same");
    assert!(drawn("default", &[]) == challenge);
    let options = ["--preset", "canaries", "--offset-years", "0", "--age-cues", "2", "--liveliness", "0"];
    assert!(drawn("options", &options) == challenge, "an option beside a preset says otherwise");
}

#[test]
fn an_oracle_that_is_too_small_is_told_before_the_night() {
    let bench = Bench::new();
    let grid = "name = \"g\"\nengine = \"toy\"\nseeds = 20\n[method.simulated]\n";
    bench.write("enough.toml", grid);
    let said = bench.sweep(["plan", "enough.toml"]).expect_code(0);
    assert!(!said.stderr.contains("note"), "the oracle is as large as N by itself: {}", said.stderr);
    bench.write("small.toml", format!("{grid}[oracle]\nmodels = 8\n"));
    for command in ["plan", "run"] {
        let said = bench.sweep([command, "small.toml"]).expect_code(0);
        assert!(said.stderr.contains("8 models, fewer than N = 20"), "{}", said.stderr);
    }
}

#[test]
fn a_folder_without_results_is_told_apart_from_damaged_ones() {
    let bench = Bench::new();
    bench.write("grid.toml", "name = \"g\"\nengine = \"toy\"\nseeds = 3\n[method.simulated]\n");
    bench.sweep(["run", "grid.toml", "--out", "r"]).expect_code(0);
    std::fs::create_dir(bench.path("empty")).expect("room");
    std::fs::remove_file(bench.path("r/plan.json")).expect("it is there");
    for (folder, reason) in [
        ("empty", "holds no results"),
        ("nowhere", "holds no results"),
        ("r", "missing beside recorded runs"),
    ] {
        for command in ["status", "report"] {
            let said = bench.sweep([command, folder]).expect_code(4);
            assert!(said.stderr.contains(reason), "{command} {folder}: {}", said.stderr);
        }
    }
}
