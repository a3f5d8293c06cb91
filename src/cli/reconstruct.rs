//! `sweep reconstruct`: what the weights of one network that no sweep has made show of the images of a data set.

use std::path::PathBuf;

use clap::Args;
use sweep_inputs::{
    checkpoint::{self, StateDict, Tensor, Values},
    dataset::{BadImages, Dataset, Shape},
};
use sweep_protocol::{
    network::{Network, Preparation, dense_layers, recognise},
    reconstruction::Reconstruct,
};

use super::{CommandError, Exit, progress::Counter, score::ModelsError, terminal};
use crate::{
    audit::{Images, of_images},
    grid::PoolSettings,
    measuring::{OneNetwork, Subject, scratch},
    session::{Engine, Unwatched, slots},
};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The network: a `PyTorch` state dict (.pth) or .safetensors of a fully connected one
    checkpoint: PathBuf,
    /// The data set: its retain and forget set are what the network was trained on, its test set what it never saw
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The network sees pixels divided by this
    #[arg(long, default_value_t = 255.0)]
    divide: f64,
    /// The network sees images as they are, not without the mean image of the retain set
    #[arg(long)]
    uncentred: bool,
    /// Extractions whose candidates are pooled
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    restarts: u32,
    /// Steps of each
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    steps: u32,
    /// The same seed finds the same
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(super) fn reconstruct(arguments: &Arguments) -> Result<Exit, CommandError> {
    let path = &arguments.checkpoint;
    let state = checkpoint::read(path)?.state;
    let doubled = doubled(&state);
    let network = network(arguments, doubled.as_ref().unwrap_or(&state))?;
    let counter = Counter::new("reading images");
    let dataset = Dataset::load(&arguments.data, Shape::of(&network), BadImages::Refuse, &|done, total| {
        counter.set(done, total);
    });
    counter.finish();
    let hash = dataset?.hash().clone();
    let slots = slots(&PoolSettings::default(), Engine::Torch { cache: None }, Some(1), &Unwatched)?;
    let scratch = scratch()?;
    let worker = OneNetwork {
        data: &arguments.data,
        data_hash: &hash,
        worker: &slots[0].command,
        scratch: scratch.path(),
    };
    let asked =
        Reconstruct { restarts: arguments.restarts, steps: arguments.steps, ..Reconstruct::default() };
    let bytes = doubled.as_ref().map(checkpoint::write_safetensors);
    let images =
        worker.reconstruct(Subject { path, network: &network }, bytes.as_deref(), (asked, arguments.seed))?;
    terminal::data(&in_words(&network, &images)?);
    Ok(Exit::Done)
}

/// What the checkpoint is one of, for images of the size that its first layer takes.
fn network(arguments: &Arguments, state: &StateDict) -> Result<Network, CommandError> {
    let path = || arguments.checkpoint.clone();
    let likeness = recognise(state.iter().map(|(key, tensor)| (key, tensor.shape.as_slice())));
    let network = likeness.ok_or_else(|| ModelsError::NoNetwork { path: path() })?.network;
    let topology = network.topology().map_err(|_| ModelsError::NoNetwork { path: path() })?;
    let dense = dense_layers(&topology).map_err(|reason| ModelsError::NotDense {
        path: path(),
        network: network.name.clone(),
        reason,
    })?;
    let first = state.iter().find(|(_, tensor)| Some(tensor.shape.len()) == (!dense.is_empty()).then_some(2));
    let inputs = first.map_or(0, |(_, tensor)| tensor.shape[1]);
    let size = u32::try_from((inputs / 3).isqrt()).unwrap_or(0);
    let divided = Preparation::new(arguments.divide, [0.0; 3], [1.0; 3])
        .map_err(|problem| ModelsError::Preparation { problem })?;
    let preparation = if arguments.uncentred { divided } else { divided.centred() };
    Ok(Network { size, preparation, ..network })
}

/// A network of one output as the one of two that it is equal to; nothing for others.
fn doubled(state: &StateDict) -> Option<StateDict> {
    let (last, _) = state.iter().filter(|(_, tensor)| tensor.shape.len() == 2).last()?;
    let entries = state.iter().map(|(key, tensor)| match (&tensor.values, tensor.shape.as_slice()) {
        (Values::F32(row), &[1, width]) if key == last => {
            let half =
                |sign: f32| row.iter().map(move |value| sign * value * std::f32::consts::FRAC_1_SQRT_2);
            let values = Values::F32(half(-1.0).chain(half(1.0)).collect());
            (key.to_owned(), Tensor { shape: vec![2, width], values })
        }
        _ => (key.to_owned(), tensor.clone()),
    });
    let is_one = state.iter().any(|(key, tensor)| key == last && tensor.shape[0] == 1);
    is_one.then(|| StateDict::new(entries.collect()).ok()).flatten()
}

fn in_words(network: &Network, images: &Images) -> Result<String, CommandError> {
    let (numbers, said) = of_images(images).map_err(|problem| ModelsError::Unauditable { problem })?;
    let mut lines = vec![
        network.to_string(),
        format!(
            "{} forget and {} retain images beside {} that it has not seen",
            images.forget.len(),
            images.retain.len(),
            images.unseen.len()
        ),
    ];
    lines.extend(numbers.iter().map(|(name, value)| format!("  {name:<40} {value:.3}")));
    lines.push(said);
    Ok(lines.join("\n"))
}
