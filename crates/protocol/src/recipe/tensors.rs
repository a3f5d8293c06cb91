//! Which tensors a phase means.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::is_default;

/// Which tensors an operation touches or a training loop may change.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tensors {
    /// Every parameter; for [`Reinit`](super::Reinit) the running statistics too.
    #[default]
    All,
    /// The kernels of every convolution, those of shortcuts included.
    Convolutions,
    /// Scale and shift of every batch normalisation, those of shortcuts included.
    Norms,
    /// The biases of convolutions and linear layers.
    Biases,
    /// Everything before the first block.
    Stem,
    /// The classifier: everything after the last block.
    Head,
    /// Everything on the short branch of a residual block.
    Shortcuts,
    /// The last groups, counted from the output: the head, then block after block, then the stem. Of ResNet-18's ten
    /// groups, 1 is the head, 2 adds the last block.
    Last(NonZeroU32),
    /// These parameters, by their state-dict keys (`conv1.weight`, `layer4.1.bn2.bias`, …).
    Named(Vec<String>),
    /// Every parameter of these modules (`fc`, `layer4`, `layer4.1.conv2`, …).
    Modules(Vec<String>),
    /// All of these.
    Union(Vec<Tensors>),
    /// What is in each of these.
    Intersection(Vec<Tensors>),
    /// Some but not others.
    #[serde(rename_all = "kebab-case")]
    Except {
        /// From these …
        of: Box<Tensors>,
        /// … without these.
        without: Box<Tensors>,
    },
    /// Tensors drawn at random. The same name draws the same tensors wherever it stands in one run.
    #[serde(rename_all = "kebab-case")]
    Drawn {
        /// From these; a draw may be made from a draw.
        from: Box<Tensors>,
        /// How many; all of them where there are fewer.
        count: NonZeroU32,
        /// Name of the draw.
        draw: String,
        /// Whether a tensor may be drawn twice (it then counts once).
        #[serde(default, skip_serializing_if = "is_default")]
        replacement: Replacement,
    },
}

/// Whether what was drawn can be drawn again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replacement {
    /// It can't.
    #[default]
    Without,
    /// It can.
    With,
}
