//! From what was written to what is meant: every part is read and checked, and all problems are reported together.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use sweep_methods::find;
use sweep_protocol::recipe::Recipe;
use toml::Spanned;

use super::{
    Grid, GridFile,
    error::{GridError, Mistake, Problem, Problems},
    exclude::{self, Exclude},
    file::merged,
    include,
    methods::{self, Written},
    phases,
    settings::{self, Settings},
    source::Sources,
    space::Space,
    table::{Node, Table},
};

impl GridFile {
    /// Checks everything that can be checked without the data.
    pub fn check(self) -> Result<Grid, GridError> {
        let sources = self.sources;
        let checked = match merged(&sources) {
            Ok(root) => check(&Table::root(&root), &sources),
            Err(problems) => Err(Problems(problems)),
        };
        match checked {
            Ok((settings, spaces)) => Ok(Grid { settings, spaces, sources }),
            Err(problems) => Err(problems.into_error(sources)),
        }
    }
}

fn check(root: &Table<'_>, sources: &Sources) -> Result<(Settings, Vec<Space>), Problems> {
    let mut problems = Problems::default();
    problems.extend(include::refuse_elsewhere(root.entries(), sources));
    let settings = settings::read(root, &mut problems);
    let written = methods::read(root, &settings, &mut problems);
    let spaces: Vec<&Space> = written.iter().map(|written| &written.space).collect();
    let excludes = exclude::read(root, &spaces, sources, &mut problems);
    // The products must be bearable before any of their points is looked at.
    let points = spaces.iter().fold(0_u128, |sum, space| sum.saturating_add(space.size()));
    problems.extend(too_many(points, &settings, root, spaces.iter().copied()));
    problems.into_result()?;

    let spaces = expand(written, &excludes)?;
    match too_many(settings.run_count(&spaces), &settings, root, &spaces) {
        Some(problem) => Err(Problems(vec![problem])),
        None => Ok((settings, spaces)),
    }
}

/// Excludes points, reads phases and sees to it that no point is there twice and the floor is there.
fn expand(written: Vec<Written<'_>>, excludes: &[Exclude]) -> Result<Vec<Space>, Problems> {
    let mut problems = Problems::default();
    let (mut spaces, phases): (Vec<Space>, Vec<_>) =
        written.into_iter().map(|written| (written.space, written.phases)).unzip();
    exclude::apply(excludes, &mut spaces, &mut problems);
    for (space, phases) in spaces.iter_mut().zip(phases) {
        space.recipes = phases.map(|phases| recipes(space, phases, &mut problems));
    }
    problems.into_result()?;
    refuse_repeated(&spaces)?;
    add_identity(&mut spaces);
    Ok(spaces)
}

fn too_many<'s>(
    runs: u128,
    settings: &Settings,
    root: &Table<'_>,
    spaces: impl IntoIterator<Item = &'s Space>,
) -> Option<Problem> {
    if runs <= u128::from(settings.max_runs) {
        return None;
    }
    let mistake = Mistake::TooManyRuns { runs, limit: settings.max_runs };
    let largest = spaces.into_iter().max_by_key(|space| space.size()).map(|space| space.span.clone());
    let problem = match root.get("max-runs").map(Spanned::span).or(largest) {
        Some(span) => Problem::at(span, mistake),
        None => Problem::nowhere(mistake),
    };
    Some(problem.help("take values out of the axes, or raise `max-runs`"))
}

/// The recipes of the user's own phases, one for every kept point; a mistake is reported once, not for every point.
fn recipes(space: &Space, phases: &Node<'_>, problems: &mut Problems) -> Vec<Arc<Recipe>> {
    let mut reported = HashSet::new();
    let mut recipes = Vec::with_capacity(space.kept.len());
    for &index in &space.kept {
        match phases::read(phases, &space.parameters(index)) {
            Ok(recipe) => recipes.push(Arc::new(recipe)),
            Err(found) => {
                let is_new =
                    |problem: &Problem| reported.insert((problem.span.clone(), problem.mistake.to_string()));
                problems.extend(found.into_iter().filter(is_new));
                // After so many different ones the phases are wrong, not the values.
                if reported.len() >= 10 {
                    break;
                }
            }
        }
    }
    recipes
}

/// Within a label no two points are equal, since axes have no value twice; under two labels of one method they may be.
fn refuse_repeated(spaces: &[Space]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let mut seen: HashMap<(&str, String), &Space> = HashMap::new();
    for space in spaces {
        let shared = spaces.iter().filter(|other| other.method.name == space.method.name).count() > 1;
        let points = if shared { &space.kept[..] } else { &[] };
        for (position, &index) in points.iter().enumerate() {
            let first = *seen.entry((space.method.name, content(space, position, index))).or_insert(space);
            if first.label != space.label {
                let (label, other) = (space.label.clone(), first.label.clone());
                let mistake = Mistake::RepeatedPoint { label, other, point: space.title(index) };
                let problem = Problem::at(space.span.clone(), mistake);
                problems.push(problem.also(first.span.clone(), "first here"));
                break;
            }
        }
    }
    problems.into_result()
}

/// What makes a point of a method what it is.
fn content(space: &Space, position: usize, index: usize) -> String {
    let recipe = space.recipes.as_ref().map(|recipes| recipes[position].as_ref());
    let target = space.call.as_ref().map(|call| (&call.target.file, &call.target.function));
    serde_json::to_string(&(space.parameters(index), recipe, target)).expect("plain data serialises")
}

/// The floor stands beside every score, asked for or not.
fn add_identity(spaces: &mut Vec<Space>) {
    let is_there = spaces.iter().any(|space| space.method.name == "identity" && !space.kept.is_empty());
    if let (false, Some(method)) = (is_there, find("identity")) {
        spaces.retain(|space| space.method.name != "identity");
        spaces.push(Space::floor(method));
    }
}
