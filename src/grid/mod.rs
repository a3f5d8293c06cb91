//! What a user writes: a grid of methods, hyper-parameters and seeds.
//!
//! [`GridFile`] is the text with the overrides of the command line; [`GridFile::check`] reports everything that is wrong
//! with it, each with its place, or makes a [`Grid`] of it; [`Grid::plan`] lists its runs, or reports the methods that the
//! data are not fit for. Nothing here opens the data, knows a device or prints: what is found outside the file comes in as
//! [`Resolved`].
//! `experiments/` holds examples of the format.

mod audit;
mod axis;
mod check;
mod closest;
mod cluster;
mod confirm;
mod data;
pub mod duration;
mod engine;
mod error;
mod exclude;
mod expand;
mod file;
mod filter;
mod function;
mod generator;
mod include;
mod label;
mod methods;
mod original;
mod phases;
mod pool;
mod remarks;
mod render;
mod schema;
mod search;
mod shadows;
mod settings;
mod source;
mod space;
mod table;
mod text;
mod training;

#[cfg(test)]
mod tests;

pub use closest::closest;
pub use cluster::{ClusterSettings, SlurmSettings};
pub use engine::EngineChoice;
pub use error::{GridError, Mistake, Note, Problem};
pub use expand::{Resolved, ResolvedData};
pub use file::GridFile;
pub use filter::{Filter, FilterError, FilterMistake, Operand};
pub use function::PythonSettings;
pub use include::Included;
pub use pool::PoolSettings;
pub use remarks::Remarks;
pub use render::Color;
pub use schema::schema;
pub use settings::{MAX_RUNS, Settings};
pub use shadows::ShadowSettings;
pub use source::{Sources, Span};

use std::{collections::BTreeSet, path::Path};

use crate::python::Callee;
use space::Space;

/// A checked, finite grid.
#[derive(Debug, Clone)]
pub struct Grid {
    settings: Settings,
    /// The points of every label, in the order of the file.
    spaces: Vec<Space>,
    /// The text, into which problems with the data point too.
    sources: Sources,
}

impl Grid {
    /// Names of the methods whose runs the plan will have.
    pub fn methods(&self) -> BTreeSet<&'static str> {
        let swept = self.spaces.iter().filter(|space| !space.kept.is_empty()).map(|space| space.method.name);
        let original = self.settings.trains_original().then_some("original");
        let shadow = self.settings.shadows.map(|_| "shadow");
        swept.chain(original).chain(shadow).chain(["retrain"]).collect()
    }

    /// The functions of the user's own that its runs call.
    pub fn functions(&self) -> BTreeSet<Callee> {
        let swept = self.spaces.iter().filter(|space| !space.kept.is_empty());
        let swept = swept.filter_map(|space| space.call.as_ref());
        swept.chain(self.settings.own.calls()).map(|call| call.target.clone()).collect()
    }

    /// The file that it was read from, as the user calls it.
    pub fn path(&self) -> &Path {
        Path::new(self.sources.file_name())
    }

    /// A grid for each forget set, with what that is called where there are several. Each is a sweep of its own, which bears
    /// that name behind the grid's.
    pub fn per_forget_set(self) -> Vec<(Option<String>, Self)> {
        if self.settings.forget_sets.len() < 2 {
            return vec![(None, self)];
        }
        let alone = |path: &String| {
            let name = data::name_of(path).to_owned();
            let mut grid = self.clone();
            grid.settings.forget_sets = vec![path.clone()];
            grid.settings.name = format!("{}-{name}", self.settings.name);
            (Some(name), grid)
        };
        self.settings.forget_sets.iter().map(alone).collect()
    }

    /// The files that the grid includes, nearest first.
    pub fn included(&self) -> Vec<Included> {
        include::included(&self.sources)
    }

    /// Everything but the methods.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}
