//! The two tables as polars sees them.

use std::collections::BTreeSet;

use polars::prelude::{Column, DataFrame, NamedFrom, PolarsResult, Series};
use sweep_protocol::terms::Value;

use super::{
    Sweep,
    comparison::{Comparisons, Paired, Ranks},
    components::SpreadRow,
    estimate::Mean,
    null::NullRow,
    per_number::PerNumber,
    point::{Counts, Means, PointRow},
    run::{Measured, RunRow},
    score::ScoreRow,
};

/// The table of runs in plan order.
pub(super) fn runs(runs: &[RunRow], points: &[PointRow]) -> PolarsResult<DataFrame> {
    let point = |run: &RunRow| &points[run.point];
    let measured = |pick: fn(&Measured) -> Option<f64>| -> Vec<Option<f64>> {
        runs.iter().map(|run| run.measured.as_ref().and_then(pick)).collect()
    };
    let words = |run: &RunRow| run.flags.iter().map(|flag| flag.word()).collect::<Vec<_>>().join(" ");
    let flags: Vec<Option<String>> =
        runs.iter().map(|run| Some(words(run)).filter(|words| !words.is_empty())).collect();
    let mut columns = vec![
        texts("run_id", runs.iter().map(|run| Some(run.id.as_str()))),
        texts("role", runs.iter().map(|run| Some(point(run).role.word()))),
        texts("label", runs.iter().map(|run| Some(point(run).label.as_str()))),
        texts("method", runs.iter().map(|run| Some(point(run).method.as_str()))),
    ];
    columns.extend(parameters(&runs.iter().map(point).collect::<Vec<_>>()));
    columns.extend([
        column("seed", runs.iter().map(|run| run.seed.0).collect::<Vec<_>>()),
        texts("status", runs.iter().map(|run| Some(run.status.word()))),
        column("retain_acc", measured(|row| Some(row.retain_acc))),
        column("forget_acc", measured(|row| Some(row.forget_acc))),
        column("val_acc", measured(|row| Some(row.val_acc))),
        column("test_acc", measured(|row| row.test_acc)),
    ]);
    let truth = measured(|row| row.truth_acc);
    if truth.iter().any(Option::is_some) {
        columns.push(column("truth_acc", truth));
    }
    columns.extend([
        column("steps", runs.iter().map(|run| run.measured.map(|row| row.steps)).collect::<Vec<_>>()),
        column("passes", runs.iter().map(|run| point(run).passes).collect::<Vec<_>>()),
        texts("message", runs.iter().map(|run| run.message.as_deref())),
        texts("flags", flags.iter().map(Option::as_deref)),
        column("attempt", runs.iter().map(|run| run.attempt).collect::<Vec<_>>()),
        texts("source", runs.iter().map(|run| run.source.as_deref())),
        column("unlearn_s", measured(|row| row.unlearn_s)),
        column("measure_s", measured(|row| row.measure_s)),
    ]);
    DataFrame::new(runs.len(), columns)
}

/// The table of points in the order of the grid.
pub(super) fn points(points: &[PointRow], sweep: &Sweep) -> PolarsResult<DataFrame> {
    let text = |name, pick: fn(&PointRow) -> &str| texts(name, points.iter().map(|point| Some(pick(point))));
    let count = |name, pick: fn(&Counts) -> u64| {
        column(name, points.iter().map(|point| pick(&point.counts)).collect::<Vec<_>>())
    };
    let mut columns = vec![
        text("label", |point| &point.label),
        text("title", |point| &point.title),
        text("role", |point| point.role.word()),
        text("method", |point| &point.method),
    ];
    columns.extend(parameters(&points.iter().collect::<Vec<_>>()));
    columns.extend([
        count("n", |counts| counts.planned),
        count("n_finished", |counts| counts.finished),
        count("n_diverged", |counts| counts.diverged),
        count("n_failed", |counts| counts.failed),
    ]);
    columns.extend(means(points, "retain_acc", |means| means.retain_acc));
    columns.extend(means(points, "forget_acc", |means| means.forget_acc));
    columns.extend(means(points, "val_acc", |means| means.val_acc));
    columns.extend(means(points, "test_acc", |means| means.test_acc));
    if points.iter().any(|point| point.means.truth_acc.is_some()) {
        columns.extend(means(points, "truth_acc", |means| means.truth_acc));
    }
    columns.push(column("passes", points.iter().map(|point| point.passes).collect::<Vec<_>>()));
    columns.extend(scores(points));
    columns.extend(tests(points));
    columns.extend(components(points));
    let reasons: Vec<Option<String>> =
        points.iter().map(|point| point.score.as_ref().err().map(ToString::to_string)).collect();
    columns.extend([
        texts("dash_reason", reasons.iter().map(Option::as_deref)),
        texts("engine", points.iter().map(|_| Some(sweep.engine.name.as_str()))),
        texts("split", points.iter().map(|_| sweep.split())),
        count("n_unchanged", |counts| counts.unchanged),
        count("n_collapsed", |counts| counts.collapsed),
        column("unlearn_s_mean", points.iter().map(|point| point.means.unlearn_s).collect::<Vec<_>>()),
    ]);
    DataFrame::new(points.len(), columns)
}

