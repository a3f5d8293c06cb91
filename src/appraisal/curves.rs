//! The training curves that runs have left, point by point.

use super::Appraiser;
use crate::frame::{CurveRow, Frame, MOST_FILES, TrainingCurves};

impl Appraiser<'_> {
    /// Those of the best points, as far as there is room, then of points without a score.
    pub(super) fn curves(&self, frame: &Frame) -> TrainingCurves {
        let ranked = frame.ranking().into_iter().map(|(point, _)| point.position);
        let dashes = frame.dashes().into_iter().map(|(point, _)| point.position);
        let mut found = TrainingCurves::default();
        let mut files = 0;
        for point in ranked.chain(dashes) {
            let runs = self.finished(point, usize::MAX);
            let named: Vec<_> =
                runs.iter().filter_map(|(run, own)| Some((*run, own.curves.as_ref()?))).collect();
            files += named.len();
            if found.is_full() || files > MOST_FILES {
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
            if let Some(row) = CurveRow::of(point, &curves) {
                found.add(row);
            }
        }
        found
    }
}
