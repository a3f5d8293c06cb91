//! Whether a recipe leaves anything to chance.

use super::{Move, Phase, Recipe, Score, Select};

impl Recipe {
    /// Whether runs with different seeds take different courses: something is drawn. Two runs of a recipe that draws and yet
    /// end in the same numbers, bit for bit, are one run that was counted twice.
    pub fn draws(&self) -> bool {
        self.phases.iter().any(Phase::draws)
    }
}

impl Phase {
    fn draws(&self) -> bool {
        match self {
            // The order of every pass is shuffled.
            Self::Train(_)
            | Self::Alternate(_)
            | Self::Either(_)
            | Self::Reinit(_)
            | Self::Noise(_)
            | Self::FisherNoise(_) => true,
            Self::Move(Move { scale, .. }) => *scale != 0.0,
            Self::Select(Select { score, .. }) => match score {
                Score::Random | Score::Gradient { .. } => true,
                Score::Magnitude | Score::Ratio { .. } => false,
            },
            // A function of the user's own may be deterministic.
            Self::Python(_) | Self::Transpose(_) | Self::Zero(_) | Self::Dampen(_) | Self::Cast(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recipe;

    #[test]
    fn what_is_shuffled_or_drawn_depends_on_the_seed_and_the_rest_does_not() {
        let of = |phases: &str| serde_json::from_str::<Recipe>(phases).expect("a recipe").draws();
        assert!(!of(r#"{"phases":[]}"#));
        assert!(!of(r#"{"phases":[{"zero":{"tensors":"all"}},{"transpose":{"tensors":"all"}}]}"#));
        assert!(of(r#"{"phases":[{"zero":{"tensors":"all"}},{"noise":{"tensors":"all","std":0.1}}]}"#));
        assert!(of(r#"{"phases":[{"reinit":{"tensors":"all"}}]}"#));
    }
}
