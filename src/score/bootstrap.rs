//! Scores of models drawn with replacement from both sides.
//!
//! The models of each example are sorted once; a replicate only counts them otherwise.

use std::collections::BTreeMap;

use rayon::prelude::*;
use sweep_chance::Chance;

use super::{
    ensemble::{Confidences, Ensemble, Kind, Unlearned},
    epsilon::{Attacks, Epsilon, Example, count_among},
    forgetting_quality,
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
    let drawn = |stream| {
        let mut chance = Chance::of_seed(seed).nth(stream);
        (draw(models, &mut chance), draw(models, &mut chance))
    };
    score_each(unlearned, oracle, &(0..replicates as u64).map(drawn).collect::<Vec<_>>())
}

/// Blocks of models that the jackknife leaves out in turn; single models where there are fewer.
const BLOCKS: usize = 64;

/// Scores comparable groups with the same few positions left out on both sides, block by block; the buckets of ε stay
/// those of N.
pub(super) fn jackknife(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Vec<Option<Replicate>> {
    let models = unlearned.models();
    let blocks = models.min(BLOCKS);
    let without = |block| {
        let mut times = vec![1; models];
        times[block * models / blocks..(block + 1) * models / blocks].fill(0);
        (times.clone(), times)
    };
    score_each(unlearned, oracle, &(0..blocks).map(without).collect::<Vec<_>>())
}

/// How often each model of both sides is taken; \[N\] each, with the same sum.
type Times = (Vec<u32>, Vec<u32>);

/// Scores comparable groups whose models are taken so often, for all of `times`. Examples are gone through one by one,
/// because what thresholds cut out of an example is the same for many replicates.
fn score_each(unlearned: &Ensemble<Unlearned>, oracle: &Oracle, times: &[Times]) -> Vec<Option<Replicate>> {
    let both: Ensemble<Unlearned> = unlearned.joined(oracle);
    let sorted = Sorted::new(both.confidences());
    let examples: Vec<&[(f64, u32)]> = sorted.examples().collect();
    let epsilons: Vec<Vec<Option<f64>>> = examples
        .par_iter()
        .map_init(BTreeMap::new, |attacks, sorted| epsilons(sorted, times, attacks))
        .collect();
    let score = |(nth, times): (usize, &Times)| {
        let forgetting = mean_points(&epsilons, nth, unlearned.models())?;
        Some(Replicate { forgetting_quality: forgetting, utility: utility(unlearned, oracle, times)? })
    };
    times.par_iter().enumerate().map(score).collect()
}

/// ε of one example for every replicate; `attacks` are those on so many models per side.
fn epsilons(
    sorted: &[(f64, u32)],
    times: &[Times],
    attacks: &mut BTreeMap<u32, Attacks>,
) -> Vec<Option<f64>> {
    let mut example = Example::new(sorted.iter().map(|&(confidence, _)| confidence).collect());
    let mut among = [Vec::new(), Vec::new()];
    let epsilon =
        |(unlearned, retrained): &Times| {
            let models = unlearned.len() as u32;
            count(sorted, &mut among[0], |model| unlearned.get(model as usize).copied().unwrap_or(0));
            count(sorted, &mut among[1], |model| {
                if model < models { 0 } else { retrained[(model - models) as usize] }
            });
            let drawn = *among[0].last()?;
            let attacks = attacks.entry(drawn).or_insert_with(|| Attacks::new(drawn as usize));
            attacks.strongest(&mut example, (&among[0], &among[1])).map(Epsilon::value)
        };
    times.iter().map(epsilon).collect()
}

/// Counts how often models are taken among the first k of some sorted ones.
fn count(sorted: &[(f64, u32)], into: &mut Vec<u32>, taken: impl Fn(u32) -> u32) {
    count_among(into, sorted.iter().map(|&(_, model)| taken(model)));
}

/// Mean points of one replicate over all examples; `None` where an example has no ε.
fn mean_points(epsilons: &[Vec<Option<f64>>], replicate: usize, models: usize) -> Option<f64> {
    let own: Option<Vec<f64>> = epsilons.iter().map(|example| example[replicate]).collect();
    Some(forgetting_quality::mean_points(own?.into_iter(), models))
}

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

    use super::{Sorted, count, draw};
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
    fn a_replicate_counts_whole_models() {
        let confidences =
            Confidences::<Unlearned>::new(&[[3.0, -1.0], [1.0, -2.0], [2.0, -3.0]]).expect("finite");
        let counts: Vec<Vec<u32>> = Sorted::new(&confidences)
            .examples()
            .map(|example| {
                let mut among = Vec::new();
                count(example, &mut among, |model| [2, 0, 1][model as usize]);
                among
            })
            .collect();
        assert_eq!(
            counts,
            [[0, 0, 1, 3], [0, 1, 1, 3]],
            "1, 2 and 3 of the first example; -3, -2 and -1 of the other"
        );
    }
}
