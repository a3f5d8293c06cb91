//! The torch engine: whether it is there, starts, and what it finds.

use std::process::Command;

use serde_json::Value;

use super::Finding;
use crate::session::{SessionError, torch_version, torch_worker};

pub(super) fn examine() -> Vec<Finding> {
    let without = |error: &SessionError| {
        vec![Finding::fail(
            "torch engine",
            error.to_string(),
            "scripts/setup-libtorch && cargo build --workspace; grids with engine = \"toy\" work without it",
        )]
    };
    let worker = match torch_worker() {
        Ok(worker) => worker,
        Err(error) => return without(&error),
    };
    let mut findings = match torch_version(&worker) {
        Ok(version) => vec![Finding::ok("torch engine", format!("{version} ({})", worker.display()))],
        Err(error) => return without(&error),
    };
    let way_out = "the worker starts but can't look around; rebuild it: cargo build --workspace";
    match Command::new(&worker).arg("doctor").output() {
        Ok(output) => match serde_json::from_slice::<Value>(&output.stdout) {
            Ok(Value::Object(found)) => {
                let facts: Vec<String> =
                    found.iter().map(|(name, value)| format!("{name} {value}")).collect();
                findings.push(Finding::ok("devices", facts.join(", ")));
            }
            _ => findings.push(Finding::warn("devices", "the worker's answer can't be read", way_out)),
        },
        Err(error) => findings.push(Finding::warn("devices", error.to_string(), way_out)),
    }
    findings
}
