//! What points reach over several forget sets, as rows.

use polars::prelude::{Column, DataFrame, PolarsResult};

use super::{
    FrameError, Sweep,
    estimate::{Estimate, Mean},
    export,
    per_number::PerNumber,
    point::PointRow,
    score::ScoreRow,
    table::{column, parameters, texts},
};
use crate::score::mean_interval;

/// Sweeps that differ in what is forgotten, side by side.
#[derive(Debug, Clone)]
pub struct Across {
    /// What the forget sets are called.
    pub names: Vec<String>,
    /// Their sweeps, in the same order.
    pub sweeps: Vec<Sweep>,
    /// The points that have a score for every forget set: ceiling, methods by their mean score, floor.
    pub rows: Vec<AcrossRow>,
    /// Points that have none for some of them.
    pub left_out: usize,
}

/// One point over all forget sets.
#[derive(Debug, Clone)]
pub struct AcrossRow {
    /// The point as the first sweep has it.
    pub point: PointRow,
    /// Its score for every forget set.
    pub scores: Vec<ScoreRow>,
    /// How many of the methods' points score better, and one, for every forget set; none for ceiling and floor.
    pub ranks: Vec<Option<usize>>,
    /// Which part of its distance from retraining is whose: the standard deviations of its models' numbers, less the retrained ones'
    /// mean, by where they come from.
    pub spreads: PerNumber<Option<CrossedRow>>,
}

/// The parts of one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrossedRow {
    /// Between forget sets.
    pub forget_set: Estimate,
    /// Between originals, where there are several.
    pub original: Option<Estimate>,
    /// Of what an original makes of one forget set.
    pub both: Option<Estimate>,
    /// Of unlearning, within an original and a forget set.
    pub unlearning: Estimate,
    /// Of retrained models, within a forget set.
    pub oracle: Estimate,
}

impl AcrossRow {
    /// The mean of a number over the forget sets, with half its 95 % t-interval; none where some of them lack it.
    pub fn mean(&self, pick: impl Fn(&ScoreRow) -> Option<f64>) -> Option<Mean> {
        let values: Vec<f64> = self.scores.iter().map(pick).collect::<Option<_>>()?;
        let (value, half_width) = mean_interval(&values)?;
        Some(Mean { value, half_width: Some(half_width) })
    }

    /// The least and the greatest of a number over the forget sets.
    pub fn ends(&self, pick: impl Fn(&ScoreRow) -> Option<f64>) -> Option<(f64, f64)> {
        let values: Vec<f64> = self.scores.iter().map(pick).collect::<Option<_>>()?;
        let least = values.iter().copied().reduce(f64::min)?;
        Some((least, values.into_iter().reduce(f64::max)?))
    }

    /// For how many forget sets it is told from retraining: q ≤ 0.05 of the exact test, or p where no q was computed.
    pub fn told_apart(&self) -> usize {
        let tested = self.scores.iter().filter_map(|score| score.nulls.as_ref());
        tested.filter(|null| null.omnibus.q.unwrap_or(null.omnibus.p) <= 0.05).count()
    }

    /// The best and the worst of its ranks.
    pub fn rank_ends(&self) -> Option<(usize, usize)> {
        let ranks: Vec<usize> = self.ranks.iter().copied().collect::<Option<_>>()?;
        Some((ranks.iter().copied().min()?, ranks.into_iter().max()?))
    }
}

impl Across {
    /// The ceiling, the best methods, at most so many, and the floor.
    pub fn first(&self, most: usize) -> Vec<&AcrossRow> {
        let mut methods = 0;
        let is_shown = |row: &&AcrossRow| {
            methods += usize::from(row.point.is_ranked());
            !row.point.is_ranked() || methods <= most
        };
        self.rows.iter().filter(is_shown).collect()
    }

