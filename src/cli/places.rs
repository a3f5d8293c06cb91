//! Where results and the shared cache are, as the command line says it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::plan::Plan;

/// Where results live unless `--out` and `--cache` say otherwise.
const RESULTS: &str = "results";

/// Where results and the shared cache are.
#[derive(Debug, Args)]
pub(super) struct Places {
    /// Folder of the results (default: results/NAME)
    #[arg(short, long, value_name = "DIR", env = "SWEEP_OUT")]
    out: Option<PathBuf>,
    /// Folder of originals and retrained models that all sweeps share
    #[arg(long, value_name = "DIR", env = "SWEEP_CACHE", default_value = "results/cache")]
    cache: PathBuf,
    /// Neither use nor fill the shared cache
    #[arg(long)]
    no_cache: bool,
}

impl Places {
    pub(super) fn results(&self, name: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new(RESULTS).join(name))
    }

    /// The cache that sweeps share, whether this one has anything to share or not.
    pub(super) fn shared(&self) -> Option<&Path> {
        (!self.no_cache).then_some(&*self.cache)
    }

    /// The cache, where the plan has anything to share: an engine that trains nothing has nothing worth keeping.
    pub(super) fn cache(&self, plan: &Plan) -> Option<PathBuf> {
        (!self.no_cache && plan.engine.trains).then(|| self.cache.clone())
    }
}
