//! A pool of GPUs begins, or says why it can't, before anything is written. The driver's `nvidia-smi` is played by a script, so
//! that these tests tell the same story on machines with GPUs and without.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::harness::{Bench, Said, TRAINING};

const ONE: &str = "echo '0, GPU-1f, NVIDIA H200, 570.86.10, 143771, 4'";
const FILLED: &str = "echo '0, GPU-1f, NVIDIA H200, 570.86.10, 143771, 90000'";
const ILL: &str =
    "echo 'NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver.'; exit 9";

/// A sweep on these devices, on a machine whose driver answers so.
fn sweep(bench: &Bench, driver: &str, arguments: &[&str]) -> Said {
    let program = bench.write("bin/nvidia-smi", format!("#!/bin/sh\n{driver}\n"));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
    let path = format!("{}:/usr/bin:/bin", bench.path("bin").display());
    let mut command = bench.command(arguments);
    command.env("PATH", path).env_remove("CUDA_VISIBLE_DEVICES").env_remove("SLURM_JOB_GPUS");
    Said::from(command.output().expect("sweep starts"))
}

fn bench(devices: &str) -> Bench {
    let bench = Bench::with_faces();
    bench.write(
        "gpu.toml",
        format!("name = \"gpu\"\nseeds = 1\n{TRAINING}[pool]\n{devices}\n[method.finetune]\nlr = 1e-3\n"),
    );
    bench
}

fn refused(bench: &Bench, driver: &str, expected: &[&str]) {
    let said = sweep(bench, driver, &["gpu.toml"]).expect_code(2);
    for text in expected {
        assert!(said.stderr.contains(text), "{text} is not in: {}", said.stderr);
    }
    assert!(!Path::new(&bench.path("results/gpu")).exists(), "something was written");
}

#[test]
fn a_gpu_that_is_not_there_ends_the_sweep_before_it_begins() {
    let bench = bench("devices = [\"cuda:0\"]");
    refused(&bench, ILL, &["cuda:0", "no GPU: the driver says: NVIDIA-SMI has failed"]);
    refused(&bench, "exit 0", &["cuda:0", "no GPU: the driver"]);
    let bench = self::bench("devices = [\"cuda:3\"]");
    refused(&bench, ONE, &["cuda:3", "the driver lists: cuda:0, NVIDIA H200"]);
}

#[test]
fn gpus_that_others_fill_are_not_fled_from() {
    refused(&bench("devices = \"auto\""), FILLED, &["other programs fill every GPU: cuda:0", "devices ="]);
}

#[test]
fn a_libtorch_that_is_named_must_be_the_one_that_workers_are_linked_with() {
    let bench = bench("devices = [\"cpu\"]");
    let mut command = bench.command(["gpu.toml"]);
    command.env("SWEEP_LIBTORCH", bench.path("faces"));
    let said = Said::from(command.output().expect("sweep starts")).expect_code(2);
    assert!(
        said.stderr.contains("SWEEP_LIBTORCH names") && said.stderr.contains("2.11.0"),
        "{}",
        said.stderr
    );
}

#[test]
fn the_doctor_names_every_gpu_or_why_there_is_none() {
    let bench = Bench::new();
    let said = sweep(&bench, ONE, &["doctor"]);
    assert!(said.stdout.contains("cuda:0, NVIDIA H200, 140.4 GiB"), "{}", said.stdout);
    let said = sweep(&bench, ILL, &["doctor"]);
    assert!(said.stdout.contains("no GPU: the driver says: NVIDIA-SMI has failed"), "{}", said.stdout);
}
