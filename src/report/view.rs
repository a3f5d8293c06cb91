//! What the page shows, as plain text for the template; everything is escaped there.

use minijinja::{Value, context};

use super::{
    audits,
    cell::{LONGEST_TITLE, MOST_ROWS, interval},
    confirmation, curves, finding, nulls, originals, ranking, shadows, stages, subgroups,
};
use crate::{
    frame::{Frame, Mean, PointRow, RunRow, ScoreRow, Selection, Sweep, decimals, shortened},
    outcome::Status,
    plan::{BestOf, OracleSize, PlannedInputs, PlannedOriginal, Role},
};

const MOST_FAILURES: usize = 100;
const MOST_ORIGINALS: usize = 8;
/// Share of a retraining's time above which the competition refused a submission.
const COMPETITION_SHARE: f64 = 0.2;
const LONGEST_MESSAGE: usize = 600;

/// A figure as a data URI.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) uri: String,
}

/// The whole page.
pub(super) fn view(
    frame: &Frame,
    figures: Vec<Picture>,
    (provenance, remarks): (Vec<(String, String)>, Option<Value>),
    reproduce: Value,
) -> Value {
    let (rows, rows_left_out) = rows(frame);
    let (failures, failures_left_out) = failures(frame);
    let tested = frame.points.iter().any(|point| point.means.test_acc.is_some());
    let figure = |Picture { name, about, uri }| context! { name, about, uri };
    context! {
        name => frame.sweep.name.as_str(),
        caption => frame.sweep.caption(),
        conditions => frame.sweep.conditions(),
        simulated => !frame.sweep.engine.trains,
        headline => finding::headline(frame),
        warnings => Value::from_iter(finding::warnings(frame)),
        explored => frame.points.iter().any(PointRow::is_ranked),
        rows => Value::from_iter(rows),
        rows_left_out,
        flags => finding::notes(frame),
        truth => frame.points.iter().any(|point| point.means.truth_acc.is_some()),
        test_name => if tested { "Test" } else { "Validation" },
        n => frame.sweep.seeds,
        ceiling => finding::scored(frame.ceiling()).map(|(_, row)| row.score.to_string()),
        ties => frame.ranks_of_all().values().any(|ranks| ranks.best < ranks.worst),
        selections => frame.comparisons.selections.iter().map(|own| selection(frame, *own)).collect::<Value>(),
        times => times(frame),
        randomness => randomness(frame),
        facts => pairs(facts(frame)),
        failures => Value::from_iter(failures),
        failures_left_out,
        confirmation => confirmation::view(frame),
        curves => curves::view(frame),
        stages => stages::view(frame),
        each_method => frame.sweep.best_of == BestOf::Method,
        nulls => nulls::view(frame),
        originals => originals::view(frame),
        subgroups => subgroups::view(frame),
        audits => audits::view(frame),
        shadows => shadows::view(frame),
        figures => figures.into_iter().map(figure).collect::<Value>(),
        provenance => pairs(provenance),
        remarks,
        reproduce,
    }
}

fn pairs<N: Into<Value>>(pairs: Vec<(N, String)>) -> Value {
    pairs.into_iter().map(|(name, value)| Value::from_iter([name.into(), Value::from(value)])).collect()
}

/// The leaderboard: ceiling, ranking, dashes and floor, and how many of them are left out.
fn rows(frame: &Frame) -> (Vec<Value>, usize) {
    let ceiling = finding::scored(frame.ceiling()).map(|(_, row)| row);
    let mut rows = Vec::new();
    if let Some(point) = frame.ceiling() {
        rows.push(row("ceiling", "", point, ceiling));
    }
    let (ranking, dashes) = (frame.ranking(), frame.dashes());
    let left_out = (ranking.len() + dashes.len()).saturating_sub(MOST_ROWS);
    let ranked = ranking.into_iter().enumerate();
    let ranked =
        ranked.map(|(nth, (point, _))| row("ranked", &ranking::rank(frame, nth, point), point, ceiling));
    let dashes = dashes.into_iter().map(|(point, _)| row("dash", "–", point, ceiling));
    rows.extend(ranked.chain(dashes).take(MOST_ROWS));
    if let Some(point) = frame.floor() {
        rows.push(row("floor", "", point, ceiling));
    }
    (rows, left_out)
}

