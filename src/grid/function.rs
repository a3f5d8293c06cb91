//! `python = "FILE.py:FUNCTION"` in a method's table and `[python]`: functions of the user's own.
//!
//! The grid says which function and which keyword arguments; what the function can be called with comes in from outside, as
//! [`Functions`](crate::python::Functions).

use std::num::NonZeroU32;

use sweep_methods::FUNCTION;
use sweep_protocol::recipe::BatchSize;

use super::{
    error::{Mistake, Problem, Problems, closest, shown},
    source::Span,
    table::{Entry, Table, list, text, wrong_type},
};
use crate::python::{Callee, Given, NotCallable, Signature};

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

/// A function that a label names, with the places where the grid does so.
#[derive(Debug, Clone)]
pub(super) struct FunctionCall {
    pub(super) target: Callee,
    pub(super) span: Span,
    /// The keyword arguments.
    keys: Vec<(String, Span)>,
}

impl FunctionCall {
    /// Reads the table of a label.
    pub(super) fn of(table: &Table<'_>, problems: &mut Problems) -> Option<Self> {
        let node = table.require(FUNCTION, problems)?;
        let (words, span) = text(FUNCTION, node, problems)?;
        match Callee::parse(words) {
            Ok(target) => Some(Self { target, span, keys: Vec::new() }),
            Err(unfit) => {
                let help = "write for example python = \"my_method.py:unlearning\"";
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
    pub(super) fn unfit(&self, unfit: NotCallable) -> Problem {
        let wanted = match &unfit {
            NotCallable::NoFunction { functions, .. } => {
                closest(&self.target.function, functions.iter().map(String::as_str)).map(str::to_owned)
            }
            _ => None,
        };
        Problem::at(self.span.clone(), Mistake::Function(unfit)).suggest(wanted.as_deref())
    }

    /// Everything that is wrong with the keyword arguments.
    pub(super) fn check(&self, signature: &Signature) -> Vec<Problem> {
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
