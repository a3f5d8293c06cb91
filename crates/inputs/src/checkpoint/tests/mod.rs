//! Real checkpoints, forged ones, damaged ones.

mod real;
mod hostile_pickle;
mod bombs;
mod hostile_archive;
mod hostile_safetensors;
mod damage;
mod matching;
mod property;

use std::path::{Path, PathBuf};

use sweep_faults::{forge, meter};

use super::{CheckpointError, StateDict, decode};

#[global_allocator]
static METER: meter::Meter = meter::Meter;

/// A file of the golden fixtures.
fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/golden").join(name)
}

fn golden_bytes(name: &str) -> Vec<u8> {
    std::fs::read(golden(name)).expect("the fixture is in the repository")
}

fn decoded(bytes: &[u8]) -> Result<StateDict, CheckpointError> {
    decode(Path::new("forged.pth"), bytes)
}

fn refused(what: &str, bytes: &[u8]) -> CheckpointError {
    match decoded(bytes) {
        Ok(state) => panic!("{what} was accepted: {} tensors", state.iter().len()),
        Err(refusal) => refusal,
    }
}
