//! What the numbers say, in sentences: the headline and the warnings that must stand beside it.

use super::{confirmation, nulls};
use crate::{
    frame::{Flag, Frame, PointRow, ScoreRow, Standing, decimals},
    outcome::Status,
    plan::Role,
};

const NO_CEILING: &str = "There is no held-out group of retrained models, so no ceiling.";

/// The main result in one or two sentences.
pub(super) fn headline(frame: &Frame) -> String {
    if let Some(confirmed) = confirmation::headline(frame) {
        return confirmed;
    }
    let ranking = frame.ranking();
    let Some((best, row)) = ranking.first() else {
        let waiting = frame.dashes().len();
        return match waiting {
            0 => "The sweep has no method to score.".to_owned(),
            1 => "The only point of the sweep has no score yet.".to_owned(),
            many => format!("None of the {many} points has a score yet."),
        };
    };
    let ceiling = scored(frame.ceiling());
    let against = ceiling.and_then(|(_, top)| share(row, top));
    let against = against.map_or_else(String::new, |share| format!(", {share} of the ceiling"));
    let tested = nulls::sentence(best).map_or_else(String::new, |sentence| format!(" {sentence}"));
    let first = format!("{} scores best: {}{against}.{tested}", best.title, row.score);
    match ranking.get(1) {
        Some((second, _)) if stands(frame, best, second) == Standing::Ahead => {
            let ahead = ranking[1..].iter().all(|(other, _)| stands(frame, best, other) == Standing::Ahead);
            let whom = if ahead { "every other point".to_owned() } else { second.title.clone() };
            format!("{first} It is clearly ahead of {whom}.")
        }
        Some((second, _)) => {
            let tied = ranking[1..].iter().filter(|(other, _)| stands(frame, best, other) == Standing::Tied);
            let others = tied.count() - 1;
            let more = if others > 0 { format!(" and {others} more") } else { String::new() };
            format!("{first} It can't be told from {}{more}: such differences come by chance.", second.title)
        }
        None => first,
    }
}

fn simulated(engine: &str) -> String {
    format!(
        "Simulated numbers: the {engine} engine trains nothing. It makes confidences up, so this report says something \
         about the tool and nothing about any unlearning method."
    )
}

fn stands(frame: &Frame, one: &PointRow, other: &PointRow) -> Standing {
    frame.comparisons.standing(one.position, other.position)
}

/// The score as a share of the ceiling's: `62 %`.
pub(super) fn share(row: &ScoreRow, ceiling: &ScoreRow) -> Option<String> {
    let share = row.score.value / ceiling.score.value;
    (share.is_finite() && row.n == ceiling.n).then(|| format!("{:.0} %", share * 100.0))
}

/// What a reader must know before believing the numbers.
pub(super) fn warnings(frame: &Frame) -> Vec<String> {
    let mut warnings = Vec::new();
    if !frame.sweep.engine.trains {
        warnings.push(simulated(&frame.sweep.engine.name));
    }
    match (frame.ceiling(), scored(frame.ceiling())) {
        (None, _) => warnings.push(NO_CEILING.to_owned()),
        (Some(point), None) => {
            let reason = point.score.as_ref().err().map(ToString::to_string).unwrap_or_default();
            warnings.push(format!("The ceiling has no score: {reason}."));
        }
        (_, Some((point, ceiling))) => {
            warnings.extend(nulls::alarm(point));
            warnings.extend(against_ceiling(frame, ceiling));
        }
    }
    let lost =
        frame.runs.iter().filter(|run| !matches!(run.status, Status::Finished | Status::Pending)).count();
    if lost > 0 {
        let all = frame.runs.len();
        warnings.push(format!("{lost} of {all} runs ended without a result; they are listed below."));
    }
    if let (Some((_, floor)), Some((best, row))) = (scored(frame.floor()), frame.ranking().first())
        && floor.score.value > row.score.value
    {
        let floor = decimals(floor.score.value);
        warnings.push(format!(
            "The floor (identity, {floor}) scores above {}, the best method: check data and oracle.",
            best.title
        ));
    }
    warnings
}

/// What the marks beside points mean: a sentence for each flag that some run has.
fn flags(frame: &Frame) -> Vec<String> {
    let sentence = |flag: Flag| {
        let (mut flagged, mut finished) = (0, 0);
        for point in frame.flagged(flag) {
            flagged += point.counts.flagged(flag);
            finished += point.counts.finished;
        }
        let (mark, what) = (flag.mark(), flag.sentence());
        (flagged > 0).then(|| format!("{mark} {flagged} of {finished} runs of the points concerned {what}"))
    };
    Flag::ALL.into_iter().filter_map(sentence).collect()
}

/// What stands below every table of points: a sentence for each mark, for a column that needs one, and for comparisons.
pub(super) fn notes(frame: &Frame) -> Vec<String> {
    let mut notes = flags(frame);
    notes.extend(truth(frame));
    notes.extend(compared(frame));
    notes.extend(many_pairs(frame));
    notes
}

/// How many pairs of points differ, at most 5 % of which may be false, and how many would if each were taken by itself.
fn many_pairs(frame: &Frame) -> Option<String> {
    let told = frame.told_apart();
    (told.pairs > 1).then(|| {
        format!("{} of {} pairs differ (q ≤ 0.05), {} taken singly", told.discovered, told.pairs, told.apart)
    })
}

/// Which points were compared with which, where not every pair was.
fn compared(frame: &Frame) -> Option<String> {
    let best = frame.comparisons.only_with_best?;
    let all = frame.ranking().len();
    Some(format!(
        "Of {all} points each was compared with the {best} best, the ceiling, the floor and the defaults of its method. Others are told \
         apart only where their separate 95 % intervals don't touch, so ranks further down are wider than they need be"
    ))
}

/// What the column of truths says, where the labels of the forget set are wrong.
fn truth(frame: &Frame) -> Option<String> {
    let known = frame.points.iter().any(|point| point.means.truth_acc.is_some());
    let retrained = frame.points.iter().find(|point| point.role == Role::Oracle);
    let retrained = retrained.and_then(|point| point.means.truth_acc);
    let beside = retrained.map_or_else(String::new, |mean| {
        format!("; the oracle, retrained without it, reaches {}", mean.percent())
    });
    known.then(|| {
        format!("truth %: the share of the forget set, whose labels are wrong, that is taken for what it shows{beside}")
    })
}

fn against_ceiling(frame: &Frame, ceiling: &ScoreRow) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some((_, row)) = frame.ranking().iter().find(|(_, row)| row.n != ceiling.n) {
        warnings.push(format!(
            "The ceiling was scored at N = {}, methods at N = {}: scores at different N don't compare.",
            ceiling.n, row.n
        ));
    } else if let Some((point, row)) =
        frame.ranking().into_iter().find(|(_, row)| row.score.ends().0 > ceiling.score.ends().1)
    {
        warnings.push(format!(
            "{} ({}) scores clearly above retraining itself ({}): too good to be true unless its accuracy is above \
             the retrained models'.",
            point.title, row.score, ceiling.score
        ));
    }
    warnings
}

/// Accuracies before unlearning: the original's, or the floor's where the original is a checkpoint.
pub(super) fn original(frame: &Frame) -> Option<&PointRow> {
    frame
        .point_with(Role::Original)
        .filter(|point| point.means.retain_acc.is_some())
        .or_else(|| frame.floor())
}

/// The point together with its score, if it has one.
pub(super) fn scored(point: Option<&PointRow>) -> Option<(&PointRow, &ScoreRow)> {
    point.and_then(|point| point.score.as_ref().ok().map(|row| (point, row)))
}
