//! ENV: secrets of the user's environment reach neither a worker nor any byte under the results.

use std::fs;

use walkdir::WalkDir;

use crate::{
    processes::{Scene, children, contains, wait_until},
    report::Report,
};

/// Names as they occur, half of them in families that are otherwise passed on.
const SECRETS: [&str; 12] = [
    "AWS_SECRET_ACCESS_KEY",
    "HF_TOKEN",
    "WANDB_API_KEY",
    "GITHUB_TOKEN",
    "PGPASSWORD",
    "SSH_AUTH_SOCK",
    "SWEEP_TOKEN",
    "SWEEP_api_key",
    "CUDA_SECRET",
    "SLURM_JOB_PASSPHRASE",
    "PYTORCH_password",
    "OMP_MonKey",
];

/// A trial is a secret.
pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let scene = Scene::new(1, 20, 100);
    let mut command = scene.command(env!("CARGO_BIN_EXE_sweep"), &["gate.toml", "--out", "r", "--jobs", "2"]);
    command.envs(SECRETS.map(|name| (name, canary(name))));
    let mut sweep = command.spawn().expect("sweep starts");
    let mut environment = Vec::new();
    wait_until("a worker", || {
        for worker in children(sweep.id()) {
            let words = fs::read(format!("/proc/{worker}/cmdline")).unwrap_or_default();
            if contains(&words, b"toy-worker") {
                environment = fs::read(format!("/proc/{worker}/environ")).unwrap_or_default();
            }
        }
        !environment.is_empty()
    });
    assert!(sweep.wait().expect("a child of ours").success(), "it goes well");
    assert!(contains(&environment, b"SWEEP_GATE_MARK="), "what is no secret arrives");
    let files = WalkDir::new(scene.bench.path("r")).into_iter().filter_map(Result::ok);
    let files: Vec<Vec<u8>> = files.filter_map(|file| fs::read(file.path()).ok()).collect();
    assert!(files.len() > 20, "there are results");
    for name in SECRETS.into_iter().take(trials as usize) {
        report.trial(name, || {
            let canary = canary(name).into_bytes();
            assert!(!contains(&environment, &canary), "a worker has it");
            assert!(!files.iter().any(|file| contains(file, &canary)), "the results have it");
        });
    }
    report
}

fn canary(name: &str) -> String {
    format!("canary-{name}-sings")
}
