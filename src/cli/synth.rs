//! `sweep synth`: a synthetic data set of faces.

use std::path::PathBuf;

use clap::Args;
use sweep_inputs::synth::{self, Options};

use super::{CommandError, Exit, progress::Counter, terminal};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to create
    dir: PathBuf,
    /// Images in all, over training, validation and test
    #[arg(long, default_value_t = 1500)]
    images: usize,
    /// People who are photographed
    #[arg(long, default_value_t = 250)]
    persons: usize,
    /// The same seed draws the same files, byte for byte
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Width and height of an image in pixels, an even number
    #[arg(long, default_value_t = synth::SIDE)]
    size: usize,
    /// How much older or younger than they are persons look, standard deviation: what can only be learned by heart. With less
    /// of it, more of the forget set is known to networks that never saw it
    #[arg(long, value_name = "YEARS", default_value_t = synth::OFFSET_YEARS)]
    offset_years: f32,
}

pub(super) fn synth(arguments: &Arguments) -> Result<Exit, CommandError> {
    let counter = Counter::new("drawing faces");
    let Arguments { images, persons, seed, size: side, offset_years, .. } = *arguments;
    let options = Options { images, persons, seed, side, offset_years };
    let summary = synth::draw(&arguments.dir, &options, &|done, total| counter.set(done, total))?;
    counter.finish();
    let sizes = summary.sizes;
    terminal::talk(&format!(
        "{}: {} retain, {} forget ({} of {} persons), {} validation, {} test images",
        arguments.dir.display(),
        sizes.retain,
        sizes.forget,
        summary.forgotten,
        summary.persons,
        sizes.validation,
        sizes.test.unwrap_or(0),
    ));
    Ok(Exit::Done)
}
