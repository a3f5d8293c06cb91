//! What can be wrong with a grid, each with the place where it stands.

use sweep_methods::WrongValue;
use sweep_protocol::check::{Fault, Flaw};
use thiserror::Error;

use super::{
    filter::FilterMistake,
    source::{Sources, Span},
};
use crate::python::NotCallable;

/// Everything that is wrong with one grid; [`render`](Self::render) shows it.
#[derive(Debug, Error)]
#[error("{} in the grid {}", count(.problems.len()), .sources.file_name())]
pub struct GridError {
    /// The file and the overrides that the problems point into.
    pub(super) sources: Sources,
    /// In the order of the file; never empty.
    pub(super) problems: Vec<Problem>,
}

fn count(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}

impl GridError {
    /// What is wrong, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// One thing that is wrong.
#[derive(Debug)]
pub struct Problem {
    /// What.
    pub mistake: Mistake,
    /// Where, in bytes; nowhere if the file itself can't be had or a key of its top level is missing.
    pub span: Option<Span>,
    /// The way out.
    pub help: Option<String>,
    /// Other places that matter, and facts without a place.
    pub notes: Vec<Note>,
}

/// A remark beside a problem.
#[derive(Debug)]
pub struct Note {
    /// What is remarked.
    pub text: String,
    /// The place, if the remark has one.
    pub span: Option<Span>,
}

impl Problem {
    pub(super) fn at(span: Span, mistake: Mistake) -> Self {
        Self { mistake, span: Some(span), help: None, notes: Vec::new() }
    }

