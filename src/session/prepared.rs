//! A grid with everything outside it that decides results: data, checkpoint, engine.

use std::{borrow::Cow, collections::HashMap, path::Path};

use sweep_inputs::{
    checkpoint,
    dataset::{BadImages, Dataset, Example, Refused, Shape},
};
use sweep_protocol::terms::{ContentHash, Set};

use super::{Asking, SessionError, asked, functions};
use crate::{
    grid::{Filter, Grid, Resolved, ResolvedData, Settings},
    plan::{Forgotten, Plan, PlannedSplit, Point, Role, TrainingSet, fit},
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
            if !self.plan.stages.is_empty() || self.plan.confirm.is_some() {
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

/// What lies outside of a grid, and how it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Outside<'a> {
    /// The file that the grid is in.
    pub grid: &'a Path,
    /// Whether anything of the user's own will be started: a command to ask who it is, functions to carry out runs.
    pub asking: Asking<'a>,
    /// What is done about images that can't be used.
    pub bad: BadImages,
}

/// Looks at the data set and the checkpoints that a grid names and finds out who its engine is. `progress` is told how many
/// images are read, of how many; the text names what was left out because it can't be used, and is empty otherwise.
pub fn resolve(
    grid: &Grid,
    outside: Outside<'_>,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<(Resolved, String), SessionError> {
    let settings = grid.settings();
    let (mut data, mut left_out) = (None, String::new());
    if let Some(path) = settings.split().filter(|_| settings.trains()) {
        let load =
            |path: &str| Dataset::load(Path::new(path), Shape::of(&settings.network), outside.bad, progress);
        let dataset = load(path)?;
        let skipped_images = dataset.left_out().count();
        if skipped_images > 0 {
            left_out = dataset.left_out().to_string();
        }
        let (original_split, training) = original_split(settings, (path, &dataset), load)?;
        data = Some(ResolvedData {
            hash: dataset.hash().clone(),
            skipped_images,
            sizes: dataset.sizes(),
            forgotten: forgotten(&dataset),
            original_split,
            training,
        });
    }
    let checkpoints = if settings.trains() { originals(settings)? } else { Vec::new() };
    let engine = asked::engine(grid, outside.grid, outside.asking)?;
    let functions = functions::functions(grid, outside.grid, outside.asking)?;
    Ok((Resolved { engine, data, checkpoints, functions }, left_out))
}

/// What the originals learn from, where that isn't the data set itself but another split of its training images, and what these are.
fn original_split(
    settings: &Settings,
    (path, dataset): (&str, &Dataset),
    load: impl Fn(&str) -> Result<Dataset, Refused>,
) -> Result<(Option<PlannedSplit>, TrainingSet), SessionError> {
    let Some(learned) = settings.data.as_ref().filter(|learned| *learned != path) else {
        return Ok((None, training(settings, dataset, dataset)));
    };
    let split = load(learned)?;
    if let Err(reason) = split.trains_as(dataset) {
        let (learned, forgotten) = (learned.clone(), path.to_owned());
        return Err(SessionError::OtherTraining { learned, forgotten, reason });
    }
    let same = split.hash() == dataset.hash();
    let planned = PlannedSplit {
        data: learned.clone(),
        data_hash: split.hash().clone(),
        skipped_images: split.left_out().count(),
        sizes: split.sizes(),
    };
    Ok(((!same).then_some(planned), training(settings, &split, dataset)))
}

fn forgotten(dataset: &Dataset) -> Forgotten {
    let examples = dataset.manifest().examples(Set::Forget);
    let persons = examples.iter().map(|example| Some(example.person.as_ref()?.as_str().to_owned()));
    Forgotten {
        classes: examples.iter().map(|example| example.class).collect(),
        persons: persons.collect::<Option<_>>().unwrap_or_default(),
    }
}

/// The training images in the order of the data set that is learned from, and where those stand that another one forgets; nothing
/// where the grid asks for no shadow networks, which alone need it.
fn training(settings: &Settings, learned: &Dataset, forgetting: &Dataset) -> TrainingSet {
    if settings.shadows.is_none() {
        return TrainingSet::default();
    }
    let examples = learned.manifest().examples(Set::Train);
    let persons = examples.iter().map(|example| Some(example.person.as_ref()?.as_str().to_owned()));
    let mut forgotten = Vec::new();
    if learned.hash() != forgetting.hash() {
        let place = |(place, example): (usize, &Example)| (example.image.as_str().to_owned(), place);
        let places: HashMap<String, usize> = examples.iter().enumerate().map(place).collect();
        let forget = forgetting.manifest().examples(Set::Forget);
        forgotten = forget.iter().filter_map(|example| places.get(example.image.as_str()).copied()).collect();
    }
    TrainingSet {
        images: examples.iter().map(|example| example.image.as_str().to_owned()).collect(),
        classes: examples.iter().map(|example| example.class).collect(),
        persons: persons.collect::<Option<_>>().unwrap_or_default(),
        forgotten,
    }
}

/// Hashes of the checkpoints that a grid names: two of the same bytes are one original.
fn originals(settings: &Settings) -> Result<Vec<ContentHash>, SessionError> {
    let mut hashes: Vec<ContentHash> = Vec::new();
    for path in &settings.checkpoints {
        let hash = original(Path::new(path), settings)?;
        if let Some(same) = hashes.iter().position(|known| *known == hash) {
            let (one, other) = (settings.checkpoints[same].clone(), path.clone());
            return Err(SessionError::SameOriginal { one, other });
        }
        hashes.push(hash);
    }
    Ok(hashes)
}

/// Hash of a checkpoint that a grid names, which must be of the network that it names; which tensors one of the user's own
/// has is known to its process alone.
fn original(path: &Path, settings: &Settings) -> Result<ContentHash, SessionError> {
    let read = checkpoint::read(path)?;
    if !settings.has_own_network() {
        fit(path, &read.state, &settings.network)?;
    }
    Ok(read.blake3)
}
