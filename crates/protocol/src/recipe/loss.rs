//! The terms that a training loop minimises, as data.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Schedule, Tensors, is_default};
use crate::terms::{NonNegative, Positive, Set};

/// One summand of the loss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Term {
    /// weight · CE(logits, the stream's labels).
    CrossEntropy(CrossEntropy),
    /// weight · KL divergence between a target and the softmax of the logits, classes summed.
    Divergence(Divergence),
    /// weight · mean over the batch of −Σ target log softmax: the gradient of a divergence, with another value.
    SoftCrossEntropy(SoftCrossEntropy),
    /// weight · mean over batch and classes of (logits − the teacher's logits)².
    LogitDistance(Distance),
    /// weight · mean over the batch of (H(softmax) − H(the teacher's softmax))², in nats.
    EntropyDistance(Distance),
    /// weight · mean over all pairs of −log softmax over the row of S = z zₒᵀ / t, where zₒ are the logits of another
    /// stream's batch, without gradient (FCS).
    Contrast(Contrast),
    /// weight · 1/n Σₖ Σᵢ ‖f(xᵢ) − f(x'ₖᵢ)‖₂ / ‖xᵢ − x'ₖᵢ‖₂ over n noisy copies x' of the batch, clamped to the range of
    /// its pixels and without gradient (JiT).
    Lipschitz(LipschitzBound),
    /// weight · Σ|θ|, with derivative sign(θ).
    L1(Penalty),
    /// weight · ½ Σ(θ − θ₀)², where θ₀ is 0 or the start of the recipe.
    L2(Penalty),
}

/// What terms on examples have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// The stream that it is taken on.
    pub on: Set,
    /// The examples of that stream that count.
    pub members: Option<Set>,
    /// Factor in the sum.
    pub weight: f64,
    /// How the factor moves.
    pub weight_schedule: &'a Schedule,
}

impl Term {
    /// What it is taken on; nothing where it is a penalty on the weights.
    pub fn head(&self) -> Option<Head<'_>> {
        let (on, members) = match self {
            Self::CrossEntropy(term) => (term.on, term.members),
            Self::Divergence(term) => (term.on, term.members),
            Self::SoftCrossEntropy(term) => (term.on, term.members),
            Self::LogitDistance(term) | Self::EntropyDistance(term) => (term.on, term.members),
            Self::Contrast(term) => (term.on, None),
            Self::Lipschitz(term) => (term.on, None),
            Self::L1(_) | Self::L2(_) => return None,
        };
        let (weight, weight_schedule) = self.weight();
        Some(Head { on, members, weight, weight_schedule })
    }

    /// Its factor in the sum and how that moves.
    pub fn weight(&self) -> (f64, &Schedule) {
        match self {
            Self::CrossEntropy(term) => (term.weight, &term.weight_schedule),
            Self::Divergence(term) => (term.weight, &term.weight_schedule),
            Self::SoftCrossEntropy(term) => (term.weight, &term.weight_schedule),
            Self::LogitDistance(term) | Self::EntropyDistance(term) => (term.weight, &term.weight_schedule),
            Self::Contrast(term) => (term.weight, &term.weight_schedule),
            Self::Lipschitz(term) => (term.weight, &term.weight_schedule),
            Self::L1(term) | Self::L2(term) => (term.weight, &term.weight_schedule),
        }
    }

    /// The streams, by their sets, that it needs: the one that it is taken on and the one that it compares with.
    pub fn streams(&self) -> Vec<Set> {
        let against = match self {
            Self::Contrast(term) => Some(term.against),
            _ => None,
        };
        self.head().map(|head| head.on).into_iter().chain(against).collect()
    }
}

fn one() -> f64 {
    1.0
}

/// Cross entropy with the labels of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CrossEntropy {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number, a negative one ascends.
    #[serde(default = "one")]
    pub weight: f64,
    /// Weight of each class.
    #[serde(default)]
    pub class_weight: ClassWeight,
    /// How the examples' cross entropies become one number.
    #[serde(default, skip_serializing_if = "is_default")]
    pub averaging: Averaging,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl CrossEntropy {
    /// The plain mean, times a weight.
    pub fn new(on: Set, weight: f64) -> Self {
        Self {
            on,
            weight,
            class_weight: ClassWeight::None,
            averaging: Averaging::ByWeight,
            members: None,
            weight_schedule: Schedule::Constant,
        }
    }
}

/// Weights of the classes in a cross entropy.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassWeight {
    /// All 1.
    #[default]
    None,
    /// 1 / count, with the counts of `age_class_weights.json`.
    Inverse,
    /// count^−power with the counts of one set.
    #[serde(rename_all = "kebab-case")]
    Power {
        /// Which set is counted.
        counts: Set,
        /// The power, without its minus.
        power: NonNegative,
    },
    /// 1 for class 0, this for every other.
    Others(NonNegative),
}

