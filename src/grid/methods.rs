//! The `[method.…]` tables and `[defaults]`: labels, methods, and the points that their hyper-parameters span.

use std::collections::{BTreeMap, BTreeSet};

use sweep_methods::{Engines, FUNCTION, METHODS, Method, PHASES, find};
use toml::de::DeValue;

use super::{
    axis::{Axes, Axis},
    closest::closest,
    engine::EngineChoice,
    error::{Mistake, Problem, Problems, shown},
    function::FunctionCall,
    label::{Label, OWN_FUNCTION, OWN_PHASES},
    phases,
    settings::Settings,
    source::Span,
    space::{Space, constant, together},
    table::{Entry, Node, Table, is_safe_name, text, unknown_name, unsafe_name, wrong_type},
};
use crate::{plan::Dimension, python::Duty};

/// Labels of the points that every sweep has by itself.
const RESERVED: &[&str] = &["original", "oracle", "held-out", "shadow"];

/// Methods that can be used on a network of the user's own: what they do is in Python, or nothing.
const IN_PYTHON: [&str; 3] = ["identity", OWN_FUNCTION, "retrain"];

/// A label's points, and the phases if they are the user's own.
#[derive(Debug)]
pub(super) struct Written<'t> {
    pub(super) space: Space,
    pub(super) phases: Option<&'t Node<'t>>,
}

/// Reads all methods, in the order of the file.
pub(super) fn read<'t>(root: &Table<'t>, settings: &Settings, problems: &mut Problems) -> Vec<Written<'t>> {
    let defaults = root.table("defaults", problems).map_or_else(Vec::new, |table| table.in_order());
    let Some(node) = root.require("method", problems) else { return Vec::new() };
    let Some(table) = Table::of("[method]", node, problems) else { return Vec::new() };
    let labels = table.in_order();
    if labels.is_empty() {
        problems.push(wrong_type("method", "at least one table `[method.…]`", node));
    }
    let mut reader =
        Reader { settings, used: vec![false; defaults.len()], defaults, axes: Axes::new(problems) };
    let written: Vec<Written<'t>> = labels.iter().filter_map(|label| reader.label(label)).collect();
    if written.len() == labels.len() {
        reader.refuse_unused_defaults();
    }
    written
}

struct Reader<'t, 'p> {
    settings: &'p Settings,
    defaults: Vec<Entry<'t>>,
    /// Which defaults some method has.
    used: Vec<bool>,
    axes: Axes<'p>,
}

