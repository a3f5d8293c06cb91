//! `sweep split`: another forget set of a data set.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;
use sweep_import::{ForgetRule, PerImage, SplitSummary};

use super::{
    CommandError, Exit, Ground, export::ExportError, progress::Counter, progress::Manner, run, terminal,
};
use crate::appraisal::{appraise, read_asked};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The data set; it stays as it is
    data: PathBuf,
    /// Folder to create: a data set with the same images
    out: PathBuf,
    #[arg(
        help = "What is to be forgotten: random:0.1, random:500, class:3, class:3/0.5, persons:20, file:forget_idx.npy, mislabel:0.02, patch:0.02, easiest:100, hardest:100, memorized:100, unmemorized:100"
    )]
    #[arg(long, value_name = "RULE")]
    forget: ForgetRule,
    /// For easiest and hardest: results of a sweep on this data set, whose original (the first of several) says how sure it is of each image; for memorized and unmemorized: results of a sweep with `[shadows]` on these training images
    #[arg(long, value_name = "RESULTS")]
    by: Option<PathBuf>,
    /// The same seed draws the same forget set
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(super) fn split(arguments: &Arguments, ground: &Ground) -> Result<Exit, CommandError> {
    let Arguments { data, out, forget, by, seed } = arguments;
    let told = match by {
        Some(dir) if forget.asks_an_original() => Some(sureness(dir, data, ground)?),
        Some(dir) if forget.asks_shadows() => Some(memorization(dir)?),
        _ => None,
    };
    let counter = Counter::new("sharing images");
    let summary = sweep_import::split(data, out, (forget, *seed), told.as_ref(), &|done, total| {
        counter.set(done, total);
    })?;
    counter.finish();
    let SplitSummary { sizes, persons, mislabelled, patched } = summary;
    let of_persons = if persons > 0 { format!(" (of {persons} persons)") } else { String::new() };
    let with_wrong = match (mislabelled, patched) {
        (0, _) => "",
        (_, false) => ", all with wrong labels",
        (_, true) => ", all with a patch and wrong labels",
    };
    terminal::talk(&format!(
        "{}: {} retain, {} forget{of_persons}{with_wrong}, {} validation, {} test images",
        out.display(),
        sizes.retain,
        sizes.forget,
        sizes.validation,
        sizes.test.unwrap_or(0),
    ));
    Ok(Exit::Done)
}

fn sureness(dir: &Path, data: &Path, ground: &Ground) -> Result<PerImage, CommandError> {
    let recorded = read_asked(dir)?;
    let program = ground.program()?;
    let session = run::session(ground, dir, None, (&program, &Manner::None));
    let (by, of) = session.sureness(&recorded, data).map_err(ExportError::from)?;
    Ok(PerImage { by, of })
}

/// How far each training image is memorised, as `memorization.csv` says; of no image where there are no shadow networks.
fn memorization(dir: &Path) -> Result<PerImage, CommandError> {
    let frame = appraise(dir, 0)?;
    let rows = frame.shadows.iter().flat_map(|rows| &rows.images);
    let of: BTreeMap<String, f64> = rows.map(|row| (row.image.clone(), row.memorization.value)).collect();
    let lines: Vec<String> = of.iter().map(|(image, value)| format!("{image},{value}")).collect();
    Ok(PerImage { by: blake3::hash(lines.join("\n").as_bytes()).to_hex().to_string(), of })
}
