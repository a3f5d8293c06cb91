//! `sweep` as it lies in an environment of Python: it finds the worker's package and that environment's libtorch by itself.
//!
//! The environment is one as far as anybody looks: the interpreter of this machine, which is led to folders of packages.

use std::{fs, os::unix::fs::symlink, path::Path, process::Command};

use crate::harness::{Bench, Said, TRAINING, repository};

const GRID: &str = r#"
name = "installed"
seeds = 2
[oracle]
models = 2
held-out = 0
[method.ct]
epochs = 1
"#;

/// An environment in `env` whose worker is in one folder of packages and whose torch, if any, is in another: a layer below.
struct Installed {
    bench: Bench,
}

impl Installed {
    fn new() -> Self {
        let bench = Bench::with_faces();
        let package = bench.write("env/packages/unlearn_sweep_torch/.keep", "");
        let package = package.parent().expect("just made");
        fs::create_dir_all(package.join("bin")).expect("writable");
        for file in ["__init__.py", "__main__.py"] {
            let source = repository("python/torch/unlearn_sweep_torch").join(file);
            symlink(source, package.join(file)).expect("writable");
        }
        symlink(repository("target/debug/sweep-torch"), package.join("bin/sweep-torch")).expect("writable");
        let folders =
            [bench.path("env/packages"), bench.path("layer")].map(|path| path.display().to_string());
        // Without the packages of this machine, which may have a torch.
        let answers = format!("PYTHONPATH={} exec python3 -S -s \"$@\"\n", folders.join(":"));
        bench.write("env/bin/python3.answers", answers);
        symlink(repository("tests/fixtures/python/answers"), bench.path("env/bin/python3"))
            .expect("writable");
        let program = bench.path("env/bin/sweep");
        // A program that is a link knows where the link leads to.
        if fs::hard_link(env!("CARGO_BIN_EXE_sweep"), &program).is_err() {
            fs::copy(env!("CARGO_BIN_EXE_sweep"), &program).expect("writable");
        }
        Self { bench }
    }

    fn torch(&self, version: &str) {
        self.bench.write("layer/torch/__init__.py", "raise SystemExit('it is looked up, not imported')\n");
        self.bench.write("layer/torch/version.py", format!("__version__ = '{version}'\n"));
        symlink(repository(".libtorch/torch/lib"), self.bench.path("layer/torch/lib")).expect("writable");
    }

    fn sweep(&self, words: &[&str], named: Option<&Path>) -> Said {
        let mut command = Command::new(self.bench.path("env/bin/sweep"));
        command.args(words).current_dir(self.bench.path("")).env("NO_COLOR", "1");
        for variable in
            ["SWEEP_LIBTORCH", "SWEEP_TORCH_WORKER", "SWEEP_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX"]
        {
            command.env_remove(variable);
        }
        command.envs(named.map(|python| ("SWEEP_PYTHON", python)));
        Said::from(command.output().expect("sweep starts"))
    }

    /// What a sweep says that can't start; no other interpreter than the environment's is asked.
    fn refused(&self) -> String {
        let python = self.bench.path("env/bin/python3");
        let stderr = self.sweep(&["plan", "grid.toml"], Some(&python)).expect_code(2).stderr;
        let lines: Vec<&str> = stderr.lines().filter(|line| line.starts_with("error")).collect();
        assert_eq!(lines.len(), 1, "{stderr}");
        stderr
    }
}

#[test]
fn worker_and_libtorch_of_the_environment_are_found_though_they_lie_apart() {
    let installed = Installed::new();
    installed.torch("2.11.0+cpu");
    installed.bench.write("grid.toml", format!("{GRID}{TRAINING}"));
    // What lies in the working folder is a stranger's, and isn't asked.
    installed.bench.write("unlearn_sweep_torch.py", "open('executed', 'w')\n");
    let doctor = installed.sweep(&["doctor"], None).stdout;
    assert!(doctor.contains("libtorch of the Python that has the worker"), "{doctor}");
    installed.sweep(&["grid.toml", "--out", "r", "--no-cache"], None).expect_code(0);
    assert_eq!(installed.bench.ended("r").len(), 1 + 2 + 2 + 2, "original, oracle, floor, one point");
    assert!(!installed.bench.path("executed").exists());
}

#[test]
fn a_missing_or_another_torch_is_one_line_that_names_the_wanted_one() {
    let installed = Installed::new();
    installed.bench.write("grid.toml", format!("{GRID}{TRAINING}"));
    let said = installed.refused();
    assert!(said.contains("has none: pip install 'torch>=2.11,<2.12'"), "{said}");
    installed.torch("2.9.1");
    let said = installed.refused();
    assert!(said.contains("has torch 2.9.1") && said.contains("pip install 'torch>=2.11,<2.12'"), "{said}");
}

#[test]
fn without_the_worker_s_package_its_name_is_said() {
    let installed = Installed::new();
    installed.bench.write("grid.toml", format!("{GRID}{TRAINING}"));
    fs::remove_dir_all(installed.bench.path("env/packages")).expect("ours");
    let said = installed.refused();
    assert!(said.contains("pip install 'unlearn-sweep[torch]'"), "{said}");
}

/// Every file that says which version a wheel has, and the programs themselves.
#[test]
fn the_wheels_have_the_version_of_the_programs() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, pins) in [
        ("python/sdk/pyproject.toml", ["version         = \"@\"", "unlearn-sweep-torch==@"]),
        ("python/torch/pyproject.toml", ["version         = \"@\"", "unlearn-sweep==@"]),
    ] {
        let text = fs::read_to_string(repository(file)).expect("it is there");
        for pin in pins {
            assert!(text.contains(&pin.replace('@', version)), "{file} says {pin} for {version}");
        }
    }
}
