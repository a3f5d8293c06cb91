//! The points as the page's script reads them: columns of equal length, one entry a point in the order of the grid, and what
//! was found by comparing the best of them. Runs are not in it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sweep_protocol::terms::Value;

use super::curves;
use crate::frame::{Estimate, Frame, Mean, Paired, PointRow, ScoreRow};

/// Points whose differences are handed over pair by pair: the best ones, since the number of pairs is quadratic.
const MOST_COMPARED: usize = 60;

/// All that the script knows.
#[derive(Debug, Serialize)]
pub(super) struct Explored {
    /// How the accuracy on unseen data is called.
    test: &'static str,
    /// Names of the methods' tables, in the order of the grid.
    labels: Vec<String>,
    axes: Vec<Varied>,
    points: Measures,
    /// Why points have no score, by their place.
    reasons: BTreeMap<usize, String>,
    references: Vec<Extreme>,
    differences: Triangle,
    /// Training curves of points that have some, by their place.
    curves: BTreeMap<usize, Vec<curves::Track>>,
}

/// A hyper-parameter that some method takes several values of.
#[derive(Debug, Serialize)]
struct Varied {
    name: String,
    /// Its values in ascending order.
    values: Vec<Value>,
    /// Which of them each point has.
    at: Vec<Option<usize>>,
}

/// Numbers of the points; what is absent is null. Accuracies are fractions, each with half its 95 % interval.
#[derive(Debug, Default, Serialize)]
struct Measures {
    title: Vec<String>,
    label: Vec<usize>,
    marks: Vec<Option<String>>,
    rank_best: Vec<Option<usize>>,
    rank_worst: Vec<Option<usize>>,
    score: Vec<Option<f64>>,
    score_low: Vec<Option<f64>>,
    score_high: Vec<Option<f64>>,
    quality: Vec<Option<f64>>,
    quality_low: Vec<Option<f64>>,
    quality_high: Vec<Option<f64>>,
    p: Vec<Option<f64>>,
    retain: Vec<Option<f64>>,
    retain_half: Vec<Option<f64>>,
    test: Vec<Option<f64>>,
    test_half: Vec<Option<f64>>,
    forget: Vec<Option<f64>>,
    forget_half: Vec<Option<f64>>,
    truth: Vec<Option<f64>>,
    truth_half: Vec<Option<f64>>,
    runs: Vec<u64>,
    passes: Vec<f64>,
    seconds: Vec<Option<f64>>,
}

/// Ceiling or floor.
#[derive(Debug, Serialize)]
struct Extreme {
    kind: &'static str,
    score: Option<f64>,
    quality: Option<f64>,
    test: Option<f64>,
}

/// Triangle of scores among the best points: the triangle above the diagonal, row by row.
#[derive(Debug, Default, Serialize)]
struct Triangle {
    points: Vec<usize>,
    value: Vec<Option<f64>>,
    low: Vec<Option<f64>>,
    high: Vec<Option<f64>>,
    /// Whether the difference is real.
    real: Vec<bool>,
}

impl Explored {
    pub(super) fn of(frame: &Frame) -> Self {
        let ranked: Vec<&PointRow> = frame.points.iter().filter(|point| point.is_ranked()).collect();
        let labels = labels(&ranked);
        let ranks = Standings::of(frame);
        let mut points = Measures::default();
        for point in &ranked {
            let label = labels.iter().position(|own| *own == point.label).unwrap_or_default();
            points.push(point, label, ranks.of.get(&point.position).copied());
        }
        let reason =
            |(place, point): (usize, &&PointRow)| Some((place, point.score.as_ref().err()?.to_string()));
        Self {
            test: if frame.points.iter().any(|point| point.means.test_acc.is_some()) {
                "Test"
            } else {
                "Validation"
            },
            labels,
            axes: axes(&ranked),
            points,
            reasons: ranked.iter().enumerate().filter_map(reason).collect(),
            references: references(frame),
            differences: differences(frame, &ranked, &ranks.order),
            curves: curves::lines(frame, &ranked),
        }
    }
}

/// Who is ranked where; worked out once for all points.
struct Standings {
    /// Positions of the points, best first.
    order: Vec<usize>,
    /// Best and worst rank of each, by its position.
    of: BTreeMap<usize, (usize, usize)>,
}

impl Standings {
    fn of(frame: &Frame) -> Self {
        let order: Vec<usize> = frame.ranking().iter().map(|(point, _)| point.position).collect();
        let ranks = frame.ranks_of_all();
        let place = |(nth, position): (usize, &usize)| {
            let ranks = ranks.get(position).map_or((nth + 1, nth + 1), |ranks| (ranks.best, ranks.worst));
            (*position, ranks)
        };
        let of = order.iter().enumerate().map(place).collect();
        Self { order, of }
    }
}

