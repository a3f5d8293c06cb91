//! `sweep export`: what a sweep has found, for others: its original, the models of one point, a page about one point.

mod card;
mod error;
mod original;
mod submission;
mod the_point;
mod trackers;

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use sweep_inputs::checkpoint::{FloatWidth, StateDict};
use sweep_protocol::network::Network;

use super::{CommandError, Exit, Ground};
use crate::{appraisal::read_asked, store::Recorded};

pub(super) use error::ExportError;

/// What is exported.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what").required(true).args(["original", "point", "card", "tensorboard", "mlflow", "trackio", "wandb_offline"]),
    after_help = "The file of --point has the form that the unlearning challenge of 2023 asked for: kaggle/tmp/unlearned_checkpoint_0.pth \
                  and so on, each as torch.save(net.state_dict()) writes it. That competition is over and took notebooks alone, \
                  so nothing can be handed in with it. It is good for other scorers, for attacks of your own, and for a look \
                  at the very models behind a row of the leaderboard."
)]
pub(super) struct Arguments {
    /// Results folder of the sweep
    dir: PathBuf,
    /// Write the state dict of the original into this new file, as `torch.save` does
    #[arg(long, value_name = "OUT.pth")]
    original: Option<PathBuf>,
    /// Which one, where the sweep has several originals: its number, from 0
    #[arg(long, value_name = "NUMBER", requires = "original")]
    number: Option<usize>,
    /// Write the models of this point into --out: its name in the leaderboard, or its label with enough hyper-parameters to
    /// tell it from others, `finetune lr=1e-3`. Where the sweep kept no models, its runs are carried out again, and each must
    /// measure what is recorded, bit for bit; they wait in OUT.zip.models until all are there, so that the same command after
    /// an interruption goes on
    #[arg(long, value_name = "POINT", requires = "out")]
    point: Option<String>,
    /// Print a page about this point, which is named as for --point: recipe, every hyper-parameter, seeds, hashes, versions,
    /// scores with intervals, and the command that repeats it
    #[arg(long, value_name = "POINT")]
    card: Option<String>,
    /// Write what every run and every point measured into this new folder, as event files for `tensorboard --logdir OUT`
    #[arg(long, value_name = "OUT")]
    tensorboard: Option<PathBuf>,
    /// Write the same into this new folder, as a file store for `mlflow ui --backend-store-uri OUT`
    #[arg(long, value_name = "OUT")]
    mlflow: Option<PathBuf>,
    /// Write the same into this new folder, as a project for `TRACKIO_DIR=OUT trackio show`
    #[arg(long, value_name = "OUT")]
    trackio: Option<PathBuf>,
    /// Write the same into this new folder, as offline runs for `wandb sync OUT` and `wandb leet OUT`
    #[arg(long, value_name = "OUT")]
    wandb_offline: Option<PathBuf>,
    /// How to write the page of --card
    #[arg(long, value_enum, default_value = "markdown")]
    format: card::CardFormat,
    /// Bootstrap replicates behind every interval of a score; 0 for none
    #[arg(long, default_value_t = 200, value_name = "N")]
    replicates: u32,
    /// The new file for the models of --point
    #[arg(short, long, value_name = "OUT.zip", requires = "point")]
    out: Option<PathBuf>,
    /// Write float16, rounded as `.half()` does
    #[arg(long)]
    half: bool,
    /// Workers at a time on each device, for --point (default: one per core, or one per GPU)
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    jobs: Option<u32>,
    /// For --point, start the engine that the folder names, and call the functions, though they don't come with sweep
    #[arg(long)]
    trust: bool,
}

impl Arguments {
    fn width(&self) -> FloatWidth {
        if self.half { FloatWidth::Half } else { FloatWidth::Single }
    }
}

pub(super) fn export(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let dir = &arguments.dir;
    let tracker = [
        (trackers::Tracker::TensorBoard, &arguments.tensorboard),
        (trackers::Tracker::Mlflow, &arguments.mlflow),
        (trackers::Tracker::Trackio, &arguments.trackio),
        (trackers::Tracker::WandbOffline, &arguments.wandb_offline),
    ]
    .into_iter()
    .find_map(|(tracker, out)| Some((tracker, out.as_ref()?)));
    if let Some((tracker, out)) = tracker {
        trackers::write(dir, vacant(out)?, tracker, arguments.replicates)?;
        return Ok(Exit::Done);
    }
    let recorded = read_asked(dir)?;
    if let Some(point) = &arguments.card {
        card::show(&recorded, point, arguments)?;
        return Ok(Exit::Done);
    }
    match (&arguments.original, &arguments.point, &arguments.out) {
        (Some(out), ..) => {
            original::write(dir, &recorded, (arguments.number, vacant(out)?), arguments.width())?;
        }
        (None, Some(point), Some(out)) => {
            submission::write(&recorded, (point, vacant(out)?), arguments, ground)?;
        }
        _ => unreachable!("the command line asks for one of them"),
    }
    Ok(Exit::Done)
}

/// A place where there is nothing so far.
fn vacant(out: &Path) -> Result<&Path, ExportError> {
    match out.symlink_metadata() {
        Ok(_) => Err(ExportError::Occupied { path: out.to_owned() }),
        Err(_) => Ok(out),
    }
}

fn network<'r>(dir: &Path, recorded: &'r Recorded) -> Result<&'r Network, ExportError> {
    let inputs = recorded.plan.inputs.as_ref();
    Ok(&inputs.ok_or_else(|| ExportError::NoNetwork { dir: dir.to_owned() })?.network)
}

/// The tensors in the order of `PyTorch`; nothing where they are not the network's. Those of a network in Python are what its
/// own process left.
fn in_order(network: &Network, state: StateDict) -> Option<StateDict> {
    if network.own.is_some() {
        return Some(state);
    }
    let keys = network.layout().ok()?.keys_and_shapes();
    let mut tensors = std::collections::BTreeMap::from_iter(state.into_entries());
    let ordered = keys.into_iter().map(|(key, _)| Some((key.clone(), tensors.remove(&key)?)));
    StateDict::new(ordered.collect::<Option<_>>()?).ok()
}
