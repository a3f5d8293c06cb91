//! What a recipe costs before it runs.
//!
//! The unit is one image trained on: a forward and a backward pass. A forward pass alone counts a third of it. What
//! teachers say is computed once per example and looked up afterwards, so a teacher costs a forward pass over the
//! stream's examples per phase; only under noise on the pixels it costs one in every batch.

use super::{
    Alternate, Dampen, Either, FisherNoise, Importance, Labels, Measure, Move, Pairing, Phase, Recipe, Round,
    Route, Score, Select, Stream, Target, Term, Train,
};
use crate::terms::{Set, SetSizes};

/// Share of a forward pass in a forward and backward pass.
const FORWARD: f64 = 1.0 / 3.0;

impl Recipe {
    /// Expected cost in passes over the retain set: one epoch of plain fine-tuning costs 1. Operations that look at no
    /// example are free, and what a function of the user's own will cost is not known: it counts nothing.
    pub fn passes(&self, sizes: &SetSizes) -> f64 {
        // The sum of nothing is -0.0, and a cost is not negative.
        let images =
            self.phases.iter().map(|phase| phase.images(sizes)).fold(0.0, |sum, images| sum + images);
        if sizes.retain == 0 { 0.0 } else { images / sizes.retain as f64 }
    }

    /// Optimiser steps of the whole recipe; at most so many where a loop may stop early or leaves examples out, or where
    /// chance decides.
    pub fn steps(&self, sizes: &SetSizes) -> u64 {
        steps(&self.phases, sizes)
    }
}

fn steps(phases: &[Phase], sizes: &SetSizes) -> u64 {
    phases.iter().map(|phase| phase.steps(sizes)).sum()
}

impl Phase {
    fn steps(&self, sizes: &SetSizes) -> u64 {
        match self {
            Self::Train(train) => train.steps(sizes),
            Self::Alternate(plan) => plan.turns().map(|(_, round)| round.steps_of_a_turn(sizes)).sum(),
            Self::Move(Move { along: Route::TaskVector(loops), .. }) => {
                loops.iter().map(|train| train.steps(sizes)).sum()
            }
            Self::Either(Either { first, otherwise, .. }) => steps(first, sizes).max(steps(otherwise, sizes)),
            Self::Move(Move { along: Route::Influence { .. }, .. })
            | Self::Reinit(_)
            | Self::Noise(_)
            | Self::Transpose(_)
            | Self::Zero(_)
            | Self::Select(_)
            | Self::Dampen(_)
            | Self::FisherNoise(_)
            | Self::Cast(_)
            // Nobody knows before it is called.
            | Self::Python(_) => 0,
        }
    }

    fn images(&self, sizes: &SetSizes) -> f64 {
        match self {
            Self::Either(Either { probability, first, otherwise }) => {
                let of = |phases: &[Self]| phases.iter().map(|phase| phase.images(sizes)).sum::<f64>();
                probability.get() * of(first) + (1.0 - probability.get()) * of(otherwise)
            }
            Self::Train(train) => train.images(sizes),
            Self::Alternate(plan) => plan.images(sizes),
            Self::Select(plan) => plan.images(sizes),
            Self::Dampen(Dampen { forget, kept, importance, .. }) => {
                importance.images(*forget, sizes) + importance.images(*kept, sizes)
            }
            Self::FisherNoise(FisherNoise { kept, importance, .. }) => importance.images(*kept, sizes),
            Self::Move(plan) => plan.images(sizes),
            Self::Reinit(_)
            | Self::Noise(_)
            | Self::Transpose(_)
            | Self::Zero(_)
            | Self::Cast(_)
            | Self::Python(_) => 0.0,
        }
    }
}

impl Train {
    /// Optimiser steps: ⌊epochs · batches per epoch⌋.
    pub fn steps(&self, sizes: &SetSizes) -> u64 {
        (self.epochs.get() * self.batches_per_epoch(sizes) as f64).floor() as u64
    }

    /// Batches in one epoch: those of the leading stream, fewer where a zipped stream ends first.
    pub fn batches_per_epoch(&self, sizes: &SetSizes) -> u64 {
        let Some((lead, following)) = self.data.split_first() else { return 0 };
        following
            .iter()
            .filter(|stream| stream.pairing == Pairing::Zip)
            .map(|stream| stream.batches(sizes))
            .fold(lead.batches(sizes), u64::min)
    }

    fn images(&self, sizes: &SetSizes) -> f64 {
        self.images_before(sizes) + self.steps(sizes) as f64 * self.images_per_step(sizes)
    }

    /// Images of one step, on average.
    fn images_per_step(&self, sizes: &SetSizes) -> f64 {
        self.data.iter().map(|stream| stream.mean_batch(sizes) * self.passes_of(stream)).sum()
    }

