//! What a sweep has measured, in the file formats of experiment trackers.
//!
//! Owns: the formats. A tracker gets one run for each finished run of the sweep, with its hyper-parameters and what it
//! measured, and one for each point with its scores. Pure: names of files and their bytes.

mod mlflow;
mod sqlite;
mod tensorboard;
mod trackio;
mod wandb;
mod wire;

pub use mlflow::mlflow;
pub use tensorboard::tensorboard;
pub use trackio::trackio;
pub use wandb::wandb_offline;

use std::{path::PathBuf, time::Duration};

use serde_json::{Map, json};
use sweep_protocol::terms::Value;

use crate::{
    frame::{Frame, PointRow, RunRow, ScoreRow},
    plan::Role,
};

/// A file below the folder of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerFile {
    /// Its name, with the folders that it lies in.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What a tracker calls a run: one of the sweep's, or a point with its scores.
struct Tracked<'f> {
    /// 32 hexadecimal digits, the same at every export.
    id: String,
    /// That of the point.
    title: String,
    /// Title, and seed where it is a run.
    name: String,
    /// In a few words: `finetune lr=0.001`, without what a file name can't hold.
    folder: String,
    role: &'static str,
    parameters: Vec<(&'f str, &'f Value)>,
    seed: Option<u64>,
    metrics: Vec<(&'static str, f64)>,
}

impl Tracked<'_> {
    /// What was asked for, as trackers call it their configuration: the hyper-parameters, the seed and the role.
    fn config(&self) -> Map<String, serde_json::Value> {
        let parameters = self.parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        let seed = self.seed.map(|seed| ("seed".to_owned(), json!(seed)));
        let role = ("role".to_owned(), json!(self.role));
        parameters.chain(seed).chain([role]).collect()
    }

    /// What was measured; JSON knows finite numbers alone.
    fn finite(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.metrics.iter().copied().filter(|(_, value)| value.is_finite())
    }
}

/// How much a tracker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Finished runs.
    pub runs: usize,
    /// Points with a score.
    pub points: usize,
    /// What was measured of all of them.
    pub numbers: usize,
}

/// How much of a frame a tracker is told.
pub fn tally(frame: &Frame) -> Tally {
    let entries = entries(frame);
    let runs = entries.iter().filter(|entry| entry.seed.is_some()).count();
    let numbers = entries.iter().map(|entry| entry.metrics.len()).sum();
    Tally { runs, points: entries.len() - runs, numbers }
}

/// All finished runs, then all points with a score.
fn entries(frame: &Frame) -> Vec<Tracked<'_>> {
    let runs = frame.runs.iter().filter_map(|run| of_run(frame, run));
    let points = frame.points.iter().filter_map(|point| of_point(frame, point));
    runs.chain(points).collect()
}

fn of_run<'f>(frame: &'f Frame, run: &RunRow) -> Option<Tracked<'f>> {
    let measured = run.measured?;
    let point = &frame.points[run.point];
    let seed = run.seed.0;
    let title = title(point);
    let metrics = [
        ("retain_acc", Some(measured.retain_acc)),
        ("forget_acc", Some(measured.forget_acc)),
        ("val_acc", Some(measured.val_acc)),
        ("test_acc", measured.test_acc),
        ("truth_acc", measured.truth_acc),
        ("steps", Some(measured.steps as f64)),
        ("passes", Some(point.passes)),
        ("unlearn_s", measured.unlearn_s),
        ("measure_s", measured.measure_s),
    ];
    Some(Tracked {
        id: run.id.to_string(),
        name: format!("{title} seed={seed}"),
        folder: format!("{}/seed={seed}", plain(&title)),
        title,
        role: point.role.word(),
        parameters: parameters(point),
        seed: Some(seed),
        metrics: metrics.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(),
    })
}

fn of_point<'f>(frame: &Frame, point: &'f PointRow) -> Option<Tracked<'f>> {
    let score = point.score.as_ref().ok()?;
    let title = title(point);
    let name = blake3::hash(format!("{} {title}", frame.sweep.name).as_bytes());
    Some(Tracked {
        id: name.to_hex()[..32].to_owned(),
        folder: format!("{}/scores", plain(&title)),
        name: title.clone(),
        title,
        role: point.role.word(),
        parameters: parameters(point),
        seed: None,
        metrics: scores(score),
    })
}

/// A point that was confirmed has the title that it has in the search.
fn title(point: &PointRow) -> String {
    let confirmed = if point.role == Role::Confirm { " confirmed" } else { "" };
    format!("{}{confirmed}", point.title)
}

fn scores(score: &ScoreRow) -> Vec<(&'static str, f64)> {
    let (low, high) = score.score.ends();
    let metrics = [
        ("score", Some(score.score.value)),
        ("score_low", Some(low)),
        ("score_high", Some(high)),
        ("forgetting_quality", Some(score.forgetting_quality.value)),
        ("cross_fitted", score.cross_fit.map(|own| own.quality.value)),
        ("p", score.nulls.map(|nulls| nulls.omnibus.p)),
        ("q", score.nulls.and_then(|nulls| nulls.omnibus.q)),
        ("n", Some(score.n as f64)),
    ];
    metrics.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn parameters(point: &PointRow) -> Vec<(&str, &Value)> {
    point.parameters.iter().map(|(name, value)| (name.as_str(), value)).collect()
}

/// Longest title that names a folder as it is, in characters.
const LONGEST: usize = 120;

/// A title as the name of a folder: letters, digits and `=._+-` stay, all else becomes `_`.
fn plain(title: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "=._+-".contains(c) { c } else { '_' };
    let mut name: String = title.chars().map(kept).collect();
    if name.len() > LONGEST {
        // Long titles may differ in their ends alone.
        name.truncate(LONGEST);
        name = format!("{name}-{}", &blake3::hash(title.as_bytes()).to_hex()[..8]);
    }
    // Neither hidden nor a step upwards.
    if name.starts_with('.') { format!("_{name}") } else { name }
}

/// The name of a sweep as that of a project: letters, digits and `-`, because what trackers make of other characters differs.
fn project(sweep: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = plain(sweep).chars().map(kept).collect();
    if name.is_empty() { "sweep".to_owned() } else { name }
}

/// A time as text, by a pattern of `strftime`.
fn dated(when: Since1970, pattern: &str) -> String {
    let time =
        i64::try_from(when.as_secs()).ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.unwrap_or(jiff::Timestamp::UNIX_EPOCH).strftime(pattern).to_string()
}

/// When the sweep was carried out, since 1970.
pub type Since1970 = Duration;

#[cfg(test)]
mod tests;