fn row(kind: &str, rank: &str, point: &PointRow, ceiling: Option<&ScoreRow>) -> Value {
    let score = point.score.as_ref().ok();
    let text = |pick: fn(&ScoreRow) -> String| score.map_or_else(String::new, pick);
    let percent = |mean: Option<Mean>| mean.map_or_else(String::new, |mean| mean.percent());
    let title = match kind {
        "ceiling" => "Ceiling: retrained, held out",
        "floor" => "Floor: identity",
        _ => &shortened(&point.title, LONGEST_TITLE),
    };
    context! {
        kind,
        rank,
        title,
        marks => point.marks(),
        score => text(|row| decimals(row.score.value)),
        interval => text(|row| interval(row.score.interval)),
        p => text(|row| row.nulls.map_or_else(String::new, |own| decimals(own.omnibus.p))),
        q => text(|row| {
            let q = row.nulls.and_then(|own| own.omnibus.q);
            q.map_or_else(String::new, |q| format!("q {}", decimals(q)))
        }),
        share => score.zip(ceiling).and_then(|(row, top)| finding::share(row, top)).unwrap_or_default(),
        forgetting => text(|row| decimals(row.forgetting_quality.value)),
        forgetting_interval => text(|row| interval(row.forgetting_quality.interval)),
        normalised => text(|row| row.normalised.map_or_else(String::new, |own| decimals(own.value))),
        normalised_interval => text(|row| row.normalised.map_or_else(String::new, |own| interval(own.interval))),
        own => text(|row| row.cross_fit.map_or_else(String::new, |own| decimals(own.quality.value))),
        own_interval =>
            text(|row| row.cross_fit.map_or_else(String::new, |own| interval(own.quality.interval))),
        retain => percent(point.means.retain_acc),
        test => percent(point.means.held_out_acc()),
        forget => percent(point.means.forget_acc),
        truth => percent(point.means.truth_acc),
        runs => point.models(),
        passes => format!("{:.1}", point.passes),
        seconds => point.means.unlearn_s.map_or_else(String::new, |seconds| format!("{seconds:.1}")),
        reason => point.score.as_ref().err().map(ToString::to_string),
    }
}

fn selection(frame: &Frame, own: Selection) -> Value {
    context! {
        title => shortened(&frame.points[own.point].title, LONGEST_TITLE),
        candidates => own.candidates,
        chosen_on => decimals(own.chosen_on),
        reported_on => decimals(own.reported_on),
    }
}

/// What each point costs as a share of a retraining, in percent, and whether the competition would have let it through.
fn times(frame: &Frame) -> Value {
    let ranking = frame.ranking();
    let time = |point: &PointRow| {
        let share = frame.share_of_retraining(point)?;
        let passes = frame.share_of_passes(point);
        let cost = |share: f64| context! { share => format!("{:.1} %", share * 100.0), slow => share > COMPETITION_SHARE };
        Some(context! {
            title => shortened(&point.title, LONGEST_TITLE),
            time => cost(share),
            passes => passes.map(cost),
        })
    };
    ranking.iter().take(MOST_ROWS).filter_map(|(point, _)| time(point)).collect()
}

/// What was drawn how often: what an interval knows of, and what it doesn't.
fn randomness(frame: &Frame) -> String {
    let OracleSize { models, held_out } = frame.sweep.oracle;
    let Sweep { seeds, originals, .. } = frame.sweep;
    let drawn = format!(
        "{seeds} unlearning seeds per point, {models} retrained models in the oracle and {held_out} held out, each with a seed \
         of its own."
    );
    if originals > 1 {
        return format!(
            "{originals} originals in turn, one split. {drawn} Intervals of scores take the models of a point for as many draws: \
             where originals differ more than the models of one do, other originals would move the numbers further than they \
             say. Another split would, too."
        );
    }
    format!(
        "One original, one split. {drawn} Intervals know of unlearning and oracle seeds alone: another original or another split \
         would move the numbers further."
    )
}

