//! `sweep synth`: a synthetic data set of faces.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sweep_inputs::synth::{self, Options};

use super::{CommandError, Exit, progress::Counter, terminal};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folder to create
    dir: PathBuf,
    /// What the faces are for; the options below say otherwise one by one
    #[arg(long, value_enum, default_value = "challenge")]
    preset: Preset,
    /// Images in all, over training, validation and test [challenge: 4500, canaries: 1500]
    #[arg(long)]
    images: Option<usize>,
    /// People who are photographed [challenge: 1400, canaries: 250]
    #[arg(long)]
    persons: Option<usize>,
    /// The same seed draws the same files, byte for byte
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Width and height of an image in pixels, an even number
    #[arg(long, default_value_t = synth::SIDE)]
    size: usize,
    /// How much older or younger than they are persons look, standard deviation: what can only be learned by heart. With less
    /// of it, more of the forget set is known to networks that never saw it [challenge: 0, canaries: 4.5]
    #[arg(long, value_name = "YEARS")]
    offset_years: Option<f32>,
    /// How plainly wrinkles, grey hair and proportions show an age, 0.5 to 3: 1 as in life, 3 a caricature [challenge: 2,
    /// canaries: 1]
    #[arg(long, value_name = "FACTOR")]
    age_cues: Option<f32>,
    /// How strongly pose, expression and light differ between photos, 0 to 2: 0 for passport photos, 1 for a lively album
    /// [challenge: 0, canaries: 1]
    #[arg(long, value_name = "FACTOR")]
    liveliness: Option<f32>,
}

/// Options that go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Preset {
    /// Learned nearly as in the challenge: networks that never saw the forget set get most of it, and damage shows
    Challenge,
    /// Learned by heart or not at all: what a network knows of the forget set, it was shown
    Canaries,
}

impl Arguments {
    /// The preset's options, but for those that were given.
    fn options(&self) -> Options {
        let preset = match self.preset {
            Preset::Challenge => Options::challenge(self.seed),
            Preset::Canaries => Options::canaries(self.seed),
        };
        Options {
            images: self.images.unwrap_or(preset.images),
            persons: self.persons.unwrap_or(preset.persons),
            seed: self.seed,
            side: self.size,
            offset_years: self.offset_years.unwrap_or(preset.offset_years),
            age_cues: self.age_cues.unwrap_or(preset.age_cues),
            liveliness: self.liveliness.unwrap_or(preset.liveliness),
        }
    }
}

pub(super) fn synth(arguments: &Arguments) -> Result<Exit, CommandError> {
    let counter = Counter::new("drawing faces");
    let summary = synth::draw(&arguments.dir, &arguments.options(), &|done, total| counter.set(done, total))?;
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
