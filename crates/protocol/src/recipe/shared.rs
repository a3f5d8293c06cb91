//! Which passes of a recipe other runs would repeat exactly, so that a worker keeps what they found.

use super::{
    BatchNorm, Dampen, FisherNoise, Importance, Measure, Move, Phase, Recipe, Route, Score, Select, Share,
    Signed, Target, Teacher, Term, Train,
};
use crate::terms::{Set, SetSizes};

/// A pass over data whose result other runs can use.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedPass {
    /// What is computed; equal for passes that are the same.
    pub what: String,
    /// Its cost in passes over the retain set.
    pub passes: f64,
    /// Who can use it.
    pub by: SharedBy,
}

/// Who can use what a pass has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SharedBy {
    /// Every run on the same original and split.
    EveryRun,
    /// The points of one method with the same seed: it draws examples.
    EverySeed,
}

impl Recipe {
    /// The passes that are taken on the original's own weights, in order, each once.
    pub fn shared(&self, sizes: &SetSizes) -> Vec<SharedPass> {
        let mut shared: Vec<SharedPass> = Vec::new();
        let mut untouched = true;
        for phase in &self.phases {
            let passes = if untouched { phase.surveys(sizes) } else { Vec::new() };
            for pass in passes.into_iter().chain(phase.teachers(sizes)) {
                if !shared.contains(&pass) {
                    shared.push(pass);
                }
            }
            untouched &= phase.leaves_weights();
        }
        shared
    }
}

impl Phase {
    /// Whether what follows finds the weights as they were.
    fn leaves_weights(&self) -> bool {
        match self {
            Self::Select(_) => true,
            Self::Reinit(_)
            | Self::Noise(_)
            | Self::Transpose(_)
            | Self::Zero(_)
            | Self::Dampen(_)
            | Self::FisherNoise(_)
            | Self::Move(_)
            | Self::Cast(_)
            | Self::Train(_)
            | Self::Alternate(_)
            | Self::Either(_)
            | Self::Python(_) => false,
        }
    }

    /// Passes on the weights as they stand.
    fn surveys(&self, sizes: &SetSizes) -> Vec<SharedPass> {
        match self {
            Self::Dampen(plan @ Dampen { forget, kept, .. }) => {
                let importance = plan.importance_of(sizes.of(*forget), sizes.of(*kept));
                vec![importance.shared(*forget, sizes), importance.shared(*kept, sizes)]
            }
            Self::FisherNoise(FisherNoise { kept, importance, .. }) => vec![importance.shared(*kept, sizes)],
            Self::Select(Select { score, .. }) => score.surveys(sizes),
            Self::Move(Move { along: Route::Influence { .. }, .. }) => [Set::Forget, Set::Retain]
                .map(|set| SharedPass {
                    what: format!("sum of gradients on {set}"),
                    passes: in_passes(sizes.of(set) as f64, sizes),
                    by: SharedBy::EveryRun,
                })
                .to_vec(),
            // Loops move the weights, and which course is taken differs from run to run.
            Self::Move(Move { along: Route::TaskVector(_), .. })
            | Self::Train(_)
            | Self::Alternate(_)
            | Self::Either(_)
            | Self::Reinit(_)
            | Self::Noise(_)
            | Self::Transpose(_)
            | Self::Zero(_)
            | Self::Cast(_)
            | Self::Python(_) => Vec::new(),
        }
    }

    /// What the original says to examples, which later phases ask too.
    fn teachers(&self, sizes: &SetSizes) -> Vec<SharedPass> {
        let loops: Vec<&Train> = match self {
            Self::Train(train) => vec![train],
            Self::Alternate(plan) => plan.rounds.iter().map(|round| &round.train).collect(),
            Self::Move(Move { along: Route::TaskVector(loops), .. }) => loops.iter().collect(),
            Self::Move(Move { along: Route::Influence { .. }, .. })
            // Which course is taken differs from run to run.
            | Self::Either(_)
            | Self::Reinit(_)
            | Self::Noise(_)
            | Self::Transpose(_)
            | Self::Zero(_)
            | Self::Select(_)
            | Self::Dampen(_)
            | Self::FisherNoise(_)
            | Self::Cast(_)
            | Self::Python(_) => Vec::new(),
        };
        loops.into_iter().flat_map(|train| train.teachers(sizes)).collect()
    }
}

impl Score {
    fn surveys(&self, sizes: &SetSizes) -> Vec<SharedPass> {
        let gradients = |pass: &Signed| SharedPass {
            what: format!("gradients on {}, batches of {}", pass.set, pass.batch_size),
            passes: in_passes(pass.share.of(sizes.of(pass.set), sizes) as f64, sizes),
            by: SharedBy::EverySeed,
        };
        match self {
            Self::Gradient { of, batch_norm: BatchNorm::Frozen } => of.iter().map(gradients).collect(),
            Self::Ratio { above, below, importance } => {
                vec![importance.shared(*above, sizes), importance.shared(*below, sizes)]
            }
            // A pass that trains batch norm moves its statistics, so it can't be looked up.
            Self::Gradient { of: _, batch_norm: BatchNorm::Train } | Self::Magnitude | Self::Random => {
                Vec::new()
            }
        }
    }
}

impl Train {
    fn teachers(&self, sizes: &SetSizes) -> Vec<SharedPass> {
        let whole = self
            .data
            .iter()
            .filter(|stream| !stream.is_altered() && stream.share == Share::All && stream.with.is_empty())
            .filter(|stream| stream.without.is_none());
        let asked = whole.filter(|stream| {
            self.loss
                .iter()
                .any(|term| term.asks_the_original() && term.head().is_some_and(|head| head.on == stream.set))
        });
        asked
            .map(|stream| SharedPass {
                what: format!("outputs of the original on {}", stream.set),
                // A forward pass is a third of one that trains.
                passes: in_passes(stream.examples(sizes) as f64 / 3.0, sizes),
                by: SharedBy::EveryRun,
            })
            .collect()
    }
}

impl Term {
    fn asks_the_original(&self) -> bool {
        match self {
            Self::Divergence(term) => {
                matches!(term.target, Target::Teacher(Teacher::Start) | Target::MaskedTeacher(Teacher::Start))
            }
            Self::SoftCrossEntropy(term) => term.teacher == Teacher::Start,
            Self::LogitDistance(term) | Self::EntropyDistance(term) => term.teacher == Teacher::Start,
            Self::CrossEntropy(_) | Self::Contrast(_) | Self::Lipschitz(_) | Self::L1(_) | Self::L2(_) => {
                false
            }
        }
    }
}

impl Importance {
    fn shared(&self, set: Set, sizes: &SetSizes) -> SharedPass {
        let measure = match self.measure {
            Measure::SquaredCrossEntropy => "squared gradients",
            Measure::AbsoluteSquaredNorm => "absolute gradients of the squared logits",
            Measure::ExpectedCrossEntropy => "Fisher information",
        };
        SharedPass {
            what: format!("{measure} on {set}, batches of {}", self.batch_size),
            passes: in_passes(self.images(set, sizes), sizes),
            by: SharedBy::EveryRun,
        }
    }
}

fn in_passes(images: f64, sizes: &SetSizes) -> f64 {
    if sizes.retain == 0 { 0.0 } else { images / sizes.retain as f64 }
}
