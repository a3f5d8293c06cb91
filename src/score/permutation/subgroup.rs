//! The exact test of parts of the forget set: who of those that are to be forgotten isn't, or is too well?

use rayon::prelude::*;

use super::{
    naming::namings,
    pool::Pool,
    sequential::{affordable, sequential},
    shift::Shift,
};
use crate::score::{
    crossfit::CrossFit,
    ensemble::{Ensemble, Unlearned},
    incomparable::Incomparable,
    oracle::Oracle,
};

/// Namings behind a p-value: many, because many parts are tested together, so that only small ones count.
const NAMINGS: u64 = 9_999;
/// Confidences that may be looked at for the p-values of one point, all namings together.
const BUDGET: usize = 600_000_000;
/// Namings behind the interval of a shift.
const OF_SHIFT: u64 = 999;

/// What exchangeability and cross-fitted attacks say of some examples of the forget set.
#[derive(Debug, Clone, PartialEq)]
pub struct Subgroup {
    /// How often models that can't be told from retrained ones look as different on these examples. The statistic is the sum over
    /// the examples of the energy distance between the two sides' confidences on each, in units of its standard deviation over all
    /// models.
    pub p: f64,
    /// Cross-fitted quality of these examples alone; `None` where the models are too few to be halved.
    pub cross_fit: Option<CrossFit>,
    /// The shift of their confidences; `None` where retrained models agree on every one of them.
    pub shift: Option<Shift>,
}

impl Subgroup {
    /// Tests each of several parts of the forget set, given as positions of examples, of which each has at least one.
    ///
    /// Every part is tested under the same namings, so the cost is that of the forget set and not of the number of parts. p ends at
    /// the 20th naming that is as extreme, as with every dear number; of large groups of models fewer namings are tried.
    pub fn of_each(
        unlearned: &Ensemble<Unlearned>,
        oracle: &Oracle,
        parts: &[Vec<usize>],
        seed: u64,
    ) -> Result<Vec<Self>, Incomparable> {
        let pool = Pool::new(unlearned, oracle)?;
        let drawn = namings(pool.n, OF_SHIFT, seed);
        let p = p_of_each(&pool, parts, seed);
        let each = parts.par_iter().zip(p).map(|(part, p)| {
            let (unlearned, oracle) = (unlearned.among(part), oracle.among(part));
            Self {
                p,
                cross_fit: CrossFit::of(unlearned.confidences(), oracle.confidences()).ok(),
                shift: Shift::of(&unlearned, &oracle, &drawn),
            }
        });
        Ok(each.collect())
    }
}

fn p_of_each(pool: &Pool, parts: &[Vec<usize>], seed: u64) -> Vec<f64> {
    let examples: Vec<InOrder> = pool.sorted.examples().map(InOrder::new).collect();
    let statistic = |naming: &[u32]| -> Vec<f64> {
        let mut signs = vec![-1.0; naming.len()];
        naming[..pool.n].iter().for_each(|&model| signs[model as usize] = 1.0);
        let distances: Vec<f64> = examples.iter().map(|example| example.distance(&signs)).collect();
        parts.iter().map(|part| part.iter().map(|&example| distances[example]).sum()).collect()
    };
    let most = affordable(NAMINGS, 2 * pool.n * examples.len(), BUDGET);
    let tested = sequential(&statistic(&pool.truth()), pool.n, most, seed, |naming| {
        statistic(naming).into_iter().map(Some).collect()
    });
    tested.into_iter().map(|tested| tested.p).collect()
}

/// The models by their confidence on one example, and how far each lies below the next, in standard deviations over all.
struct InOrder {
    models: Vec<u32>,
    gaps: Vec<f64>,
}

impl InOrder {
    fn new(sorted: &[(f64, u32)]) -> Self {
        let count = sorted.len() as f64;
        // Counted from one of them, so that equal values have no spread.
        let from = sorted.first().map_or(0.0, |lowest| lowest.0);
        let mean = sorted.iter().map(|(value, _)| value - from).sum::<f64>() / count;
        let variance = sorted.iter().map(|(value, _)| (value - from - mean).powi(2)).sum::<f64>() / count;
        let unit = if variance > 0.0 { 1.0 / variance.sqrt() } else { 0.0 };
        Self {
            models: sorted.iter().map(|&(_, model)| model).collect(),
            gaps: sorted.windows(2).map(|pair| (pair[1].0 - pair[0].0) * unit).collect(),
        }
    }

    /// Energy distance between the models with a positive sign and the others, as many: 2 ∫ (F − G)² for the distribution functions
    /// F and G of their confidences (Székely and Rizzo, 2013).
    fn distance(&self, signs: &[f64]) -> f64 {
        let (mut ahead, mut sum) = (0.0, 0.0);
        for (&model, gap) in self.models.iter().zip(&self.gaps) {
            ahead += signs[model as usize];
            sum += ahead * ahead * gap;
        }
        let n = signs.len() as f64 / 2.0;
        2.0 * sum / (n * n)
    }
}

#[cfg(test)]
mod tests {
    use sweep_chance::Chance;

    use super::{InOrder, Subgroup};
    use crate::score::{Ensemble, Kind, Model, benjamini_hochberg, energy_distance};

