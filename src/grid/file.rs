//! The file as it was written, with the overrides of the command line; nothing in it is checked but the syntax.

use std::{borrow::Cow, path::Path};

use toml::{Spanned, de::DeValue};

use super::{
    error::{GridError, Mistake, Problem, shown},
    include::{self, Included},
    source::Sources,
    table::{Entries, Node},
    text::{LONGEST, parse, text_of},
};

/// What messages call an override.
const OVERRIDE: &str = "--set";

/// A grid that was read but not checked.
#[derive(Debug, Clone)]
pub struct GridFile {
    pub(super) sources: Sources,
}

impl GridFile {
    /// Reads the file at `path` and those that it includes.
    pub fn read(path: &Path) -> Result<Self, GridError> {
        let name = path.display().to_string();
        let text = text_of(path).map_err(|mistake| {
            refused(Sources::of(name.clone(), String::new()), Problem::nowhere(mistake))
        })?;
        let mut sources = Self::parse(&name, &text)?.sources;
        match include::follow(&mut sources, path) {
            Ok(()) => Self::with(sources),
            Err(problems) => Err(GridError { sources, problems }),
        }
    }

    /// Reads a text that messages call `name`.
    pub fn parse(name: &str, text: &str) -> Result<Self, GridError> {
        if text.len() as u64 > LONGEST {
            let problem = Problem::nowhere(Mistake::FileTooLarge { limit: LONGEST });
            return Err(refused(Sources::of(name.to_owned(), String::new()), problem));
        }
        Self::with(Sources::of(name.to_owned(), text.to_owned()))
    }

    /// The text of the file, without overrides.
    pub fn text(&self) -> &str {
        self.sources.at(0).map_or("", |file| &file.text)
    }

    /// The files that the grid at `path` includes, nearest first; none where it can't be read any more.
    pub fn included_by(path: &Path) -> Vec<Included> {
        Self::read(path).map(|grid| include::included(&grid.sources)).unwrap_or_default()
    }

    /// Puts one override in: a dotted key, `=`, and a value as in the file (`seeds=4`, `method.finetune.lr=[1e-3]`). A
    /// list takes the place of the whole axis; a bare word counts as a text (`engine=toy`).
    pub fn set(&mut self, assignment: &str) -> Result<(), GridError> {
        let mut sources = self.sources.clone();
        sources.add_override(OVERRIDE, &quote_bare_word(assignment));
        *self = Self::with(sources)?;
        Ok(())
    }

    fn with(sources: Sources) -> Result<Self, GridError> {
        match merged(&sources) {
            Ok(_) => Ok(Self { sources }),
            Err(problems) => Err(GridError { sources, problems }),
        }
    }
}

fn refused(sources: Sources, problem: Problem) -> GridError {
    GridError { sources, problems: vec![problem] }
}

/// Parses the file, takes from those that it includes what it doesn't say, and puts every override in its place.
pub(super) fn merged(sources: &Sources) -> Result<Entries<'_>, Vec<Problem>> {
    let mut root = Entries::new();
    for source in sources.texts() {
        let written = parse(source)?;
        if !source.is_override {
            include::take_over(&mut root, written, sources);
            continue;
        }
        let end = source.start + source.text.len();
        let (path, value) = equals_sign(&source.text)
            .and_then(|equals| single(written, source.start + equals))
            .ok_or_else(|| vec![Problem::at(source.start..end, Mistake::NotAnAssignment)])?;
        put(&mut root, &path, value).map_err(|problem| vec![*problem])?;
    }
    Ok(root)
}

/// `engine=toy` becomes `engine="toy"`, since shells eat quotes; what is a value in TOML stays one.
fn quote_bare_word(assignment: &str) -> String {
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:".contains(c))
    };
    match assignment.split_once('=') {
        Some((key, value)) if is_word(value.trim()) && DeValue::parse(value.trim()).is_err() => {
            format!("{key}=\"{}\"", value.trim())
        }
        _ => assignment.to_owned(),
    }
}

/// Position of the first `=` outside quotes.
fn equals_sign(assignment: &str) -> Option<usize> {
    let mut quote = None;
    for (position, byte) in assignment.bytes().enumerate() {
        match (quote, byte) {
            (None, b'=') => return Some(position),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

type Key<'s> = Spanned<Cow<'s, str>>;

/// The path of keys left of the `=` and the value right of it, if there is one assignment and no more.
fn single(mut table: Entries<'_>, equals: usize) -> Option<(Vec<Key<'_>>, Node<'_>)> {
    let mut path = Vec::new();
    loop {
        if table.len() != 1 {
            return None;
        }
        let (key, node) = table.into_iter().next()?;
        path.push(key);
        let span = node.span();
        match node.into_inner() {
            DeValue::Table(inner) if inner.keys().any(|key| key.span().start < equals) => table = inner,
            value => return Some((path, Spanned::new(span, value))),
        }
    }
}

fn put<'s>(root: &mut Entries<'s>, path: &[Key<'s>], value: Node<'s>) -> Result<(), Box<Problem>> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut table = root;
    for key in parents {
        let span = key.span();
        if !table.contains_key(key) {
            table.insert(key.clone(), Spanned::new(span.clone(), DeValue::Table(Entries::new())));
        }
        let Some(DeValue::Table(inner)) = table.get_mut(key).map(Spanned::get_mut) else {
            let mistake = Mistake::NothingInside { key: shown(key.get_ref()) };
            return Err(Box::new(Problem::at(span, mistake)));
        };
        table = inner;
    }
    table.insert(last.clone(), value);
    Ok(())
}