    /// The table, a row for each point, as CSV and Parquet with the names of the files.
    pub fn files(&self) -> Result<[(&'static str, Vec<u8>); 2], FrameError> {
        let failed = |source| FrameError::Table { table: "forget-sets", source };
        let table = self.table().map_err(failed)?;
        Ok([
            ("forget-sets.csv", export::csv(&table).map_err(failed)?),
            ("forget-sets.parquet", export::parquet(&table).map_err(failed)?),
        ])
    }

    fn table(&self) -> PolarsResult<DataFrame> {
        let rows = &self.rows;
        let text =
            |name, pick: fn(&PointRow) -> &str| texts(name, rows.iter().map(|row| Some(pick(&row.point))));
        let mut columns = vec![
            text("label", |point| &point.label),
            text("title", |point| &point.title),
            text("role", |point| point.role.word()),
            text("method", |point| &point.method),
        ];
        columns.extend(parameters(&rows.iter().map(|row| &row.point).collect::<Vec<_>>()));
        let sets = self.names.len() as u64;
        columns.push(column("forget_sets", rows.iter().map(|_| sets).collect::<Vec<_>>()));
        columns.push(column("n", rows.iter().map(|row| row.scores[0].n).collect::<Vec<_>>()));
        columns.extend(self.numbers("score", |score| Some(score.score.value)));
        columns.extend(self.numbers("normalised", |score| score.normalised.map(|own| own.value)));
        columns.extend(self.numbers("cross_fitted", |score| score.cross_fit.map(|own| own.quality.value)));
        columns.extend(self.numbers("forgetting_quality", |score| Some(score.forgetting_quality.value)));
        columns.extend(self.numbers("retain_ratio", |score| Some(score.retain_ratio.value)));
        columns.extend(self.numbers("test_ratio", |score| Some(score.test_ratio.value)));
        let count = |name, pick: fn(&AcrossRow) -> Option<usize>| {
            column(name, rows.iter().map(|row| pick(row).map(|count| count as u64)).collect::<Vec<_>>())
        };
        columns.push(count("n_told_apart", |row| Some(row.told_apart())));
        columns.push(count("rank_best", |row| row.rank_ends().map(|ends| ends.0)));
        columns.push(count("rank_worst", |row| row.rank_ends().map(|ends| ends.1)));
        columns.extend(self.spreads());
        DataFrame::new(rows.len(), columns)
    }

    /// A number's mean over the forget sets, the ends of its interval, its least and its greatest value.
    fn numbers(&self, name: &str, pick: fn(&ScoreRow) -> Option<f64>) -> [Column; 5] {
        let of = |part: &str, value: &dyn Fn(&AcrossRow) -> Option<f64>| {
            column(&format!("{name}{part}"), self.rows.iter().map(value).collect::<Vec<_>>())
        };
        [
            of("_mean", &|row| row.mean(pick).map(|mean| mean.value)),
            of("_mean_low", &|row| row.mean(pick).map(|mean| mean.ends().0)),
            of("_mean_high", &|row| row.mean(pick).map(|mean| mean.ends().1)),
            of("_min", &|row| row.ends(pick).map(|ends| ends.0)),
            of("_max", &|row| row.ends(pick).map(|ends| ends.1)),
        ]
    }

    fn spreads(&self) -> Vec<Column> {
        type Part = (&'static str, fn(&CrossedRow) -> Option<Estimate>);
        const PARTS: [Part; 5] = [
            ("forget_set", |own| Some(own.forget_set)),
            ("original", |own| own.original),
            ("both", |own| own.both),
            ("unlearning", |own| Some(own.unlearning)),
            ("oracle", |own| Some(own.oracle)),
        ];
        let numbers = PerNumber::of_all(self.rows.iter().map(|row| row.spreads)).in_columns();
        let pairs = numbers.iter().flat_map(|(name, rows)| PARTS.map(|part| (name, rows, part)));
        let all = pairs.flat_map(|(number, rows, (part, pick))| {
            let parts: Vec<Option<Estimate>> = rows.iter().map(|row| pick(row.as_ref()?)).collect();
            let of = |end: &str, value: fn(Estimate) -> Option<f64>| {
                column(
                    &format!("{number}_sd_{part}{end}"),
                    parts.iter().map(|own| own.and_then(value)).collect::<Vec<_>>(),
                )
            };
            [
                of("", |own| Some(own.value)),
                of("_low", |own| own.interval.map(|ends| ends.low)),
                of("_high", |own| own.interval.map(|ends| ends.high)),
            ]
        });
        all.collect()
    }
}
