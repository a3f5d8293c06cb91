//! Functions of the user's own in a grid.

use std::fs;

use sweep_protocol::{
    recipe::{Interpreter, Phase, Takes},
    terms::{RunId, Set},
};
use tempfile::TempDir;

use super::{GridFile, Resolved, TORCH, TOY, checked, nothing, plain, resolved};
use crate::{
    grid::Grid,
    plan::{Plan, RETRAIN_SEEDS},
    python::Functions,
};

const FILE: &str = "
def unlearning(net, retain_loader, forget_loader, val_loader, lr=1e-3, epochs=1):
    pass

def demanding(net, data, *, strength):
    pass

def train(net, train_loader, val_loader, epochs=1):
    pass

class Net(nn.Module):
    def __init__(self, num_classes, width=8):
        pass
";

/// A folder with the file, and a grid of one table that names a function of it.
fn written(table: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::write(folder.path().join("m.py"), FILE).expect("writable");
    let table = table.replace("m.py", &folder.path().join("m.py").display().to_string());
    (folder, format!("{TORCH}{table}"))
}

fn found(grid: &Grid) -> Functions {
    let interpreter = Interpreter { program: "/usr/bin/python3".to_owned(), torch: "2.11.0".to_owned() };
    let read = |target: crate::python::Callee| {
        let function = target.read(&[]);
        (target, function)
    };
    Functions { interpreter: Some(Ok(interpreter)), found: grid.functions().into_iter().map(read).collect() }
}

fn planned(text: &str) -> Result<Plan, String> {
    let grid = checked(text);
    let functions = found(&grid);
    grid.plan(&Resolved { functions, ..resolved() }).map_err(|error| plain(&error))
}

fn refused(text: &str) -> String {
    let file = GridFile::parse("grid.toml", text).expect("TOML");
    file.check().map_or_else(|error| plain(&error), |_| panic!("`{text}` is accepted"))
}

#[test]
fn every_point_calls_the_function_with_its_arguments() {
    let (folder, text) = written("[method.mine]\npython = \"m.py:unlearning\"\nlr = [1e-3, 1e-2]\n");
    let plan = planned(&text).expect("it is right");
    let points: Vec<_> = plan.points.iter().filter(|point| &*point.label == "mine").collect();
    assert_eq!(points.len(), 2);
    for (point, lr) in points.iter().zip(["0.001", "0.01"]) {
        let recipe = point.recipe();
        let [Phase::Python(call)] = recipe.phases.as_slice() else { panic!("one call, not {recipe:?}") };
        assert_eq!((call.function.as_str(), call.batch_size.0.get()), ("unlearning", 64));
        assert_eq!(call.arguments["lr"].to_string(), lr);
        assert_eq!(call.arguments.len(), 1, "defaults stay in the file");
    }
    assert_eq!(plan.calls(), Some(folder.path().join("m.py").display().to_string()));
    assert_eq!(plan.check(), Ok(()));
    assert!(plan.runs.iter().all(|run| run.seed.0 < RETRAIN_SEEDS));
    let text = serde_json::to_string(&plan).expect("plain data");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("its own text").check(), Ok(()));
}

#[test]
fn ids_depend_on_the_file_on_what_it_imports_on_the_arguments_and_on_who_runs_it() {
    let (folder, text) = written("[method.mine]\npython = \"m.py:unlearning\"\nlr = 0.1\n");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
    let id = |text: &str, torch: &str| {
        let grid = checked(text);
        let mut functions = found(&grid);
        if let Some(Ok(interpreter)) = &mut functions.interpreter {
            interpreter.torch = torch.to_owned();
        }
        let plan = grid
            .plan(&Resolved { functions, ..resolved() })
            .unwrap_or_else(|error| panic!("{}", plain(&error)));
        let mine = plan.points.iter().position(|point| &*point.label == "mine").expect("it is there");
        plan.runs_of(mine).next().expect("it has runs").id.clone()
    };
    let first = id(&text, "2.11.0");
    assert_eq!(first, id(&text, "2.11.0"));
    assert_ne!(first, id(&text, "2.12.0"), "another PyTorch");
    assert_ne!(first, id(&text.replace("0.1", "0.2"), "2.11.0"), "another argument");
    assert_ne!(first, id(&format!("{text}[python]\nbatch-size = 32\n"), "2.11.0"), "another batch");
    write("m.py", &format!("import losses\n{FILE}"));
    write("losses.py", "1");
    let edited = id(&text, "2.11.0");
    assert_ne!(first, edited, "an edited file");
    write("losses.py", "2");
    assert_ne!(edited, id(&text, "2.11.0"), "an edited import");
}

