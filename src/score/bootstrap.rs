//! Scores of models drawn with replacement from both sides.
//!
//! Each example is sorted once; a replicate only repeats its sorted confidences.

use rayon::prelude::*;
use sweep_chance::Chance;

use super::{
    ensemble::{Confidences, Ensemble, Kind, Unlearned},
    epsilon::{Attacks, Epsilon},
    forgetting_quality::mean_points,
    oracle::Oracle,
    utility::Utility,
};

/// The score of one replicate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Replicate {
    pub(super) forgetting_quality: f64,
    pub(super) utility: Utility,
}

impl Replicate {
    pub(super) fn value(&self) -> f64 {
        self.utility.weigh(self.forgetting_quality)
    }
}

/// Scores `replicates` replicates of comparable groups. Which models a replicate draws depends on its position, on `seed`
/// and on N alone, so those of two groups go together, model by model. `None` stands for a replicate that has no score
/// (every threshold discarded on an example, or an oracle that is never right).
pub(super) fn replicate(
    unlearned: &Ensemble<Unlearned>,
    oracle: &Oracle,
    replicates: usize,
    seed: u64,
) -> Vec<Option<Replicate>> {
    let models = unlearned.models();
    let sides = (Sorted::new(unlearned.confidences()), Sorted::new(oracle.confidences()));
    (0..replicates as u64)
        .into_par_iter()
        .map_init(
            || Scorer::new(models, models),
            |scorer, stream| {
                let mut chance = Chance::of_seed(seed).nth(stream);
                let times = (draw(models, &mut chance), draw(models, &mut chance));
                scorer.replicate((unlearned, oracle), &sides, &times)
            },
        )
        .collect()
}

/// Blocks of models that the jackknife leaves out in turn; single models where there are fewer.
const BLOCKS: usize = 64;

