//! What many repeats of one experiment say together.

use sweep::score::{CrossFit, Interval};

use crate::world::Setting;

/// What one repeat gave.
pub(crate) struct Repeat {
    pub(crate) forgetting_quality: f64,
    pub(crate) drawn: Option<Drawn>,
    pub(crate) own: CrossFit,
    /// True quality of the attacks that the estimate rests on.
    pub(crate) truth: f64,
}

/// What the bootstrap of one repeat gave.
pub(crate) struct Drawn {
    /// Percentile, recentred, `BCa`, rescaled.
    pub(crate) intervals: [Option<Interval>; 4],
    /// Whether two equally good points were ranked.
    pub(crate) falsely_ranked: bool,
}

/// One row of the table. Shares are in [0, 1]; what was not bootstrapped is absent.
pub(crate) struct Summary {
    pub(crate) setting: &'static str,
    pub(crate) n: usize,
    /// Mean and standard deviation of the competition's F.
    pub(crate) forgetting_quality: (f64, f64),
    /// Shares of percentile, recentred, `BCa` and rescaled intervals that hold the mean F, and of `BCa` intervals that exist.
    coverage: Option<([f64; 4], f64)>,
    falsely_ranked: Option<f64>,
    /// Mean and standard deviation of cross-fitted quality.
    pub(crate) quality: (f64, f64),
    /// Mean of estimate less truth.
    bias: f64,
    /// Share of the intervals that hold the truth, and of those wholly below 1 (power; at "same" false alarms).
    covered: f64,
    below_one: f64,
    /// Mean share of the examples that are told apart beyond doubt.
    told_apart: f64,
}

impl Summary {
    pub(crate) const HEAD: &str = "setting,n,f_mean,f_sd,f_percentile_coverage,f_recentred_coverage,f_bca_coverage,f_rescaled_coverage,f_bca_defined,\
         falsely_ranked,q_mean,q_sd,q_bias,q_coverage,q_below_one,told_apart";
    pub(crate) const MARKDOWN_HEAD: &str = "| unlearned | N | F: mean ± sd | percentile | recentred | BCa (defined) | rescaled | false ranks | Q: mean ± sd | bias | coverage | Q < 1 | ε > 0 |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|";

    pub(crate) fn of(setting: &Setting, n: usize, repeats: &[Repeat]) -> Self {
        let forgetting_quality = moments(repeats.iter().map(|repeat| repeat.forgetting_quality));
        let drawn: Vec<&Drawn> = repeats.iter().filter_map(|repeat| repeat.drawn.as_ref()).collect();
        let holds = |interval: &Interval, truth: f64| interval.low <= truth && truth <= interval.high;
        let coverage = |construction: usize| {
            let intervals = drawn.iter().filter_map(|drawn| drawn.intervals[construction]);
            share(intervals.map(|interval| holds(&interval, forgetting_quality.0)))
        };
        Self {
            setting: setting.name,
            n,
            forgetting_quality,
            coverage: (!drawn.is_empty()).then(|| {
                ([0, 1, 2, 3].map(coverage), share(drawn.iter().map(|drawn| drawn.intervals[2].is_some())))
            }),
            falsely_ranked: (!drawn.is_empty())
                .then(|| share(drawn.iter().map(|drawn| drawn.falsely_ranked))),
            quality: moments(repeats.iter().map(|repeat| repeat.own.quality)),
            bias: moments(repeats.iter().map(|repeat| repeat.own.quality - repeat.truth)).0,
            covered: share(repeats.iter().map(|repeat| holds(&repeat.own.interval, repeat.truth))),
            below_one: share(repeats.iter().map(|repeat| repeat.own.interval.high < 1.0)),
            told_apart: moments(repeats.iter().map(|repeat| repeat.own.told_apart())).0,
        }
    }

    pub(crate) fn csv(&self) -> String {
        let optional = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let coverage = |nth: usize| optional(self.coverage.map(|(shares, _)| shares[nth]));
        let numbers = [
            self.forgetting_quality.0.to_string(),
            self.forgetting_quality.1.to_string(),
            coverage(0),
            coverage(1),
            coverage(2),
            coverage(3),
            optional(self.coverage.map(|(_, defined)| defined)),
            optional(self.falsely_ranked),
            self.quality.0.to_string(),
            self.quality.1.to_string(),
            self.bias.to_string(),
            self.covered.to_string(),
            self.below_one.to_string(),
            self.told_apart.to_string(),
        ];
        format!("{},{},{}", self.setting, self.n, numbers.join(","))
    }

    pub(crate) fn markdown(&self) -> String {
        let percent =
            |share: f64| if share.is_nan() { "–".to_owned() } else { format!("{:.1} %", share * 100.0) };
        let optional = |value: Option<f64>| value.map_or_else(String::new, percent);
        let coverage = |nth: usize| optional(self.coverage.map(|(shares, _)| shares[nth]));
        let bca = self
            .coverage
            .map_or_else(String::new, |(_, defined)| format!("{} ({})", coverage(2), percent(defined)));
        format!(
            "| {} | {} | {:.4} ± {:.4} | {} | {} | {bca} | {} | {} | {:.3} ± {:.3} | {:+.4} | {} | {} | {} |",
            self.setting,
            self.n,
            self.forgetting_quality.0,
            self.forgetting_quality.1,
            coverage(0),
            coverage(1),
            coverage(3),
            optional(self.falsely_ranked),
            self.quality.0,
            self.quality.1,
            self.bias,
            percent(self.covered),
            percent(self.below_one),
            percent(self.told_apart),
        )
    }
}

/// Mean and standard deviation.
fn moments(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (values.len() as f64 - 1.0)).sqrt())
}

/// Share that holds; NaN of none.
fn share(holds: impl Iterator<Item = bool>) -> f64 {
    let (mut all, mut held) = (0_u32, 0_u32);
    for holds in holds {
        all += 1;
        held += u32::from(holds);
    }
    f64::from(held) / f64::from(all)
}
