//! Reads tables and scalars of a parsed grid; what doesn't fit becomes a problem, and reading goes on.

use std::ops::RangeInclusive;

use sweep_protocol::terms::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{
    closest::closest,
    error::{Mistake, Problem, Problems, shown},
    source::Span,
};

/// Keys that older grids call otherwise, with their names of today.
const RENAMED: &[(&str, &str)] = &[("recipe", "training")];

/// A value with its place.
pub(super) type Node<'s> = Spanned<DeValue<'s>>;

/// The keys and values of a table.
pub(super) type Entries<'s> = DeTable<'s>;

/// One key with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry<'t> {
    pub(super) key: &'t str,
    pub(super) key_span: Span,
    pub(super) node: &'t Node<'t>,
}

/// A table that is being read.
#[derive(Debug, Clone)]
pub(super) struct Table<'t> {
    /// As messages call it: `` `[pool]` ``.
    pub(super) title: String,
    /// Its header; none for the top level.
    pub(super) span: Option<Span>,
    entries: &'t Entries<'t>,
}

impl<'t> Table<'t> {
    /// The top level of the file.
    pub(super) fn root(entries: &'t Entries<'t>) -> Self {
        Self { title: "the grid".to_owned(), span: None, entries }
    }

    /// A value that must be a table.
    pub(super) fn of(title: &str, node: &'t Node<'t>, problems: &mut Problems) -> Option<Self> {
        if let DeValue::Table(entries) = node.get_ref() {
            return Some(Self { title: format!("`{title}`"), span: Some(node.span()), entries });
        }
        problems.push(wrong_type(title, "a table", node));
        None
    }

    /// The table `[key]` of this one, if it is there.
    pub(super) fn table(&self, key: &str, problems: &mut Problems) -> Option<Table<'t>> {
        self.entries.get(key).and_then(|node| Table::of(&format!("[{key}]"), node, problems))
    }

    /// All that is in it.
    pub(super) fn entries(&self) -> &'t Entries<'t> {
        self.entries
    }

    /// The value of `key`, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<&'t Node<'t>> {
        self.entries.get(key)
    }

    /// The value of `key`, which must be there.
    pub(super) fn require(&self, key: &'static str, problems: &mut Problems) -> Option<&'t Node<'t>> {
        let node = self.entries.get(key);
        if node.is_none() {
            let mistake = Mistake::Missing { key, table: self.title.clone() };
            problems.push(match &self.span {
                Some(span) => Problem::at(span.clone(), mistake),
                None => Problem::nowhere(mistake),
            });
        }
        node
    }

    /// The entries in the order of the file.
    pub(super) fn in_order(&self) -> Vec<Entry<'t>> {
        let entry = |(key, node): (&'t Spanned<_>, &'t Node<'t>)| {
            let text: &'t std::borrow::Cow<'t, str> = key.get_ref();
            Entry { key: text.as_ref(), key_span: key.span(), node }
        };
        let mut entries: Vec<Entry<'t>> = self.entries.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        entries
    }

    /// Reports every key that is not among `known`.
    pub(super) fn refuse_unknown(&self, known: &[&'static str], problems: &mut Problems) {
        for entry in self.in_order().into_iter().filter(|entry| !known.contains(&entry.key)) {
            let mistake = Mistake::UnknownKey { key: shown(entry.key), table: self.title.clone() };
            let renamed = RENAMED.iter().find(|(old, new)| *old == entry.key && known.contains(new));
            let problem = Problem::at(entry.key_span, mistake).note(list("its keys are ", known));
            problems.push(match renamed {
                Some((_, new)) => problem.help(format!("write `{new}`, as it is called now")),
                None => problem.suggest(closest(entry.key, known.iter().copied())),
            });
        }
    }

    /// A text, if the key is there.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<(&'t str, Span)> {
        let node = self.entries.get(key)?;
        text(key, node, problems)
    }

    /// A whole number in a range, or `otherwise` if the key is not there.
    pub(super) fn whole(
        &self,
        key: &str,
        range: RangeInclusive<u64>,
        otherwise: u64,
        problems: &mut Problems,
    ) -> u64 {
        self.entries.get(key).and_then(|node| whole(key, node, range, problems)).unwrap_or(otherwise)
    }
}

