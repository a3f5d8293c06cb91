//! The runs of each point taken together. By hand rather than by polars, whose lazy tables start a runtime with threads of its
//! own that a process with few of them can't end.

use super::{
    estimate::Mean,
    point::{Counts, Means},
    run::{Measured, RunRow},
};
use crate::{outcome::Status, score::half_width};

/// Counts and means of every point, by its position.
pub(super) fn gather(runs: &[RunRow], points: usize) -> Vec<(Counts, Means)> {
    let mut of_point: Vec<Vec<&RunRow>> = vec![Vec::new(); points];
    for run in runs {
        of_point[run.point].push(run);
    }
    of_point.iter().map(|runs| (counts(runs), means(runs))).collect()
}

fn counts(runs: &[&RunRow]) -> Counts {
    let count = |statuses: &[Status]| runs.iter().filter(|run| statuses.contains(&run.status)).count() as u64;
    Counts {
        planned: runs.len() as u64,
        finished: count(&[Status::Finished]),
        diverged: count(&[Status::Diverged]),
        failed: count(&[Status::Failed, Status::TimedOut]),
        ..Counts::default()
    }
}

fn means(runs: &[&RunRow]) -> Means {
    let of = |pick: fn(&Measured) -> Option<f64>| {
        let values: Vec<f64> = runs.iter().filter_map(|run| pick(run.measured.as_ref()?)).collect();
        mean(&values)
    };
    Means {
        retain_acc: of(|row| Some(row.retain_acc)),
        forget_acc: of(|row| Some(row.forget_acc)),
        val_acc: of(|row| Some(row.val_acc)),
        test_acc: of(|row| row.test_acc),
        truth_acc: of(|row| row.truth_acc),
        unlearn_s: of(|row| row.unlearn_s).map(|mean| mean.value),
    }
}

fn mean(values: &[f64]) -> Option<Mean> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let value = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|one| (one - value).powi(2)).sum();
    let deviation = (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt());
    Some(Mean { value, half_width: deviation.and_then(|std| half_width(std, values.len() as u64)) })
}
