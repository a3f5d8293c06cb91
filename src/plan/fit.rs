//! Whether a checkpoint is of the network that a grid names, and what it is where it isn't.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use sweep_inputs::checkpoint::{Mismatch, StateDict};
use sweep_protocol::network::{self, NETWORKS, Network, NetworkError};
use thiserror::Error;

/// Differences that are shown; the rest is counted.
const SHOWN: usize = 3;

/// A checkpoint can't be the original of a sweep.
#[derive(Debug, Error)]
pub enum FitError {
    /// There is no such network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It is of another network, or spoilt.
    #[error(transparent)]
    Unfit(#[from] Box<Unfit>),
}

/// A checkpoint is of another network than the grid says.
#[derive(Debug)]
pub struct Unfit {
    path: PathBuf,
    network: Network,
    mismatch: Mismatch,
    guess: Guess,
}

/// What a checkpoint seems to be.
#[derive(Debug)]
enum Guess {
    /// This network, every tensor of it.
    Is(Network),
    /// A well-known one that the catalogue lacks.
    Stranger(&'static str),
    /// Like this one, but so many of its tensors are not there or have another shape.
    Like(Network, usize),
    /// The network that is wanted: its numbers are what is wrong.
    Itself,
    /// Nothing that is known.
    Nothing,
}

/// Compares names, shapes and numbers of a checkpoint with a network.
pub fn fit(path: &Path, state: &StateDict, network: &Network) -> Result<(), FitError> {
    let layout = network.layout()?;
    let unfit = |mismatch| {
        let guess = guess(state, network);
        FitError::Unfit(Box::new(Unfit { path: path.to_owned(), network: network.clone(), mismatch, guess }))
    };
    state.match_strictly(&layout.keys_and_shapes()).map_err(unfit)
}

fn guess(state: &StateDict, wanted: &Network) -> Guess {
    if let Some(name) = network::stranger(state.iter().map(|(key, _)| key)) {
        return Guess::Stranger(name);
    }
    let tensors = state.iter().map(|(key, tensor)| (key, tensor.shape.as_slice()));
    match network::recognise(tensors) {
        None => Guess::Nothing,
        Some(likeness) if likeness.is_whole() && is_built_as(&likeness.network, wanted) => Guess::Itself,
        Some(likeness) if likeness.is_whole() => Guess::Is(likeness.network),
        Some(likeness) => Guess::Like(likeness.network, likeness.of - likeness.matching),
    }
}

/// Whether two networks have the same tensors.
fn is_built_as(one: &Network, other: &Network) -> bool {
    matches!((one.layout(), other.layout()), (Ok(one), Ok(other)) if one == other)
}

impl std::error::Error for Unfit {}

impl fmt::Display for Unfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the checkpoint `{}` doesn't fit {}: ", self.path.display(), self.network)?;
        for (position, difference) in self.mismatch.differences.iter().take(SHOWN).enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(formatter, "{separator}{difference}")?;
        }
        match self.mismatch.differences.len().saturating_sub(SHOWN) {
            0 => {}
            more => write!(formatter, "; and {more} more")?,
        }
        match &self.guess {
            Guess::Is(network) => {
                // What it sees of an image is no matter of tensors, so what the grid says of that stays.
                let seen = Network { preparation: self.network.preparation, ..network.clone() };
                write!(
                    formatter,
                    ". It looks like {network}: write `network = {}` in [training]",
                    seen.in_grid()
                )?;
                let untold = network::find(&network.name).map_or(&[][..], |architecture| architecture.untold);
                untold.iter().try_for_each(|key| {
                    write!(
                        formatter,
                        ", with the `{}` that it was trained with: tensors don't tell",
                        key.name
                    )
                })
            }
            Guess::Stranger(name) => {
                let known: Vec<&str> = NETWORKS.iter().map(|architecture| architecture.name).collect();
                write!(
                    formatter,
                    ". It looks like {name}, which sweep doesn't have; there are: {}",
                    known.join(", ")
                )
            }
            Guess::Like(network, lacking) => {
                write!(formatter, ". It is most like {network}, but for {lacking} tensors")
            }
            Guess::Itself => write!(formatter, ". Export it again with `torch.save(model.state_dict(), …)`"),
            Guess::Nothing => {
                write!(
                    formatter,
                    ". It has no tensor of any network that sweep knows; was it saved from a wrapper?"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sweep_inputs::checkpoint::{StateDict, Tensor, Values};
    use sweep_protocol::network::{Network, Preparation};

    use super::fit;

    fn of(tensors: Vec<(String, Vec<usize>)>) -> StateDict {
        let tensor = |shape: Vec<usize>, counts: bool| {
            let count = shape.iter().product();
            let values = if counts { Values::I64(vec![0; count]) } else { Values::F32(vec![0.5; count]) };
            Tensor { shape, values }
        };
        let named = tensors.into_iter().map(|(key, shape)| {
            let counts = key.ends_with("num_batches_tracked");
            (key, tensor(shape, counts))
        });
        StateDict::new(named.collect()).expect("distinct keys")
    }

    fn tensors(name: &str, width: u32, classes: u32) -> Vec<(String, Vec<usize>)> {
        let network = Network::new(name, classes, &[("width", width)]);
        network.layout().expect("registered").keys_and_shapes()
    }

    /// What is said of a checkpoint where a ResNet-18 of width 8 with 10 classes is wanted.
    fn said(state: &StateDict) -> Option<String> {
        let wanted = Network::new("resnet18", 10, &[("width", 8)]);
        fit(Path::new("o.pth"), state, &wanted).err().map(|error| error.to_string())
    }

    #[test]
    fn a_checkpoint_that_fits_is_accepted() {
        assert_eq!(said(&of(tensors("resnet18", 8, 10))), None);
    }

    #[test]
    fn another_width_stem_or_head_is_recognised_with_the_line_to_write() {
        for (name, width, classes) in [("resnet18", 4, 10), ("resnet18-cifar", 8, 10), ("resnet18", 8, 7)] {
            let said = said(&of(tensors(name, width, classes))).expect("it doesn't fit");
            let line = format!("`network = {{ name = \"{name}\", width = {width}, classes = {classes} }}`");
            assert!(said.contains(&line), "{said}");
            assert!(said.matches("has shape").count() <= 3, "{said}");
        }
        let said = said(&of(tensors("resnet18", 4, 10))).expect("it doesn't fit");
        assert!(said.contains("; and 98 more"), "{said}");
    }

    #[test]
    fn the_line_to_write_keeps_what_the_grid_says_of_pixels() {
        let preparation = Preparation::usual()[3];
        let wanted = Network { preparation, ..Network::new("resnet18", 10, &[("width", 8)]) };
        let narrow = fit(Path::new("own.pth"), &of(tensors("resnet18", 4, 10)), &wanted);
        let said = narrow.expect_err("another width").to_string();
        assert!(said.contains("width = 4, classes = 10, divide = 255, mean = [0.485"), "{said}");
    }

    #[test]
    fn of_a_transformer_everything_is_told_but_its_heads() {
        let keys = [("patch", 16), ("width", 192), ("depth", 3), ("heads", 3), ("mlp-ratio", 4)];
        let network = Network { size: 224, ..Network::new("vit", 10, &keys) };
        let said =
            said(&of(network.layout().expect("within bounds").keys_and_shapes())).expect("another one");
        assert!(said.contains(&network.in_grid()), "{said}");
        assert!(said.ends_with("with the `heads` that it was trained with: tensors don't tell"), "{said}");
    }

    #[test]
    fn a_deeper_one_is_called_by_its_name() {
        let mut deeper = tensors("resnet18", 8, 10);
        deeper.push(("layer3.5.conv2.weight".to_owned(), vec![32, 32, 3, 3]));
        let said = said(&of(deeper)).expect("it doesn't fit");
        assert!(said.contains("`layer3.5.conv2.weight` is unexpected. It looks like ResNet-34"), "{said}");
    }

    #[test]
    fn numbers_that_are_none_are_told_from_another_network() {
        let state = of(tensors("resnet18", 8, 10));
        let spoilt = state.iter().map(|(key, tensor)| {
            let mut tensor = tensor.clone();
            if let (Values::F32(values), "fc.bias") = (&mut tensor.values, key) {
                values[0] = f32::NAN;
            }
            (key.to_owned(), tensor)
        });
        let said = said(&StateDict::new(spoilt.collect()).expect("distinct")).expect("it doesn't fit");
        assert!(said.contains("`fc.bias` holds 1 NaN") && said.contains("torch.save"), "{said}");
    }

    #[test]
    fn what_is_no_network_is_said_so() {
        let said = said(&of(vec![("encoder.weight".to_owned(), vec![2, 2])])).expect("it doesn't fit");
        assert!(said.contains("no tensor of any network"), "{said}");
    }
}
