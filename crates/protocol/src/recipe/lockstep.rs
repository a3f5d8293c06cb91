//! Whether runs of one recipe can be carried out in lockstep.

use std::fmt;

use super::{Labels, Move, Phase, Recipe, Route, Tensors, Train};

/// Why runs of a recipe are carried out one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Apart {
    /// It has no training loop; what it computes of the original is looked up from run to run.
    NoLoop,
    /// Its loops are what a single step is made of.
    LoopsInStep,
    /// Each run takes a course of its own.
    Course,
    /// A loop trains tensors that each run draws.
    DrawnTensors,
    /// A loop learns from as many examples as an attack on each run has moved.
    Attack,
    /// A loop learns from the images of some persons alone, others in each run.
    Persons,
    /// A function of the user's own works on one network.
    Function,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLoop => "nothing trains",
            Self::LoopsInStep => "its loops are parts of one step",
            Self::Course => "each run takes a course of its own",
            Self::DrawnTensors => "each run draws what it trains",
            Self::Attack => "how many examples it learns from differs from run to run",
            Self::Persons => "each run leaves out other persons",
            Self::Function => "a function works on one network",
        })
    }
}

impl Recipe {
    /// Why runs of it are carried out one by one; none where they go through its loops in lockstep. They do where every
    /// loop trains the same tensors of all of them on as many batches.
    pub fn apart(&self) -> Option<Apart> {
        let mut trains = false;
        for phase in &self.phases {
            match phase {
                Phase::Either(_) => return Some(Apart::Course),
                Phase::Python(_) => return Some(Apart::Function),
                Phase::Train(plan) => {
                    if let Some(apart) = plan.apart() {
                        return Some(apart);
                    }
                    trains = true;
                }
                Phase::Alternate(plan) => {
                    if let Some(apart) = plan.rounds.iter().find_map(|round| round.train.apart()) {
                        return Some(apart);
                    }
                    trains = true;
                }
                Phase::Reinit(_)
                | Phase::Noise(_)
                | Phase::Transpose(_)
                | Phase::Zero(_)
                | Phase::Select(_)
                | Phase::Dampen(_)
                | Phase::FisherNoise(_)
                | Phase::Move(_)
                | Phase::Cast(_) => {}
            }
        }
        let has_loops = |phase: &Phase| matches!(phase, Phase::Move(Move { along: Route::TaskVector(loops), .. }) if !loops.is_empty());
        let moves = self.phases.iter().any(has_loops);
        match (trains, moves) {
            (true, _) => None,
            (false, true) => Some(Apart::LoopsInStep),
            (false, false) => Some(Apart::NoLoop),
        }
    }
}

impl Train {
    fn apart(&self) -> Option<Apart> {
        let parts = self.data.iter().flat_map(super::Stream::parts);
        let attacked = parts.into_iter().any(|part| matches!(part.labels, Labels::Adversarial { .. }));
        match () {
            () if self.trainable.is_drawn() => Some(Apart::DrawnTensors),
            () if attacked => Some(Apart::Attack),
            () if self.data.iter().any(|stream| stream.without.is_some()) => Some(Apart::Persons),
            () => None,
        }
    }
}

impl Tensors {
    /// Whether each run draws them.
    fn is_drawn(&self) -> bool {
        match self {
            Self::Drawn { .. } => true,
            Self::Union(several) | Self::Intersection(several) => several.iter().any(Self::is_drawn),
            Self::Except { of, without } => of.is_drawn() || without.is_drawn(),
            Self::All
            | Self::Convolutions
            | Self::Norms
            | Self::Biases
            | Self::Stem
            | Self::Head
            | Self::Shortcuts
            | Self::Last(_)
            | Self::Named(_)
            | Self::Modules(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Recipe, Apart};

    fn apart(phases: &str) -> Option<Apart> {
        serde_json::from_str::<Recipe>(&format!(r#"{{"phases":[{phases}]}}"#)).expect("a recipe").apart()
    }

    fn train(more: &str) -> String {
        let rest = r#""optimizer":{"sgd":{"lr":0.1,"momentum":0.9}},"epochs":1"#;
        format!(
            r#"{{"train":{{"data":[{{"set":"retain","batch-size":8{more}}}],"loss":[{{"cross-entropy":{{"on":"retain"}}}}],{rest}}}}}"#
        )
    }

    #[test]
    fn loops_on_the_same_tensors_and_batches_go_in_lockstep() {
        assert_eq!(apart(&train("")), None);
        assert_eq!(apart(&format!(r#"{{"reinit":{{"tensors":"head"}}}},{}"#, train(""))), None);
        assert_eq!(apart(&train(r#","labels":{"adversarial":{"epsilon":0.1}}"#)), Some(Apart::Attack));
        let without = format!(r#","without":{{"folds":4,"persons":"{}"}}"#, "0".repeat(64));
        assert_eq!(apart(&train(&without)), Some(Apart::Persons));
        assert_eq!(apart(r#"{"zero":{"tensors":"all"}}"#), Some(Apart::NoLoop));
    }
}