fn means(points: &[PointRow], name: &str, pick: fn(&Means) -> Option<Mean>) -> [Column; 2] {
    let picked = || points.iter().map(|point| pick(&point.means));
    let half: Vec<_> = picked().map(|mean| mean.and_then(|mean| mean.half_width)).collect();
    [
        column(name, picked().map(|mean| mean.map(|mean| mean.value)).collect::<Vec<_>>()),
        column(&format!("{name}_ci95"), half),
    ]
}

fn scores(points: &[PointRow]) -> Vec<Column> {
    let part = |name, pick: fn(&ScoreRow) -> Option<f64>| {
        let values = points.iter().map(|point| point.score.as_ref().ok().and_then(pick));
        column(name, values.collect::<Vec<_>>())
    };
    vec![
        part("forgetting_quality", |row| Some(row.forgetting_quality.value)),
        part("forgetting_quality_low", |row| row.forgetting_quality.interval.map(|interval| interval.low)),
        part("forgetting_quality_high", |row| row.forgetting_quality.interval.map(|interval| interval.high)),
        part("retain_ratio", |row| Some(row.retain_ratio.value)),
        part("retain_ratio_low", |row| row.retain_ratio.interval.map(|interval| interval.low)),
        part("retain_ratio_high", |row| row.retain_ratio.interval.map(|interval| interval.high)),
        part("test_ratio", |row| Some(row.test_ratio.value)),
        part("test_ratio_low", |row| row.test_ratio.interval.map(|interval| interval.low)),
        part("test_ratio_high", |row| row.test_ratio.interval.map(|interval| interval.high)),
        part("score", |row| Some(row.score.value)),
        part("score_low", |row| row.score.interval.map(|interval| interval.low)),
        part("score_high", |row| row.score.interval.map(|interval| interval.high)),
        part("epsilon_median", ScoreRow::epsilon_median),
        part("normalised", |row| row.normalised.map(|own| own.value)),
        part("normalised_low", |row| row.normalised?.interval.map(|interval| interval.low)),
        part("normalised_high", |row| row.normalised?.interval.map(|interval| interval.high)),
        part("cross_fitted", |row| row.cross_fit.map(|own| own.quality.value)),
        part("cross_fitted_low", |row| row.cross_fit?.quality.interval.map(|interval| interval.low)),
        part("cross_fitted_high", |row| row.cross_fit?.quality.interval.map(|interval| interval.high)),
        part("told_apart", |row| row.cross_fit.map(|own| own.told_apart)),
    ]
}

/// The table of points, and between which ranks each may stand.
pub(super) fn with_ranks(points: &DataFrame, ranks: &[Option<Ranks>]) -> PolarsResult<DataFrame> {
    let rank = |name, pick: fn(&Ranks) -> usize| {
        column(name, ranks.iter().map(|own| own.as_ref().map(|own| pick(own) as u64)).collect::<Vec<_>>())
    };
    let mut columns = points.columns().to_vec();
    columns.extend([rank("rank_low", |own| own.best), rank("rank_high", |own| own.worst)]);
    DataFrame::new(points.height(), columns)
}

/// The difference of the scores of every two points, with its interval.
pub(super) fn differences(comparisons: &Comparisons, points: &[PointRow]) -> PolarsResult<DataFrame> {
    let rows: Vec<_> = comparisons.differences.iter().collect();
    let of_point = |name, pick: fn(&(usize, usize)) -> usize, what: fn(&PointRow) -> &str| {
        texts(name, rows.iter().map(|(pair, _)| Some(what(&points[pick(pair)]))))
    };
    let title: fn(&PointRow) -> &str = |point| &point.title;
    let role: fn(&PointRow) -> &str = |point| point.role.word();
    let number = |name, pick: fn(&Paired) -> Option<f64>| {
        column(name, rows.iter().map(|(_, paired)| pick(paired)).collect::<Vec<_>>())
    };
    let columns = vec![
        of_point("point", |pair| pair.0, title),
        of_point("role", |pair| pair.0, role),
        of_point("other", |pair| pair.1, title),
        of_point("other_role", |pair| pair.1, role),
        number("score_difference", |own| Some(own.difference.value)),
        number("score_difference_low", |own| own.difference.interval.map(|ends| ends.low)),
        number("score_difference_high", |own| own.difference.interval.map(|ends| ends.high)),
        number("score_difference_p", |own| Some(own.p)),
        number("score_difference_q", |own| Some(own.q)),
    ];
    DataFrame::new(rows.len(), columns)
}

