//! The recipes that reproduce recorded methods.
//!
//! A script translates the hyper-parameters of a recording into a recipe and says which recorded list or tensor stands
//! for which of its draws. Nothing in it comes from any one recording.

mod distilled;
mod erased;
mod forgetful;
mod hyper;
mod masked;
mod one_shot;
mod plain;

use std::{collections::BTreeMap, num::NonZeroU32};

use sweep_protocol::{
    recipe::{Alternate, Phase, Recipe, Stream, Train},
    terms::Set,
};

use super::golden::{Golden, GoldenError};
use hyper::Hyper;

/// What a replay does.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) recipe: Recipe,
    pub(super) start: Start,
    /// Recorded passes of each stream, by phase and stream.
    pub(super) streams: BTreeMap<(usize, usize), List>,
    /// Recorded samples of examples, by phase, stream and part.
    pub(super) samples: BTreeMap<(usize, usize, usize), &'static str>,
    /// Recorded labels, by phase and stream.
    pub(super) labels: BTreeMap<(usize, usize), Labels>,
    /// Names of recorded tensors where they aren't the usual ones, by phase; `{key}` stands for the parameter.
    pub(super) values: BTreeMap<(usize, Named), String>,
    /// Steps of the phases before a phase, for recordings that count them.
    pub(super) steps_before: BTreeMap<usize, u64>,
}

/// Where a replay starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The recorded original.
    Original,
    /// The recorded initial weights.
    Born,
}

/// Recorded passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) name: &'static str,
    pub(super) batch_size: NonZeroU32,
    /// The epoch that is the stream's first pass.
    pub(super) first_epoch: u64,
}

/// Recorded labels: of each example in the order of the set, or batch by batch in the order of the stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels {
    pub(super) list: &'static str,
}

/// What a recorded tensor was drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    Reinit,
    Noise,
    LateNoise,
}

impl Named {
    /// The usual name.
    pub(super) fn template(self) -> &'static str {
        match self {
            Self::Reinit => "rand.reinit.{key}",
            Self::Noise | Self::LateNoise => "rand.noise.{key}",
        }
    }
}

type Write = fn(&Hyper<'_>) -> Result<Script, GoldenError>;

/// Methods that can be replayed.
const SCRIPTS: &[(&str, Write)] = &[
    ("bad_teacher", distilled::bad_teacher),
    ("boundary_shrink", forgetful::boundary_shrink),
    ("cfk", plain::cfk),
    ("cfw", erased::cfw),
    ("cfw_per_sample", erased::cfw),
    ("ct", erased::ct),
    ("delete", distilled::delete),
    ("euk", plain::euk),
    ("fcs", forgetful::fcs),
    ("finetune", plain::finetune),
    ("forget_set_free", distilled::forget_set_free),
    ("gradient_ascent", plain::gradient_ascent),
    ("iu", one_shot::iu),
    ("jit", forgetful::jit),
    ("jit_accumulate", forgetful::jit),
    ("kde", distilled::kde),
    ("l1_sparse", plain::l1_sparse),
    ("lfssd", one_shot::lfssd),
    ("msg", masked::msg),
    ("neggrad_plus", plain::neggrad_plus),
    ("prmq", distilled::prmq),
    ("random_labels", forgetful::random_labels),
    ("random_labels_concat", forgetful::random_labels_concat),
    ("random_mask", masked::random_mask),
    ("retrain", plain::retrain),
    ("rni", erased::rni),
    ("salun", masked::salun),
    ("scrub", distilled::scrub),
    ("scrub_rewind", distilled::scrub),
    ("sfron", masked::sfron),
    ("ssd", one_shot::ssd),
];

/// The recipe of a recorded method.
pub(super) fn script(golden: &Golden) -> Result<Script, GoldenError> {
    let Some((_, write)) = SCRIPTS.iter().find(|(method, _)| *method == golden.method) else {
        let known: Vec<&str> = SCRIPTS.iter().map(|(method, _)| *method).collect();
        return Err(GoldenError::Method { method: golden.method.clone(), known: known.join(", ") });
    };
    write(&Hyper(golden))
}

impl Script {
    fn new() -> Self {
        Self {
            recipe: Recipe::default(),
            start: Start::Original,
            streams: BTreeMap::new(),
            samples: BTreeMap::new(),
            labels: BTreeMap::new(),
            values: BTreeMap::new(),
            steps_before: BTreeMap::new(),
        }
    }

    /// One training loop from the original.
    fn of(train: Train, lists: &[&'static str]) -> Self {
        let mut script = Self::new();
        script.train(train, lists);
        script
    }

    /// Adds a phase and returns its position.
    fn phase(&mut self, phase: Phase) -> usize {
        self.recipe.phases.push(phase);
        self.recipe.phases.len() - 1
    }

    /// Adds a training loop whose streams are recorded in these lists.
    fn train(&mut self, train: Train, lists: &[&'static str]) -> usize {
        let sizes: Vec<NonZeroU32> = train.data.iter().map(|stream| stream.batch_size).collect();
        let phase = self.phase(Phase::Train(train));
        self.record(phase, lists, &sizes);
        phase
    }

    /// Adds rounds whose streams are recorded in these lists.
    fn alternate(&mut self, plan: Alternate, lists: &[&'static str]) -> usize {
        let streams = |round: &sweep_protocol::recipe::Round| round.train.data.clone();
        let sizes: Vec<NonZeroU32> =
            plan.rounds.iter().flat_map(streams).map(|stream| stream.batch_size).collect();
        let phase = self.phase(Phase::Alternate(plan));
        self.record(phase, lists, &sizes);
        phase
    }

    fn record(&mut self, phase: usize, lists: &[&'static str], sizes: &[NonZeroU32]) {
        for (stream, (&name, &batch_size)) in lists.iter().zip(sizes).enumerate() {
            self.streams.insert((phase, stream), List { name, batch_size, first_epoch: 0 });
        }
    }
}

/// A stream of a whole set whose batches are as large as those of a recorded list.
fn stream(hyper: &Hyper<'_>, set: Set, list: &'static str) -> Result<Stream, GoldenError> {
    Ok(Stream::of(set, hyper.batch_size(list)?))
}