impl Measures {
    fn push(&mut self, point: &PointRow, label: usize, ranks: Option<(usize, usize)>) {
        self.title.push(point.title.clone());
        self.label.push(label);
        self.marks.push(Some(point.marks()).filter(|marks| !marks.is_empty()));
        self.rank_best.push(ranks.map(|(best, _)| best));
        self.rank_worst.push(ranks.map(|(_, worst)| worst));
        let score = point.score.as_ref().ok();
        let estimate = |pick: fn(&ScoreRow) -> Estimate| score.map(pick);
        push_estimate(
            [&mut self.score, &mut self.score_low, &mut self.score_high],
            estimate(|row| row.score),
        );
        push_estimate(
            [&mut self.quality, &mut self.quality_low, &mut self.quality_high],
            estimate(|row| row.forgetting_quality),
        );
        self.p.push(score.and_then(|row| row.nulls).map(|nulls| short(nulls.omnibus.p)));
        let means = &point.means;
        push_mean([&mut self.retain, &mut self.retain_half], means.retain_acc);
        push_mean([&mut self.test, &mut self.test_half], means.held_out_acc());
        push_mean([&mut self.forget, &mut self.forget_half], means.forget_acc);
        push_mean([&mut self.truth, &mut self.truth_half], means.truth_acc);
        self.runs.push(point.counts.finished);
        self.passes.push(short(point.passes));
        self.seconds.push(means.unlearn_s.map(short));
    }
}

fn push_estimate([value, low, high]: [&mut Vec<Option<f64>>; 3], estimate: Option<Estimate>) {
    let interval = estimate.and_then(|estimate| estimate.interval);
    value.push(estimate.map(|estimate| short(estimate.value)));
    low.push(interval.map(|ends| short(ends.low)));
    high.push(interval.map(|ends| short(ends.high)));
}

fn push_mean([value, half]: [&mut Vec<Option<f64>>; 2], mean: Option<Mean>) {
    value.push(mean.map(|mean| short(mean.value)));
    half.push(mean.and_then(|mean| mean.half_width).map(short));
}

/// The number in six digits: more than any figure or cell shows, and half the size. The tables have all of them.
fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn labels(points: &[&PointRow]) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for point in points {
        if !labels.contains(&point.label) {
            labels.push(point.label.clone());
        }
    }
    labels
}

/// The hyper-parameters that vary within some label, in the order of their names; what is constant says nothing.
fn axes(points: &[&PointRow]) -> Vec<Varied> {
    let mut first: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
    let mut varying: BTreeSet<&str> = BTreeSet::new();
    for point in points {
        let known = first.entry(&point.label).or_default();
        for (name, value) in &point.parameters {
            if *known.entry(name).or_insert(value) != value {
                varying.insert(name);
            }
        }
    }
    varying.into_iter().map(|name| axis(name, points)).collect()
}

fn axis(name: &str, points: &[&PointRow]) -> Varied {
    let values: BTreeMap<Ordered, &Value> = points
        .iter()
        .filter_map(|point| point.parameters.get(name))
        .map(|value| (Ordered::of(value), value))
        .collect();
    let places: BTreeMap<&Ordered, usize> = values.keys().enumerate().map(|(nth, key)| (key, nth)).collect();
    let place = |point: &&PointRow| places.get(&Ordered::of(point.parameters.get(name)?)).copied();
    Varied {
        name: name.to_owned(),
        at: points.iter().map(place).collect(),
        values: values.values().map(|value| (*value).clone()).collect(),
    }
}

/// Numbers before words, each in their order.
#[derive(Debug, Clone, PartialEq)]
enum Ordered {
    Number(f64),
    Word(String),
}

impl Ordered {
    fn of(value: &Value) -> Self {
        match value {
            Value::Integer(number) => Self::Number(*number as f64),
            Value::Float(number) => Self::Number(*number),
            Value::Bool(_) | Value::Text(_) => Self::Word(value.to_string()),
        }
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Word(one), Self::Word(other)) => one.cmp(other),
            (Self::Number(_), Self::Word(_)) => std::cmp::Ordering::Less,
            (Self::Word(_), Self::Number(_)) => std::cmp::Ordering::Greater,
        }
    }
}

fn references(frame: &Frame) -> Vec<Extreme> {
    let reference = |kind, point: &PointRow| {
        let score = point.score.as_ref().ok();
        Extreme {
            kind,
            score: score.map(|row| short(row.score.value)),
            quality: score.map(|row| short(row.forgetting_quality.value)),
            test: point.means.held_out_acc().map(|mean| short(mean.value)),
        }
    };
    let ceiling = frame.ceiling().map(|point| reference("ceiling", point));
    ceiling.into_iter().chain(frame.floor().map(|point| reference("floor", point))).collect()
}

/// Triangle among the best points, whose places among `ranked` they are listed by.
fn differences(frame: &Frame, ranked: &[&PointRow], order: &[usize]) -> Triangle {
    let places: BTreeMap<usize, usize> =
        ranked.iter().enumerate().map(|(place, point)| (point.position, place)).collect();
    let best = &order[..order.len().min(MOST_COMPARED)];
    let mut found = Triangle {
        points: best.iter().filter_map(|position| places.get(position).copied()).collect(),
        ..Triangle::default()
    };
    for (nth, one) in best.iter().enumerate() {
        for other in &best[nth + 1..] {
            let columns = [&mut found.value, &mut found.low, &mut found.high];
            let paired = frame.comparisons.difference(*one, *other);
            push_estimate(columns, paired.map(|own| own.difference));
            found.real.push(paired.is_some_and(Paired::is_real));
        }
    }
    found
}

#[cfg(test)]
mod tests;
