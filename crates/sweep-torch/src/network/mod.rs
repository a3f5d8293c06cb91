//! Networks: their topology, their weights in one flat buffer, and how they are born.
//!
//! A network is stateless: it knows its [`Layout`] and how to compute logits from [`Weights`]. It knows nothing of
//! data, losses or files.

mod birth;
mod layout;
mod resnet18;
mod weights;

pub use birth::{initial, uniform_fan_in};
pub use layout::{Format, Layout, Norm, Parameter, Role};
pub use weights::Weights;

use sweep_protocol::{message, recipe::BatchNorm};
use tch::Tensor;
use thiserror::Error;

/// A topology of a certain width and number of classes.
pub trait Network {
    /// What tensors it has.
    fn layout(&self) -> &Layout;

    /// Logits \[B, classes\] of images \[B, 3, H, W\]. With [`BatchNorm::Train`] the running statistics move, the counts
    /// of batches don't.
    fn forward(&self, weights: &Weights, images: &Tensor, batch_norm: BatchNorm) -> Tensor;
}

/// Builds a network from its width and its number of classes.
pub type Build = fn(width: i64, classes: i64) -> Box<dyn Network>;

/// Every network there is, by name.
pub const NETWORKS: &[(&str, Build)] = &[("resnet18", resnet18::build)];

/// Widest network that is built; torchvision's ResNet-18 is 64.
const MAX_WIDTH: u32 = 256;

/// Most classes that a network is built for.
const MAX_CLASSES: u32 = 10_000;

/// The network can't be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NetworkError {
    /// No network has this name.
    #[error("no network is called `{name}`; there are: {}", names())]
    Unknown {
        /// The name.
        name: String,
    },
    /// Its size is out of bounds.
    #[error(
        "a network of width {width} with {classes} classes can't be built; width is 1 to {MAX_WIDTH}, classes 2 to {MAX_CLASSES}"
    )]
    Size {
        /// Channels of the first stage.
        width: u32,
        /// Outputs.
        classes: u32,
    },
}

fn names() -> String {
    NETWORKS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Builds the network that a job names.
pub fn build(wanted: &message::Network) -> Result<Box<dyn Network>, NetworkError> {
    let (width, classes) = (wanted.width, wanted.classes);
    if !(1..=MAX_WIDTH).contains(&width) || !(2..=MAX_CLASSES).contains(&classes) {
        return Err(NetworkError::Size { width, classes });
    }
    let (_, build) = NETWORKS
        .iter()
        .find(|(name, _)| *name == wanted.name)
        .ok_or_else(|| NetworkError::Unknown { name: wanted.name.clone() })?;
    Ok(build(i64::from(width), i64::from(classes)))
}

#[cfg(test)]
mod tests;
