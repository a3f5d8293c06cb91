//! The texts that problems point into: the file first, those that it includes, then every override, laid end to end so that one offset names
//! one place in one of them.

use std::ops::Range;

/// Byte offsets into [`Sources`].
pub type Span = Range<usize>;

/// The file, those that it includes, and its overrides.
#[derive(Debug, Clone, Default)]
pub struct Sources(Vec<Source>);

/// One text.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// What the user calls it: the path of the file, or `--set`.
    pub(super) name: String,
    /// The whole text.
    pub(super) text: String,
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Whether it is an override.
    pub(super) is_override: bool,
}

impl Sources {
    /// The file alone.
    pub(super) fn of(name: String, text: String) -> Self {
        Self(vec![Source { name, text, start: 0, is_override: false }])
    }

    /// The same texts without characters that a terminal would obey instead of showing, every byte in its place. The
    /// renderer draws the rest of the control characters itself.
    pub(super) fn tame(&self) -> Self {
        let harmless = |character: char| match (is_obeyed(character), character.len_utf8()) {
            (true, 2) => '\u{b7}',
            (true, 3) => char::REPLACEMENT_CHARACTER,
            _ => character,
        };
        let texts = self.0.iter().map(|source| Source {
            name: tame(&source.name),
            text: source.text.chars().map(harmless).collect(),
            start: source.start,
            is_override: source.is_override,
        });
        Self(texts.collect())
    }

    /// Adds a file that is included.
    pub(super) fn add_file(&mut self, name: &str, text: &str) {
        self.add(name, text, false);
    }

    /// Adds an override.
    pub(super) fn add_override(&mut self, name: &str, text: &str) {
        self.add(name, text, true);
    }

    fn add(&mut self, name: &str, text: &str, is_override: bool) {
        // One byte apart, so that the end of a text is not the start of the next.
        let start = self.0.last().map_or(0, |last| last.start + last.text.len() + 1);
        self.0.push(Source { name: name.to_owned(), text: text.to_owned(), start, is_override });
    }

    /// The file and those that it includes, nearest first.
    pub(super) fn files(&self) -> impl Iterator<Item = &Source> {
        self.0.iter().filter(|source| !source.is_override)
    }

    /// The files, then the overrides in the order of their setting.
    pub(super) fn texts(&self) -> std::slice::Iter<'_, Source> {
        self.0.iter()
    }

    /// Name of the file.
    pub(super) fn file_name(&self) -> &str {
        self.0.first().map_or("", |file| &file.name)
    }

    /// The text that holds this offset.
    pub(super) fn at(&self, offset: usize) -> Option<&Source> {
        self.0.iter().rev().find(|source| source.start <= offset)
    }

    /// The bytes of a span, where it lies inside one text.
    pub(super) fn slice(&self, span: &Span) -> Option<&str> {
        let source = self.at(span.start)?;
        source.text.get(source.within(span))
    }
}

impl Source {
    /// The span counted from the start of this text, cut at its end.
    pub(super) fn within(&self, span: &Span) -> Span {
        let cut = |offset: usize| offset.saturating_sub(self.start).min(self.text.len());
        cut(span.start)..cut(span.end).max(cut(span.start))
    }
}

/// Whether a terminal obeys a character: controls, and marks that reorder or hide text.
fn is_obeyed(character: char) -> bool {
    let hides = matches!(u32::from(character), 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb);
    character.is_control() || hides
}

/// The text with everything escaped that a terminal would obey, but for the ends of its lines.
pub(super) fn tame(text: &str) -> String {
    let mut tamed = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) && character != '\n' {
            tamed.extend(character.escape_unicode());
        } else {
            tamed.push(character);
        }
    }
    tamed
}
