//! What a recipe costs before it runs.

use super::{Pairing, Phase, Recipe, Stream, Train};
use crate::terms::SetSizes;

impl Recipe {
    /// Cost in passes: images trained on (forward and backward), in units of the retain set. One epoch of plain
    /// fine-tuning costs 1. Operations are free.
    pub fn passes(&self, sizes: &SetSizes) -> f64 {
        // The sum of nothing is -0.0, and a cost is not negative.
        let images =
            self.phases.iter().map(|phase| phase.images(sizes)).fold(0.0, |sum, images| sum + images);
        if sizes.retain == 0 { 0.0 } else { images / sizes.retain as f64 }
    }

    /// Optimiser steps of the whole recipe.
    pub fn steps(&self, sizes: &SetSizes) -> u64 {
        self.phases
            .iter()
            .map(|phase| match phase {
                Phase::Train(train) => train.steps(sizes),
                Phase::Reinit(_) | Phase::Noise(_) | Phase::Transpose(_) => 0,
            })
            .sum()
    }
}

impl Phase {
    fn images(&self, sizes: &SetSizes) -> f64 {
        match self {
            Self::Train(train) => train.images(sizes),
            Self::Reinit(_) | Self::Noise(_) | Self::Transpose(_) => 0.0,
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
        let steps = self.steps(sizes) as f64;
        self.data.iter().map(|stream| steps * stream.mean_batch(sizes)).sum()
    }
}

impl Stream {
    /// Batches in one pass over the set. A single left-over example joins the batch before it, since batch
    /// normalisation can't be trained on one example.
    pub fn batches(&self, sizes: &SetSizes) -> u64 {
        let (examples, batch) = (sizes.of(self.set), u64::from(self.batch_size.get()));
        let full = examples / batch;
        match examples % batch {
            0 => full,
            1 if full > 0 => full,
            _ => full + 1,
        }
    }

    fn mean_batch(&self, sizes: &SetSizes) -> f64 {
        match self.batches(sizes) {
            0 => 0.0,
            batches => sizes.of(self.set) as f64 / batches as f64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        BatchNorm, ClassWeight, Optimizer, Pairing, Phase, Recipe, Schedule, Stream, Tensors, Term, Train,
    };
    use crate::terms::{NonNegative, Positive, Set, SetSizes, UnitInterval};

    const SIZES: SetSizes = SetSizes { retain: 1000, forget: 20, validation: 100, test: None };

    fn stream(set: Set, batch: u32, pairing: Pairing) -> Stream {
        Stream { set, batch_size: batch.try_into().expect("not zero"), pairing }
    }

    fn train(data: Vec<Stream>, epochs: f64) -> Train {
        Train {
            data,
            epochs: Positive::new(epochs).expect("positive"),
            loss: vec![Term::CrossEntropy { on: Set::Retain, weight: 1.0, class_weight: ClassWeight::None }],
            optimizer: Optimizer::Sgd {
                lr: Positive::new(0.1).expect("positive"),
                momentum: UnitInterval::new(0.9).expect("in range"),
                weight_decay: NonNegative::new(0.0).expect("in range"),
            },
            schedule: Schedule::Constant,
            trainable: Tensors::All,
            batch_norm: BatchNorm::Train,
        }
    }

    #[test]
    fn an_epoch_of_fine_tuning_costs_one_pass() {
        let loop_ = train(vec![stream(Set::Retain, 64, Pairing::Cycle)], 3.0);
        assert_eq!(loop_.steps(&SIZES), 48);
        let cost = Recipe { phases: vec![Phase::Train(loop_)] }.passes(&SIZES);
        assert!((cost - 3.0).abs() < 1e-12, "{cost}");
    }

    #[test]
    fn a_cycled_forget_stream_adds_its_share_of_every_step() {
        let loop_ = train(
            vec![stream(Set::Retain, 100, Pairing::Cycle), stream(Set::Forget, 10, Pairing::Cycle)],
            1.0,
        );
        let cost = Recipe { phases: vec![Phase::Train(loop_)] }.passes(&SIZES);
        assert!((cost - 1.1).abs() < 1e-12, "{cost}");
    }

    #[test]
    fn a_zipped_stream_ends_the_epoch() {
        let loop_ =
            train(vec![stream(Set::Retain, 100, Pairing::Cycle), stream(Set::Forget, 10, Pairing::Zip)], 1.5);
        assert_eq!(loop_.batches_per_epoch(&SIZES), 2);
        assert_eq!(loop_.steps(&SIZES), 3);
    }

    #[test]
    fn a_single_left_over_example_makes_no_batch() {
        let sizes = SetSizes { retain: 65, ..SIZES };
        assert_eq!(stream(Set::Retain, 64, Pairing::Cycle).batches(&sizes), 1);
        assert_eq!(stream(Set::Retain, 64, Pairing::Cycle).batches(&SetSizes { retain: 66, ..SIZES }), 2);
        assert_eq!(stream(Set::Retain, 64, Pairing::Cycle).batches(&SetSizes { retain: 1, ..SIZES }), 1);
    }
}
