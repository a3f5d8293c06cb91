//! Which data a recipe looks at.

use std::collections::BTreeSet;

use super::{
    Alternate, Dampen, Either, FisherNoise, Move, Phase, Recipe, Rewind, Route, Score, Select, Stream, Train,
};
use crate::{recipe::AfterEpochs, terms::Set};

impl Recipe {
    /// Every set that a phase draws examples from or takes an accuracy on.
    pub fn sets(&self) -> BTreeSet<Set> {
        self.phases.iter().flat_map(Phase::sets).collect()
    }
}

impl Phase {
    fn sets(&self) -> Vec<Set> {
        match self {
            Self::Train(train) => train.sets(),
            Self::Alternate(Alternate { rounds, after_epochs, .. }) => {
                let rounds = rounds.iter().flat_map(|round| round.train.sets());
                rounds.chain(after_epochs.sets()).collect()
            }
            Self::Select(Select { score, .. }) => score.sets(),
            Self::Dampen(Dampen { forget, kept, .. }) => vec![*forget, *kept],
            Self::FisherNoise(FisherNoise { kept, .. }) => vec![*kept],
            Self::Move(Move { along: Route::WoodFisher { .. }, .. }) => vec![Set::Retain, Set::Forget],
            Self::Move(Move { along: Route::TaskVector(loops), .. }) => {
                loops.iter().flat_map(Train::sets).collect()
            }
            Self::Either(Either { first, otherwise, .. }) => {
                first.iter().chain(otherwise).flat_map(Self::sets).collect()
            }
            Self::Reinit(_) | Self::Noise(_) | Self::Transpose(_) | Self::Zero(_) | Self::Cast(_) => {
                Vec::new()
            }
        }
    }
}

impl Train {
    fn sets(&self) -> Vec<Set> {
        let parts = self.data.iter().flat_map(Stream::parts).map(|part| part.set);
        parts.chain(self.after_epochs.sets()).collect()
    }
}

impl AfterEpochs {
    fn sets(&self) -> Vec<Set> {
        let rewound = match self.rewind {
            Rewind::Off => Vec::new(),
            Rewind::MatchedValidation => vec![Set::Forget, Set::Validation],
        };
        self.stop.iter().map(|stop| stop.on).chain(rewound).collect()
    }
}

impl Score {
    fn sets(&self) -> Vec<Set> {
        match self {
            Self::Magnitude | Self::Random => Vec::new(),
            Self::Gradient { of, .. } => of.iter().map(|pass| pass.set).collect(),
            Self::Ratio { above, below, .. } => vec![*above, *below],
        }
    }
}
