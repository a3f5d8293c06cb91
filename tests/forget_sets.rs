//! Several forget sets: one grid, a sweep for each, all from the same originals, and what a point does over them.

use std::collections::{BTreeMap, BTreeSet};

use crate::harness::{Bench, TRAINING, csv_rows};

const METHODS: &str = "
[original]
models = 2
[oracle]
models = 4
held-out = 4
[shadows]
folds = 2
repeats = 3
[method.finetune]
lr = [1e-3, 1e-2]
";

fn grid(forget: &str) -> String {
    let training = TRAINING.replace("path = \"faces\"", &format!("path = \"faces\"\nforget = {forget}"));
    format!("name = \"sets\"\nseeds = 4\n{training}{METHODS}")
}

#[test]
fn originals_are_trained_once_and_points_stand_side_by_side() {
    let bench = Bench::with_faces();
    for (rule, to) in [("persons:3", "few"), ("persons:8", "many")] {
        bench.sweep(["split", "faces", to, "--forget", rule]).expect_code(0);
    }
    bench.write("sets.toml", grid("[\"faces\", \"few\", \"many\"]"));
    let said = bench.sweep(["sets.toml", "--cache", "cache"]).expect_code(0);
    assert!(said.stdout.contains("over 3 forget sets · N = 4 of each · over 2 originals"), "{}", said.stdout);

    let runs = |set: &str| csv_rows(&bench.read(format!("results/sets/{set}/runs.csv")));
    let originals = |set: &str| -> Vec<[String; 3]> {
        let own = runs(set).into_iter().filter(|run| run["role"] == "original");
        own.map(|run| ["run_id", "source", "retain_acc"].map(|column| run[column].clone())).collect()
    };
    let trained = originals("faces");
    assert!(trained.iter().all(|own| own[1] == "computed" && !own[2].is_empty()), "{trained:?}");
    for set in ["few", "many"] {
        // What they reach on the sets of `faces` says nothing about these.
        let expected: Vec<_> =
            trained.iter().map(|own| [own[0].clone(), "cached".to_owned(), String::new()]).collect();
        assert_eq!(originals(set), expected, "{set}");
        assert!(runs(set).iter().all(|run| run["status"] == "finished"), "{set}");
    }

    // Shadow networks are the same, too: what they say of an image doesn't depend on what is forgotten.
    let shadows = |set: &str| -> Vec<[String; 2]> {
        let own = runs(set).into_iter().filter(|run| run["role"] == "shadow");
        own.map(|run| ["run_id", "source"].map(|column| run[column].clone())).collect()
    };
    let memorized = |set: &str| -> BTreeMap<String, [String; 2]> {
        let rows = csv_rows(&bench.read(format!("results/sets/{set}/memorization.csv"))).into_iter();
        rows.map(|row| (row["image_id"].clone(), ["memorization", "set"].map(|column| row[column].clone())))
            .collect()
    };
    let first = memorized("faces");
    assert_eq!(shadows("faces").len(), 6);
    for set in ["few", "many"] {
        let expected: Vec<_> =
            shadows("faces").into_iter().map(|[id, _]| [id, "cached".to_owned()]).collect();
        assert_eq!(shadows(set), expected, "{set}");
        let own = memorized(set);
        assert!(
            own.len() == first.len() && own.iter().all(|(image, row)| row[0] == first[image][0]),
            "{set}"
        );
        let listed = csv_rows(&bench.read(format!("{set}/forget.csv")));
        let forgotten: BTreeSet<&str> = listed.iter().map(|row| row["image_id"].as_str()).collect();
        let said: BTreeSet<&str> =
            own.iter().filter(|(_, row)| row[1] == "forget").map(|(image, _)| image.as_str()).collect();
        assert_eq!(said, forgotten, "{set}");
        assert!(bench.read(format!("results/sets/{set}/shadows.csv")).contains("taken for seen"), "{set}");
    }

    let rows = csv_rows(&bench.read("results/sets/forget-sets.csv"));
    assert_eq!(rows.len(), 4, "ceiling, two points, floor: {rows:?}");
    for row in &rows {
        assert_eq!((row["forget_sets"].as_str(), row["n"].as_str()), ("3", "4"), "{row:?}");
        let scores: Vec<f64> = ["faces", "few", "many"]
            .iter()
            .map(|set| {
                let points = csv_rows(&bench.read(format!("results/sets/{set}/points.csv")));
                let own = points.iter().find(|point| point["title"] == row["title"]).expect("the point");
                own["score"].parse().expect("a score")
            })
            .collect();
        let of = |column: &str| -> f64 { row[column].parse().expect("a number") };
        assert!((of("score_mean") - scores.iter().sum::<f64>() / 3.0).abs() < 1e-12, "{row:?} {scores:?}");
        assert!(of("score_mean_low") <= of("score_min") + 1e-12, "{row:?}");
        assert!(!row["forget_acc_sd_forget_set"].is_empty(), "{row:?}");
        assert_eq!(row["forget_acc_sd_original"].is_empty(), row["role"] == "held-out", "{row:?}");
    }

    let page = bench.read("results/sets/forget-sets.html").replace("&#x2f;", "/");
    for set in ["faces", "few", "many"] {
        assert!(page.contains(&format!("<a href=\"{set}/report.html\">{set}</a>")), "{page}");
    }
    assert!(page.contains("<th scope=\"row\">floor (identity)</th>") && !page.contains("<script"), "{page}");

    let again = bench.sweep(["across", "results/sets", "--format", "json"]).expect_code(0);
    assert!(again.stdout.contains("\"forget_sets\""), "{}", again.stdout);
    let compared = bench.sweep(["compare", "results/sets/few", "results/sets/many"]).expect_code(2);
    assert!(compared.stderr.contains("sweep across"), "{}", compared.stderr);
    let whole = bench.sweep(["report", "results/sets"]);
    assert!(whole.stderr.contains("results/sets/faces"), "{}", whole.stderr);

    // A sweep of one forget set by itself is the same sweep.
    bench.write("few.toml", grid("\"few\"").replace("\"sets\"", "\"alone\""));
    bench.sweep(["few.toml", "--cache", "cache"]).expect_code(0);
    let measured = |text: &str| crate::harness::measured(text);
    assert_eq!(
        measured(&bench.read("results/alone/runs.csv")),
        measured(&bench.read("results/sets/few/runs.csv"))
    );
}

#[test]
fn what_is_no_split_of_what_the_originals_learn_is_refused_before_anything_is_trained() {
    let bench = Bench::with_faces();
    bench.sweep(["split", "faces", "wrong", "--forget", "persons:3"]).expect_code(0);
    let list = bench.read("wrong/forget.csv");
    let (head, first) = list.split_once('\n').expect("a head");
    let column = head.split(',').position(|name| name == "age_group").expect("the label");
    let mut cells: Vec<&str> = first.lines().next().expect("a row").split(',').collect();
    cells[column] = if cells[column] == "1" { "2" } else { "1" };
    let rest = first.split_once('\n').expect("several rows").1;
    bench.write("wrong/forget.csv", format!("{head}\n{}\n{rest}", cells.join(",")));
    bench.write("sets.toml", grid("[\"faces\", \"wrong\"]"));
    let said = bench.sweep(["sets.toml", "--no-cache"]).expect_code(3);
    for part in ["`faces`, from which the originals learn", "`wrong`", "has label", "sweep split faces"] {
        assert!(said.stderr.contains(part), "{part}: {}", said.stderr);
    }
    assert!(!bench.path("results").exists(), "nothing was begun");
}
