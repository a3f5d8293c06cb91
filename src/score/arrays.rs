//! Forgetting quality of bare arrays of confidences, without accuracies and without a sweep.

use serde::Serialize;
use sweep_inputs::npy::Array;

use super::{
    crossfit::CrossFit,
    ensemble::{Confidences, Ensemble, Kind, Retrained, Unlearned},
    epsilon::{Rule, epsilons},
    forgetting_quality::ForgettingQuality,
    incomparable::Incomparable,
    interval::Interval,
    resampled::{Part, Resampled},
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

/// Scores two \[N, S\] arrays of logit-scaled confidences, one row per model, one column per forget example, with
/// `replicates` bootstrap replicates behind the interval; none for 0.
pub fn from_arrays(
    unlearned: &Array,
    retrained: &Array,
    replicates: usize,
) -> Result<ArrayScore, Incomparable> {
    let (unlearned, retrained): (Confidences<Unlearned>, Confidences<Retrained>) =
        (confidences(unlearned)?, confidences(retrained)?);
    let epsilons = epsilons(&unlearned, &retrained)?;
    let n = unlearned.models();
    let cross_fitted = CrossFit::of(&unlearned, &retrained).ok();
    let groups = (Ensemble::equally_accurate(unlearned), Ensemble::equally_accurate(retrained));
    let resampled = match replicates {
        0 => None,
        count => Resampled::of(&groups.0, &groups.1, count, BOOTSTRAP_SEED).ok(),
    };
    Ok(ArrayScore {
        forget_score: ForgettingQuality::of(&epsilons, n).value(),
        interval: resampled.map(|drawn| drawn.interval(Part::ForgettingQuality)),
        epsilon: epsilons.iter().map(|epsilon| epsilon.value()).collect(),
        rule: epsilons.iter().map(|epsilon| epsilon.rule()).collect(),
        n,
        cross_fitted,
    })
}

fn confidences<K: Kind>(array: &Array) -> Result<Confidences<K>, Incomparable> {
    let side = K::SIDE;
    let &[_, examples] = array.shape.as_slice() else {
        return Err(Incomparable::WrongRank { side, have: array.shape.len() });
    };
    if examples == 0 {
        return Err(Incomparable::NoExamples { side });
    }
    let rows: Vec<&[f64]> = array.values.chunks(examples).collect();
    Confidences::new(&rows)
}
