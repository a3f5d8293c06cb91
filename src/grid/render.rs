//! Shows problems as rustc does: the line, a caret, what is wrong and the way out.

use annotate_snippets::{Annotation, AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::{
    error::{GridError, Note, Problem},
    source::{Source, Sources, tame},
};

/// More problems than this help nobody.
const MOST_SHOWN: usize = 50;

/// Whether a rendering carries colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// Text alone.
    Plain,
    /// With ANSI escape sequences.
    Ansi,
}

impl GridError {
    /// All problems as text for a terminal, one blank line apart, without a newline at the end.
    pub fn render(&self, color: Color) -> String {
        let renderer = match color {
            Color::Plain => Renderer::plain(),
            Color::Ansi => Renderer::styled(),
        };
        let sources = self.sources.tame();
        let mut parts: Vec<String> = self
            .problems
            .iter()
            .take(MOST_SHOWN)
            .map(|problem| renderer.render(&[group(problem, &sources)]))
            .collect();
        if let Some(more) = self.problems.len().checked_sub(MOST_SHOWN).filter(|&more| more > 0) {
            let title = format!("{more} more problems");
            parts.push(renderer.render(&[Group::with_title(Level::ERROR.primary_title(title))]));
        }
        parts.join("\n\n")
    }
}

fn group<'a>(problem: &'a Problem, sources: &'a Sources) -> Group<'a> {
    let title = Level::ERROR.primary_title(tame(&problem.mistake.to_string()));
    let mut group = Group::with_title(title).elements(places(problem, sources));
    for note in problem.notes.iter().filter(|note| note.span.is_none()) {
        group = group.element(Level::NOTE.message(note.text.as_str()));
    }
    match &problem.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

/// The text with the problem, then the other texts that its notes point into.
fn places<'a>(problem: &'a Problem, sources: &'a Sources) -> Vec<Element<'a>> {
    let Some(span) = &problem.span else {
        return vec![Origin::path(sources.file_name()).into()];
    };
    let Some(source) = sources.at(span.start) else { return Vec::new() };
    let mut snippet =
        snippet(source).annotation(AnnotationKind::Primary.span(visible(source, source.within(span))));
    let mut elsewhere = Vec::new();
    for note in &problem.notes {
        let Some((there, annotation)) = remark(note, sources) else { continue };
        if there.start == source.start {
            snippet = snippet.annotation(annotation);
        } else {
            elsewhere.push(self::snippet(there).annotation(annotation).into());
        }
    }
    let mut places: Vec<Element<'a>> = vec![snippet.into()];
    places.append(&mut elsewhere);
    places
}

fn snippet(source: &Source) -> Snippet<'_, Annotation<'_>> {
    Snippet::source(source.text.as_str()).path(source.name.as_str())
}

fn remark<'a>(note: &'a Note, sources: &'a Sources) -> Option<(&'a Source, Annotation<'a>)> {
    let span = note.span.as_ref()?;
    let source = sources.at(span.start)?;
    let within = visible(source, source.within(span));
    Some((source, AnnotationKind::Context.span(within).label(note.text.as_str())))
}

/// A span over many lines marks its first line alone.
fn visible(source: &Source, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let marked = source.text.get(span.clone()).unwrap_or_default();
    let first = marked.find('\n').unwrap_or(marked.len());
    span.start..span.start + first
}
