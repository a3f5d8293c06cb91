//! An original that knows less than it should, and what probably is wrong with it.

use std::{fmt, path::PathBuf};

use sweep_protocol::{
    measurement::Renamed,
    network::{Network, Preparation},
};

/// The original knows hardly more than chance would, or far less than it could.
#[derive(Debug)]
pub struct WeakOriginal {
    pub(super) path: PathBuf,
    /// Accuracy on the retain set; none where the outputs are not finite.
    pub(super) retain: Option<f64>,
    /// What guessing reaches there.
    pub(super) guessing: f64,
    pub(super) network: Network,
    pub(super) cause: Cause,
}

/// What probably is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cause {
    /// It sees other inputs than it was trained on: with each of these it reaches that, about as much with one as with another.
    Preparation(Vec<(Preparation, f64)>),
    /// Its classes have another order: output after output, the label that it stands for; so named it reaches that.
    Order(Renamed, Preparation),
    /// It is as it was born.
    Untrained,
    /// No usual preparation helps, nor do other names.
    Unknown,
}

impl std::error::Error for WeakOriginal {}

impl fmt::Display for WeakOriginal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, retain, guessing, network, cause } = self;
        let classes = network.classes;
        write!(formatter, "the original `{}` ", path.display())?;
        match retain {
            Some(retain) => write!(
                formatter,
                "classifies {} of the retain set correctly (guessing among {classes} classes: {})",
                percent(*retain),
                percent(*guessing),
            )?,
            None => formatter.write_str("has outputs that are not finite")?,
        }
        let prepared = |preparation| Network { preparation, ..network.clone() }.in_grid();
        match cause {
            Cause::Preparation(others) => {
                write!(
                    formatter,
                    ": it sees other inputs than it was trained on. It sees {}",
                    network.preparation
                )?;
                for (nth, (preparation, reached)) in others.iter().enumerate() {
                    let joined = if nth == 0 { "; with" } else { ", with" };
                    write!(formatter, "{joined} {preparation} it reaches {}", percent(*reached))?;
                }
                if others.len() > 1 {
                    formatter.write_str(
                        ". Accuracies so close don't tell which: write what it was trained with, for instance",
                    )?;
                } else {
                    formatter.write_str(": write")?;
                }
                let first = others.first().map_or(network.preparation, |(preparation, _)| *preparation);
                write!(formatter, " `network = {}` in [training]", prepared(first))?;
            }
            Cause::Order(renamed, preparation) => {
                write!(
                    formatter,
                    ": its classes have another order than the labels of the data set. If its outputs 0 to {} were labels \
                     {:?}, it would reach {}",
                    classes - 1,
                    renamed.labels,
                    percent(renamed.accuracy.get()),
                )?;
                if *preparation != network.preparation {
                    write!(formatter, " with `network = {}`", prepared(*preparation))?;
                }
                formatter.write_str("; bring the labels or the last layer's rows into one order")?;
            }
            Cause::Untrained => formatter.write_str(
                ": its batch normalisations have never seen a batch, so its weights are those of a network that nobody \
                 trained; save the trained ones",
            )?,
            Cause::Unknown => formatter.write_str(
                ": its weights are not trained ones, or it was trained on other images or with a `mean` and `std` of its \
                 own (none of the usual ones helps, nor does another order of the classes)",
            )?,
        }
        formatter.write_str(". Nothing was trained; --accept-weak-original goes on all the same")
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}