/// Runs that ended without a measurement, and how many of them are left out.
fn failures(frame: &Frame) -> (Vec<Value>, usize) {
    let unfinished =
        || frame.runs.iter().filter(|run| !matches!(run.status, Status::Finished | Status::Pending));
    let failure = |run: &RunRow| {
        context! {
            title => shortened(&frame.points[run.point].title, LONGEST_TITLE),
            seed => run.seed.0,
            status => run.status.word(),
            message => shortened(run.message.as_deref().unwrap_or_default(), LONGEST_MESSAGE),
            log => format!("runs/{}/worker.log", run.id),
        }
    };
    let shown = unfinished().take(MOST_FAILURES).map(failure).collect();
    (shown, unfinished().count().saturating_sub(MOST_FAILURES))
}

/// What was done, as names and values.
fn facts(frame: &Frame) -> Vec<(&'static str, String)> {
    let sweep = &frame.sweep;
    let methods = frame.points.iter().filter(|point| point.is_ranked()).count();
    let finished = frame.runs.iter().filter(|run| run.status == Status::Finished).count();
    let mut facts = vec![
        ("Engine", sweep.engine.name.clone()),
        ("Points", format!("{methods}, {} seeds each (N)", sweep.seeds)),
        ("Runs", format!("{finished} of {} finished", frame.runs.len())),
        (
            "Retrained models",
            format!("{} in the oracle, {} held out", sweep.oracle.models, sweep.oracle.held_out),
        ),
    ];
    if let Some(inputs) = &sweep.inputs {
        let sizes = &inputs.sizes;
        let test = sizes.test.map_or_else(String::new, |test| format!(" · test {test}"));
        let network = &inputs.network;
        facts.extend([
            ("Data", inputs.data.clone()),
            ("Split", inputs.data_hash.short().to_owned()),
            (
                "Examples",
                format!(
                    "retain {} · forget {} · validation {}{test}",
                    sizes.retain, sizes.forget, sizes.validation
                ),
            ),
            ("Originals learned from", learned_from(inputs)),
            ("Images left out", left_out(inputs.skipped_images)),
            ("Network", network.to_string()),
            (if sweep.originals > 1 { "Originals" } else { "Original" }, originals(&inputs.originals)),
        ]);
    }
    facts.extend(finding::original(frame).map(|point| ("Accuracy before unlearning", accuracies(point))));
    facts
}

fn learned_from(inputs: &PlannedInputs) -> String {
    let (data, hash, _) = inputs.data_of(Role::Original);
    match inputs.original_split {
        Some(_) => format!("the same training images, in {data} (split {})", hash.short()),
        None => "this data set".to_owned(),
    }
}

fn left_out(images: u64) -> String {
    match images {
        0 => "none".to_owned(),
        count => format!("{count} that can't be used (--skip-bad-images); the split is what remains"),
    }
}

fn originals(originals: &[PlannedOriginal]) -> String {
    let said = |original: &PlannedOriginal| match original {
        PlannedOriginal::Trained { run } => format!("trained by run {}", run.short()),
        PlannedOriginal::Checkpoint { path, blake3 } => format!("{path} ({})", blake3.short()),
    };
    let left_out = originals.len().saturating_sub(MOST_ORIGINALS);
    let mut words: Vec<String> = originals.iter().take(MOST_ORIGINALS).map(said).collect();
    if left_out > 0 {
        words.push(format!("and {left_out} more"));
    }
    words.join(" · ")
}

fn accuracies(point: &PointRow) -> String {
    let means = &point.means;
    let sets = [
        ("retain", means.retain_acc),
        ("forget", means.forget_acc),
        ("validation", means.val_acc),
        ("test", means.test_acc),
        ("truth of the forget set", means.truth_acc),
    ];
    let shown = sets
        .into_iter()
        .filter_map(|(set, mean)| mean.map(|mean| format!("{set} {:.1} %", mean.value * 100.0)));
    shown.collect::<Vec<_>>().join(" · ")
}
