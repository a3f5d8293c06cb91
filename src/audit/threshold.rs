use super::{model::Behaved, model::Sets, unauditable::Unauditable};

/// What an attacker looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// Probability of the label; its logarithm is the loss, which has the same order.
    Confidence,
    /// Entropy of the prediction.
    Entropy,
    /// Modified entropy.
    ModifiedEntropy,
    /// Whether the prediction is right.
    Correctness,
}

impl Feature {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Confidence, Self::Entropy, Self::ModifiedEntropy, Self::Correctness];

    /// The feature of each example, turned so that a larger value speaks for a member.
    fn of(self, behaved: &Behaved) -> Vec<f64> {
        let turned = |values: &[f64]| values.iter().map(|value| -value).collect();
        match self {
            Self::Confidence => turned(&behaved.loss),
            Self::Entropy => turned(&behaved.entropy),
            Self::ModifiedEntropy => turned(&behaved.modified_entropy),
            Self::Correctness => behaved.correct.clone(),
        }
    }
}

/// Members are those at or above it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold(pub f64);

impl Threshold {
    /// The threshold of highest balanced accuracy between members and others, one for all classes; the lowest of equals.
    /// `None` of nothing.
    pub fn fit(members: &[f64], others: &[f64]) -> Option<Self> {
        let side = |values: &[f64], weight: f64| -> Vec<(f64, f64)> {
            values.iter().map(|&value| (value, weight / values.len() as f64)).collect()
        };
        let mut steps = [side(members, -1.0), side(others, 1.0)].concat();
        steps.sort_by(|left, right| left.0.total_cmp(&right.0));
        let mut best = (*steps.first().map(|(value, _)| value)?, 0.0);
        let mut gain = 0.0;
        for (nth, &(value, weight)) in steps.iter().enumerate() {
            // Passing a value moves it below the threshold, which is then the next larger one.
            gain += weight;
            match steps.get(nth + 1) {
                Some(&(next, _)) if next > value && gain > best.1 + 1e-12 => best = (next, gain),
                _ => {}
            }
        }
        Some(Self(best.0))
    }

    /// Whether a value counts as a member's.
    pub fn is_member(self, value: f64) -> bool {
        value >= self.0
    }
}

/// Share of the forget set that an attack takes for examples which were never trained on: the threshold that best tells
/// retain from test set, applied to the forget set. Correctness needs no threshold. High is well forgotten, but only as
/// high as retrained models have it.
pub fn efficacy(sets: &Sets, feature: Feature) -> Result<f64, Unauditable> {
    let forget = feature.of(&sets.forget);
    let threshold = match feature {
        Feature::Correctness => Some(Threshold(1.0)),
        _ => Threshold::fit(&feature.of(&sets.retain), &feature.of(&sets.test)),
    };
    let fewest = sets.forget.loss.len().min(sets.retain.loss.len()).min(sets.test.loss.len());
    match threshold {
        Some(threshold) if fewest > 0 => {
            let unseen = forget.iter().filter(|&&value| !threshold.is_member(value)).count();
            Ok(unseen as f64 / forget.len() as f64)
        }
        _ => Err(Unauditable::TooFew { what: "examples in each set", have: fewest, want: 1 }),
    }
}
