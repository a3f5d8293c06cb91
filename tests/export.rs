//! What a sweep has trained leaves it as a file that PyTorch loads: the same tensors, bit for bit.

use std::{collections::BTreeMap, fs::File, io::Read, path::Path, sync::Arc};

use sweep::{
    outcome::Outcome,
    session::{RepeatError, Session, Unwatched, finished},
    store::{Cache, ChangedInputs, Recorded},
};
use sweep_disk::OsDisk;
use sweep_inputs::checkpoint::{self, StateDict, Tensor};
use sweep_protocol::terms::ContentHash;

use crate::harness::{Bench, TRAINING, csv_rows};

fn tensors(path: &Path) -> BTreeMap<String, Tensor> {
    checkpoint::read(path)
        .unwrap_or_else(|error| panic!("{error}"))
        .state
        .into_entries()
        .into_iter()
        .collect()
}

#[test]
fn the_original_is_exported_as_it_was_trained() {
    let bench = Bench::with_faces();
    let grid = format!(
        "name = \"r\"\nengine = \"torch\"\nseeds = 1\n{TRAINING}\n[oracle]\nmodels = 1\nheld-out = 1\n[method.identity]\n"
    );
    bench.write("grid.toml", grid);
    bench.sweep(["grid.toml", "--only", "method == 'identity'", "--out", "r"]).expect_code(0);
    bench.sweep(["export", "r", "--original", "out.pth"]).expect_code(0);
    let trained = std::fs::read_dir(bench.path("r/runs"))
        .expect("runs")
        .map(|run| run.expect("readable").path().join("model.safetensors"))
        .find(|path| path.is_file())
        .expect("the original's weights are kept");
    assert_eq!(tensors(&bench.path("out.pth")), tensors(&trained));
    let again = bench.sweep(["export", "r", "--original", "out.pth"]).expect_code(2);
    assert!(again.stderr.contains("exists"), "{}", again.stderr);
}

/// Results of fine-tuning at two learning rates with two seeds each.
fn fine_tuned() -> Bench {
    fine_tuned_and("")
}

fn fine_tuned_and(more: &str) -> Bench {
    let bench = Bench::with_faces();
    let grid = format!(
        "name = \"r\"\nengine = \"torch\"\nseeds = 2\n{TRAINING}\n[oracle]\nmodels = 2\nheld-out = 2\n\
         [method.finetune]\nepochs = 1\nlr = [1e-3, 1e-2]\n{more}"
    );
    bench.write("grid.toml", grid);
    bench.sweep(["grid.toml", "--only", "method == 'finetune'", "--out", "r"]).expect_code(0);
    bench
}

#[test]
fn the_models_of_a_point_are_carried_out_again_and_stand_under_the_names_of_the_competition() {
    let bench = fine_tuned();
    let export = |point: &str, out: &str| bench.sweep(["export", "r", "--point", point, "--out", out]);
    let said = export("finetune lr=1e-3", "one.zip").expect_code(0).stderr;
    assert!(said.contains("2 models of `finetune lr=0.001`"), "{said}");
    let file = File::open(bench.path("one.zip")).expect("it was written");
    let mut archive = zip::ZipArchive::new(file).expect("an archive");
    let mut models: Vec<StateDict> = (0..archive.len())
        .map(|model| {
            let mut entry = archive.by_index(model).expect("an entry");
            let name = entry.name().expect("UTF-8").into_owned();
            assert_eq!(name, format!("kaggle/tmp/unlearned_checkpoint_{model}.pth"));
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("its checksum is right");
            checkpoint::decode(Path::new(&name), &bytes).expect("a checkpoint")
        })
        .collect();
    assert_eq!(models.len(), 2);
    assert_ne!(models.pop(), models.pop(), "another seed, another model");
    let again = export("finetune lr=0.001 epochs=1", "again.zip").expect_code(0).stderr;
    assert!(again.contains("2 models"), "{again}");
    let bytes = |name: &str| std::fs::read(bench.path(name)).expect("readable");
    assert_eq!(bytes("one.zip"), bytes("again.zip"), "the same bytes on every day");

    assert!(!bench.path("one.zip.models").exists(), "what the archive was made of is in it");

    let several = export("finetune", "none.zip").expect_code(2).stderr;
    assert!(several.contains("`finetune lr=0.001`, `finetune lr=0.01`"), "{several}");
    let none = export("finetune lr=3", "none.zip").expect_code(2).stderr;
    assert!(none.contains("no point is `finetune lr=3`"), "{none}");
    assert!(!bench.path("none.zip").exists());
}

/// A session that only repeats what the folder `r` holds.
fn session(dir: &Path) -> Session<'_> {
    Session {
        disk: Arc::new(OsDisk),
        dir,
        cache: None,
        program: env!("CARGO_BIN_EXE_sweep").as_ref(),
        jobs: Some(1),
        retry: &[],
        changed_inputs: ChangedInputs::Refuse,
        accept_weak_original: false,
        task: None,
        heeds_signals: false,
        watcher: &Unwatched,
    }
}

/// Positions of the finished runs of a point.
fn runs_of(recorded: &Recorded, title: &str) -> Vec<usize> {
    let point = recorded.plan.points.iter().position(|point| point.title() == title);
    finished(recorded, point.expect("it was swept"))
}