#[test]
fn keyword_arguments_are_held_to_the_file_unexecuted() {
    for (table, words) in [
        (
            "python = \"m.py:unlearning\"\nepoch = 3\n",
            &["no keyword argument `epoch`", "did you mean `epochs`", "epoch = 3"][..],
        ),
        (
            "python = \"m.py:unlearning\"\n[[method.mine.zip]]\nlr = [1.0]\nrate = [1.0]\n",
            &["no keyword argument `rate`"],
        ),
        ("python = \"m.py:demanding\"\n", &["needs a value for `strength`"]),
        (
            "python = \"m.py:demanding\"\nstrength = 1\nnet = 2\n",
            &["`net` is what `demanding` is called with"],
        ),
        ("python = \"m.py:unlearn\"\n", &["defines no function `unlearn`", "did you mean `unlearning`"]),
        ("python = \"elsewhere.py:f\"\n", &["`elsewhere.py` can't be read"]),
    ] {
        let (_folder, text) = written(&format!("[method.mine]\n{table}"));
        let problems = planned(&text).expect_err(table);
        for words in words {
            assert!(problems.contains(words), "{table}: {problems}");
        }
    }
}

#[test]
fn what_needs_no_file_is_refused_before_any_is_looked_at() {
    for (base, table, words) in [
        (TORCH, "[method.mine]\npython = \"m-m:f\"\n", "FILE.py:FUNCTION"),
        (TORCH, "[method.mine]\npython = 3\n", "must be a text"),
        (TORCH, "[method.mine]\nmethod = \"python\"\n", "needs `python`"),
        (TORCH, "[method.mine]\npython = \"m.py:f\"\n[python]\nprogram = \"x\"\n", "unknown key `program`"),
        (TORCH, "[method.mine]\npython = \"m.py:f\"\n[python]\nbatch-size = 0\n", "a whole number from 1"),
        (TOY, "[method.mine]\npython = \"m.py:f\"\n", "by the torch engine alone, not by engine = \"toy\""),
    ] {
        let problems = refused(&format!("{base}{table}"));
        assert!(problems.contains(words), "{table}: {problems}");
    }
    let call = r#"{ python = { file = "m.py", function = "f", blake3 = "HASH", interpreter = { program = "/bin/sh", torch = "2" } } }"#;
    let phases = format!(
        "[method.mine]\nmethod = \"recipe\"\nphases = [{}]\n",
        call.replace("HASH", &"ab".repeat(32))
    );
    let problems = refused(&format!("{TORCH}{phases}"));
    assert!(problems.contains("a function is no phase among others"), "{problems}");
}

#[test]
fn a_grid_without_functions_asks_for_none() {
    let grid = checked(&format!("{TOY}[method.identity]\n"));
    assert!(grid.functions().is_empty());
    assert_eq!(super::plan(&grid, &nothing()).calls(), None);
}

const OWN: &str = "[training]\nnetwork = { python = \"m.py:Net\", width = 4, classes = 7, divide = 255.0 }\n\
                   train = { python = \"m.py:train\", epochs = 3 }\n";

#[test]
fn a_training_function_trains_the_original_on_everything_and_the_others_on_what_is_kept() {
    let (folder, text) = written(
        "[training]\nnetwork = { name = \"resnet18\", width = 4 }\ntrain = { python = \"m.py:train\", epochs = 3 }\n\
         [method.finetune]\n[method.retrain]\n",
    );
    let plan = planned(&text).expect("it is right");
    for (label, set) in [
        ("original", Set::Train),
        ("oracle", Set::Retain),
        ("held-out", Set::Retain),
        ("retrain", Set::Retain),
    ] {
        let point = plan.points.iter().find(|point| &*point.label == label).expect("it is there");
        let recipe = point.recipe();
        let [Phase::Python(call)] = recipe.phases.as_slice() else { panic!("one call, not {recipe:?}") };
        assert_eq!(
            (call.takes, call.arguments["epochs"].to_string()),
            (Takes::Training(set), "3".to_owned())
        );
    }
    assert_eq!(plan.calls(), Some(folder.path().join("m.py").display().to_string()));
    let ids =
        |text: &str| planned(text).expect("right").runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    let (before, after) = (ids(&text), ids(&text.replace("epochs = 3", "epochs = 4")));
    assert!(
        before.iter().zip(&after).all(|(before, after)| before != after),
        "all start from another original"
    );
}

