//! Phases of the user's own: placeholders filled in, read in the recipe grammar, and checked as every recipe is.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sweep_protocol::{
    check::Fault,
    recipe::{Mention, Path, Phase, Recipe, Step},
    terms::Value,
};
use toml::{
    Spanned,
    de::{DeValue, Error, ValueDeserializer},
};

use super::{
    closest::closest,
    error::{Mistake, Problem, Problems, shown},
    source::Span,
    table::Node,
};

/// The placeholders `"$name"` in a value, in the order of the text. The parser's limit of nesting bounds the recursion.
pub(super) fn placeholders<'n>(node: &'n Node<'_>) -> Vec<(&'n str, Span)> {
    match node.get_ref() {
        DeValue::String(text) => text.strip_prefix('$').map(|name| (name, node.span())).into_iter().collect(),
        DeValue::Array(items) => items.iter().flat_map(placeholders).collect(),
        DeValue::Table(table) => {
            let mut found: Vec<_> = table.values().flat_map(placeholders).collect();
            found.sort_by_key(|(_, span)| span.start);
            found
        }
        _ => Vec::new(),
    }
}

/// Reads the phases of one point; everything that is wrong with them comes together.
pub(super) fn read(phases: &Node<'_>, values: &BTreeMap<String, Value>) -> Result<Recipe, Vec<Problem>> {
    read_filled(phases, values).map_err(|problems| {
        if values.is_empty() {
            return problems;
        }
        let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let point = format!("at the point {}", shown(&values.join(", ")));
        problems.into_iter().map(|problem| problem.note(point.clone())).collect()
    })
}

fn read_filled(phases: &Node<'_>, values: &BTreeMap<String, Value>) -> Result<Recipe, Vec<Problem>> {
    // A number has no other way into the parser's tree than its text.
    let texts: BTreeMap<&str, String> =
        values.iter().map(|(name, value)| (name.as_str(), in_toml(value))).collect();
    let parsed =
        texts.iter().filter_map(|(&name, text)| Some((name, DeValue::parse(text).ok()?.into_inner())));
    let filled = fill(phases, &parsed.collect());
    let recipe = Vec::<Phase>::deserialize(ValueDeserializer::from(filled))
        .map(|phases| Recipe { phases })
        .map_err(|error| vec![grammar(error, &phases.span())])?;
    let problem = |fault: Fault| Problem::at(place(phases, &fault.at), Mistake::Recipe(fault.flaw));
    let mut problems = functions(phases, &recipe);
    problems.extend(recipe.check(None, None).err().into_iter().flatten().map(problem));
    if problems.is_empty() { Ok(recipe) } else { Err(problems) }
}

/// Functions of the user's own among the phases: a file and a program that nobody has looked at.
fn functions(phases: &Node<'_>, recipe: &Recipe) -> Vec<Problem> {
    let mut problems = Vec::new();
    recipe.visit(&mut |at, mention| {
        if let Mention::Function(_) = mention {
            let problem = Problem::at(place(phases, &at.path()), Mistake::FunctionAmongPhases);
            problems.push(problem.help("write python = \"FILE.py:FUNCTION\" in a table of its own"));
        }
    });
    problems
}

fn in_toml(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => format!("{value:?}"),
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
    }
}

fn fill<'v>(node: &Node<'v>, values: &BTreeMap<&str, DeValue<'v>>) -> Node<'v> {
    let value = match node.get_ref() {
        DeValue::String(text) => match text.strip_prefix('$').and_then(|name| values.get(name)) {
            Some(value) => value.clone(),
            None => node.get_ref().clone(),
        },
        DeValue::Array(items) => DeValue::Array(items.iter().map(|item| fill(item, values)).collect()),
        DeValue::Table(table) => {
            DeValue::Table(table.iter().map(|(key, item)| (key.clone(), fill(item, values))).collect())
        }
        other => other.clone(),
    };
    Spanned::new(node.span(), value)
}

/// The place of a fault in the phases as they are written: as far into them as its path leads.
fn place(phases: &Node<'_>, path: &Path) -> Span {
    let mut node = phases;
    // The first step is `phases` itself.
    for step in path.steps().iter().skip(1) {
        let next = match (node.get_ref(), step) {
            (DeValue::Table(table), Step::Key(key)) => table.get(*key),
            (DeValue::Array(items), Step::Position(position)) => items.get(*position),
            _ => None,
        };
        let Some(next) = next else { break };
        node = next;
    }
    node.span()
}

/// The problem behind an error of the grammar, at its own place or else at `otherwise`.
pub(super) fn grammar(error: Error, otherwise: &Span) -> Problem {
    let span = error.span().filter(|span| !span.is_empty()).unwrap_or_else(|| otherwise.clone());
    let suggestion = suggestion(error.message());
    Problem::at(span, Mistake::Grammar(error)).suggest(suggestion.as_deref())
}

/// Serde's messages name the unknown word first and then the known ones, all in backticks; the parser has words of its
/// own for keys inside a variant.
fn suggestion(message: &str) -> Option<String> {
    if let Some(keys) = message.strip_prefix("unexpected keys in table: ") {
        let (unknown, known) = keys.split_once(", available keys: ")?;
        return closest(unknown, known.split(", ")).map(shown);
    }
    if !message.starts_with("unknown ") {
        return None;
    }
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = words.next()?;
    closest(unknown, words).map(shown)
}

/// Reports placeholders that no key gives a value; `known` are the keys there are.
pub(super) fn refuse_unknown(
    phases: &Node<'_>,
    label: &str,
    known: &BTreeSet<&str>,
    problems: &mut Problems,
) {
    for (name, span) in placeholders(phases).into_iter().filter(|(name, _)| !known.contains(name)) {
        let mistake = Mistake::UnknownPlaceholder { name: shown(name), label: shown(label) };
        problems.push(
            Problem::at(span, mistake)
                .help(format!("add `{} = …` to the table", shown(name)))
                .suggest(closest(name, known.iter().copied())),
        );
    }
}