    /// Passes that a batch of this stream takes part in.
    fn passes_of(&self, stream: &Stream) -> f64 {
        let noisy = stream.is_altered();
        let terms = || self.loss.iter().filter(|term| term.head().is_some_and(|head| head.on == stream.set));
        let extra: f64 = terms()
            .map(|term| match term {
                Term::Lipschitz(term) => FORWARD * f64::from(term.copies.get()),
                Term::CrossEntropy(_)
                | Term::Divergence(_)
                | Term::SoftCrossEntropy(_)
                | Term::LogitDistance(_)
                | Term::EntropyDistance(_)
                | Term::Contrast(_)
                | Term::L1(_)
                | Term::L2(_) => {
                    if noisy && term.asks_a_teacher() {
                        FORWARD
                    } else {
                        0.0
                    }
                }
            })
            .sum();
        let own = if terms().next().is_some() { 1.0 } else { FORWARD };
        own + extra
    }

    /// Images looked at before the first step: those of teachers and of labels that a network gives.
    fn images_before(&self, sizes: &SetSizes) -> f64 {
        let of_stream = |stream: &Stream| {
            let asked =
                |term: &&Term| term.asks_a_teacher() && term.head().is_some_and(|head| head.on == stream.set);
            let quiet = !stream.is_altered();
            let teachers = if quiet && self.loss.iter().any(|term| asked(&term)) { FORWARD } else { 0.0 };
            let of_part = |part: super::Part| {
                let labels = match part.labels {
                    Labels::True | Labels::Random | Labels::Wrong => 0.0,
                    Labels::SecondBest => FORWARD,
                    Labels::Adversarial { .. } => 1.0 + FORWARD,
                };
                part.share.of(sizes.of(part.set), sizes) as f64 * (labels + teachers)
            };
            stream.parts().into_iter().map(of_part).sum::<f64>()
        };
        self.data.iter().map(of_stream).sum()
    }
}

impl Term {
    fn asks_a_teacher(&self) -> bool {
        match self {
            Self::Divergence(term) => term.target != Target::Uniform,
            Self::SoftCrossEntropy(_) | Self::LogitDistance(_) | Self::EntropyDistance(_) => true,
            Self::CrossEntropy(_) | Self::Contrast(_) | Self::Lipschitz(_) | Self::L1(_) | Self::L2(_) => {
                false
            }
        }
    }
}

impl Alternate {
    /// Every turn that is taken: epoch and round, in order.
    pub fn turns(&self) -> impl Iterator<Item = (u32, &Round)> {
        (0..self.epochs.get()).flat_map(|epoch| {
            self.rounds.iter().filter(move |round| round.takes_turn(epoch)).map(move |round| (epoch, round))
        })
    }

    fn images(&self, sizes: &SetSizes) -> f64 {
        let before: f64 = self.rounds.iter().map(|round| round.train.images_before(sizes)).sum();
        let turn = |round: &Round| round.steps_of_a_turn(sizes) as f64 * round.train.images_per_step(sizes);
        before + self.turns().map(|(_, round)| turn(round)).sum::<f64>()
    }
}

impl Round {
    /// Optimiser steps of one turn.
    pub fn steps_of_a_turn(&self, sizes: &SetSizes) -> u64 {
        self.steps.map_or_else(|| self.train.steps(sizes), |steps| u64::from(steps.get()))
    }
}

impl Select {
    fn images(&self, sizes: &SetSizes) -> f64 {
        match &self.score {
            Score::Magnitude | Score::Random => 0.0,
            Score::Gradient { of, .. } => {
                of.iter().map(|pass| pass.share.of(sizes.of(pass.set), sizes) as f64).sum()
            }
            Score::Ratio { above, below, importance } => {
                importance.images(*above, sizes) + importance.images(*below, sizes)
            }
        }
    }
}

impl Importance {
    /// Images of a pass over a set.
    pub(super) fn images(&self, set: Set, sizes: &SetSizes) -> f64 {
        let passes = match self.measure {
            Measure::SquaredCrossEntropy | Measure::AbsoluteSquaredNorm => 1.0,
            // One forward pass and a backward pass, twice as dear, for each of the ten age groups of the competition.
            Measure::ExpectedCrossEntropy => FORWARD + 10.0 * (1.0 - FORWARD),
        };
        passes * sizes.of(set) as f64
    }
}

impl Move {
    fn images(&self, sizes: &SetSizes) -> f64 {
        match &self.along {
            Route::Influence { samples, inverse, .. } => {
                let samples = inverse.gradients(u64::from(samples.get()), sizes.retain);
                (sizes.retain + sizes.forget + samples) as f64
            }
            Route::TaskVector(loops) => loops.iter().map(|train| train.images(sizes)).sum(),
        }
    }
}
