//! `sweep score`: forgetting quality from two arrays, without a sweep.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sweep_inputs::npy;

use super::{CommandError, Exit, terminal};
use crate::score::{ArrayScore, from_arrays, median};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Logit-scaled confidences of the unlearned models: float64 [N, S] as written by `numpy.save`
    #[arg(long, value_name = "U.npy")]
    unlearned: PathBuf,
    /// Logit-scaled confidences of the retrained models: float64 [N, S], the same examples in the same order
    #[arg(long, value_name = "R.npy")]
    retrained: PathBuf,
    /// Bootstrap replicates behind the interval of forgetting quality; 0 for none
    #[arg(long, default_value_t = 200, value_name = "N")]
    replicates: u32,
    /// How to show the score
    #[arg(long, value_enum, default_value = "human")]
    format: ScoreFormat,
}

/// How a score is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ScoreFormat {
    /// For people
    Human,
    /// For programs: everything, ε and its rule example by example
    Json,
    /// One row per forget example: ε, the rule it comes from, the bounds of the cross-fitted attacks
    Csv,
}

pub(super) fn score(arguments: &Arguments) -> Result<Exit, CommandError> {
    let unlearned = npy::read(&arguments.unlearned)?;
    let retrained = npy::read(&arguments.retrained)?;
    let score = from_arrays(&unlearned, &retrained, arguments.replicates as usize)?;
    terminal::data(&match arguments.format {
        ScoreFormat::Json => serde_json::to_string(&score).expect("a score is plain data"),
        ScoreFormat::Csv => rows(&score),
        ScoreFormat::Human => in_words(&score),
    });
    Ok(Exit::Done)
}

/// What is not known is an empty cell.
fn rows(score: &ArrayScore) -> String {
    let mut lines = vec!["example,epsilon,rule,epsilon_low,epsilon_high".to_owned()];
    for (example, (epsilon, rule)) in score.epsilon.iter().zip(&score.rule).enumerate() {
        let bound = score.cross_fitted.as_ref().map(|own| own.epsilons[example]);
        let low = bound.map_or_else(String::new, |bound| bound.low.to_string());
        let high = bound.and_then(|bound| bound.high).map_or_else(String::new, |high| high.to_string());
        lines.push(format!("{example},{epsilon},{},{low},{high}", rule.word()));
    }
    lines.join("\n")
}

fn in_words(score: &ArrayScore) -> String {
    let ArrayScore { forget_score, interval, epsilon, n, cross_fitted, .. } = score;
    let mut sorted = epsilon.clone();
    sorted.sort_by(f64::total_cmp);
    let median = median(&sorted);
    let ends = |low: f64, high: f64| format!("   95 %: {low:.4} to {high:.4}");
    let interval = interval.map_or_else(String::new, |interval| ends(interval.low, interval.high));
    let own = cross_fitted.as_ref().map_or_else(String::new, |own| {
        let (quality, apart) = (own.quality, own.told_apart() * 100.0);
        let ends = ends(own.interval.low, own.interval.high);
        format!(
            "cross-fitted (ours) {quality:.4}{ends}\n                    {apart:.1} % of the examples told apart beyond doubt\n"
        )
    });
    format!(
        "forgetting quality  {forget_score:.6}{interval}\n\
         median epsilon      {median:.4}   ({} examples)\n\
         {own}\
         models              {n} unlearned and {n} retrained\n\n\
         Perfect unlearning has forgetting quality of about 0.2 and cross-fitted quality of about 1. Forgetting quality at\n\
         different numbers of models does not compare.",
        epsilon.len()
    )
}
