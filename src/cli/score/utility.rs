//! The competition's whole score, where accuracies are known on both sides.

use clap::Args;
use serde::Serialize;
use sweep_inputs::retrain_cache::RetrainCache;
use sweep_protocol::terms::UnitInterval;

use crate::score::{Ensemble, Incomparable, Interval, Kind, Part, Resampled, Score, ensemble};

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
    /// What a score says; with intervals where every model's accuracy is known.
    pub(super) fn of(score: &Score, resampled: Option<&Resampled>) -> Self {
        let interval = |part| resampled.map(|drawn| drawn.interval(part));
        Self {
            retain_ratio: score.retain_ratio,
            retain_ratio_interval: interval(Part::RetainRatio),
            test_ratio: score.test_ratio,
            test_ratio_interval: interval(Part::TestRatio),
            score: score.value,
            score_interval: interval(Part::Value),
        }
    }
}

/// Models with the accuracies of each.
pub(super) fn measured<K: Kind>(cache: &RetrainCache) -> Result<Ensemble<K>, Incomparable> {
    ensemble(&cache.confidences, |model| (fraction(cache.retain[model]), fraction(cache.test[model])))
}

fn fraction(percent: f64) -> UnitInterval {
    UnitInterval::new(percent / 100.0).expect("a cache's accuracies are from 0 to 100")
}

fn percent(text: &str) -> Result<UnitInterval, String> {
    let fraction = text.parse::<f64>().ok().and_then(|percent| UnitInterval::new(percent / 100.0).ok());
    fraction.ok_or_else(|| "an accuracy is in percent, from 0 to 100".to_owned())
}
