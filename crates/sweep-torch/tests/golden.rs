//! The interpreter against trajectories that an independent PyTorch implementation recorded.

use std::path::PathBuf;

use sweep_torch::replay::replay;

fn golden(method: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/golden")
        .join(method)
        .with_extension("json")
}

fn agrees(method: &str) {
    tch::set_num_threads(1);
    let agreement = replay(&golden(method)).expect("a recorded trajectory");
    assert!(agreement.holds(), "{agreement:#?}");
}

#[test]
fn finetune_agrees() {
    agrees("finetune");
}

#[test]
fn retrain_agrees() {
    agrees("retrain");
}

#[test]
fn neggrad_plus_agrees() {
    agrees("neggrad_plus");
}

#[test]
fn ct_agrees() {
    agrees("ct");
}

#[test]
fn gradient_ascent_agrees() {
    agrees("gradient_ascent");
}

#[test]
fn ssd_agrees() {
    agrees("ssd");
}

#[test]
fn lfssd_agrees() {
    agrees("lfssd");
}

#[test]
fn iu_agrees() {
    agrees("iu");
}
