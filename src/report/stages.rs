//! The section of a staged sweep: who was dropped, where and why.

use minijinja::{Value, context};

use crate::frame::{Entrant, Frame, StageRow, decimals, shortened};

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
        format!("{entered} entered the last stage; the leaderboard ranks them{}", winner(frame, stage))
    } else {
        format!("{entered} entered; its runs are not all there yet")
    };
    let dropped = dropped.into_iter().take(MOST).map(|(entrant, reason)| {
        context! {
            title => shortened(&frame.points[entrant.point].title, LONGEST),
            objective => entrant.objective.map_or_else(|| "–".to_owned(), decimals),
            reason => shortened(reason, LONGEST),
        }
    });
    context! { n => stage.n, summary, sentinels => sentinels(stage), dropped => dropped.collect::<Value>() }
}

fn winner(frame: &Frame, stage: &StageRow) -> String {
    stage.best().map_or_else(String::new, |(point, value)| {
        let title = shortened(&frame.points[point].title, LONGEST);
        format!(". The best by quality × utility: {title}, {}", decimals(value))
    })
}

/// How many of the dropped points that went on all the same would have won.
fn sentinels(stage: &StageRow) -> String {
    let known: Vec<f64> = stage.sentinels.iter().filter_map(|sentinel| sentinel.objective).collect();
    let Some((_, best)) = stage.best().filter(|_| !known.is_empty()) else { return String::new() };
    let won = known.iter().filter(|value| **value > best).count();
    format!(
        "Sentinels: {} of the dropped points went on all the same, and {won} would have won.",
        known.len()
    )
}
