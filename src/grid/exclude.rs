//! The `[[exclude]]` tables: which points of the products are not wanted.

use std::collections::BTreeSet;

use sweep_methods::METHODS;
use toml::de::DeValue;

use super::{
    closest::closest,
    error::{Mistake, Problem, Problems, shown},
    filter::{Filter, FilterMistake},
    source::{Sources, Span},
    space::Space,
    table::{Node, Table, text, wrong_type},
};

/// Unknown names that are reported of one expression.
const MOST_UNKNOWN: usize = 10;

/// One exclude.
#[derive(Debug)]
pub(super) struct Exclude {
    filter: Filter,
    /// Place of the expression.
    span: Span,
}

/// Reads the excludes; names in them must stand for something in one of the spaces.
pub(super) fn read(
    root: &Table<'_>,
    spaces: &[&Space],
    sources: &Sources,
    problems: &mut Problems,
) -> Vec<Exclude> {
    let Some(node) = root.get("exclude") else { return Vec::new() };
    let DeValue::Array(items) = node.get_ref() else {
        let help = "write `[[exclude]]` with two brackets";
        problems.push(wrong_type("exclude", "a list of tables", node).help(help));
        return Vec::new();
    };
    let mut names: BTreeSet<&str> = spaces.iter().flat_map(|space| space.names()).collect();
    names.extend(["method", "label"]);
    if !problems.0.is_empty() {
        // A table with a problem may be missing here, and its names with it.
        names.extend(
            METHODS.iter().flat_map(|method| method.parameters.iter().map(|parameter| parameter.name)),
        );
    }
    items.iter().filter_map(|item| read_one(item, &names, sources, problems)).collect()
}

fn read_one(
    node: &Node<'_>,
    names: &BTreeSet<&str>,
    sources: &Sources,
    problems: &mut Problems,
) -> Option<Exclude> {
    let table = Table::of("[[exclude]]", node, problems)?;
    table.refuse_unknown(&["when", "why"], problems);
    table.text("why", problems);
    let when = table.require("when", problems)?;
    let (expression, span) = text("when", when, problems)?;
    let place = Place { expression, span: span.clone(), sources };
    let filter = Filter::parse(expression)
        .map_err(|error| problems.push(Problem::at(place.of(&error.span), Mistake::Filter(error.mistake))))
        .ok()?;
    let unknown: Vec<_> = filter.names().into_iter().filter(|(name, _)| !names.contains(name)).collect();
    for (name, within) in unknown.iter().take(MOST_UNKNOWN) {
        let mistake = Mistake::Filter(FilterMistake::UnknownName { name: shown(name) });
        let problem = Problem::at(place.of(within), mistake);
        problems.push(problem.suggest(closest(name, names.iter().copied())));
    }
    unknown.is_empty().then_some(Exclude { filter, span })
}

/// An expression inside the file.
struct Place<'a> {
    expression: &'a str,
    /// With its quotes.
    span: Span,
    sources: &'a Sources,
}

impl Place<'_> {
    /// The place of a part of the expression; the whole expression where escapes have moved its letters.
    fn of(&self, within: &Span) -> Span {
        let literal = self.sources.slice(&self.span).unwrap_or_default();
        match literal.find(self.expression) {
            Some(quotes) if literal.len() <= self.expression.len() + 2 * quotes.max(1) + 1 => {
                let start = self.span.start + quotes;
                start + within.start..start + within.end
            }
            _ => self.span.clone(),
        }
    }
}

/// Keeps the points that no exclude matches; an exclude that matches nothing is a mistake.
pub(super) fn apply(excludes: &[Exclude], spaces: &mut [Space], problems: &mut Problems) {
    let mut useful = vec![false; excludes.len()];
    for space in spaces {
        let points = usize::try_from(space.size()).expect("the size is checked before anything is excluded");
        let mut kept = Vec::with_capacity(points);
        for index in 0..points {
            let mut wanted = true;
            for (exclude, useful) in excludes.iter().zip(&mut useful) {
                let matches = exclude.filter.matches(&|name| space.operand(index, name));
                wanted &= !matches;
                *useful |= matches;
            }
            if wanted {
                kept.push(index);
            }
        }
        space.kept = kept;
    }
    for (exclude, _) in excludes.iter().zip(useful).filter(|(_, useful)| !useful) {
        let problem = Problem::at(exclude.span.clone(), Mistake::NothingExcluded);
        problems.push(problem.help("remove it, or correct its condition"));
    }
}
