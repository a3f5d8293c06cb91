//! Hyper-parameters: what a method accepts, checked once, read without surprises.

use std::collections::BTreeMap;

use sweep_protocol::terms::{NonNegative, Positive, UnitInterval, Value};
use thiserror::Error;

/// One hyper-parameter of a method.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its key in a grid.
    pub name: &'static str,
    /// What it accepts; the default is part of it.
    pub kind: Kind,
    /// What it means, with its unit.
    pub about: &'static str,
    /// Which values are worth trying; only a hint, [`Kind`] says what is accepted.
    pub usual: Option<&'static str>,
}

/// What a hyper-parameter accepts, with its default.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A finite number above 0.
    Positive(f64),
    /// A finite number, at least 0.
    NonNegative(f64),
    /// A number from 0 to 1.
    UnitInterval(f64),
    /// A whole number, at least 1.
    Count(u32),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
}

/// A value that its hyper-parameter doesn't accept.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("`{name}` must be {expected}, not {found}")]
pub struct WrongValue {
    /// The hyper-parameter.
    pub name: &'static str,
    /// What it accepts, in words.
    pub expected: String,
    /// What was given.
    pub found: String,
}

impl Parameter {
    /// A finite number above 0.
    pub(super) const fn positive(name: &'static str, default: f64, about: &'static str) -> Self {
        Self { name, kind: Kind::Positive(default), about, usual: None }
    }

    /// A finite number, at least 0.
    pub(super) const fn non_negative(name: &'static str, default: f64, about: &'static str) -> Self {
        Self { name, kind: Kind::NonNegative(default), about, usual: None }
    }

    /// A number from 0 to 1.
    pub(super) const fn unit_interval(name: &'static str, default: f64, about: &'static str) -> Self {
        Self { name, kind: Kind::UnitInterval(default), about, usual: None }
    }

    /// A whole number, at least 1.
    pub(super) const fn count(name: &'static str, default: u32, about: &'static str) -> Self {
        Self { name, kind: Kind::Count(default), about, usual: None }
    }

    /// One of some words; the first is the default.
    pub(super) const fn choice(
        name: &'static str,
        words: &'static [&'static str],
        about: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Choice(words), about, usual: None }
    }

    /// The same, with the values that are worth trying.
    pub(super) const fn usual(self, values: &'static str) -> Self {
        Self { usual: Some(values), ..self }
    }

    /// Its default.
    pub fn default(&self) -> Value {
        match self.kind {
            Kind::Positive(value) | Kind::NonNegative(value) | Kind::UnitInterval(value) => {
                Value::Float(value)
            }
            Kind::Count(value) => Value::Integer(i64::from(value)),
            Kind::Choice(words) => Value::Text(words[0].to_owned()),
        }
    }

    /// Checks a value and brings it to its canonical form: a whole number where a real one is asked for becomes real.
    pub fn check(&self, value: &Value) -> Result<Value, WrongValue> {
        let canonical = match (self.kind, value) {
            (Kind::Positive(_), value) => real(value).filter(|&x| Positive::new(x).is_ok()).map(Value::Float),
            (Kind::NonNegative(_), value) => {
                real(value).filter(|&x| NonNegative::new(x).is_ok()).map(Value::Float)
            }
            (Kind::UnitInterval(_), value) => {
                real(value).filter(|&x| UnitInterval::new(x).is_ok()).map(Value::Float)
            }
            (Kind::Count(_), Value::Integer(count)) if (1..=i64::from(u32::MAX)).contains(count) => {
                Some(value.clone())
            }
            (Kind::Choice(words), Value::Text(word)) if words.contains(&word.as_str()) => Some(value.clone()),
            (Kind::Count(_) | Kind::Choice(_), _) => None,
        };
        canonical.ok_or_else(|| WrongValue {
            name: self.name,
            expected: self.kind.in_words(),
            found: match value {
                Value::Text(word) => format!("\"{}\"", word.escape_debug()),
                other => other.to_string(),
            },
        })
    }
}

impl Kind {
    /// What is accepted, in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Positive(_) => "a number above 0".to_owned(),
            Self::NonNegative(_) => "a number of at least 0".to_owned(),
            Self::UnitInterval(_) => "a number from 0 to 1".to_owned(),
            Self::Count(_) => "a whole number of at least 1".to_owned(),
            Self::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("one of {}", quoted.join(", "))
            }
        }
    }
}

/// The checked hyper-parameters of one point, defaults included. Reading a name that the method doesn't declare, or as
/// another kind than declared, is a mistake in the method and panics.
#[derive(Debug, Clone, PartialEq)]
pub struct Arguments(BTreeMap<String, Value>);

impl Arguments {
    /// Wraps values that [`Parameter::check`] has returned.
    pub fn checked(values: BTreeMap<String, Value>) -> Self {
        Self(values)
    }

    /// All values by name.
    pub fn values(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    /// All values by name, for keeping.
    pub fn into_values(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// A [`Kind::Positive`] hyper-parameter.
    pub fn positive(&self, name: &str) -> Positive {
        Positive::new(self.real(name)).expect("checked by the parameter")
    }

    /// A [`Kind::NonNegative`] hyper-parameter.
    pub fn non_negative(&self, name: &str) -> NonNegative {
        NonNegative::new(self.real(name)).expect("checked by the parameter")
    }

    /// A [`Kind::UnitInterval`] hyper-parameter.
    pub fn unit_interval(&self, name: &str) -> UnitInterval {
        UnitInterval::new(self.real(name)).expect("checked by the parameter")
    }

    /// A [`Kind::Count`] hyper-parameter.
    pub fn count(&self, name: &str) -> std::num::NonZeroU32 {
        match self.0.get(name) {
            Some(&Value::Integer(count)) => u32::try_from(count)
                .ok()
                .and_then(std::num::NonZeroU32::new)
                .expect("checked by the parameter"),
            other => panic!("the method asks for a count `{name}` and finds {other:?}"),
        }
    }

    /// A [`Kind::Choice`] hyper-parameter.
    pub fn choice(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(word)) => word,
            other => panic!("the method asks for a word `{name}` and finds {other:?}"),
        }
    }

    fn real(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(&Value::Float(value)) => value,
            other => panic!("the method asks for a number `{name}` and finds {other:?}"),
        }
    }
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        Value::Integer(value) => Some(*value as f64),
        Value::Bool(_) | Value::Text(_) => None,
    }
}
