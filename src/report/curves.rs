//! Training curves: what the page's script draws of picked points, and what the page says about them.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::Serialize;
use sweep_protocol::{
    curves::{MEASURED, SETS},
    terms::Set,
};

use crate::frame::{CurveLine, CurveReading, CurveRow, Frame, PointRow};

/// Runs whose lost curves are named on the page.
const MOST_NAMED: usize = 5;

/// What one loop or round of a point read, as columns of equal length.
#[derive(Debug, Serialize)]
pub(super) struct Track {
    /// The loop, counted from 1.
    #[serde(rename = "loop")]
    of_loop: u32,
    round: u32,
    epoch: Vec<f64>,
    loss: Vec<f64>,
    /// Lowest and highest of the runs; nothing where there is one run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    low: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    high: Vec<f64>,
    /// By the name of the set; null where nothing was counted.
    right: BTreeMap<&'static str, Vec<Option<f64>>>,
    /// The same of accuracies that were measured.
    accuracy: BTreeMap<&'static str, Vec<Option<f64>>>,
}

/// The lines of points that have some, by their place among `ranked`.
pub(super) fn lines(frame: &Frame, ranked: &[&PointRow]) -> BTreeMap<usize, Vec<Track>> {
    let places: BTreeMap<usize, usize> =
        ranked.iter().enumerate().map(|(place, point)| (point.position, place)).collect();
    let of = |row: &CurveRow| {
        let place = places.get(&row.point)?;
        Some((*place, row.lines.iter().map(|line| Track::of(line, row.runs)).collect()))
    };
    frame.curves.rows.iter().filter_map(of).collect()
}

impl Track {
    fn of(line: &CurveLine, runs: usize) -> Self {
        let column =
            |pick: fn(&CurveReading) -> f64| line.readings.iter().map(|own| short(pick(own))).collect();
        let band = |pick| if runs > 1 { column(pick) } else { Vec::new() };
        Self {
            of_loop: line.of_loop,
            round: line.round,
            epoch: column(|own| own.epoch),
            loss: column(|own| own.loss),
            low: band(|own| own.low),
            high: band(|own| own.high),
            right: by_set(&SETS, |nth| line.readings.iter().map(|own| own.right[nth]).collect()),
            accuracy: by_set(&MEASURED, |nth| line.readings.iter().map(|own| own.accuracy[nth]).collect()),
        }
    }
}

/// The shares of each of the sets that has some.
fn by_set(
    sets: &[Set],
    shares: impl Fn(usize) -> Vec<Option<f64>>,
) -> BTreeMap<&'static str, Vec<Option<f64>>> {
    let of = |(nth, set): (usize, &Set)| {
        let shares: Vec<Option<f64>> = shares(nth).into_iter().map(|share| share.map(short)).collect();
        shares.iter().any(Option::is_some).then_some((set.word(), shares))
    };
    sets.iter().enumerate().filter_map(of).collect()
}

/// What the page says about curves; nothing where no run has any.
pub(super) fn view(frame: &Frame) -> Value {
    let curves = &frame.curves;
    let any = !curves.rows.is_empty() || curves.left_out > 0 || !curves.lost.is_empty();
    any.then(|| {
        context! {
            points => curves.rows.len(),
            left_out => curves.left_out,
            lost => curves.lost.len(),
            named => curves.lost.iter().take(MOST_NAMED).map(|run| format!("runs/{run}/curves.csv")).collect::<Value>(),
        }
    })
    .into()
}

/// The number in four digits: more than a chart shows.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}
