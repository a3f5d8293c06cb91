//! The section of a staged sweep: who was dropped, where and why.

use minijinja::{Value, context};

use crate::frame::{Entrant, Frame, StageRow, shortened};

/// Dropped points on the page, per stage; `points.csv` has all.
const MOST: usize = 100;
const LONGEST: usize = 300;

/// The stages that were entered; nothing for a sweep without.
pub(super) fn view(frame: &Frame) -> Value {
    frame.stages.iter().map(|stage| view_of(frame, stage)).collect()
}

fn view_of(frame: &Frame, stage: &StageRow) -> Value {
    let dropped: Vec<(&Entrant, &String)> =
        stage.entrants.iter().filter_map(|entrant| Some((entrant, entrant.left.as_ref()?))).collect();
    let entered = stage.entrants.len();
    let summary = if stage.decided {
        format!("{entered} entered, {} went on, {} dropped", entered - dropped.len(), dropped.len())
    } else if frame.sweep.stages.last() == Some(&stage.n) {
        format!("{entered} entered the last stage; the leaderboard ranks them")
    } else {
        format!("{entered} entered; its runs are not all there yet")
    };
    let dropped = dropped.into_iter().take(MOST).map(|(entrant, reason)| {
        context! {
            title => shortened(&frame.points[entrant.point].title, LONGEST),
            score => entrant.score.map_or_else(|| "–".to_owned(), |score| score.to_string()),
            reason => shortened(reason, LONGEST),
        }
    });
    context! { n => stage.n, summary, dropped => dropped.collect::<Value>() }
}
