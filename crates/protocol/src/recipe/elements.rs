//! Choosing single elements of tensors by a score: masks and importances.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{BatchNorm, Share, Tensors, is_default};
use crate::terms::{Positive, Set, UnitInterval};

/// Which elements of its tensors a phase touches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Elements {
    /// Every one.
    #[default]
    All,
    /// Those that the [`Select`] phase of this name chose.
    In(String),
    /// Those that it didn't choose. A tensor that it didn't look at lies outside as a whole.
    Outside(String),
}

/// Chooses elements by a score, on the weights as they stand, and remembers them under a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Select {
    /// What later phases call the choice.
    pub name: String,
    /// Where it is made.
    #[serde(default)]
    pub tensors: Tensors,
    /// What is compared.
    pub score: Score,
    /// Who is chosen.
    pub rule: Rule,
}

/// Who is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A share of the elements, from one end of the scores; of equal scores the one that comes first in the state dict.
    Share(Count),
    /// Every element whose score is at least this.
    AtLeast(f64),
}

/// A share of the elements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Count {
    /// How large a share.
    pub share: UnitInterval,
    /// From which end of the scores.
    pub order: Order,
    /// Of all tensors together, or of each.
    #[serde(default, skip_serializing_if = "is_default")]
    pub extent: Extent,
    /// How a share becomes a whole number.
    #[serde(default, skip_serializing_if = "is_default")]
    pub rounding: Rounding,
}

/// From which end of the scores elements are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The smallest scores.
    Smallest,
    /// The largest scores.
    Largest,
}

/// Whether tensors are looked at together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extent {
    /// All tensors together.
    #[default]
    Global,
    /// Each tensor for itself.
    PerTensor,
}

/// How a share of n elements becomes a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// The nearest; halves to the even one.
    #[default]
    Nearest,
    /// The next smaller.
    Down,
}

/// What elements are compared by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Score {
    /// |value|.
    Magnitude,
    /// A random order.
    Random,
    /// |Σ sign · Σ over batches of the gradient of the mean cross entropy|: no step is taken. A pass over a stream that
    /// draws in the order of the recipe.
    #[serde(rename_all = "kebab-case")]
    Gradient {
        /// The passes, one after the other.
        of: Vec<Signed>,
        /// What batch normalisation does in them.
        #[serde(default)]
        batch_norm: BatchNorm,
    },
    /// (importance above + 1e-15) / (importance below + 1e-15).
    #[serde(rename_all = "kebab-case")]
    Ratio {
        /// Set of the importance that is divided.
        above: Set,
        /// Set of the importance that it is divided by.
        below: Set,
        /// How importance is measured.
        importance: Importance,
    },
}

/// One pass of a gradient score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Signed {
    /// The examples.
    pub set: Set,
    /// Which of them; drawn anew in every run.
    #[serde(default, skip_serializing_if = "is_default")]
    pub share: Share,
    /// Examples in a batch.
    pub batch_size: NonZeroU32,
    /// Factor of its gradients in the sum, usually 1 or -1.
    pub sign: f64,
}

/// How much each element matters to a set: the mean over batches of a power of the gradient of the batch's mean loss,
/// with the running statistics (batch norm frozen).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Importance {
    /// Which gradient.
    #[serde(default)]
    pub measure: Measure,
    /// Examples in a batch; 1 for an importance per sample. Importances of batches depend on their size.
    pub batch_size: NonZeroU32,
    /// Factor on the gradients before their power is taken.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: Positive,
}

impl Importance {
    /// Squared gradients of the cross entropy over batches of this size.
    pub fn of_batches(batch_size: NonZeroU32) -> Self {
        Self { measure: Measure::default(), batch_size, scale: one() }
    }
}

fn one() -> Positive {
    Positive::new(1.0).expect("1 is above 0")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(value: &Positive) -> bool {
    *value == one()
}

/// Which gradient an importance is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Squared gradient of the cross entropy with the true labels (SSD's empirical Fisher information).
    #[default]
    SquaredCrossEntropy,
    /// Absolute gradient of ‖logits‖₂², labels unused (LFSSD).
    AbsoluteSquaredNorm,
    /// Σ over classes of the model's probability times the squared gradient of the cross entropy with that class
    /// (Fisher information; one backward pass per class).
    ExpectedCrossEntropy,
}
