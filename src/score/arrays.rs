//! Forgetting quality of bare arrays of confidences, without accuracies and without a sweep.

use serde::Serialize;
use sweep_inputs::npy::Array;

use super::{
    ensemble::{Confidences, Kind},
    epsilon::epsilons,
    forgetting_quality::ForgettingQuality,
    incomparable::Incomparable,
};

/// What two arrays of confidences give; serialises to `{"forget_score": …, "epsilon": […], "n": …}`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArrayScore {
    /// Forgetting quality F, in [0, 1].
    pub forget_score: f64,
    /// ε of each forget example, in [0, 50]; \[S\].
    pub epsilon: Vec<f64>,
    /// Models per side (N).
    pub n: usize,
}

/// Scores two \[N, S\] arrays of logit-scaled confidences: one row per model, one column per forget example.
pub fn from_arrays(unlearned: &Array, retrained: &Array) -> Result<ArrayScore, Incomparable> {
    let epsilons = epsilons(&confidences(unlearned)?, &confidences(retrained)?)?;
    let n = unlearned.shape[0];
    Ok(ArrayScore {
        forget_score: ForgettingQuality::of(&epsilons, n).value(),
        epsilon: epsilons.iter().map(|epsilon| epsilon.value()).collect(),
        n,
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