/// One column per hyper-parameter that any of the points has, in alphabetical order.
pub(super) fn parameters(points: &[&PointRow]) -> Vec<Column> {
    let names: BTreeSet<&String> = points.iter().flat_map(|point| point.parameters.keys()).collect();
    names
        .into_iter()
        .map(|name| {
            let values: Vec<_> = points.iter().map(|point| point.parameters.get(name)).collect();
            parameter(&format!("params.{name}"), &values)
        })
        .collect()
}

/// A column of the narrowest type that holds all its values: booleans, whole numbers, real numbers, text.
fn parameter(name: &str, values: &[Option<&Value>]) -> Column {
    let all = |holds: fn(&Value) -> bool| values.iter().flatten().all(|value| holds(value));
    if all(|value| matches!(value, Value::Bool(_))) {
        let plain = |value: &Value| if let Value::Bool(value) = value { Some(*value) } else { None };
        column(name, values.iter().map(|value| value.and_then(plain)).collect::<Vec<_>>())
    } else if all(|value| matches!(value, Value::Integer(_))) {
        let plain = |value: &Value| if let Value::Integer(value) = value { Some(*value) } else { None };
        column(name, values.iter().map(|value| value.and_then(plain)).collect::<Vec<_>>())
    } else if all(|value| matches!(value, Value::Integer(_) | Value::Float(_))) {
        let plain = |value: &Value| match value {
            Value::Integer(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            Value::Bool(_) | Value::Text(_) => None,
        };
        column(name, values.iter().map(|value| value.and_then(plain)).collect::<Vec<_>>())
    } else {
        let plain: Vec<Option<String>> = values.iter().map(|value| value.map(ToString::to_string)).collect();
        texts(name, plain.iter().map(Option::as_deref))
    }
}

/// What exact tests say of the points.
fn tests(points: &[PointRow]) -> Vec<Column> {
    let part = |name, pick: fn(&NullRow) -> Option<f64>| {
        let nulls = points.iter().map(|point| point.score.as_ref().ok()?.nulls.as_ref().and_then(pick));
        column(name, nulls.collect::<Vec<_>>())
    };
    vec![
        part("p", |row| Some(row.omnibus.p)),
        part("q", |row| row.omnibus.q),
        part("cross_fitted_p", |row| row.quality.map(|own| own.p)),
        part("cross_fitted_q", |row| row.quality?.q),
        part("score_p", |row| row.score.map(|own| own.p)),
        part("score_q", |row| row.score?.q),
        part("shift", |row| row.shift.map(|own| own.shift.value)),
        part("shift_low", |row| row.shift?.shift.interval.map(|ends| ends.low)),
        part("shift_high", |row| row.shift?.shift.interval.map(|ends| ends.high)),
        part("shift_found", |row| row.shift.map(|own| own.found)),
    ]
}

/// A part of a spread, and where it is found.
type Part = (&'static str, fn(&SpreadRow) -> Option<f64>);

/// What originals and unlearning have of the spread of the points; no columns where no point starts from several originals.
fn components(points: &[PointRow]) -> Vec<Column> {
    let rows = points.iter().map(|point| point.score.as_ref().ok()?.components);
    if rows.clone().all(|row| row.is_none()) {
        return Vec::new();
    }
    let numbers = PerNumber::of_all(rows.map(Option::unwrap_or_default));
    let parts: [Part; 7] = [
        ("between", |row| Some(row.between.value)),
        ("between_low", |row| row.between.interval.map(|ends| ends.low)),
        ("between_high", |row| row.between.interval.map(|ends| ends.high)),
        ("within", |row| Some(row.within.value)),
        ("within_low", |row| row.within.interval.map(|ends| ends.low)),
        ("within_high", |row| row.within.interval.map(|ends| ends.high)),
        ("oracle", |row| row.oracle),
    ];
    let all = numbers.in_columns().into_iter().flat_map(|(name, spreads)| {
        parts.map(|(part, pick)| {
            let values: Vec<Option<f64>> = spreads.iter().map(|own| pick(own.as_ref()?)).collect();
            column(&format!("{name}_sd_{part}"), values)
        })
    });
    all.collect()
}

pub(super) fn texts<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    column(name, values.collect::<Vec<_>>())
}

pub(super) fn column<T>(name: &str, values: Vec<T>) -> Column
where
    Series: NamedFrom<Vec<T>, [T]>,
{
    Series::new(name.into(), values).into()
}