/// A value that must be a text.
pub(super) fn text<'t>(key: &str, node: &'t Node<'t>, problems: &mut Problems) -> Option<(&'t str, Span)> {
    let found = node.get_ref().as_str();
    if found.is_none() {
        problems.push(wrong_type(key, "a text", node));
    }
    found.map(|text| (text, node.span()))
}

/// A value that must be a path.
pub(super) fn path(key: &str, node: &Node<'_>, problems: &mut Problems) -> Option<String> {
    let (path, _) = text(key, node, problems)?;
    if path.is_empty() || path.contains('\0') {
        problems.push(wrong_type(key, "a path that is not empty", node));
        return None;
    }
    Some(path.to_owned())
}

/// A value that must be a whole number in this range.
pub(super) fn whole(
    key: &str,
    node: &Node<'_>,
    range: RangeInclusive<u64>,
    problems: &mut Problems,
) -> Option<u64> {
    let found =
        integer(node).and_then(|value| u64::try_from(value).ok()).filter(|value| range.contains(value));
    if found.is_none() {
        let expected = if *range.end() == u64::MAX {
            format!("a whole number of at least {}", range.start())
        } else {
            format!("a whole number from {} to {}", range.start(), range.end())
        };
        problems.push(wrong_type(key, &expected, node));
    }
    found
}

/// The value as a whole number that fits 64 bits.
pub(super) fn integer(node: &Node<'_>) -> Option<i64> {
    let written = node.get_ref().as_integer()?;
    i64::from_str_radix(written.as_str(), written.radix()).ok()
}

/// The value as a finite real number; whole numbers count.
pub(super) fn real(node: &Node<'_>) -> Option<f64> {
    match node.get_ref() {
        DeValue::Integer(_) => integer(node).map(|value| value as f64),
        DeValue::Float(written) => written.as_str().parse().ok().filter(|value: &f64| value.is_finite()),
        _ => None,
    }
}

/// The value as a hyper-parameter's: truth, number or text.
pub(super) fn scalar(key: &str, node: &Node<'_>, problems: &mut Problems) -> Option<Value> {
    let value = match node.get_ref() {
        DeValue::Boolean(value) => Some(Value::Bool(*value)),
        DeValue::Integer(_) => integer(node).map(Value::Integer),
        DeValue::Float(_) => real(node).map(Value::Float),
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    };
    if value.is_none() {
        problems.push(wrong_type(key, "a finite number, a text or a truth value", node));
    }
    value
}

/// The problem of a value of the wrong kind.
pub(super) fn wrong_type(key: &str, expected: &str, node: &Node<'_>) -> Problem {
    let mistake = Mistake::WrongType { key: shown(key), expected: expected.to_owned(), found: found(node) };
    Problem::at(node.span(), mistake)
}

/// What stands there, in words.
fn found(node: &Node<'_>) -> String {
    match node.get_ref() {
        DeValue::String(text) => format!("\"{}\"", shown(text)),
        DeValue::Integer(written) => shown(written.as_str()),
        DeValue::Float(written) => shown(written.as_str()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// The problem of a name that is not among `known`.
pub(super) fn unknown_name(what: &'static str, name: &str, known: &[&str], span: Span) -> Problem {
    Problem::at(span, Mistake::UnknownName { what, name: shown(name) })
        .suggest(closest(name, known.iter().copied()))
        .note(list("known are ", known))
}

/// Whether a name can be a folder's and a column's.
pub(super) fn is_safe_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(['-', '.'])
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// The problem of a name that is not safe.
pub(super) fn unsafe_name(name: &str, span: Span) -> Problem {
    Problem::at(span, Mistake::UnsafeName { name: shown(name) })
        .help("use 1 to 64 of the characters A-Z a-z 0-9 . _ -, and begin with no dot or dash")
}

/// Names in a row: `` its keys are `a`, `b` ``.
pub(super) fn list(lead: &str, names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{lead}{}", quoted.join(", "))
}