/// How the cross entropies ℓᵢ of a batch of B examples with class weights wᵢ become one number.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Averaging {
    /// Σ wᵢℓᵢ / Σ wᵢ, as PyTorch does.
    #[default]
    ByWeight,
    /// Σ wᵢℓᵢ / B.
    ByCount,
    /// (Σ wᵢ / B) · (Σ ℓᵢ / B): the weights only scale the batch's step, as CFW was published.
    Product,
    /// Σ cᵢℓᵢ with cᵢ ∝ ℓᵢ^−power, summing to 1 and without gradient (SFRon).
    Adaptive(NonNegative),
}

/// KL divergence, averaged over the batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Divergence {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number, a negative one ascends.
    #[serde(default = "one")]
    pub weight: f64,
    /// What the softmax is compared with.
    pub target: Target,
    /// Temperature of both softmaxes.
    #[serde(default = "unit")]
    pub temperature: Positive,
    /// Whether the divergence is multiplied by T².
    #[serde(default, skip_serializing_if = "is_default")]
    pub scale: TemperatureScale,
    /// What it is divided by.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reduction: Reduction,
    /// Which distribution the mean is taken over.
    #[serde(default, skip_serializing_if = "is_default")]
    pub direction: Direction,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

fn unit() -> Positive {
    Positive::new(1.0).expect("1 is above 0")
}

impl Divergence {
    /// KL(target ‖ softmax) at temperature 1, averaged over the batch.
    pub fn new(on: Set, weight: f64, target: Target) -> Self {
        Self {
            on,
            weight,
            target,
            temperature: unit(),
            scale: TemperatureScale::Off,
            reduction: Reduction::BatchMean,
            direction: Direction::FromTarget,
            members: None,
            weight_schedule: Schedule::Constant,
        }
    }
}

/// A distribution over classes that a softmax is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// The softmax of a teacher's logits.
    Teacher(Teacher),
    /// The same with the true class's logit at −1e10 (DELETE).
    MaskedTeacher(Teacher),
    /// All classes alike.
    Uniform,
}

/// A network that stands still and uses its running statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Teacher {
    /// The weights at the start of the recipe.
    Start,
    /// Weights as the network is born, drawn in this run (Bad Teacher's incompetent one).
    Born,
}

/// Whether a divergence at a temperature T is multiplied by T².
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TemperatureScale {
    /// It isn't.
    #[default]
    Off,
    /// It is.
    Squared,
}

/// What a sum over the batch and its classes is divided by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// B.
    #[default]
    BatchMean,
    /// B times the number of classes: PyTorch's default, which divides the learning rate by it.
    Mean,
}

/// Which distribution the mean of a KL divergence is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// KL(target ‖ softmax).
    #[default]
    FromTarget,
    /// KL(softmax ‖ target).
    FromStudent,
}

/// Cross entropy with a teacher's softmax.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SoftCrossEntropy {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// Whose softmax.
    pub teacher: Teacher,
    /// Temperature of both softmaxes.
    #[serde(default = "unit")]
    pub temperature: Positive,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl SoftCrossEntropy {
    /// With a temperature of both softmaxes.
    pub fn new(on: Set, weight: f64, teacher: Teacher, temperature: Positive) -> Self {
        Self { on, weight, teacher, temperature, members: None, weight_schedule: Schedule::Constant }
    }
}

/// Squared distance of outputs to a teacher's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Distance {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// Whose outputs.
    pub teacher: Teacher,
    /// The set whose examples count, where the stream is mixed; the others count as 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub members: Option<Set>,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

impl Distance {
    /// To a teacher.
    pub fn new(on: Set, weight: f64, teacher: Teacher) -> Self {
        Self { on, weight, teacher, members: None, weight_schedule: Schedule::Constant }
    }
}

/// A contrast between the logits of two streams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contrast {
    /// The stream whose logits learn.
    pub on: Set,
    /// The stream whose logits they are compared with; computed after them in the same mode of batch norm.
    pub against: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// t.
    pub temperature: Positive,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

/// How much outputs may move with the pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LipschitzBound {
    /// The stream that it is taken on.
    pub on: Set,
    /// Factor in the sum; any finite number.
    #[serde(default = "one")]
    pub weight: f64,
    /// n.
    pub copies: NonZeroU32,
    /// Standard deviation of the noise on the pixels (0 to 255).
    pub std: Positive,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

/// A penalty on the weights that train.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Penalty {
    /// Factor in the sum; any finite number.
    pub weight: f64,
    /// Which tensors are penalised, of those that train.
    #[serde(default)]
    pub tensors: Tensors,
    /// Where weights are pulled to; an L1 penalty knows only 0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub toward: Toward,
    /// How the factor moves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub weight_schedule: Schedule,
}

/// Where weights are pulled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Toward {
    /// 0.
    #[default]
    Zero,
    /// The weights at the start of the recipe.
    Start,
}
