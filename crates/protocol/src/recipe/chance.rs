//! Whether a recipe leaves anything to chance.

use super::{Move, Phase, Recipe, Score, Select, Stream, Train};
use crate::terms::SetSizes;

impl Recipe {
    /// Whether runs with different seeds take different courses: something is drawn. Two runs of a recipe that draws and yet
    /// end in the same numbers, bit for bit, are one run that was counted twice. Without the sizes of the sets every pass counts as
    /// shuffled.
    pub fn draws(&self, sizes: Option<&SetSizes>) -> bool {
        self.phases.iter().any(|phase| phase.draws(sizes))
    }
}

impl Phase {
    fn draws(&self, sizes: Option<&SetSizes>) -> bool {
        match self {
            // The order of every pass is shuffled, which means nothing where one batch holds all of it.
            Self::Train(train) => !sizes.is_some_and(|sizes| train.sees_everything_at_once(sizes)),
            Self::Alternate(_)
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

impl Train {
    /// Whether every batch is a whole set as it is.
    fn sees_everything_at_once(&self, sizes: &SetSizes) -> bool {
        let is_whole = |stream: &Stream| {
            *stream == Stream::of(stream.set, stream.batch_size) && stream.batches(sizes) == 1
        };
        self.data.iter().all(is_whole)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Recipe;
    use crate::terms::SetSizes;

    #[test]
    fn what_is_shuffled_or_drawn_depends_on_the_seed_and_the_rest_does_not() {
        let recipe = |phases: &str| serde_json::from_str::<Recipe>(phases).expect("a recipe");
        let of = |phases: &str| recipe(phases).draws(None);
        assert!(!of(r#"{"phases":[]}"#));
        assert!(!of(r#"{"phases":[{"zero":{"tensors":"all"}},{"transpose":{"tensors":"all"}}]}"#));
        assert!(of(r#"{"phases":[{"zero":{"tensors":"all"}},{"noise":{"tensors":"all","std":0.1}}]}"#));
        assert!(of(r#"{"phases":[{"reinit":{"tensors":"all"}}]}"#));

        let sizes = SetSizes { retain: 24, forget: 6, validation: 10, test: None };
        let trained = |stream: &str| {
            let loss = r#"[{"cross-entropy":{"on":"retain"}}]"#;
            let train = format!(
                r#"{{"data":[{stream}],"epochs":3.0,"loss":{loss},"optimizer":{{"sgd":{{"lr":0.1}}}}}}"#
            );
            recipe(&format!(r#"{{"phases":[{{"train":{train}}}]}}"#)).draws(Some(&sizes))
        };
        assert!(!trained(r#"{"set":"retain","batch-size":24}"#), "one batch holds all");
        assert!(trained(r#"{"set":"retain","batch-size":12}"#));
        assert!(trained(r#"{"set":"retain","batch-size":24,"augment":{"crop":0,"flip":true}}"#));
    }
}
