//! `sweep score`: the competition's score of models that no sweep has made, and the organisers' cache of retrained models.

mod checkpoints;
mod margins;
mod models;
mod utility;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{CommandError, Exit, terminal};
use crate::score::{ArrayScore, Incomparable, Interval, Scored, Side, ensemble, from_arrays, median};
use checkpoints::Scene;
use models::Models;
pub(super) use models::ModelsError;
use utility::{Accuracies, Utility, measured};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The unlearned models: logit-scaled confidences, float64 [N, S], as an `.npy` file; confidences and accuracies as an
    /// `.npz` like the competition's; a folder of checkpoints; or one of margins as `EasyDUB` has them
    #[arg(long, value_name = "U.npy|U.npz|DIR", required_unless_present = "write_cache")]
    unlearned: Option<PathBuf>,
    /// The retrained models, the same examples in the same order: confidences as an `.npy` file, the competition's
    /// `retrain_confs.npz`, the results folder of a sweep, for its oracle, a folder of checkpoints, or one of margins as `EasyDUB` publishes them:
    /// `margins/cifar10/oracle/forget_2/forget/resnet9`
    #[arg(long, value_name = "R.npy|R.npz|DIR")]
    retrained: PathBuf,
    #[command(flatten)]
    checkpoints: checkpoints::Arguments,
    #[command(flatten)]
    accuracies: Accuracies,
    /// Write the retrained models as a `retrain_confs.npz` to this new file; needs accuracies, so no `.npy`
    #[arg(long, value_name = "FILE.npz")]
    write_cache: Option<PathBuf>,
    /// Bootstrap replicates behind the intervals; 0 for none
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

/// The score of two arrays, and of the utility where it is known.
#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    arrays: ArrayScore,
    #[serde(flatten)]
    utility: Option<Utility>,
}

pub(super) fn score(arguments: &Arguments) -> Result<Exit, CommandError> {
    let scene = Scene::of(&arguments.checkpoints);
    let retrained = Models::read(&arguments.retrained, Side::Retrained, &scene)?;
    // Refused before anything is shown or written.
    let scored =
        arguments.unlearned.as_ref().map(|path| whole(path, arguments, &retrained, &scene)).transpose()?;
    if let Some(path) = &arguments.write_cache {
        models::write(retrained.measured(&arguments.retrained)?, path)?;
        terminal::talk(&format!("cache: {}", path.display()));
    }
    if let Some(whole) = scored {
        terminal::data(&match arguments.format {
            ScoreFormat::Json => serde_json::to_string(&whole).expect("a score is plain data"),
            ScoreFormat::Csv => rows(&whole.arrays),
            ScoreFormat::Human => in_words(&whole),
        });
    }
    Ok(Exit::Done)
}

fn whole(
    path: &Path,
    arguments: &Arguments,
    retrained: &Models,
    scene: &Scene<'_>,
) -> Result<Whole, CommandError> {
    let unlearned = Models::read(path, Side::Unlearned, scene)?;
    let replicates = arguments.replicates as usize;
    match (&unlearned, arguments.accuracies.given(), retrained) {
        (Models::Measured(_), Some(_), _) => {
            Err(ModelsError::AccuraciesTwice { path: path.to_owned() }.into())
        }
        (Models::Measured(unlearned), None, Models::Measured(retrained)) => {
            let Scored { arrays, score, resampled } =
                Scored::of(&measured(unlearned)?, &measured(retrained)?, replicates)?;
            if replicates > 0 && resampled.is_none() {
                return Err(Incomparable::NoReplicate { replicates }.into());
            }
            Ok(Whole { arrays, utility: Some(Utility::of(&score, resampled.as_ref())) })
        }
        (Models::Bare(confidences), Some(means), _) => {
            let oracle = measured(retrained.measured(&arguments.retrained)?)?;
            let scored = Scored::of(&ensemble(confidences, |_| means)?, &oracle, replicates)?;
            Ok(Whole { arrays: scored.arrays, utility: Some(Utility::of(&scored.score, None)) })
        }
        (unlearned, None, retrained) => {
            let arrays = from_arrays(unlearned.confidences(), retrained.confidences(), replicates)?;
            Ok(Whole { arrays, utility: None })
        }
    }
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

fn in_words(Whole { arrays, utility }: &Whole) -> String {
    let ArrayScore { forget_score, interval, epsilon, n, cross_fitted, .. } = arrays;
    let mut sorted = epsilon.clone();
    sorted.sort_by(f64::total_cmp);
    let median = median(&sorted);
    let ends = |Interval { low, high }| format!("   95 %: {low:.4} to {high:.4}");
    let known = |interval: Option<Interval>| interval.map_or_else(String::new, ends);
    let interval = known(*interval);
    let own = cross_fitted.as_ref().map_or_else(String::new, |own| {
        let (quality, apart) = (own.quality, own.told_apart() * 100.0);
        let ends = ends(own.interval);
        format!(
            "cross-fitted (ours) {quality:.4}{ends}\n                    {apart:.1} % of the examples told apart beyond doubt\n"
        )
    });
    let utility = utility.map_or_else(String::new, |it| {
        format!(
            "score               {:.6}{}\nretain ratio        {:.4}{}\ntest ratio          {:.4}{}\n",
            it.score,
            known(it.score_interval),
            it.retain_ratio,
            known(it.retain_ratio_interval),
            it.test_ratio,
            known(it.test_ratio_interval)
        )
    });
    format!(
        "{utility}forgetting quality  {forget_score:.6}{interval}\n\
         median epsilon      {median:.4}   ({} examples)\n\
         {own}\
         models              {n} unlearned and {n} retrained\n\n\
         Perfect unlearning has forgetting quality of about 0.2 and cross-fitted quality of about 1. Forgetting quality at\n\
         different numbers of models does not compare.",
        epsilon.len()
    )
}