    pub(super) fn nowhere(mistake: Mistake) -> Self {
        Self { mistake, span: None, help: None, notes: Vec::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn suggest(mut self, suggestion: Option<&str>) -> Self {
        self.help = suggestion.map(|word| format!("did you mean `{word}`?")).or(self.help);
        self
    }

    pub(super) fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(Note { text: text.into(), span: None });
        self
    }

    pub(super) fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.notes.push(Note { text: text.into(), span: Some(span) });
        self
    }
}

/// What is wrong, without its place.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum Mistake {
    #[error("cannot read the grid: {0}")]
    Unreadable(#[source] std::io::Error),
    #[error("the grid is larger than {limit} bytes")]
    FileTooLarge { limit: u64 },
    #[error("the grid is not UTF-8 text")]
    NotText,
    #[error("not valid TOML: {}", .0.message())]
    Syntax(#[source] toml::de::Error),
    #[error("an override sets one key: `key=value`")]
    NotAnAssignment,
    #[error("`{name}` can't be included: {reason}")]
    NotIncluded { name: String, reason: String },
    #[error("only the file of a grid includes another")]
    IncludeElsewhere,
    #[error("`{key}` is no table, so nothing in it can be set")]
    NothingInside { key: String },
    #[error("unknown key `{key}` in {table}")]
    UnknownKey { key: String, table: String },
    #[error("{table} needs `{key}`")]
    Missing { key: &'static str, table: String },
    #[error("`{key}` must be {expected}, not {found}")]
    WrongType { key: String, expected: String, found: String },
    #[error("`{key}` = {value} is no multiple of `{of}` = {step}")]
    NoMultiple { key: &'static str, value: i64, of: &'static str, step: i64 },
    #[error("{0}")]
    WrongValue(#[source] WrongValue),
    #[error("the grid is written for sweep {wanted}, this is {have}")]
    TooNew { wanted: String, have: &'static str },
    #[error("`{name}` is no safe name")]
    UnsafeName { name: String },
    #[error("two forget sets are called `{name}`")]
    SameForgetSet { name: String },
    #[error("the tag `{tag}` stands there twice")]
    RepeatedTag { tag: String },
    #[error("nothing can be reconstructed: {reason}")]
    NoReconstruction { reason: String },
    #[error("no shadow networks can be trained: {reason}")]
    NoShadows { reason: String },
    #[error("unknown {what} `{name}`")]
    UnknownName { what: &'static str, name: String },
    #[error("`{key}` has no meaning with {engine}")]
    WrongEngine { key: String, engine: &'static str },
    #[error("`{method}` draws numbers and can't be mixed with training")]
    ToyOnly { method: &'static str },
    #[error("the label `{label}` is reserved")]
    ReservedLabel { label: String },
    #[error("`{method}` is trained by itself and can't be swept")]
    NotSwept { method: &'static str },
    #[error("the label `{label}` is the name of another method")]
    MisleadingLabel { label: String },
    #[error("`{method}` has no hyper-parameter `{key}`")]
    UnknownParameter { method: &'static str, key: String },
    #[error("no method of this grid has a hyper-parameter `{key}`")]
    UnusedDefault { key: String },
    #[error("no phase uses `{key}`")]
    UnusedParameter { key: String },
    #[error("`${name}` stands for no key of `[method.{label}]`")]
    UnknownPlaceholder { name: String, label: String },
    #[error("not in the recipe grammar: {}", .0.message())]
    Grammar(#[source] toml::de::Error),
    #[error("{0}")]
    Recipe(Flaw),
    #[error("{0}")]
    Function(#[source] NotCallable),
    #[error("a function is no phase among others")]
    FunctionAmongPhases,
    #[error("`{method}` is called by the torch engine alone, not by {engine}")]
    TorchOnly { method: &'static str, engine: &'static str },
    #[error("`{network}` is a network in Python, which only a function in Python can train")]
    UntrainedNetwork { network: String },
    #[error("`{key}` says nothing where `{function}` trains")]
    TrainedOtherwise { key: String, function: String },
    #[error(
        "`{method}` can't be used on `{network}`: the engine carries it out itself, and only Python can compute that network"
    )]
    NotInPython { method: &'static str, network: String },
    #[error("`{function}` has no keyword argument `{key}`")]
    UnknownArgument { function: String, key: String },
    #[error("`{key}` is what `{function}` is called with in any case")]
    TakenArgument { function: String, key: String },
    #[error("`{function}` needs a value for `{key}`, which has no default")]
    MissingArgument { function: String, key: String },
    #[error("`{label}` can't be carried out on `{data}`: {fault}")]
    Unfit { label: String, data: String, fault: Fault },
    #[error("the axis `{key}` has no values")]
    EmptyAxis { key: String },
    #[error("the axis `{key}` has {value} twice")]
    RepeatedValue { key: String, value: String },
    #[error("an axis is written in one way, not in {ways}")]
    SeveralGenerators { ways: usize },
    #[error("`{generator}` takes {expected}")]
    GeneratorArguments { generator: &'static str, expected: &'static str },
    #[error("the axes of the grid have more than {limit} values")]
    TooManyValues { limit: u64 },
    #[error(
        "axes that walk together have the same length: `{key}` has {found} values, `{first}` has {expected}"
    )]
    UnequalLengths { key: String, found: usize, first: String, expected: usize },
    #[error("`{key}` is given twice in `[method.{label}]`")]
    GivenTwice { key: String, label: String },
    #[error("{0}")]
    Filter(#[source] FilterMistake),
    #[error("the exclude matches no point")]
    NothingExcluded,
    #[error("`[method.{label}]` repeats a point of `[method.{other}]`: {point}")]
    RepeatedPoint { label: String, other: String, point: String },
    #[error("the grid asks for {runs} runs, more than the {limit} of `max-runs`")]
    TooManyRuns { runs: u128, limit: u64 },
}

/// Collects problems while the check goes on.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Problem>);

impl Problems {
    pub(super) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(super) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    /// Nothing, if there are no problems.
    pub(super) fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The problems as an error, in the order of the file.
    pub(super) fn into_error(mut self, sources: Sources) -> GridError {
        self.0.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        // A default that is wrong for several methods is wrong once.
        let same = |one: &Problem, other: &Problem| {
            one.span == other.span && one.mistake.to_string() == other.mistake.to_string()
        };
        self.0.dedup_by(|one, other| same(one, other));
        GridError { sources, problems: self.0 }
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

/// A text from the file as it may stand in a message: escaped and not too long.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    let mut escaped: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST).is_some() {
        escaped.push('…');
    }
    escaped
}
