//! `sweep example`: grids to begin with.

use clap::{Args, ValueEnum};

use super::{Exit, terminal};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Which one
    #[arg(value_enum, default_value = "toy")]
    which: Starter,
}

/// A grid of `experiments/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Starter {
    /// Simulated models, seconds
    Toy,
    /// Networks on the faces that `sweep synth data/faces` draws, minutes; wants the torch engine
    Quickstart,
}

pub(super) fn example(arguments: &Arguments) -> Exit {
    terminal::data(match arguments.which {
        Starter::Toy => include_str!("../../experiments/toy.toml"),
        Starter::Quickstart => include_str!("../../experiments/quickstart.toml"),
    });
    Exit::Done
}
