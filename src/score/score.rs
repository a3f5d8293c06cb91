//! Everything put together.

use serde::Serialize;

use super::{
    ensemble::{Ensemble, Unlearned},
    epsilon::{Epsilon, epsilons},
    forgetting_quality::ForgettingQuality,
    incomparable::Incomparable,
    oracle::Oracle,
    utility::Utility,
};

/// The competition's score of one point, with all it is made of. Compares only with scores at the same N on
/// the same split.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// Models per side (N).
    pub n: usize,
    /// Forget examples (S).
    pub examples: usize,
    /// How well the best attack tells the sides apart; \[S\].
    pub epsilons: Vec<Epsilon>,
    /// What those are worth.
    pub forgetting_quality: ForgettingQuality,
    /// Mean accuracy on the retain set, as a share of the oracle's.
    pub retain_ratio: f64,
    /// Mean accuracy on the test (or validation) set, as a share of the oracle's.
    pub test_ratio: f64,
    /// Forgetting quality × retain ratio × test ratio; above 1 only if unlearning improved on retraining.
    pub value: f64,
}

impl Score {
    /// Scores unlearned models against the oracle. The two can't be mixed up:
    ///
    /// ```
    /// # use sweep::score::{Ensemble, Model, Oracle, Retrained, Score, Unlearned};
    /// # use sweep_protocol::terms::UnitInterval;
    /// # let accuracy = UnitInterval::new(0.9).unwrap();
    /// # let (retain_accuracy, held_out_accuracy) = (accuracy, accuracy);
    /// # let model = |it| Model { confidences: vec![it], retain_accuracy, held_out_accuracy };
    /// let models = [model(0.0), model(1.0), model(2.0)];
    /// let (unlearned, oracle) = (Ensemble::<Unlearned>::new(&models, 3)?, Oracle::new(&models, 3)?);
    /// assert_eq!(Score::of(&unlearned, &oracle)?.value, 1.0);
    /// # Ok::<(), sweep::score::Incomparable>(())
    /// ```
    ///
    /// ```compile_fail,E0308
    /// # use sweep::score::{Ensemble, Model, Oracle, Retrained, Score, Unlearned};
    /// # use sweep_protocol::terms::UnitInterval;
    /// # let accuracy = UnitInterval::new(0.9).unwrap();
    /// # let (retain_accuracy, held_out_accuracy) = (accuracy, accuracy);
    /// # let model = |it| Model { confidences: vec![it], retain_accuracy, held_out_accuracy };
    /// let models = [model(0.0), model(1.0), model(2.0)];
    /// let (unlearned, oracle) = (Ensemble::<Unlearned>::new(&models, 3)?, Oracle::new(&models, 3)?);
    /// assert_eq!(Score::of(&oracle, &unlearned)?.value, 1.0);
    /// # Ok::<(), sweep::score::Incomparable>(())
    /// ```
    pub fn of(unlearned: &Ensemble<Unlearned>, oracle: &Oracle) -> Result<Self, Incomparable> {
        let epsilons = epsilons(unlearned.confidences(), oracle.confidences())?;
        let utility = Utility::of(unlearned, oracle)?;
        let n = unlearned.models();
        let forgetting_quality = ForgettingQuality::of(&epsilons, n);
        let value = utility.weigh(forgetting_quality.value());
        Ok(Self {
            n,
            examples: epsilons.len(),
            epsilons,
            forgetting_quality,
            retain_ratio: utility.retain_ratio,
            test_ratio: utility.test_ratio,
            value,
        })
    }
}
