//! Which point of a plan is meant: by its name in the leaderboard, or by its label and enough hyper-parameters.

use sweep_protocol::terms::Value;

use super::ExportError;
use crate::plan::{Plan, Point, Role};

/// The position of the only point that `text` names. A method's comes before a reference of the same name.
pub(super) fn named(plan: &Plan, text: &str) -> Result<usize, ExportError> {
    let fitting = |fits: &dyn Fn(&Point) -> bool| -> Vec<usize> {
        let all: Vec<usize> = (0..plan.points.len()).filter(|at| fits(&plan.points[*at])).collect();
        let swept = |at: &usize| plan.points[*at].role == Role::Unlearn;
        let methods: Vec<usize> = all.iter().copied().filter(swept).collect();
        if methods.is_empty() { all } else { methods }
    };
    let titles = |points: &[usize]| points.iter().map(|at| plan.points[*at].title()).collect();
    let mut found = fitting(&|point| point.title() == text);
    if found.is_empty() {
        found = fitting(&|point| fits(point, text));
    }
    let point = || text.to_owned();
    match *found {
        [one] => Ok(one),
        [] => Err(ExportError::NoPoint { point: point(), there: titles(&fitting(&|_| true)) }),
        _ => Err(ExportError::Ambiguous { point: point(), these: titles(&found) }),
    }
}

/// Whether a point has this label, and every hyper-parameter that the text gives after it.
fn fits(point: &Point, text: &str) -> bool {
    let mut words = text.split_whitespace();
    let has = |word: &str| {
        word.split_once('=')
            .is_some_and(|(name, value)| point.parameters.get(name).is_some_and(|own| is(own, value)))
    };
    words.next() == Some(&*point.label) && words.all(has)
}

/// Numbers are compared as numbers: `1e-3` is `0.001`.
fn is(own: &Value, text: &str) -> bool {
    match own {
        Value::Integer(number) => text.parse() == Ok(*number as f64),
        Value::Float(number) => text.parse() == Ok(*number),
        Value::Bool(_) | Value::Text(_) => own.to_string() == text,
    }
}
