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
        format!("{entered} entered the last stage; the leaderboard ranks them")
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
    context! {
        n => stage.n,
        summary,
        dropped => dropped.collect::<Value>(),
        leaders => leaders(frame, stage),
        sentinels => sentinels(stage),
    }
}

/// Who won: the best of all, or the best of each method, once the last stage is there.
fn leaders(frame: &Frame, stage: &StageRow) -> Value {
    let leads = |entrant: &&Entrant| stage.leaders.contains(&entrant.point);
    let last = frame.sweep.stages.last() == Some(&stage.n);
    let leaders = stage.entrants.iter().filter(|_| last).filter(leads);
    leaders
        .map(|leader| {
            context! {
                title => shortened(&frame.points[leader.point].title, LONGEST),
                objective => leader.objective.map(decimals),
            }
        })
        .collect()
}

/// How many of the dropped points that went on all the same would have won.
fn sentinels(stage: &StageRow) -> String {
    let known: Vec<bool> = stage.sentinels.iter().filter_map(|sentinel| sentinel.wins).collect();
    if known.is_empty() {
        return String::new();
    }
    let won = known.iter().filter(|wins| **wins).count();
    format!(
        "Sentinels: {} of the dropped points went on all the same, and {won} would have won.",
        known.len()
    )
}
