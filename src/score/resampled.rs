//! A score together with its bootstrap replicates: its intervals, and how far it is from other scores.

use serde::Serialize;

use super::{
    bootstrap::{Replicate, jackknife, replicate},
    ensemble::{Ensemble, Unlearned},
    incomparable::Incomparable,
    interval::{Construction, Interval, Student, bca, percentile, recentred, scale},
    oracle::Oracle,
    score::Score,
};

/// A score with its bootstrap replicates.
///
/// Each replicate draws N unlearned and N retrained models with replacement, whole rows, so that what examples share
/// through a model stays. Replicate k draws the same positions for every point at the same N, seed and oracle: the oracle's
/// luck is shared by all points of a sweep and cancels in their differences.
///
/// A duplicated model makes the extremes of its side heavier, and ε is a maximum over thresholds, so replicates are biased:
/// their F lies up to a quarter below the score's, often with the score outside of their percentiles. That is why
/// [`Construction::Rescaled`] is what tables show. `examples/simulate-score.rs` measures how often each construction holds
/// the mean of repeated experiments.
#[derive(Debug, Clone, PartialEq)]
pub struct Resampled {
    score: Score,
    replicates: Vec<Option<Replicate>>,
    /// From the replicates' values to the scale of the score's.
    scale: f64,
}

/// What an interval is asked of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Forgetting quality.
    ForgettingQuality,
    /// Retain accuracy as a share of the oracle's.
    RetainRatio,
    /// Test accuracy as a share of the oracle's.
    TestRatio,
    /// The whole score.
    Value,
}

/// A number made of several scores, with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// The number.
    pub value: f64,
    /// Its interval, from rescaled replicates.
    pub interval: Interval,
}

/// How far two scores are apart whose replicates were drawn alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PairedDifference {
    /// The difference.
    pub difference: Difference,
    /// The two-sided p-value that goes with its interval.
    pub p: f64,
}

impl Difference {
    /// Whether the interval leaves out 0.
    pub fn is_clear(&self) -> bool {
        self.interval.low > 0.0 || self.interval.high < 0.0
    }
}

impl Resampled {
    /// Scores two groups, and `replicates` replicates of them. At least one replicate must have a score.
    pub fn of(
        unlearned: &Ensemble<Unlearned>,
        oracle: &Oracle,
        replicates: usize,
        seed: u64,
    ) -> Result<Self, Incomparable> {
        let score = Score::of(unlearned, oracle)?;
        let drawn = replicate(unlearned, oracle, replicates, seed);
        if drawn.iter().all(Option::is_none) {
            return Err(Incomparable::NoReplicate { replicates });
        }
        let scale = scale(score.value, &drawn_of(Part::Value, &drawn));
        Ok(Self { score, replicates: drawn, scale })
    }

    /// The score itself.
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// Replicates that have a score.
    pub fn replicates(&self) -> usize {
        self.replicates.iter().flatten().count()
    }

    /// The rescaled 95 % interval of a part.
    pub fn interval(&self, part: Part) -> Interval {
        let (center, drawn) = (part.of_score(&self.score), drawn_of(part, &self.replicates));
        let scale = scale(center, &drawn);
        let scaled: Vec<f64> = drawn.iter().map(|value| value * scale).collect();
        part.clipped(Student::around(center, &scaled, self.score.n).interval())
    }

    /// A 95 % interval of a part by any construction; `None` where [`Construction::Bca`] is not defined, which
    /// needs the groups again, for the jackknife.
    pub fn interval_by(
        &self,
        construction: Construction,
        part: Part,
        (unlearned, oracle): (&Ensemble<Unlearned>, &Oracle),
    ) -> Option<Interval> {
        let (center, drawn) = (part.of_score(&self.score), drawn_of(part, &self.replicates));
        Some(part.clipped(match construction {
            Construction::Percentile => percentile(&drawn),
            Construction::Recentred => recentred(center, &drawn),
            Construction::Rescaled => self.interval(part),
            Construction::Bca => {
                let left_out = jackknife(unlearned, oracle);
                let left_out: Vec<f64> =
                    left_out.iter().flatten().map(|replicate| part.of_replicate(replicate)).collect();
                bca(center, &drawn, &left_out)?
            }
        }))
    }

    /// This score less another, from paired replicates; `None` where the two were not drawn alike.
    pub fn minus(&self, other: &Self) -> Option<PairedDifference> {
        self.is_paired_with(other).then_some(())?;
        let pairs = self.rescaled().zip(other.rescaled());
        let drawn = pairs.filter_map(|(own, theirs)| Some(own? - theirs?));
        let value = self.score.value - other.score.value;
        let student = self.student(value, &drawn.collect::<Vec<f64>>())?;
        Some(PairedDifference {
            difference: Difference { value, interval: student.interval() },
            p: student.p(),
        })
    }

    /// Where this score lies between floor (0) and ceiling (1), both replicated alongside; not clipped. Our own number: the
    /// competition knows none. `None` where the ceiling is not above the floor or the three were not drawn alike.
    pub fn between(&self, floor: &Self, ceiling: &Self) -> Option<Difference> {
        (self.is_paired_with(floor) && self.is_paired_with(ceiling)).then_some(())?;
        let share =
            |own: f64, floor: f64, ceiling: f64| (ceiling > floor).then(|| (own - floor) / (ceiling - floor));
        let value = share(self.score.value, floor.score.value, ceiling.score.value)?;
        let drawn = self.rescaled().zip(floor.rescaled()).zip(ceiling.rescaled());
        let drawn = drawn.filter_map(|((own, floor), ceiling)| share(own?, floor?, ceiling?));
        let student = self.student(value, &drawn.collect::<Vec<f64>>())?;
        Some(Difference { value, interval: student.interval() })
    }

    fn is_paired_with(&self, other: &Self) -> bool {
        self.score.n == other.score.n && self.replicates.len() == other.replicates.len()
    }

    /// The values of all replicates in their order, on the scale of the score.
    fn rescaled(&self) -> impl Iterator<Item = Option<f64>> {
        self.replicates.iter().map(|replicate| replicate.as_ref().map(|drawn| drawn.value() * self.scale))
    }

    fn student(&self, value: f64, drawn: &[f64]) -> Option<Student> {
        (!drawn.is_empty()).then(|| Student::around(value, drawn, self.score.n))
    }
}

/// A part of all replicates, ascending.
fn drawn_of(part: Part, replicates: &[Option<Replicate>]) -> Vec<f64> {
    let mut values: Vec<f64> =
        replicates.iter().flatten().map(|replicate| part.of_replicate(replicate)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

impl Part {
    fn of_score(self, score: &Score) -> f64 {
        match self {
            Self::ForgettingQuality => score.forgetting_quality.value(),
            Self::RetainRatio => score.retain_ratio,
            Self::TestRatio => score.test_ratio,
            Self::Value => score.value,
        }
    }

    fn of_replicate(self, replicate: &Replicate) -> f64 {
        match self {
            Self::ForgettingQuality => replicate.forgetting_quality,
            Self::RetainRatio => replicate.utility.retain_ratio,
            Self::TestRatio => replicate.utility.test_ratio,
            Self::Value => replicate.value(),
        }
    }

    /// Cuts off what the part can't be.
    fn clipped(self, Interval { low, high }: Interval) -> Interval {
        match self {
            Self::ForgettingQuality => Interval { low: low.max(0.0), high: high.min(1.0) },
            Self::RetainRatio | Self::TestRatio | Self::Value => Interval { low: low.max(0.0), high },
        }
    }
}
