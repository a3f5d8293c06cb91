//! Hyper-parameters: what a method accepts, checked once, read by the constant that declares it.

use std::{collections::BTreeMap, fmt, num::NonZeroU32};

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
    /// One of some words; the first is the default.
    Choice(Words),
}

/// The words of a choice, in the order in which they are documented.
#[derive(Clone, Copy)]
pub struct Words(&'static dyn Spelled);

/// Words with what they stand for.
trait Spelled: Sync {
    fn word(&self, place: usize) -> Option<&'static str>;
}

impl<T: Sync, const N: usize> Spelled for [(&'static str, T); N] {
    fn word(&self, place: usize) -> Option<&'static str> {
        self.get(place).map(|(word, _)| *word)
    }
}

impl Words {
    /// Every word.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        (0..).map_while(move |place| self.0.word(place))
    }

    /// The word that holds where none is given.
    pub fn default(self) -> &'static str {
        self.0.word(0).expect("a choice has words")
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// A hyper-parameter together with the type that it yields, so that a method can neither misspell it nor forget a word:
/// it is declared as a constant, listed in [`parameters`](super::Method::parameters) and read by
/// [`Arguments::get`].
///
/// ```ignore
/// const TURN: Hyper<Turn> = Hyper::choice(
///     "turn",
///     &[("transpose", Turn::Transpose), ("flip", Turn::Flip), ("rotate", Turn::Rotate)],
///     "what is done to each kernel",
/// );
/// let turn: Turn = arguments.get(&TURN);
/// ```
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hyper<T: 'static> {
    /// What the registry shows of it.
    pub(crate) parameter: Parameter,
    yields: Yields<T>,
}

#[derive(Debug, Clone, Copy)]
enum Yields<T: 'static> {
    Number(fn(&Value) -> Option<T>),
    Word(&'static [(&'static str, T)]),
}

impl<T> Hyper<T> {
    /// The same, with the values that are worth trying.
    pub(crate) const fn usual(self, values: &'static str) -> Self {
        Self { parameter: Parameter { usual: Some(values), ..self.parameter }, ..self }
    }

    const fn number(
        name: &'static str,
        kind: Kind,
        about: &'static str,
        read: fn(&Value) -> Option<T>,
    ) -> Self {
        let parameter = Parameter { name, kind, about, usual: None };
        Self { parameter, yields: Yields::Number(read) }
    }

    const fn of_kind(self, kind: Kind) -> Self {
        Self { parameter: Parameter { kind, ..self.parameter }, ..self }
    }
}

impl<T: Sync> Hyper<T> {
    /// One of some words, each with what it yields; the first is the default.
    pub(crate) const fn choice<const N: usize>(
        name: &'static str,
        words: &'static [(&'static str, T); N],
        about: &'static str,
    ) -> Self {
        let parameter = Parameter { name, kind: Kind::Choice(Words(words)), about, usual: None };
        Self { parameter, yields: Yields::Word(words) }
    }
}

impl Hyper<Positive> {
    /// A finite number above 0.
    pub(crate) const fn positive(name: &'static str, default: f64, about: &'static str) -> Self {
        Self::number(name, Kind::Positive(default), about, |value| Positive::new(real(value)?).ok())
    }

    /// The same with another default.
    pub(crate) const fn at(self, default: f64) -> Self {
        self.of_kind(Kind::Positive(default))
    }
}

impl Hyper<NonNegative> {
    /// A finite number, at least 0.
    pub(crate) const fn non_negative(name: &'static str, default: f64, about: &'static str) -> Self {
        Self::number(name, Kind::NonNegative(default), about, |value| NonNegative::new(real(value)?).ok())
    }

    /// The same with another default.
    pub(crate) const fn at(self, default: f64) -> Self {
        self.of_kind(Kind::NonNegative(default))
    }
}

impl Hyper<UnitInterval> {
    /// A number from 0 to 1.
    pub(crate) const fn unit_interval(name: &'static str, default: f64, about: &'static str) -> Self {
        Self::number(name, Kind::UnitInterval(default), about, |value| UnitInterval::new(real(value)?).ok())
    }

    /// The same with another default.
    pub(crate) const fn at(self, default: f64) -> Self {
        self.of_kind(Kind::UnitInterval(default))
    }
}

impl Hyper<NonZeroU32> {
    /// A whole number, at least 1.
    pub(crate) const fn count(name: &'static str, default: u32, about: &'static str) -> Self {
        Self::number(name, Kind::Count(default), about, |value| match value {
            Value::Integer(count) => NonZeroU32::new(u32::try_from(*count).ok()?),
            Value::Float(_) | Value::Bool(_) | Value::Text(_) => None,
        })
    }

    /// The same with another default.
    pub(crate) const fn at(self, default: u32) -> Self {
        self.of_kind(Kind::Count(default))
    }
}

/// What a method lists of the constants that declare its hyper-parameters.
macro_rules! parameters {
    ($($hyper:expr),* $(,)?) => { &[$($hyper.parameter),*] };
}
pub(crate) use parameters;

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
    /// Its default.
    pub fn default(&self) -> Value {
        match self.kind {
            Kind::Positive(value) | Kind::NonNegative(value) | Kind::UnitInterval(value) => {
                Value::Float(value)
            }
            Kind::Count(value) => Value::Integer(i64::from(value)),
            Kind::Choice(words) => Value::Text(words.default().to_owned()),
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
            (Kind::Choice(words), Value::Text(text)) if words.iter().any(|word| word == text) => {
                Some(value.clone())
            }
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

/// The checked hyper-parameters of one point, defaults included.
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

    /// What a hyper-parameter yields. Reading one that the method doesn't list is a mistake in the method and panics.
    pub(crate) fn get<T: Copy>(&self, hyper: &Hyper<T>) -> T {
        let name = hyper.parameter.name;
        let value = self.0.get(name);
        let read = value.and_then(|value| match (hyper.yields, value) {
            (Yields::Number(read), value) => read(value),
            (Yields::Word(words), Value::Text(text)) => {
                words.iter().find(|(word, _)| word == text).map(|(_, stands_for)| *stands_for)
            }
            (Yields::Word(_), Value::Bool(_) | Value::Integer(_) | Value::Float(_)) => None,
        });
        read.unwrap_or_else(|| {
            panic!("the method reads `{name}`, which it doesn't list, and finds {value:?}")
        })
    }
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        Value::Integer(value) => Some(*value as f64),
        Value::Bool(_) | Value::Text(_) => None,
    }
}