impl<'t> Reader<'t, '_> {
    fn label(&mut self, entry: &Entry<'t>) -> Option<Written<'t>> {
        let table = Table::of(&format!("[method.{}]", shown(entry.key)), entry.node, self.axes.problems)?;
        let method = self.method(entry, &table)?;
        let before = self.axes.problems.0.len();
        self.axes.problems.extend(self.label_problem(entry, method));
        let phases =
            if method.name == OWN_PHASES { Some(table.require(PHASES, self.axes.problems)?) } else { None };
        let call = if method.name == OWN_FUNCTION {
            Some(FunctionCall::of(&table, Duty::Unlearning, self.axes.problems)?)
        } else {
            None
        };
        let label = Label::new(entry.key, method, phases);
        let given = label.given(&table);
        if let Some(node) = phases {
            let mut known = given.clone();
            known.extend(self.defaults.iter().map(|entry| entry.key));
            phases::refuse_unknown(node, label.name, &known, self.axes.problems);
        }
        let mut dimensions = self.product(&label, &table);
        dimensions.extend(self.zips(&label, &table));
        dimensions.extend(self.left_open(&label, &given));
        let mut space = Space::new(entry, method, dimensions);
        space.call = call.map(|call| label.arguments(call, &table));
        if let Some(node) = phases.filter(|_| self.axes.problems.0.len() == before) {
            // One point tells a mistake in the phases, so that it is reported beside those of other tables.
            self.axes.problems.extend(phases::read(node, &space.parameters(0)).err().into_iter().flatten());
        }
        Some(Written { space, phases })
    }

    fn method(&mut self, entry: &Entry<'t>, table: &Table<'t>) -> Option<&'static Method> {
        let problems = &mut *self.axes.problems;
        let (name, span) = match table.get("method") {
            Some(node) => text("method", node, problems)?,
            None if table.get(FUNCTION).is_some() => (OWN_FUNCTION, entry.key_span.clone()),
            None => (entry.key, entry.key_span.clone()),
        };
        let method = find(name);
        if method.is_none() {
            problems.push(unknown_method(name, span, table));
        }
        method
    }

    fn label_problem(&self, entry: &Entry<'t>, method: &'static Method) -> Option<Problem> {
        let (label, at) = (entry.key, |mistake| Problem::at(entry.key_span.clone(), mistake));
        if !method.is_swept() {
            let help = match method.name {
                "shadow" => "remove the table; `[shadows]` and `[training]` say how they come about",
                _ => "remove the table; `[original]` and `[training]` say how the original comes about",
            };
            Some(at(Mistake::NotSwept { method: method.name }).help(help))
        } else if RESERVED.contains(&label) {
            let help = "choose another label and add `method = \"…\"` to the table";
            Some(at(Mistake::ReservedLabel { label: label.to_owned() }).help(help))
        } else if !is_safe_name(label) {
            Some(unsafe_name(label, entry.key_span.clone()))
        } else if find(label).is_some_and(|other| other.name != method.name) {
            Some(at(Mistake::MisleadingLabel { label: label.to_owned() }).help("choose another label"))
        } else if method.engines == Engines::Simulating && self.settings.trains() {
            let help = "say engine = \"toy\", or remove the table";
            Some(at(Mistake::ToyOnly { method: method.name }).help(help))
        } else if method.engines == Engines::Torch && self.settings.engine != EngineChoice::Torch {
            let help = "leave `engine` out, which means torch, or remove the table";
            Some(
                at(Mistake::TorchOnly { method: method.name, engine: self.settings.engine.written() })
                    .help(help),
            )
        } else if self.settings.has_own_network() && !IN_PYTHON.contains(&method.name) {
            let network = shown(&self.settings.network.name);
            let help = "write the method as a function in Python, or use a network of the catalogue";
            Some(at(Mistake::NotInPython { method: method.name, network }).help(help))
        } else {
            None
        }
    }

    /// Every key of the table itself is a dimension.
    fn product(&mut self, label: &Label<'t>, table: &Table<'t>) -> Vec<Dimension> {
        let entries = label.hyper_parameters(table);
        entries.iter().filter_map(|entry| Some(together(vec![self.axis(label, entry)?]))).collect()
    }

    /// Every `zip` table is one dimension.
    fn zips(&mut self, label: &Label<'t>, table: &Table<'t>) -> Vec<Dimension> {
        let Some(node) = table.get("zip") else { return Vec::new() };
        let DeValue::Array(items) = node.get_ref() else {
            let help = format!("write `[[method.{}.zip]]` with two brackets", shown(label.name));
            self.axes.problems.push(wrong_type("zip", "a list of tables", node).help(help));
            return Vec::new();
        };
        let own = label.hyper_parameters(table).into_iter();
        let mut taken: BTreeMap<&str, Span> = own.map(|entry| (entry.key, entry.key_span)).collect();
        items.iter().filter_map(|item| self.zip(label, item, &mut taken)).collect()
    }

    fn zip(
        &mut self,
        label: &Label<'t>,
        node: &'t Node<'t>,
        taken: &mut BTreeMap<&'t str, Span>,
    ) -> Option<Dimension> {
        let table = Table::of("zip", node, self.axes.problems)?;
        let mut axes: Vec<Axis> = Vec::new();
        for entry in table.in_order() {
            if let Some(first) = taken.insert(entry.key, entry.key_span.clone()) {
                let mistake = Mistake::GivenTwice { key: shown(entry.key), label: shown(label.name) };
                self.axes.problems.push(Problem::at(entry.key_span, mistake).also(first, "first here"));
            } else {
                axes.extend(self.axis(label, &entry));
            }
        }
        let problems: Vec<Problem> = unequal(&axes);
        if axes.is_empty() || !problems.is_empty() {
            self.axes.problems.extend(problems);
            return None;
        }
        Some(together(axes))
    }

    fn axis(&mut self, label: &Label<'t>, entry: &Entry<'t>) -> Option<Axis> {
        if label.has(entry.key) || label.calls() {
            return self.axes.read(entry, label.parameter(entry.key));
        }
        self.axes.problems.push(label.unknown(entry));
        None
    }

    /// What the table leaves open comes from `[defaults]`, then from the method.
    fn left_open(&mut self, label: &Label<'t>, given: &BTreeSet<&str>) -> Vec<Dimension> {
        let mut dimensions = Vec::new();
        let mut open: Vec<_> =
            label.method.parameters.iter().filter(|parameter| !given.contains(parameter.name)).collect();
        for position in 0..self.defaults.len() {
            let entry = self.defaults[position].clone();
            self.used[position] |= label.has(entry.key);
            if label.has(entry.key) && !given.contains(entry.key) {
                open.retain(|parameter| parameter.name != entry.key);
                dimensions.extend(self.axis(label, &entry).map(|axis| together(vec![axis])));
            }
        }
        dimensions.extend(open.iter().map(|parameter| constant(parameter.name, parameter.default())));
        dimensions
    }

    fn refuse_unused_defaults(self) {
        let known: BTreeSet<&str> = METHODS
            .iter()
            .flat_map(|method| method.parameters.iter().map(|parameter| parameter.name))
            .collect();
        for (entry, _) in self.defaults.iter().zip(self.used).filter(|(_, used)| !used) {
            let problem =
                Problem::at(entry.key_span.clone(), Mistake::UnusedDefault { key: shown(entry.key) });
            self.axes.problems.push(problem.suggest(closest(entry.key, known.iter().copied())));
        }
    }
}

fn unknown_method(name: &str, span: Span, table: &Table<'_>) -> Problem {
    let names: Vec<&str> =
        METHODS.iter().filter(|method| method.is_swept()).map(|method| method.name).collect();
    let problem = unknown_name("method", name, &names, span);
    if problem.help.is_none() && table.get("method").is_none() {
        return problem.help("if this is a label of your own, add `method = \"…\"` to the table");
    }
    problem
}

/// Problems of axes that walk together but differ in length from the first.
fn unequal(axes: &[Axis]) -> Vec<Problem> {
    let Some(first) = axes.first() else { return Vec::new() };
    let differs = |axis: &&Axis| axis.values.len() != first.values.len();
    let problem = |axis: &Axis| {
        let mistake = Mistake::UnequalLengths {
            key: shown(&axis.key),
            found: axis.values.len(),
            first: shown(&first.key),
            expected: first.values.len(),
        };
        Problem::at(axis.span.clone(), mistake).also(first.span.clone(), "walks with this")
    };
    axes.iter().filter(differs).map(problem).collect()
}
