//! A small language that selects points: `method == 'scrub' and (lr > 5e-3 or not epochs in [1, 2])`.
//!
//! A comparison has a name on its left: `method` (the registered name), `label`, or a hyper-parameter. It knows nothing
//! of TOML; the grid's `[[exclude]]` and the command line's `--only` share it. A comparison with a hyper-parameter that a
//! point doesn't have is neither true nor false, and so is its opposite: the point isn't selected because of it.

mod lexer;
mod parser;

use std::{cmp::Ordering, ops::Range};

use sweep_protocol::terms::Value;
use thiserror::Error;

use crate::plan::Point;

/// Longest expression, in bytes: each of its comparisons is made for every point.
const LONGEST: usize = 4 << 10;

/// An expression that selects points.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    condition: Condition,
}

/// Why a text is no expression, with the place in it.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{mistake}")]
pub struct FilterError {
    /// What is wrong.
    #[source]
    pub mistake: FilterMistake,
    /// Where, in bytes of the expression.
    pub span: Range<usize>,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum FilterMistake {
    #[error("`{}` means nothing here", found.escape_debug())]
    UnknownCharacter { found: char },
    #[error("a quoted text has no end")]
    OpenText,
    #[error("`{found}` is no finite number")]
    NotANumber { found: String },
    #[error("expected {expected}, found {}", found.escape_debug())]
    Unexpected { expected: &'static str, found: String },
    #[error("more than {limit} levels of `not` and parentheses")]
    TooDeep { limit: usize },
    #[error("an expression of more than {limit} bytes; split it, or exclude less")]
    TooLong { limit: usize },
    #[error("nothing here is called `{name}`")]
    UnknownName { name: String },
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Compare(Comparison),
}

#[derive(Debug, Clone, PartialEq)]
struct Comparison {
    name: String,
    name_span: Range<usize>,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Is(Operator, Value),
    OneOf(Vec<Value>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What a name stands for in one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand<'a> {
    /// The method's name or the label.
    Name(&'a str),
    /// A hyper-parameter.
    Parameter(&'a Value),
}

impl Filter {
    /// Reads an expression.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > LONGEST {
            return Err(FilterError { mistake: FilterMistake::TooLong { limit: LONGEST }, span: 0..0 });
        }
        let tokens = lexer::tokens(text)?;
        parser::parse(&tokens, text.len()).map(|condition| Self { condition })
    }

    /// Whether a point of a plan is selected.
    pub fn selects(&self, point: &Point) -> bool {
        self.matches(&|name| match name {
            "method" => Some(Operand::Name(&point.method)),
            "label" => Some(Operand::Name(&point.label)),
            _ => point.parameters.get(name).map(Operand::Parameter),
        })
    }

    /// Whether that is selected whose names stand for what `lookup` says.
    pub fn matches<'a>(&self, lookup: &impl Fn(&str) -> Option<Operand<'a>>) -> bool {
        self.condition.holds(lookup) == Some(true)
    }

    /// The names that the expression uses, with their places in it.
    pub fn names(&self) -> Vec<(&str, Range<usize>)> {
        let mut names = Vec::new();
        self.condition.collect_names(&mut names);
        names
    }
}

impl Condition {
    /// Three-valued: none where it depends on a name that stands for nothing. The parser bounds the recursion.
    fn holds<'a>(&self, lookup: &impl Fn(&str) -> Option<Operand<'a>>) -> Option<bool> {
        match self {
            Self::All(parts) => decide(parts, false, lookup),
            Self::Any(parts) => decide(parts, true, lookup),
            Self::Not(inner) => inner.holds(lookup).map(|holds| !holds),
            Self::Compare(comparison) => {
                lookup(&comparison.name).and_then(|operand| comparison.test.holds(operand))
            }
        }
    }

    fn collect_names<'f>(&'f self, names: &mut Vec<(&'f str, Range<usize>)>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.collect_names(names);
                }
            }
            Self::Not(inner) => inner.collect_names(names),
            Self::Compare(comparison) => names.push((&comparison.name, comparison.name_span.clone())),
        }
    }
}

/// The first part that is `decisive` settles the whole; without one, an unknown part leaves it unknown.
fn decide<'a>(
    parts: &[Condition],
    decisive: bool,
    lookup: &impl Fn(&str) -> Option<Operand<'a>>,
) -> Option<bool> {
    let mut outcome = Some(!decisive);
    for part in parts {
        match part.holds(lookup) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => outcome = None,
        }
    }
    outcome
}

impl Test {
    fn holds(&self, operand: Operand<'_>) -> Option<bool> {
        match self {
            Self::OneOf(values) => {
                Some(values.iter().any(|value| compare(operand, value) == Some(Ordering::Equal)))
            }
            Self::Is(Operator::Equal, value) => Some(compare(operand, value) == Some(Ordering::Equal)),
            Self::Is(Operator::NotEqual, value) => Some(compare(operand, value) != Some(Ordering::Equal)),
            Self::Is(Operator::Less, value) => compare(operand, value).map(Ordering::is_lt),
            Self::Is(Operator::LessOrEqual, value) => compare(operand, value).map(Ordering::is_le),
            Self::Is(Operator::Greater, value) => compare(operand, value).map(Ordering::is_gt),
            Self::Is(Operator::GreaterOrEqual, value) => compare(operand, value).map(Ordering::is_ge),
        }
    }
}

/// Numbers compare as real ones, texts by their letters; a number and a text don't compare.
fn compare(operand: Operand<'_>, value: &Value) -> Option<Ordering> {
    let number = |value: &Value| match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        Value::Bool(_) | Value::Text(_) => None,
    };
    match (operand, value) {
        (Operand::Name(left), Value::Text(right)) => Some(left.cmp(right)),
        (Operand::Parameter(Value::Text(left)), Value::Text(right)) => Some(left.cmp(right)),
        (Operand::Parameter(Value::Bool(left)), Value::Bool(right)) => Some(left.cmp(right)),
        (Operand::Parameter(left), right) => number(left)?.partial_cmp(&number(right)?),
        (Operand::Name(_), _) => None,
    }
}

#[cfg(test)]
mod tests;
