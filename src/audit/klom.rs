use super::{histogram::divergence, unauditable::Unauditable};

/// Divergence of the margins on the examples of one set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Klom {
    /// Mean over the examples, in nats.
    pub mean: f64,
    /// 95th percentile over the examples, interpolated linearly, in nats.
    pub percentile_95: f64,
}

/// KL divergence of logit margins: for every example, KL(unlearned ‖ oracle) between the confidences of all unlearned and
/// all retrained models; \[N\]\[E\] and \[M\]\[E\].
pub fn klom<R: AsRef<[f64]>>(unlearned: &[R], oracle: &[R]) -> Result<Klom, Unauditable> {
    let examples = aligned(unlearned, oracle)?;
    let column = |models: &[R], example: usize| -> Vec<f64> {
        models.iter().map(|model| model.as_ref()[example]).collect()
    };
    let mut divergences: Vec<f64> = (0..examples)
        .map(|example| divergence(&column(unlearned, example), &column(oracle, example)))
        .collect();
    divergences.sort_unstable_by(f64::total_cmp);
    let place = 0.95 * (examples - 1) as f64;
    let (below, above) = (divergences[place.floor() as usize], divergences[place.ceil() as usize]);
    Ok(Klom {
        mean: divergences.iter().sum::<f64>() / examples as f64,
        percentile_95: below + place.fract() * (above - below),
    })
}

/// The number of examples that all models have in common: at least one, of at least one model on each side.
pub(super) fn aligned<R: AsRef<[f64]>>(unlearned: &[R], oracle: &[R]) -> Result<usize, Unauditable> {
    let fewest = unlearned.len().min(oracle.len());
    if fewest == 0 {
        return Err(Unauditable::TooFew { what: "models on each side", have: 0, want: 1 });
    }
    let examples = unlearned[0].as_ref().len();
    match unlearned.iter().chain(oracle).map(AsRef::as_ref).find(|model| model.len() != examples) {
        Some(model) => Err(Unauditable::Ragged { left: examples, right: model.len() }),
        None if examples == 0 => Err(Unauditable::TooFew { what: "examples", have: 0, want: 1 }),
        None => Ok(examples),
    }
}
