//! Networks: what computes a topology, their weights in one flat buffer, and how they are born.
//!
//! Which networks there are, which layers they have and which tensors, says [`sweep_protocol::network`]. A network knows
//! nothing of data, losses or files.

mod birth;
mod format;
mod interpreter;
mod layers;
mod rows;
mod small_maps;
mod tokens;
mod views;
mod weights;

pub use birth::{initial, uniform_fan_in};
pub use format::Format;
pub use interpreter::Network;
pub use rows::NetworkRows;
pub use weights::Weights;

use sweep_protocol::network::{self, NetworkError};

use views::LayerViews;

/// Builds the network that a job names.
pub fn build(wanted: &network::Network) -> Result<Network, NetworkError> {
    Ok(Network::of(&wanted.topology()?).called(wanted))
}

#[cfg(test)]
mod tests;
