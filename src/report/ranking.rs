//! The rows of a leaderboard, whatever it is written in: ceiling, ranking, dashes, floor.

use crate::frame::{Estimate, Frame, PointRow, ScoreRow};

/// One row, ranked or not.
pub(super) struct Row<'a> {
    pub(super) rank: String,
    pub(super) title: String,
    pub(super) point: &'a PointRow,
    /// Its score less that of the best point, where it is ranked, another one, and was compared with that.
    pub(super) behind: Option<Estimate>,
}

impl<'a> Row<'a> {
    fn of(rank: &str, title: &str, point: &'a PointRow) -> Self {
        Self { rank: rank.to_owned(), title: title.to_owned(), point, behind: None }
    }

    pub(super) fn score(&self) -> Option<&'a ScoreRow> {
        self.point.score.as_ref().ok()
    }
}

/// Ceiling, the first `most` of the ranking, points without a score, floor.
pub(super) fn rows(frame: &Frame, most: usize) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let ranking = frame.ranking();
    let best = ranking.first().map(|(point, _)| point.position);
    rows.extend(frame.ceiling().map(|point| Row::of("", "ceiling (retrained)", point)));
    for (nth, (point, _)) in ranking.into_iter().take(most).enumerate() {
        let paired = frame.comparisons.difference(point.position, best.unwrap_or(point.position));
        let behind = paired.map(|own| own.difference);
        rows.push(Row { behind, ..Row::of(&rank(frame, nth, point), &point.title, point) });
    }
    rows.extend(frame.dashes().iter().map(|(point, _)| Row::of("–", &point.title, point)));
    rows.extend(frame.floor().map(|point| Row::of("", "floor (identity)", point)));
    rows
}

/// The ranks that a point may have; its place in the list where nothing was compared.
pub(super) fn rank(frame: &Frame, nth: usize, point: &PointRow) -> String {
    frame.ranks(point).map_or_else(|| (nth + 1).to_string(), |ranks| ranks.to_string())
}
