//! Phases of the user's own: placeholders filled in, read in the recipe grammar, and checked for what its types can't say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use sweep_protocol::{
    recipe::{Move, Phase, Recipe, Route, Train},
    terms::{Set, Value},
};
use thiserror::Error;
use toml::{
    Spanned,
    de::{DeValue, Error, ValueDeserializer},
};

use super::{
    error::{Mistake, Problem, Problems, closest, shown},
    source::Span,
    table::Node,
};

/// A training loop that the grammar allows but that trains nothing or cheats.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "the messages say what the variants and their fields are")]
pub enum PhaseMistake {
    #[error("`rounds` has no round")]
    NoRounds,
    #[error("`data` names no set to train on")]
    NoData,
    #[error("`loss` has no term")]
    NoLoss,
    #[error("`data` names the {set} set twice")]
    StreamTwice { set: Set },
    #[error("a term of the loss is taken on the {set} set, which `data` doesn't draw from")]
    NoStream { set: Set },
    #[error("the test set is for the measurement alone")]
    TrainsOnTest,
    #[error("the weight of a term must be a finite number")]
    InfiniteWeight,
}

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

/// Reads the phases of one point.
pub(super) fn read(phases: &Node<'_>, values: &BTreeMap<String, Value>) -> Result<Recipe, Box<Problem>> {
    read_filled(phases, values).map_err(|problem| {
        if values.is_empty() {
            return problem;
        }
        let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        Box::new(problem.note(format!("at the point {}", shown(&values.join(", ")))))
    })
}

fn read_filled(phases: &Node<'_>, values: &BTreeMap<String, Value>) -> Result<Recipe, Box<Problem>> {
    // A number has no other way into the parser's tree than its text.
    let texts: BTreeMap<&str, String> =
        values.iter().map(|(name, value)| (name.as_str(), in_toml(value))).collect();
    let parsed =
        texts.iter().filter_map(|(&name, text)| Some((name, DeValue::parse(text).ok()?.into_inner())));
    let filled = fill(phases, &parsed.collect());
    let phases_read = Vec::<Phase>::deserialize(ValueDeserializer::from(filled))
        .map_err(|error| Box::new(grammar(error, &phases.span())))?;
    for (position, phase) in phases_read.iter().enumerate() {
        if let Err(mistake) = check(phase) {
            let span = phases.get_ref().get(position).map_or_else(|| phases.span(), Spanned::span);
            return Err(Box::new(Problem::at(span, Mistake::Phase(mistake))));
        }
    }
    Ok(Recipe { phases: phases_read })
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

fn check(phase: &Phase) -> Result<(), PhaseMistake> {
    let loops: Vec<&Train> = match phase {
        Phase::Train(train) => vec![train],
        Phase::Alternate(plan) if plan.rounds.is_empty() => return Err(PhaseMistake::NoRounds),
        Phase::Alternate(plan) => plan.rounds.iter().map(|round| &round.train).collect(),
        Phase::Move(Move { along: Route::TaskVector(loops), .. }) => loops.iter().collect(),
        Phase::Either(plan) => return plan.first.iter().chain(&plan.otherwise).try_for_each(check),
        _ => Vec::new(),
    };
    loops.into_iter().try_for_each(check_loop)
}

fn check_loop(Train { data, loss, .. }: &Train) -> Result<(), PhaseMistake> {
    if data.is_empty() {
        return Err(PhaseMistake::NoData);
    }
    if loss.is_empty() {
        return Err(PhaseMistake::NoLoss);
    }
    for (position, stream) in data.iter().enumerate() {
        if stream.parts().iter().any(|part| part.set == Set::Test) {
            return Err(PhaseMistake::TrainsOnTest);
        }
        if data[..position].iter().any(|earlier| earlier.set == stream.set) {
            return Err(PhaseMistake::StreamTwice { set: stream.set });
        }
    }
    for term in loss {
        if let Some(set) = term.streams().into_iter().find(|set| data.iter().all(|stream| stream.set != *set))
        {
            return Err(PhaseMistake::NoStream { set });
        }
        if !term.weight().0.is_finite() {
            return Err(PhaseMistake::InfiniteWeight);
        }
    }
    Ok(())
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
