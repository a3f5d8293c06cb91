//! The `[shadows]` table: networks that are each trained without one part of the persons.

use std::num::NonZeroU32;

use super::{
    engine::EngineChoice,
    error::{Mistake, Problem, Problems},
    table::Table,
    training::OwnParts,
};
use crate::plan::{MOST_FOLDS, MOST_REPEATS, Shadows, TrainingSet};

/// Parts unless the grid says otherwise: a sixth of the persons is left out.
const FOLDS: u64 = 6;
/// Networks without any one person, unless the grid says otherwise.
const REPEATS: u64 = 8;

/// What `[shadows]` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShadowSettings {
    /// Parts of the persons, of which each network leaves out one.
    pub folds: u32,
    /// Times that the persons are divided anew.
    pub repeats: u64,
}

impl ShadowSettings {
    /// How many networks are trained.
    pub fn models(self) -> u64 {
        u64::from(self.folds) * self.repeats
    }

    /// What is wrong where the images show fewer persons than there are parts.
    pub(super) fn too_few(self, training: &TrainingSet) -> Option<Problem> {
        let persons = training.shown().count();
        let reason = format!("{persons} persons can't be divided into {} parts; lower `folds`", self.folds);
        (persons < self.folds as usize).then(|| Problem::nowhere(Mistake::NoShadows { reason }))
    }

    /// The networks as a plan on these images names them.
    pub(super) fn planned(self, training: &TrainingSet) -> Option<Shadows> {
        let folds = NonZeroU32::new(self.folds)?;
        Some(Shadows { folds, repeats: self.repeats, training: training.clone() })
    }
}

/// Reads `[shadows]`; without it there are none.
pub(super) fn read(
    root: &Table<'_>,
    (engine, own): (&EngineChoice, &OwnParts),
    problems: &mut Problems,
) -> Option<ShadowSettings> {
    let table = root.table("shadows", problems)?;
    table.refuse_unknown(&["folds", "repeats"], problems);
    let refuse = |mistake| {
        let problem = match &table.span {
            Some(span) => Problem::at(span.clone(), mistake),
            None => Problem::nowhere(mistake),
        };
        problem.help("remove `[shadows]`")
    };
    if *engine != EngineChoice::Torch {
        let mistake = Mistake::WrongEngine { key: "[shadows]".to_owned(), engine: engine.written() };
        problems.push(refuse(mistake));
    } else if own.network.is_some() || own.training.is_some() {
        let reason = "a network or a training of your own can't be told whom to leave out".to_owned();
        problems.push(refuse(Mistake::NoShadows { reason }));
    }
    let folds = table.whole("folds", 2..=u64::from(MOST_FOLDS), FOLDS, problems) as u32;
    let repeats = table.whole("repeats", 2..=MOST_REPEATS, REPEATS, problems);
    Some(ShadowSettings { folds, repeats })
}
