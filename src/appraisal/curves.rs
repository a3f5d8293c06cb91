//! The training curves that runs have left, point by point.

use super::Appraiser;
use crate::frame::{CurveRow, Frame, MOST_FILES, MOST_NUMBERS, TrainingCurves};

impl Appraiser<'_> {
    /// Those of the best points, as far as there is room, then of points without a score.
    pub(super) fn curves(&self, frame: &Frame) -> TrainingCurves {
        let ranked = frame.ranking().into_iter().map(|(point, _)| point.position);
        let dashes = frame.dashes().into_iter().map(|(point, _)| point.position);
        let mut found = TrainingCurves::default();
        let (mut files, mut numbers) = (0, 0);
        for point in ranked.chain(dashes) {
            let runs = self.finished(point, usize::MAX);
            let named: Vec<_> =
                runs.iter().filter_map(|(run, own)| Some((*run, own.curves.as_ref()?))).collect();
            files += named.len();
            if found.left_out > 0 || files > MOST_FILES {
                found.left_out += usize::from(!named.is_empty());
                continue;
            }
            let mut curves = Vec::with_capacity(named.len());
            for (run, left) in named {
                match self.recorded.curves_of(run, left) {
                    Some(own) => curves.push(own),
                    None => found.lost.push(run.id.to_string()),
                }
            }
            let Some(row) = CurveRow::of(point, &curves) else { continue };
            numbers += row.numbers();
            if numbers > MOST_NUMBERS {
                found.left_out += 1;
            } else {
                found.rows.push(row);
            }
        }
        found
    }
}
