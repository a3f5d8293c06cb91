//! `sweep import`: data sets of others, brought into the layout that `sweep` reads.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sweep_import::{Cifar, Division, ForgetRule, HeldOut, ImportSummary};

use super::{CommandError, Exit, progress::Counter, terminal};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, Subcommand)]
enum From {
    /// CIFAR-10, in its binary or its Python form (pickles are read, never executed)
    Cifar10 {
        /// Folder that holds its five training batches and its test batch, or the unpacked archive
        dir: PathBuf,
        /// Folder to create
        out: PathBuf,
        #[command(flatten)]
        division: DivisionArguments,
    },
    /// CIFAR-100, in its binary or its Python form
    Cifar100 {
        /// Folder that holds train and test, or the unpacked archive
        dir: PathBuf,
        /// Folder to create
        out: PathBuf,
        /// The twenty groups of classes in place of the hundred classes
        #[arg(long)]
        coarse: bool,
        #[command(flatten)]
        division: DivisionArguments,
    },
    /// A folder of PNG and JPEG files: train/<class>/… and, where there is one, test/<class>/…
    Folder {
        /// The folder
        dir: PathBuf,
        /// Folder to create
        out: PathBuf,
        /// Cut every image to the square in its middle and bring it to this width and height
        #[arg(long)]
        size: Option<usize>,
        #[command(flatten)]
        division: DivisionArguments,
    },
    /// Two NumPy files: images, uint8 [n, side, side, 3], [n, 3, side, side] or [n, side, side], and labels, integers [n]
    Arrays {
        /// The images
        x: PathBuf,
        /// The labels
        y: PathBuf,
        /// Folder to create
        out: PathBuf,
        #[command(flatten)]
        division: DivisionArguments,
    },
    /// 1,797 handwritten digits of 8×8 pixels, as scikit-learn ships them (scripts/fetch-digits)
    Digits {
        /// Folder to create
        out: PathBuf,
        /// digits.csv.gz, or the wheel of scikit-learn that holds it
        #[arg(long, value_name = "FILE", default_value = "data/scikit-learn.whl")]
        from: PathBuf,
        /// Width and height of an image in pixels, a multiple of 8
        #[arg(long, default_value_t = 8)]
        size: usize,
        #[command(flatten)]
        division: DivisionArguments,
    },
}

#[derive(Debug, Args)]
struct DivisionArguments {
    #[arg(
        help = "What is to be forgotten: random:0.1, random:500, class:3, class:3/0.5, file:forget_idx.npy, mislabel:0.02, patch:0.02"
    )]
    #[arg(long, value_name = "RULE", default_value = "random:0.1")]
    forget: ForgetRule,
    /// The same seed draws the same sets
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How test images are divided into validation and test set
    #[arg(long, value_enum, default_value = "by-class")]
    split: TestSplit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum TestSplit {
    /// Halves of each class; without test images, a tenth of each class for either set
    ByClass,
    /// As the starting kit of the challenge divides CIFAR-10's test images, with PyTorch's generator
    StartingKit,
}

impl DivisionArguments {
    fn division(&self) -> Division {
        let held_out = match self.split {
            TestSplit::ByClass => HeldOut::ByClass,
            TestSplit::StartingKit => HeldOut::StartingKit,
        };
        Division { forget: self.forget.clone(), held_out, seed: self.seed }
    }
}

pub(super) fn import(arguments: &Arguments) -> Result<Exit, CommandError> {
    let counter = Counter::new("importing images");
    let progress = |done, total| counter.set(done, total);
    let (out, summary) = match &arguments.from {
        From::Cifar10 { dir, out, division } => {
            (out, sweep_import::cifar(Cifar::Ten, dir, out, &division.division(), &progress)?)
        }
        From::Cifar100 { dir, out, coarse, division } => {
            let which = if *coarse { Cifar::HundredCoarse } else { Cifar::Hundred };
            (out, sweep_import::cifar(which, dir, out, &division.division(), &progress)?)
        }
        From::Folder { dir, out, size, division } => {
            (out, sweep_import::folder(dir, out, *size, &division.division(), &progress)?)
        }
        From::Arrays { x, y, out, division } => {
            (out, sweep_import::arrays(x, y, out, &division.division(), &progress)?)
        }
        From::Digits { out, from, size, division } => {
            (out, sweep_import::digits(from, out, *size, &division.division(), &progress)?)
        }
    };
    counter.finish();
    let ImportSummary { sizes, side, classes, others } = summary;
    if others > 0 {
        terminal::talk(&format!("{others} files are neither PNG nor JPEG by their names, and were left out"));
    }
    terminal::talk(&format!(
        "{}: {} retain, {} forget, {} validation, {} test images; a grid says `classes = {classes}, size = {side}`",
        out.display(),
        sizes.retain,
        sizes.forget,
        sizes.validation,
        sizes.test.unwrap_or(0),
    ));
    Ok(Exit::Done)
}