/// Scores comparable groups with the same few positions left out on both sides, block by block; the buckets of ε stay
/// those of N.
pub(super) fn jackknife(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Vec<Option<Replicate>> {
    let models = unlearned.models();
    let sides = (Sorted::new(unlearned.confidences()), Sorted::new(oracle.confidences()));
    let blocks = models.min(BLOCKS);
    (0..blocks)
        .into_par_iter()
        .map(|block| {
            let mut times = vec![1; models];
            let left_out = block * models / blocks..(block + 1) * models / blocks;
            let mut scorer = Scorer::new(models - left_out.len(), models);
            times[left_out].fill(0);
            scorer.replicate((unlearned, oracle), &sides, &(times.clone(), times))
        })
        .collect()
}

/// How often each model of both sides is drawn; \[N\] each.
pub(super) type Times = (Vec<u32>, Vec<u32>);

/// Confidences of each example in ascending order, with the model that each belongs to; \[S, N\].
pub(super) struct Sorted {
    models: usize,
    entries: Vec<(f64, u32)>,
}

impl Sorted {
    pub(super) fn new<K: Kind>(confidences: &Confidences<K>) -> Self {
        let models = confidences.models();
        let mut entries: Vec<(f64, u32)> = (0..confidences.examples())
            .flat_map(|example| confidences.of_example(example).iter().copied().zip(0..))
            .collect();
        for example in entries.chunks_mut(models) {
            example.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        }
        Self { models, entries }
    }

    pub(super) fn examples(&self) -> impl Iterator<Item = &[(f64, u32)]> {
        self.entries.chunks(self.models)
    }
}

/// Repeats the (ascending) confidences of one example.
fn resample(example: &[(f64, u32)], times: &[u32], into: &mut Vec<f64>) {
    into.clear();
    for &(confidence, model) in example {
        into.extend(std::iter::repeat_n(confidence, times[model as usize] as usize));
    }
}

/// What scores replicates, with the memory that it reuses.
pub(super) struct Scorer {
    /// N of the groups, which decides the buckets.
    models: usize,
    attacks: Attacks,
    unlearned: Vec<f64>,
    retrained: Vec<f64>,
    epsilons: Vec<f64>,
}

impl Scorer {
    /// Scores replicates of `drawn` models per side as groups of `models`.
    pub(super) fn new(drawn: usize, models: usize) -> Self {
        let (unlearned, retrained) = (Vec::with_capacity(drawn), Vec::with_capacity(drawn));
        Self { models, attacks: Attacks::new(drawn), unlearned, retrained, epsilons: Vec::new() }
    }

    pub(super) fn replicate(
        &mut self,
        (unlearned, oracle): (&Ensemble<Unlearned>, &Oracle),
        sides: &(Sorted, Sorted),
        times: &Times,
    ) -> Option<Replicate> {
        let forgetting_quality = self.forgetting_quality(sides, times)?;
        Some(Replicate { forgetting_quality, utility: utility(unlearned, oracle, times)? })
    }

    fn forgetting_quality(&mut self, sides: &(Sorted, Sorted), times: &Times) -> Option<f64> {
        self.epsilons.clear();
        for (unlearned, retrained) in sides.0.examples().zip(sides.1.examples()) {
            resample(unlearned, &times.0, &mut self.unlearned);
            resample(retrained, &times.1, &mut self.retrained);
            let epsilon = self.attacks.strongest(&self.unlearned, &self.retrained)?;
            self.epsilons.push(Epsilon::value(epsilon));
        }
        Some(mean_points(self.epsilons.iter().copied(), self.models))
    }
}

fn utility(unlearned: &Ensemble<Unlearned>, oracle: &Oracle, times: &Times) -> Option<Utility> {
    Utility::from_accuracies(
        [
            &repeated(unlearned.retain_accuracies(), &times.0),
            &repeated(unlearned.held_out_accuracies(), &times.0),
        ],
        [&repeated(oracle.retain_accuracies(), &times.1), &repeated(oracle.held_out_accuracies(), &times.1)],
    )
    .ok()
}

fn repeated(accuracies: &[f64], times: &[u32]) -> Vec<f64> {
    let each = accuracies.iter().zip(times);
    each.flat_map(|(&accuracy, &times)| std::iter::repeat_n(accuracy, times as usize)).collect()
}

/// How often each of `models` models is drawn when as many are drawn with replacement.
fn draw(models: usize, chance: &mut Chance) -> Vec<u32> {
    let mut times = vec![0; models];
    for _ in 0..models {
        times[chance.below(models as u64) as usize] += 1;
    }
    times
}

#[cfg(test)]
mod tests {
    use sweep_chance::Chance;

    use super::{Sorted, draw, resample};
    use crate::score::{Confidences, Unlearned};

    #[test]
    fn as_many_models_are_drawn_as_there_are() {
        let mut chance = Chance::of_seed(3);
        let times: Vec<Vec<u32>> = (0..500).map(|_| draw(8, &mut chance)).collect();
        assert!(times.iter().all(|times| times.iter().sum::<u32>() == 8), "{times:?}");
        for model in 0..8 {
            // 4 000 draws of 8 models: 500 each, with standard deviation 21.
            let drawn: u32 = times.iter().map(|times| times[model]).sum();
            assert!((400..600).contains(&drawn), "model {model} was drawn {drawn} times");
        }
    }

    #[test]
    fn a_replicate_repeats_whole_models_in_order() {
        let confidences =
            Confidences::<Unlearned>::new(&[[3.0, -1.0], [1.0, -2.0], [2.0, -3.0]]).expect("finite");
        let mut drawn = Vec::new();
        let replicate: Vec<Vec<f64>> = Sorted::new(&confidences)
            .examples()
            .map(|example| {
                resample(example, &[2, 0, 1], &mut drawn);
                drawn.clone()
            })
            .collect();
        assert_eq!(replicate, [[2.0, 3.0, 3.0], [-3.0, -1.0, -1.0]]);
    }
}
