mod diagnostics;
mod functions;
mod planning;
mod properties;
mod shadows;

use std::path::Path;

use super::{Grid, GridFile, Resolved, ResolvedData};
use crate::{
    plan::{Forgotten, Plan, PlannedEngine, TrainingSet},
    python::Functions,
};
use sweep_protocol::terms::SetSizes;

/// The smallest torch grid, to which tests append.
const TORCH: &str = "name = \"t\"\nseeds = 2\n[data]\npath = \"d\"\n[oracle]\nmodels = 3\nheld-out = 2\n";

/// The smallest toy grid.
const TOY: &str = "name = \"t\"\nengine = \"toy\"\nseeds = 2\n[oracle]\nmodels = 3\nheld-out = 2\n";

fn checked(text: &str) -> Grid {
    let file = GridFile::parse("grid.toml", text).unwrap_or_else(|error| panic!("{}", plain(&error)));
    file.check().unwrap_or_else(|error| panic!("{}", plain(&error)))
}

fn plain(error: &super::GridError) -> String {
    error.render(super::Color::Plain)
}

fn resolved() -> Resolved {
    Resolved {
        engine: PlannedEngine::ours("torch", "1.0", true),
        data: Some(ResolvedData {
            hash: "ab".repeat(32).parse().expect("64 digits"),
            skipped_images: 0,
            sizes: SetSizes { retain: 1000, forget: 20, validation: 100, test: Some(100) },
            forgotten: Forgotten::default(),
            original_split: None,
            training: TrainingSet::default(),
        }),
        checkpoints: ["cd", "ef"].map(|hash| hash.repeat(32).parse().expect("64 digits")).to_vec(),
        functions: Functions::default(),
    }
}

fn nothing() -> Resolved {
    Resolved {
        engine: PlannedEngine::ours("toy", "1.0", false),
        data: None,
        checkpoints: Vec::new(),
        functions: Functions::default(),
    }
}

fn planned(text: &str) -> Plan {
    plan(&checked(text), &resolved())
}

fn plan(grid: &Grid, resolved: &Resolved) -> Plan {
    grid.plan(resolved).unwrap_or_else(|error| panic!("{}", plain(&error)))
}

fn experiment(name: &str) -> Grid {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments").join(name);
    let file = GridFile::read(&path).unwrap_or_else(|error| panic!("{}", plain(&error)));
    file.check().unwrap_or_else(|error| panic!("{}", plain(&error)))
}
