//! The section of the exact tests: which points differ from retraining.

use minijinja::{Value, context};

use super::cell::{LONGEST_TITLE, MOST_ROWS, interval};
use crate::frame::{Frame, NullRow, PointRow, Tested, decimals, shortened};

/// q up to which a point is called different.
const LEVEL: f64 = 0.05;
/// p up to which retrained models that look unlike the oracle are told of.
const ALARM: f64 = 0.01;

/// The tested points, ceiling first and floor last; no rows where nothing was tested.
pub(super) fn view(frame: &Frame) -> Value {
    let ranked = frame.ranking().into_iter().map(|(point, _)| point).take(MOST_ROWS);
    let points = frame.ceiling().into_iter().chain(ranked).chain(frame.floor());
    context! { rows => points.filter_map(row).collect::<Value>(), summary => summary(frame) }
}

/// How many methods are told from retraining.
fn summary(frame: &Frame) -> String {
    let tests: Vec<Tested> =
        frame.ranking().iter().filter_map(|(_, score)| Some(score.nulls?.omnibus)).collect();
    let found = tests.iter().filter(|test| is_found(**test)).count();
    match (found, tests.len()) {
        (_, 0) => "No method was tested.".to_owned(),
        (0, all) => format!("Told from retraining: none of {all} points (q ≤ {LEVEL})."),
        (found, all) => format!("Told from retraining: {found} of {all} points (q ≤ {LEVEL})."),
    }
}

fn is_found(test: Tested) -> bool {
    test.q.is_some_and(|q| q <= LEVEL)
}

/// What the tests say of one point, in a sentence; nothing where it wasn't tested.
pub(super) fn sentence(point: &PointRow) -> Option<String> {
    let score = point.score.as_ref().ok()?;
    let nulls = score.nulls?;
    let Tested { p, q } = nulls.omnibus;
    let p = decimals(p);
    if is_found(nulls.omnibus) {
        let q = q.map_or_else(String::new, |q| format!(", q = {}", decimals(q)));
        return Some(format!("Its models differ from retrained ones (p = {p}{q})."));
    }
    let power = nulls.shift.map_or_else(String::new, |shift| {
        let found = decimals(shift.found);
        format!("; N = {} finds a shift of {found} standard deviations in 80 % of the experiments", score.n)
    });
    Some(format!("No test tells its models from retrained ones (p = {p}{power})."))
}

/// A warning where retrained models are told from retrained models.
pub(super) fn alarm(ceiling: &PointRow) -> Option<String> {
    let p = ceiling.score.as_ref().ok()?.nulls?.omnibus.p;
    (p <= ALARM).then(|| {
        format!(
            "The held-out retrained models differ from the oracle (p = {}), which happens by chance in one sweep of a \
             hundred: check that both were trained alike.",
            decimals(p)
        )
    })
}

fn row(point: &PointRow) -> Option<Value> {
    let score = point.score.as_ref().ok()?;
    let nulls: NullRow = score.nulls?;
    let (kind, title) = if point.is_ceiling() {
        ("ceiling", "Ceiling: retrained, held out")
    } else if point.is_floor() {
        ("floor", "Floor: identity")
    } else {
        ("ranked", point.title.as_str())
    };
    let test = |test: Option<Tested>| {
        let q = test.and_then(|test| test.q);
        context! {
            p => test.map_or_else(|| "–".to_owned(), |test| decimals(test.p)),
            q => q.map_or_else(String::new, decimals),
        }
    };
    let tests = [Some(nulls.omnibus), nulls.quality, nulls.score].map(test);
    Some(context! {
        kind,
        title => shortened(title, LONGEST_TITLE),
        marks => point.marks(),
        n => score.n,
        tests => Value::from_iter(tests),
        shift => nulls.shift.map_or_else(|| "–".to_owned(), |own| decimals(own.shift.value)),
        allowed => nulls.shift.map_or_else(String::new, |own| match own.shift.interval {
            None => "anything".to_owned(),
            ends => interval(ends),
        }),
        found => nulls.shift.map_or_else(String::new, |own| decimals(own.found)),
    })
}