    /// Distances of one example are those of vectors of one number, which references hold.
    #[test]
    fn the_distance_on_one_example_is_the_energy_distance() {
        let mut chance = Chance::of_seed(3);
        for n in [3, 8, 17] {
            // Rounded, so that some are equal.
            let values: Vec<f64> = (0..2 * n).map(|_| (chance.normal() * 4.0).round() / 4.0).collect();
            let mut sorted: Vec<(f64, u32)> = values.iter().copied().zip(0..).collect();
            sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
            let signs: Vec<f64> = (0..2 * n).map(|model| if model < n { 1.0 } else { -1.0 }).collect();
            let count = values.len() as f64;
            let mean = values.iter().sum::<f64>() / count;
            let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
            let scaled: Vec<Vec<f64>> = values.iter().map(|value| vec![value / deviation]).collect();
            let theirs = energy_distance(&scaled[..n], &scaled[n..]);
            let own = InOrder::new(&sorted).distance(&signs);
            assert!((own - theirs).abs() < 1e-9, "n = {n}: {own} is not {theirs}");
        }
    }

    #[test]
    fn models_that_all_agree_have_no_distance() {
        let sorted: Vec<(f64, u32)> = (0..6).map(|model| (0.3, model)).collect();
        assert!(InOrder::new(&sorted).distance(&[1.0, 1.0, 1.0, -1.0, -1.0, -1.0]).abs() < 1e-12);
    }

    const PERSONS: usize = 20;
    const EACH: usize = 4;

    /// Models whose examples share a quarter of their variance; those of the first persons are shifted.
    fn models<K: Kind>(chance: &mut Chance, n: usize, harmed: usize, shift: f64) -> Ensemble<K> {
        let model = |chance: &mut Chance| {
            let shared = 0.5 * chance.normal();
            let confidences = (0..PERSONS * EACH).map(|example| {
                let moved = if example / EACH < harmed { shift } else { 0.0 };
                moved + shared + 0.75_f64.sqrt() * chance.normal()
            });
            let half = 0.5.try_into().expect("a fraction");
            Model { confidences: confidences.collect(), retain_accuracy: half, held_out_accuracy: half }
        };
        let models: Vec<Model> = (0..n).map(|_| model(chance)).collect();
        Ensemble::new(&models, n).expect("finite confidences")
    }

    fn persons() -> Vec<Vec<usize>> {
        (0..PERSONS).map(|person| (person * EACH..(person + 1) * EACH).collect()).collect()
    }

    /// Persons that are found at q ≤ 0.05 among those of two points that share an oracle: truly harmed ones, and others.
    fn found(seed: u64, harmed: usize) -> [usize; 2] {
        let mut chance = Chance::of_seed(seed);
        let oracle = models(&mut chance, 8, 0, 0.0);
        let p: Vec<f64> = [0, 1]
            .into_iter()
            .flat_map(|_| {
                let unlearned = models(&mut chance, 8, harmed, 3.0);
                Subgroup::of_each(&unlearned, &oracle, &persons(), seed).expect("comparable groups")
            })
            .map(|own| own.p)
            .collect();
        let q = benjamini_hochberg(&p);
        let count = |is_harmed: bool| {
            let hit = |(nth, q): (usize, &f64)| *q <= 0.05 && (nth % PERSONS < harmed) == is_harmed;
            q.iter().enumerate().filter(|own| hit(*own)).count()
        };
        [count(true), count(false)]
    }

    #[test]
    fn of_the_persons_called_harmed_few_are_not() {
        let experiments: Vec<[usize; 2]> = (0..15).map(|seed| found(seed, 5)).collect();
        let truly: usize = experiments.iter().map(|own| own[0]).sum();
        let share = |[truly, falsely]: &[usize; 2]| *falsely as f64 / (truly + falsely).max(1) as f64;
        let discoveries = experiments.iter().map(share).sum::<f64>() / 15.0;
        // The standard deviation of a share is near 0.08, of the mean of 15 near 0.021.
        assert!(discoveries <= 0.05 + 2.0 * 0.021, "false discoveries: {discoveries}");
        // Of 150 that are three deviations off nearly all.
        assert!(truly >= 135, "{truly} of 150 found");
        let alarms = (0..15).filter(|seed| found(1000 + seed, 0)[1] > 0).count();
        // With nobody harmed every discovery is false: 4 or more of 15 happen in one of two hundred.
        assert!(alarms <= 3, "{alarms} of 15");
    }

    #[test]
    fn numbers_of_a_part_know_nothing_of_the_rest() {
        let mut chance = Chance::of_seed(5);
        let (oracle, unlearned) = (models(&mut chance, 8, 0, 0.0), models(&mut chance, 8, 2, 3.0));
        let parts = [(0..2 * EACH).collect::<Vec<_>>(), (2 * EACH..PERSONS * EACH).collect()];
        let both = Subgroup::of_each(&unlearned, &oracle, &parts, 0).expect("comparable groups");
        let alone = Subgroup::of_each(
            &unlearned.among(&parts[0]),
            &oracle.among(&parts[0]),
            &[(0..2 * EACH).collect()],
            0,
        )
        .expect("comparable groups");
        assert_eq!((&both[0].cross_fit, both[0].shift), (&alone[0].cross_fit, alone[0].shift));
        let [harmed, others] = both.as_slice() else { panic!("two parts") };
        assert!(harmed.p <= 0.001 && others.p > 0.05, "{} {}", harmed.p, others.p);
        let quality = |own: &Subgroup| own.cross_fit.as_ref().expect("eight models").quality;
        assert!(quality(harmed) < 0.4 && quality(others) > 0.8, "{} {}", quality(harmed), quality(others));
        let shift = harmed.shift.expect("a spread").value;
        assert!((2.0..4.5).contains(&shift), "{shift}");
    }
}