#[test]
fn kept_models_are_taken_as_they_are_and_an_interrupted_export_goes_on_where_it_was() {
    let bench = fine_tuned_and("[pool]\nkeep-models = \"all\"\n");
    let export = |out: &str| bench.sweep(["export", "r", "--point", "finetune lr=1e-3", "--out", out]);
    let bytes = |name: &str| std::fs::read(bench.path(name)).expect("readable");
    // Without images nothing can be carried out.
    let move_data = |from: &str, to: &str| {
        std::fs::rename(bench.path(from), bench.path(to)).expect("the data are there");
    };
    move_data("faces", "elsewhere");
    let said = export("whole.zip").expect_code(0).stderr;
    assert!(said.contains("2 models"), "{said}");

    // The first model is removed and the second is changed: the one is carried out again, and the other ends the export.
    move_data("elsewhere", "faces");
    let recorded = Recorded::read(&bench.path("r")).expect("results");
    let kept = runs_of(&recorded, "finetune lr=0.001")
        .into_iter()
        .map(|run| recorded.run_folder(&recorded.plan.runs[run].id).join("model.safetensors"));
    let [first, second] = kept.collect::<Vec<_>>().try_into().expect("two seeds");
    let whole = std::fs::read(&second).expect("it was kept");
    let mut changed = whole.clone();
    *changed.last_mut().expect("weights") ^= 1;
    std::fs::remove_file(&first).expect("it was kept");
    std::fs::write(&second, changed).expect("writable");
    let refused = export("half.zip").expect_code(3).stderr;
    assert!(refused.contains("model.safetensors` is not what the journal recorded; remove it"), "{refused}");
    assert!(!bench.path("half.zip").exists());

    std::fs::write(&second, whole).expect("writable");
    move_data("faces", "elsewhere");
    let anew = export("anew.zip").expect_code(1).stderr;
    assert!(anew.contains("was not carried out again"), "{anew}");
    export("half.zip").expect_code(0);
    assert_eq!(bytes("half.zip"), bytes("whole.zip"));
    assert!(!bench.path("half.zip.models").exists());
}

/// A folder with the results of a small toy sweep in `r`.
pub(crate) fn small_sweep() -> Bench {
    let bench = Bench::new();
    let grid =
        "name = \"r\"\nengine = \"toy\"\nseeds = 2\n[oracle]\nmodels = 2\nheld-out = 2\n[method.simulated]\n";
    bench.write("grid.toml", grid);
    bench.sweep(["grid.toml", "--out", "r"]).expect_code(0);
    bench
}

#[test]
fn a_run_that_measures_something_else_than_is_recorded_is_not_handed_over() {
    let bench = small_sweep();
    let dir = bench.path("r");
    let mut recorded = Recorded::read(&dir).expect("results");
    let runs = runs_of(&recorded, "simulated");
    assert_eq!(runs.len(), 2);
    let session = session(&dir);
    let done = Cache::open(&bench.path("models")).expect("a folder");
    let repeat = |recorded: &Recorded| {
        let take = &mut |_| panic!("the toy has no weights");
        session.repeat::<RepeatError>(recorded, &runs[1..], (false, &done), take)
    };
    // It measures what is recorded, and only then its weights are looked for.
    let honest = repeat(&recorded);
    assert!(matches!(honest, Err(RepeatError::NoWeights)), "{honest:?}");
    let run = recorded.plan.runs[runs[1]].id.clone();
    let record = recorded.outcomes.get_mut(&run).expect("it has finished");
    let Outcome::Finished(measured) = &mut record.outcome else { panic!("it has finished") };
    measured.confidences.blake3 = ContentHash::from([7; 32]);
    let refused = repeat(&recorded);
    assert!(
        matches!(&refused, Err(RepeatError::Differs { run: at, what: "confidences" }) if *at == run),
        "{refused:?}"
    );
}

#[test]
fn a_card_says_all_that_a_point_needs_to_be_carried_out_again() {
    let bench = fine_tuned();
    let json = bench.sweep(["export", "r", "--card", "finetune lr=1e-3", "--format", "json"]).expect_code(0);
    let card: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(card["parameters"]["lr"], 1e-3);
    assert_eq!(card["parameters"]["momentum"], 0.9, "a default is a hyper-parameter, too");
    let runs = card["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 2);
    assert!(runs.iter().all(|run| run["confidences_blake3"].as_str().is_some_and(|hash| hash.len() == 64)));
    let page = bench.sweep(["export", "r", "--card", "finetune lr=1e-3"]).expect_code(0).stdout;
    for said in [
        "# finetune lr=0.001 — r",
        "| momentum | 0.9 |",
        "| seeds | 0, 1 |",
        "train.optimizer = { sgd = {",
        "lr = [1e-3, 1e-2]",
        card["inputs"]["data-hash"].as_str().expect("a hash"),
    ] {
        assert!(page.contains(said), "no `{said}` in\n{page}");
    }
    // The command of the page, word for word, repeats the runs and no others.
    let command = card["command"].as_str().expect("a command");
    assert!(page.contains(command));
    let words = command.strip_prefix("sweep run r/grid.toml --only '").expect("a grid beside the results");
    let (only, rest) = words.split_once("' ").expect("an expression");
    assert_eq!(rest, "--out repeated");
    let plan = bench.sweep(["run", "r/grid.toml", "--only", only, "--out", "repeated"]).expect_code(0);
    let repeated = bench.sweep(["export", "repeated", "--card", "finetune lr=1e-3", "--format", "json"]);
    let repeated: serde_json::Value = serde_json::from_str(&repeated.expect_code(0).stdout).expect("JSON");
    assert_eq!(repeated["runs"], card["runs"], "{}", plan.stderr);
    let rows = csv_rows(&bench.read("repeated/runs.csv"));
    let done = rows.iter().filter(|row| row["status"] == "finished" && row["method"] == "finetune");
    assert_eq!(done.count(), 2, "the other learning rate was not asked for");
}
