//! The competition's whole score, where accuracies are known on both sides.

use clap::Args;
use serde::Serialize;
use sweep_inputs::{npy::Array, retrain_cache::RetrainCache};
use sweep_protocol::terms::UnitInterval;

use crate::score::{BOOTSTRAP_SEED, Ensemble, Incomparable, Interval, Kind, Model, Part, Resampled, Score};

/// What the unlearned models are worth.
#[derive(Debug, Clone, Copy, Args)]
pub(super) struct Accuracies {
    /// Mean accuracy of the unlearned models on the retain set, in percent; needs retrained models with accuracies
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires_all = ["test_accuracy", "unlearned"])]
    retain_accuracy: Option<UnitInterval>,
    /// Mean accuracy of the unlearned models on the test set, in percent
    #[arg(long, value_name = "PERCENT", value_parser = percent, requires_all = ["retain_accuracy", "unlearned"])]
    test_accuracy: Option<UnitInterval>,
}

/// Utility as a share of retraining's, and the score that follows; intervals where every model's accuracy is known.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Utility {
    pub(super) retain_ratio: f64,
    pub(super) retain_ratio_interval: Option<Interval>,
    pub(super) test_ratio: f64,
    pub(super) test_ratio_interval: Option<Interval>,
    /// Forgetting quality × both ratios.
    pub(super) score: f64,
    pub(super) score_interval: Option<Interval>,
}

impl Accuracies {
    /// Retain and test accuracy as fractions, where they were given.
    pub(super) fn given(self) -> Option<(UnitInterval, UnitInterval)> {
        self.retain_accuracy.zip(self.test_accuracy)
    }
}

impl Utility {
    /// Scores unlearned models of these mean accuracies.
    pub(super) fn of_means(
        unlearned: &Array,
        (retain, test): (UnitInterval, UnitInterval),
        retrained: &RetrainCache,
    ) -> Result<Self, Incomparable> {
        let unlearned = ensemble(unlearned, |_| (retain, test))?;
        Ok(Self::from(&Score::of(&unlearned, &measured(retrained)?)?))
    }

    /// Scores models that were measured one by one, with `replicates` bootstrap replicates behind each interval.
    pub(super) fn of_models(
        unlearned: &RetrainCache,
        retrained: &RetrainCache,
        replicates: usize,
    ) -> Result<Self, Incomparable> {
        let (unlearned, oracle) = (measured(unlearned)?, measured(retrained)?);
        if replicates == 0 {
            return Ok(Self::from(&Score::of(&unlearned, &oracle)?));
        }
        let drawn = Resampled::of(&unlearned, &oracle, replicates, BOOTSTRAP_SEED)?;
        Ok(Self {
            retain_ratio_interval: Some(drawn.interval(Part::RetainRatio)),
            test_ratio_interval: Some(drawn.interval(Part::TestRatio)),
            score_interval: Some(drawn.interval(Part::Value)),
            ..Self::from(drawn.score())
        })
    }
}

impl From<&Score> for Utility {
    fn from(score: &Score) -> Self {
        Self {
            retain_ratio: score.retain_ratio,
            retain_ratio_interval: None,
            test_ratio: score.test_ratio,
            test_ratio_interval: None,
            score: score.value,
            score_interval: None,
        }
    }
}

/// Models with the accuracies of each.
fn measured<K: Kind>(cache: &RetrainCache) -> Result<Ensemble<K>, Incomparable> {
    ensemble(&cache.confidences, |model| (fraction(cache.retain[model]), fraction(cache.test[model])))
}

fn ensemble<K: Kind>(
    confidences: &Array,
    accuracies: impl Fn(usize) -> (UnitInterval, UnitInterval),
) -> Result<Ensemble<K>, Incomparable> {
    let examples = confidences.values.len() / confidences.shape[0].max(1);
    let rows = confidences.values.chunks(examples.max(1)).enumerate();
    let models = rows.map(|(model, row)| {
        let (retain_accuracy, held_out_accuracy) = accuracies(model);
        Model { confidences: row.to_vec(), retain_accuracy, held_out_accuracy }
    });
    let models: Vec<Model> = models.collect();
    Ensemble::new(&models, models.len())
}

fn fraction(percent: f64) -> UnitInterval {
    UnitInterval::new(percent / 100.0).expect("a cache's accuracies are from 0 to 100")
}

fn percent(text: &str) -> Result<UnitInterval, String> {
    let fraction = text.parse::<f64>().ok().and_then(|percent| UnitInterval::new(percent / 100.0).ok());
    fraction.ok_or_else(|| "an accuracy is in percent, from 0 to 100".to_owned())
}
