//! Functions of the user's own in a grid.

use std::fs;

use sweep_protocol::recipe::{Interpreter, Phase};
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