#[test]
fn a_network_of_ones_own_is_part_of_every_run() {
    let (folder, text) = written(&format!("{OWN}[method.mine]\npython = \"m.py:unlearning\"\n"));
    let plan = planned(&text).expect("it is right");
    let network = &plan.inputs.as_ref().expect("inputs").network;
    let own = network.own.as_ref().expect("it is the user's own");
    assert_eq!((network.classes, own.takes, own.function.as_str()), (7, Takes::Nothing, "Net"));
    assert_eq!(serde_json::to_string(&own.arguments).expect("plain"), r#"{"num_classes":7,"width":4}"#);
    assert!(network.to_string().ends_with("m.py:Net, width 4, 7 classes, pixels / 255"), "{network}");
    assert!(
        network.in_grid().ends_with("m.py:Net\", width = 4, classes = 7, divide = 255 }"),
        "{}",
        network.in_grid()
    );
    assert_eq!(plan.check(), Ok(()));
    let ids =
        |text: &str| planned(text).expect("right").runs.into_iter().map(|run| run.id).collect::<Vec<_>>();
    let differ = |other: Vec<RunId>| plan.runs.iter().zip(&other).all(|(run, other)| run.id != *other);
    assert!(differ(ids(&text.replace("width = 4", "width = 5"))), "another argument");
    fs::write(folder.path().join("m.py"), format!("{FILE}# edited\n")).expect("writable");
    assert!(differ(ids(&text)), "another file");
}

#[test]
fn what_a_network_or_training_of_ones_own_excludes_is_refused_where_it_stands() {
    let own_network = "[training]\nnetwork = { python = \"m.py:Net\" }\n";
    let training = "train = { python = \"m.py:train\", epochs = 3 }\n";
    for (table, words) in [
        (format!("{OWN}[method.finetune]\n"), "`finetune` can't be used on `"),
        (format!("{OWN}[method.mine]\nmethod = \"recipe\"\nphases = []\n"), "`recipe` can't be used on `"),
        (format!("{own_network}[method.identity]\n"), "only a function in Python can train"),
        (
            format!("[training]\nepochs = 3\n{training}[method.identity]\n"),
            "`epochs` says nothing where `train` trains",
        ),
        ("[training]\ntrain = { epochs = 3 }\n[method.identity]\n".to_owned(), "`train` needs `python`"),
        (
            "[training]\ntrain = { python = \"m.py:train\", epochs = [1, 2] }\n[method.identity]\n"
                .to_owned(),
            "not a list",
        ),
    ] {
        let (_folder, text) = written(&table);
        let said = refused(&text);
        assert!(said.contains(words), "{table}:\n{said}");
    }
    let toy = format!("{TOY}[training]\n{training}[method.simulated]\n");
    assert!(refused(&toy).contains("called by the torch engine alone"));
    for (table, words) in [
        (OWN.replace("width", "widht"), "`Net` has no keyword argument `widht`"),
        (OWN.replace("width", "num_classes"), "`num_classes` is what `Net` is called with in any case"),
        (OWN.replace("epochs", "epoch"), "`train` has no keyword argument `epoch`"),
        (OWN.replace("m.py:Net", "m.py:Nat"), "no class or function `Nat`"),
        (OWN.replace("m.py:train", "m.py:Net"), "no function `Net`"),
        (OWN.replace("m.py:train", "m.py:demanding"), "write (net, train_loader, val_loader"),
    ] {
        let (_folder, text) = written(&format!("{table}[method.identity]\n"));
        let said = planned(&text).expect_err(words);
        assert!(said.contains(words), "{table}:\n{said}");
    }
}
