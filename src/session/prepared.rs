//! A grid with everything outside it that decides results: data, checkpoint, engine.

use std::{borrow::Cow, path::Path};

use sweep_inputs::{
    checkpoint,
    dataset::{BadImages, Dataset},
};

use super::{SessionError, slots};
use crate::{
    engine::toy,
    grid::{Filter, Grid, Resolved, ResolvedData, Settings},
    plan::{EngineName, Plan, Point, Role},
};

/// A grid, ready to be carried out.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The grid.
    pub grid: Grid,
    /// The grid, verbatim.
    pub text: String,
    /// Everything that it asks for.
    pub plan: Plan,
    /// Version of the engine.
    pub engine: String,
    /// Which points are carried out, unless all are.
    pub only: Option<Only>,
}

/// An expression that selects points.
#[derive(Debug, Clone)]
pub struct Only {
    text: String,
    filter: Filter,
}

impl Prepared {
    /// The plan without the unlearning runs that [`Prepared::only`] leaves out; points keep their positions.
    pub fn selected(&self) -> Cow<'_, Plan> {
        selected(Cow::Borrowed(&self.plan), self.only.as_ref())
    }

    /// Refuses an expression that selects nothing, or a part of a sweep whose points are compared on the way.
    pub fn check(self) -> Result<Self, SessionError> {
        if let Some(only) = &self.only {
            if !self.plan.stages.is_empty() {
                return Err(SessionError::OnlyOfStaged);
            }
            if !self.plan.points.iter().any(|point| point.role == Role::Unlearn && only.selects(point)) {
                return Err(SessionError::NothingSelected);
            }
        }
        Ok(self)
    }
}

impl Only {
    /// Reads an expression: `method == 'finetune' and lr > 1e-3`.
    pub fn parse(text: &str) -> Result<Self, SessionError> {
        let filter =
            Filter::parse(text).map_err(|source| SessionError::Filter { text: text.to_owned(), source })?;
        Ok(Self { text: text.to_owned(), filter })
    }

    /// The expression as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a sweep needs, it needs whatever is selected.
    fn selects(&self, point: &Point) -> bool {
        point.role != Role::Unlearn || self.filter.selects(point)
    }
}

/// A plan without the unlearning runs that an expression leaves out; points keep their positions.
pub(super) fn selected<'p>(plan: Cow<'p, Plan>, only: Option<&Only>) -> Cow<'p, Plan> {
    let Some(only) = only else { return plan };
    let selected: Vec<bool> = plan.points.iter().map(|point| only.selects(point)).collect();
    let mut plan = plan.into_owned();
    plan.runs.retain(|run| selected[run.point]);
    Cow::Owned(plan)
}

/// Looks at the data set and the checkpoint that a grid names and asks the engine for its version. `progress` is told how
/// many images are read, of how many; the text names what was left out because it can't be used, and is empty otherwise.
pub fn resolve(
    settings: &Settings,
    bad: BadImages,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(Resolved, String), SessionError> {
    if settings.engine == EngineName::Toy {
        let resolved = Resolved { engine_version: toy::VERSION.to_owned(), data: None, checkpoint: None };
        return Ok((resolved, String::new()));
    }
    let (mut data, mut left_out) = (None, String::new());
    if let Some(path) = &settings.data {
        let classes = settings.network.classes as usize;
        let dataset = Dataset::load(Path::new(path), classes, bad, progress)?;
        let skipped_images = dataset.left_out().count();
        if skipped_images > 0 {
            left_out = dataset.left_out().to_string();
        }
        data = Some(ResolvedData { hash: dataset.hash().clone(), skipped_images, sizes: dataset.sizes() });
    }
    let checkpoint = match &settings.checkpoint {
        Some(path) => Some(checkpoint::read(Path::new(path))?.blake3),
        None => None,
    };
    let engine_version = slots::torch_version(&slots::torch_worker()?)?;
    Ok((Resolved { engine_version, data, checkpoint }, left_out))
}
