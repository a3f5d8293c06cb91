//! The text of a file, and the tables that it says.

use std::{fs::File, io::Read, path::Path};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    error::{Mistake, Problem, Problems},
    source::{Source, Span},
    table::{Entries, Node},
};

/// Longest file that is read, in bytes.
pub(super) const LONGEST: u64 = 1 << 20;

/// Syntax errors beyond this many are most likely echoes of the first.
const MOST_SYNTAX_ERRORS: usize = 5;

/// The text of a file.
pub(super) fn text_of(path: &Path) -> Result<String, Mistake> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(Mistake::Unreadable)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Mistake::FileTooLarge { limit: LONGEST });
    }
    String::from_utf8(bytes).map_err(|_| Mistake::NotText)
}

/// The tables of a text, with spans that count from the start of the sources.
pub(super) fn parse(source: &Source) -> Result<Entries<'_>, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(&source.text);
    if errors.is_empty() {
        return Ok(moved(root.into_inner(), source.start));
    }
    let end = source.text.len();
    let mut problems = Problems::default();
    for error in errors.into_iter().take(MOST_SYNTAX_ERRORS) {
        let span = error.span().unwrap_or(end..end);
        problems.push(Problem::at(shift(&span, source.start), Mistake::Syntax(error)));
    }
    problems.0.sort_by_key(|problem| problem.span.as_ref().map(|span| span.start));
    Err(problems.0)
}

fn shift(span: &Span, by: usize) -> Span {
    span.start + by..span.end + by
}

/// Counts all spans of a table from the start of the sources. The parser's limit of nesting bounds the recursion.
fn moved(table: Entries<'_>, by: usize) -> Entries<'_> {
    if by == 0 {
        return table;
    }
    table
        .into_iter()
        .map(|(key, node)| (Spanned::new(shift(&key.span(), by), key.into_inner()), moved_node(node, by)))
        .collect()
}

fn moved_node(node: Node<'_>, by: usize) -> Node<'_> {
    let span = shift(&node.span(), by);
    let value = match node.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved(table, by)),
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| moved_node(item, by)).collect()),
        scalar => scalar,
    };
    Spanned::new(span, value)
}
