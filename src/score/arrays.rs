//! Scores of arrays of confidences, without a sweep; of their utility too, where accuracies are known.

use serde::Serialize;
use sweep_inputs::npy::Array;
use sweep_protocol::terms::UnitInterval;

use super::{
    crossfit::CrossFit,
    ensemble::{Ensemble, Kind, Model, Unlearned},
    epsilon::Rule,
    incomparable::Incomparable,
    interval::Interval,
    oracle::Oracle,
    resampled::{Part, Resampled},
    score::Score,
};

/// Seed of the bootstrap: the same models give the same interval.
pub const BOOTSTRAP_SEED: u64 = 0;

/// What two arrays of confidences give; serialises to `{"forget_score": …, "epsilon": […], "n": …, …}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArrayScore {
    /// Forgetting quality F, in [0, 1].
    pub forget_score: f64,
    /// Its 95 % interval, where replicates were asked for and have a score.
    pub interval: Option<Interval>,
    /// ε of each forget example, in [0, 50]; \[S\].
    pub epsilon: Vec<f64>,
    /// What each of them comes from; \[S\].
    pub rule: Vec<Rule>,
    /// Models per side (N).
    pub n: usize,
    /// Our own estimator, from four models per side on.
    pub cross_fitted: Option<CrossFit>,
}

/// What scoring two groups gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// What of it needs no accuracies.
    pub arrays: ArrayScore,
    /// The whole score.
    pub score: Score,
    /// The score with its replicates, where they were asked for and have a score.
    pub resampled: Option<Resampled>,
}

impl Scored {
    /// Scores two groups with `replicates` bootstrap replicates behind the intervals; none for 0.
    pub fn of(
        unlearned: &Ensemble<Unlearned>,
        oracle: &Oracle,
        replicates: usize,
    ) -> Result<Self, Incomparable> {
        let resampled = match replicates {
            0 => None,
            count => Resampled::of(unlearned, oracle, count, BOOTSTRAP_SEED).ok(),
        };
        let score = match &resampled {
            Some(resampled) => resampled.score().clone(),
            None => Score::of(unlearned, oracle)?,
        };
        let arrays = ArrayScore {
            forget_score: score.forgetting_quality.value(),
            interval: resampled.as_ref().map(|drawn| drawn.interval(Part::ForgettingQuality)),
            epsilon: score.epsilons.iter().map(|epsilon| epsilon.value()).collect(),
            rule: score.epsilons.iter().map(|epsilon| epsilon.rule()).collect(),
            n: score.n,
            cross_fitted: CrossFit::of(unlearned.confidences(), oracle.confidences()).ok(),
        };
        Ok(Self { arrays, score, resampled })
    }
}

/// Scores two \[N, S\] arrays of logit-scaled confidences, one row per model, one column per forget example, with
/// `replicates` bootstrap replicates behind the interval; none for 0.
pub fn from_arrays(
    unlearned: &Array,
    retrained: &Array,
    replicates: usize,
) -> Result<ArrayScore, Incomparable> {
    let (unlearned, oracle) = (equally_accurate(unlearned)?, equally_accurate(retrained)?);
    Ok(Scored::of(&unlearned, &oracle, replicates)?.arrays)
}

/// Models of which only the confidences are known, \[N, S\]: utility is left out of their score.
pub fn equally_accurate<K: Kind>(confidences: &Array) -> Result<Ensemble<K>, Incomparable> {
    let all = UnitInterval::new(1.0).expect("1 is at most 1");
    ensemble(confidences, |_| (all, all))
}

/// Models by their confidences, \[N, S\], and their accuracies on the retain and on the held-out set.
pub fn ensemble<K: Kind>(
    confidences: &Array,
    accuracies: impl Fn(usize) -> (UnitInterval, UnitInterval),
) -> Result<Ensemble<K>, Incomparable> {
    let side = K::SIDE;
    let &[_, examples] = confidences.shape.as_slice() else {
        return Err(Incomparable::WrongRank { side, have: confidences.shape.len() });
    };
    if examples == 0 {
        return Err(Incomparable::NoExamples { side });
    }
    let rows = confidences.values.chunks(examples).enumerate();
    let models = rows.map(|(model, row)| {
        let (retain_accuracy, held_out_accuracy) = accuracies(model);
        Model { confidences: row.to_vec(), retain_accuracy, held_out_accuracy }
    });
    let models: Vec<Model> = models.collect();
    if models.is_empty() {
        return Err(Incomparable::TooFewModels { have: 0 });
    }
    Ensemble::new(&models, models.len())
}
