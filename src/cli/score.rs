//! `sweep score`: forgetting quality from two arrays, without a sweep.

use std::path::PathBuf;

use clap::Args;
use sweep_inputs::npy;

use super::{CommandError, Exit, Format, terminal};
use crate::score::{ArrayScore, from_arrays, median};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Logit-scaled confidences of the unlearned models: float64 [N, S] as written by `numpy.save`
    #[arg(long, value_name = "U.npy")]
    unlearned: PathBuf,
    /// Logit-scaled confidences of the retrained models: float64 [N, S], the same examples in the same order
    #[arg(long, value_name = "R.npy")]
    retrained: PathBuf,
    /// How to show the score
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

pub(super) fn score(arguments: &Arguments) -> Result<Exit, CommandError> {
    let unlearned = npy::read(&arguments.unlearned)?;
    let retrained = npy::read(&arguments.retrained)?;
    let score = from_arrays(&unlearned, &retrained)?;
    match arguments.format {
        Format::Json => terminal::data(&serde_json::to_string(&score).expect("a score is plain data")),
        Format::Human => terminal::data(&in_words(&score)),
    }
    Ok(Exit::Done)
}

fn in_words(ArrayScore { forget_score, epsilon, n }: &ArrayScore) -> String {
    let mut sorted = epsilon.clone();
    sorted.sort_by(f64::total_cmp);
    let median = median(&sorted);
    format!(
        "forgetting quality  {forget_score:.6}\n\
         median epsilon      {median:.4}   ({} examples)\n\
         models              {n} unlearned and {n} retrained\n\n\
         Perfect unlearning scores about 0.2, not 1; scores at different numbers of models do not compare.",
        epsilon.len()
    )
}
