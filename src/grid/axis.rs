//! Axes: the values that a grid gives one hyper-parameter. A scalar is an axis of length 1.

use std::collections::HashSet;

use sweep_methods::{Kind, Parameter};
use sweep_protocol::terms::Value;
use toml::de::DeValue;

use super::{
    error::{Mistake, Problem, Problems, shown},
    generator::{self, Generator},
    source::Span,
    table::{Entry, Node, scalar},
};

/// Values that all axes of a grid may have together; a bound on memory, not on plans.
const MOST_VALUES: u64 = 4_000_000;

/// What an axis is read with.
pub(super) struct Axes<'p> {
    left: u64,
    /// Where problems go.
    pub(super) problems: &'p mut Problems,
}

/// The checked values of one hyper-parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) key: String,
    pub(super) span: Span,
    pub(super) values: Vec<Value>,
}

impl<'p> Axes<'p> {
    pub(super) fn new(problems: &'p mut Problems) -> Self {
        Self { left: MOST_VALUES, problems }
    }

    /// Reads the axis of a declared hyper-parameter, or of a key of the user's own phases, which accepts any scalar.
    pub(super) fn read(&mut self, entry: &Entry<'_>, parameter: Option<&Parameter>) -> Option<Axis> {
        let before = self.problems.0.len();
        let values = self.values(entry.key, entry.node, parameter)?;
        let checked = self.checked(values, parameter);
        self.refuse_repeated(entry.key, &checked);
        let values = checked.into_iter().map(|(value, _)| value).collect();
        (self.problems.0.len() == before).then(|| Axis {
            key: entry.key.to_owned(),
            span: entry.key_span.clone(),
            values,
        })
    }

    fn values(
        &mut self,
        key: &str,
        node: &Node<'_>,
        parameter: Option<&Parameter>,
    ) -> Option<Vec<(Value, Span)>> {
        match node.get_ref() {
            DeValue::Array(items) if items.is_empty() => {
                self.problems.push(Problem::at(node.span(), Mistake::EmptyAxis { key: shown(key) }));
                None
            }
            DeValue::Array(items) => {
                self.spend(items.len() as u64, node)?;
                let scalars =
                    items.iter().filter_map(|item| Some((scalar(key, item, self.problems)?, item.span())));
                Some(scalars.collect())
            }
            DeValue::Table(_) => {
                let generator = generator::read(key, node, self.problems)?;
                self.spend(generator.len, node)?;
                let values = numbers(&generator, key, parameter);
                Some(values.into_iter().map(|value| (value, node.span())).collect())
            }
            _ => scalar(key, node, self.problems).map(|value| vec![(value, node.span())]),
        }
    }

    fn spend(&mut self, values: u64, node: &Node<'_>) -> Option<()> {
        if let Some(left) = self.left.checked_sub(values) {
            self.left = left;
            return Some(());
        }
        self.problems.push(Problem::at(node.span(), Mistake::TooManyValues { limit: MOST_VALUES }));
        None
    }

    fn checked(&mut self, values: Vec<(Value, Span)>, parameter: Option<&Parameter>) -> Vec<(Value, Span)> {
        let Some(parameter) = parameter else { return values };
        let mut checked = Vec::with_capacity(values.len());
        let mut reported: Option<Span> = None;
        for (value, span) in values {
            match parameter.check(&value) {
                Ok(value) => checked.push((value, span)),
                // A computed axis has one place for all its values, and one complaint is enough for it.
                Err(_) if reported.as_ref() == Some(&span) => {}
                Err(wrong) => {
                    reported = Some(span.clone());
                    self.problems.push(Problem::at(span, Mistake::WrongValue(wrong)));
                }
            }
        }
        checked
    }

    fn refuse_repeated(&mut self, key: &str, values: &[(Value, Span)]) {
        let mut seen = HashSet::with_capacity(values.len());
        for (index, (value, span)) in values.iter().enumerate() {
            if seen.insert(identity(value)) {
                continue;
            }
            let mistake = Mistake::RepeatedValue { key: shown(key), value: shown(&value.to_string()) };
            let first = values.iter().take(index).find(|(other, _)| identity(other) == identity(value));
            let problem = Problem::at(span.clone(), mistake);
            self.problems.push(match first {
                Some((_, first)) if first != span => problem.also(first.clone(), "first here"),
                _ => problem.help("ask for fewer values, or for a wider interval"),
            });
            return;
        }
    }
}

/// What makes two values the same: 1 and 1.0 are.
fn identity(value: &Value) -> (u8, u64, &str) {
    match value {
        Value::Bool(value) => (0, u64::from(*value), ""),
        Value::Integer(value) => (1, (*value as f64).to_bits(), ""),
        Value::Float(value) => (1, (*value + 0.0).to_bits(), ""),
        Value::Text(text) => (2, 0, text),
    }
}

/// Values as whole numbers where they are and are asked for.
fn numbers(generator: &Generator, key: &str, parameter: Option<&Parameter>) -> Vec<Value> {
    let counts = parameter.is_some_and(|parameter| matches!(parameter.kind, Kind::Count(_)));
    let values = generator.values(key);
    let draws_counts = counts && generator.is_random() && generator.whole_ends;
    let values: Vec<f64> = if draws_counts { values.into_iter().map(f64::round).collect() } else { values };
    let all_whole = values.iter().all(|value| value.fract() == 0.0 && value.abs() < 9e15);
    if all_whole && (counts || generator.whole_ends) {
        values.into_iter().map(|value| Value::Integer(value as i64)).collect()
    } else {
        values.into_iter().map(Value::Float).collect()
    }
}
