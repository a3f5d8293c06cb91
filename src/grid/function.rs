//! `python = "FILE.py:FUNCTION"` in a method's table and `[python]`: functions of the user's own.
//!
//! The grid says which function and which keyword arguments; what the function can be called with comes in from outside, as
//! [`Functions`](crate::python::Functions).

use std::{collections::BTreeMap, num::NonZeroU32};

use sweep_methods::FUNCTION;
use sweep_protocol::{
    recipe::{BatchSize, Python},
    terms::Value,
};

use super::{
    closest::closest,
    error::{Mistake, Problem, Problems, shown},
    source::Span,
    table::{Entry, Table, list, scalar, text, wrong_type},
};
use crate::python::{Callee, Duty, Functions, Given, NotCallable, Signature};

/// Who runs functions, and how their loaders are made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PythonSettings {
    /// The interpreter that the grid names.
    pub interpreter: Option<String>,
    /// Examples in a batch.
    pub batch_size: BatchSize,
}

pub(super) fn settings(root: &Table<'_>, problems: &mut Problems) -> PythonSettings {
    let mut settings = PythonSettings::default();
    let Some(table) = root.table("python", problems) else { return settings };
    table.refuse_unknown(&["interpreter", "batch-size"], problems);
    if let Some(node) = table.get("interpreter") {
        match text("interpreter", node, problems) {
            Some((path, _)) if !path.is_empty() && !path.contains('\0') => {
                settings.interpreter = Some(path.to_owned());
            }
            Some(_) => problems.push(wrong_type("interpreter", "the path of a Python", node)),
            None => {}
        }
    }
    let size = table.whole("batch-size", 1..=1 << 20, u64::from(settings.batch_size.0.get()), problems);
    if let Some(size) = u32::try_from(size).ok().and_then(NonZeroU32::new) {
        settings.batch_size = BatchSize(size);
    }
    settings
}

/// A function that a table names, with the places where the grid does so.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FunctionCall {
    pub(super) target: Callee,
    pub(super) span: Span,
    /// The keyword arguments.
    keys: Vec<(String, Span)>,
}

impl FunctionCall {
    /// Reads its name in a table.
    pub(super) fn of(table: &Table<'_>, duty: Duty, problems: &mut Problems) -> Option<Self> {
        let node = table.require(FUNCTION, problems)?;
        let (words, span) = text(FUNCTION, node, problems)?;
        match Callee::parse(words, duty) {
            Ok(target) => Some(Self { target, span, keys: Vec::new() }),
            Err(unfit) => {
                let help = match duty {
                    Duty::Unlearning => "write for example python = \"my_method.py:unlearning\"",
                    Duty::Training => "write for example python = \"my_method.py:train\"",
                    Duty::Network => "write for example python = \"my_method.py:Net\"",
                };
                problems.push(Problem::at(span, Mistake::Function(unfit)).help(help));
                None
            }
        }
    }

    /// Takes note of a keyword argument.
    pub(super) fn give(&mut self, entry: &Entry<'_>) {
        self.keys.push((entry.key.to_owned(), entry.key_span.clone()));
    }

    /// The problem of a function that can't be called.
    fn unfit(&self, unfit: NotCallable) -> Problem {
        let wanted = match &unfit {
            NotCallable::NoFunction { functions, .. } => {
                closest(&self.target.function, functions.iter().map(String::as_str)).map(str::to_owned)
            }
            _ => None,
        };
        Problem::at(self.span.clone(), Mistake::Function(unfit)).suggest(wanted.as_deref())
    }

    /// The call as it enters recipes, its arguments still to come; or everything that is wrong with it.
    pub(super) fn written(
        &self,
        functions: &Functions,
        batch_size: BatchSize,
    ) -> Result<Python, Vec<Problem>> {
        let written = functions.call(&self.target, batch_size);
        let mut problems = self.signature(functions).map_or_else(Vec::new, |signature| self.check(signature));
        match written {
            Ok(written) if problems.is_empty() => Ok(written),
            Ok(_) => Err(problems),
            Err(unfit) => {
                problems.push(self.unfit(unfit));
                Err(problems)
            }
        }
    }

    /// What it can be called with, where that is known.
    fn signature<'f>(&self, functions: &'f Functions) -> Option<&'f Signature> {
        let found = functions.found.get(&self.target)?;
        found.as_ref().ok().map(|function| &function.signature)
    }

    /// Everything that is wrong with the keyword arguments.
    fn check(&self, signature: &Signature) -> Vec<Problem> {
        let given: Vec<&str> = self.keys.iter().map(|(key, _)| key.as_str()).collect();
        let faults = signature.faults(&given);
        faults.into_iter().map(|fault| self.problem(fault, signature)).collect()
    }

    fn problem(&self, fault: Given<'_>, signature: &Signature) -> Problem {
        let function = self.target.function.clone();
        let at = |name: &str| {
            let key = self.keys.iter().find(|(key, _)| key == name);
            key.map_or_else(|| self.span.clone(), |(_, span)| span.clone())
        };
        match fault {
            Given::Unknown(name) => {
                let names = signature.names();
                let problem = Problem::at(at(name), Mistake::UnknownArgument { function, key: shown(name) })
                    .suggest(closest(name, names.iter().copied()));
                if names.is_empty() {
                    problem.note("it has no keyword arguments")
                } else {
                    problem.note(list("it has ", &names))
                }
            }
            Given::Taken(name) => {
                Problem::at(at(name), Mistake::TakenArgument { function, key: shown(name) })
                    .help("remove it: `sweep` gives it")
            }
            Given::Missing(name) => {
                Problem::at(self.span.clone(), Mistake::MissingArgument { function, key: name.to_owned() })
                    .help(format!("add `{name} = …` to the table, or give it a default in the file"))
            }
        }
    }
}

/// A function or class of the user's own with the one value that each of its keyword arguments has.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FixedCall {
    pub(super) call: FunctionCall,
    arguments: BTreeMap<String, Value>,
}

impl FixedCall {
    /// Reads a table, whose keys are keyword arguments but for the `reserved` ones.
    pub(super) fn of(
        table: &Table<'_>,
        duty: Duty,
        reserved: &[&str],
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut call = FunctionCall::of(table, duty, problems)?;
        let mut arguments = BTreeMap::new();
        let is_own = |entry: &Entry<'_>| entry.key != FUNCTION && !reserved.contains(&entry.key);
        for entry in table.in_order().into_iter().filter(is_own) {
            call.give(&entry);
            if let Some(value) = scalar(entry.key, entry.node, problems) {
                arguments.insert(entry.key.to_owned(), value);
            }
        }
        Some(Self { call, arguments })
    }

    /// The call with its arguments; to a network also the `classes` and the `size` of images, where it has such keywords.
    pub(super) fn written(
        &self,
        functions: &Functions,
        batch_size: BatchSize,
        (classes, size): (u32, u32),
    ) -> Result<Python, Vec<Problem>> {
        let written = self.call.written(functions, batch_size)?;
        let mut arguments = self.arguments.clone();
        let keywords = self.call.signature(functions).map_or((None, None), Signature::sizes);
        for (keyword, value) in [(keywords.0, classes), (keywords.1, size)] {
            arguments.extend(keyword.map(|keyword| (keyword.to_owned(), Value::Integer(i64::from(value)))));
        }
        Ok(Python { arguments, ..written })
    }
}
