//! One `[method.…]` table: which of its keys are hyper-parameters, and what they may be called.

use std::collections::BTreeSet;

use sweep_methods::{FUNCTION, Method, PHASES, Parameter};

use super::{
    closest::closest,
    error::{Mistake, Problem, shown},
    function::FunctionCall,
    phases,
    table::{Entry, Node, Table, list},
};

/// Name of the method whose phases are the user's own.
pub(super) const OWN_PHASES: &str = "recipe";
/// Name of the method that is a function of the user's own.
pub(super) const OWN_FUNCTION: &str = "python";

/// A label and its method.
#[derive(Debug)]
pub(super) struct Label<'t> {
    pub(super) name: &'t str,
    pub(super) method: &'static Method,
    /// The phases, if they are the user's own.
    pub(super) phases: Option<&'t Node<'t>>,
    placeholders: BTreeSet<&'t str>,
}

impl<'t> Label<'t> {
    pub(super) fn new(name: &'t str, method: &'static Method, phases: Option<&'t Node<'t>>) -> Self {
        let placeholders = phases.map(phases::placeholders).unwrap_or_default();
        Self { name, method, phases, placeholders: placeholders.into_iter().map(|(name, _)| name).collect() }
    }

    /// The keys of a table that are hyper-parameters, in the order of the file.
    pub(super) fn hyper_parameters(&self, table: &Table<'t>) -> Vec<Entry<'t>> {
        let is_other = |key| {
            matches!(key, "method" | "zip")
                || (self.method.name == OWN_PHASES && key == PHASES)
                || (self.calls() && key == FUNCTION)
        };
        table.in_order().into_iter().filter(|entry| !is_other(entry.key)).collect()
    }

    /// Notes the keyword arguments that a table gives a function, zipped ones included.
    pub(super) fn arguments(&self, mut call: FunctionCall, table: &Table<'t>) -> FunctionCall {
        self.hyper_parameters(table).iter().for_each(|entry| call.give(entry));
        for zipped in table.get("zip").and_then(|node| node.get_ref().as_array()).into_iter().flatten() {
            if let Some(table) = zipped.get_ref().as_table() {
                for (key, node) in table {
                    call.give(&Entry { key: key.get_ref(), key_span: key.span(), node });
                }
            }
        }
        call
    }

    /// The hyper-parameters that a table gives a value, zipped ones included.
    pub(super) fn given(&self, table: &Table<'t>) -> BTreeSet<&'t str> {
        let zipped =
            table.get("zip").and_then(|node| node.get_ref().as_array()).into_iter().flat_map(|items| {
                items.iter().filter_map(|item| item.get_ref().as_table()).flat_map(|table| table.keys())
            });
        let own = self.hyper_parameters(table).into_iter().map(|entry| entry.key);
        own.chain(zipped.map(|key| key.get_ref().as_ref())).collect()
    }

    /// Whether it is a function of the user's own: its hyper-parameters are not known yet.
    pub(super) fn calls(&self) -> bool {
        self.method.name == OWN_FUNCTION
    }

    /// Whether the method has a hyper-parameter of this name. A function of the user's own takes none from `[defaults]`.
    pub(super) fn has(&self, key: &str) -> bool {
        self.placeholders.contains(key) || self.parameter(key).is_some()
    }

    /// The registered hyper-parameter of this name; a key of the user's own phases has none.
    pub(super) fn parameter(&self, key: &str) -> Option<&'static Parameter> {
        self.method.parameters.iter().find(|parameter| parameter.name == key)
    }

    /// The problem of a key that is no hyper-parameter of the method.
    pub(super) fn unknown(&self, entry: &Entry<'_>) -> Problem {
        let (key, span) = (shown(entry.key), entry.key_span.clone());
        if self.phases.is_some() {
            return Problem::at(span, Mistake::UnusedParameter { key: key.clone() })
                .help(format!("write \"${key}\" in `phases` where its value belongs, or remove it"))
                .suggest(closest(entry.key, self.placeholders.iter().copied()));
        }
        let names: Vec<&str> = self.method.parameters.iter().map(|parameter| parameter.name).collect();
        let problem = Problem::at(span, Mistake::UnknownParameter { method: self.method.name, key })
            .suggest(closest(entry.key, names.iter().copied()));
        if names.is_empty() {
            problem.note(format!("`{}` has no hyper-parameters", self.method.name))
        } else {
            problem.note(list("it has ", &names))
        }
    }
}
