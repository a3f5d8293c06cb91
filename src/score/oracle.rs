//! The retrained models that every score compares with, and what may be compared with them.

use super::{
    ensemble::{Confidences, Ensemble, Retrained, Unlearned},
    incomparable::Incomparable,
};

/// Models trained from scratch on the retain set: what perfect unlearning would give.
pub type Oracle = Ensemble<Retrained>;

/// Fewest models on a side: with two, the published bucket rule `ceil(ln(N - 1))` leaves no bucket at all.
pub const MIN_MODELS: usize = 3;

/// Checks that both sides have the same number of models, enough of them, and the same forget set.
pub(super) fn check_comparable(
    unlearned: &Confidences<Unlearned>,
    retrained: &Confidences<Retrained>,
) -> Result<(), Incomparable> {
    let models = (unlearned.models(), retrained.models());
    let examples = (unlearned.examples(), retrained.examples());
    if models.0 != models.1 {
        return Err(Incomparable::UnequalModels { unlearned: models.0, retrained: models.1 });
    }
    if examples.0 != examples.1 {
        return Err(Incomparable::UnequalExamples { unlearned: examples.0, retrained: examples.1 });
    }
    if models.0 < MIN_MODELS {
        return Err(Incomparable::TooFewModels { have: models.0 });
    }
    Ok(())
}
