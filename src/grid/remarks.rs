//! What a user says of a sweep for whoever looks at it later: tags and a note. Neither decides anything that is carried out.

use serde_json::{Map, Value, json};
use toml::de::DeValue;

use super::{
    error::{Mistake, Problem, Problems, shown},
    table::{Table, is_safe_name, text, unsafe_name, wrong_type},
};

/// Tags at most.
const MOST_TAGS: usize = 16;
/// Longest note, in characters.
const LONGEST_NOTE: usize = 2000;

/// Tags and a note.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remarks {
    /// Words to find the sweep by, in the order of the grid.
    pub tags: Vec<String>,
    /// A sentence or several.
    pub note: Option<String>,
}

impl Remarks {
    /// Writes them into a provenance, where there are any.
    pub fn enter(&self, provenance: &mut Value) {
        if !self.tags.is_empty() {
            provenance["tags"] = json!(self.tags);
        }
        if let Some(note) = &self.note {
            provenance["note"] = json!(note);
        }
    }

    /// What a provenance says of them; nothing where it is damaged.
    pub fn of(provenance: &Map<String, Value>) -> Self {
        let tags = provenance.get("tags").and_then(Value::as_array).into_iter().flatten();
        let tags = tags.filter_map(Value::as_str).filter(|tag| is_safe_name(tag)).take(MOST_TAGS);
        let note = provenance.get("note").and_then(Value::as_str);
        Self {
            tags: tags.map(str::to_owned).collect(),
            note: note.map(|note| note.chars().take(LONGEST_NOTE).collect()),
        }
    }
}

/// Reads `tags` and `note`.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> Remarks {
    Remarks { tags: tags(root, problems), note: note(root, problems) }
}

fn tags(root: &Table<'_>, problems: &mut Problems) -> Vec<String> {
    let Some(node) = root.get("tags") else { return Vec::new() };
    let items = match node.get_ref() {
        DeValue::Array(items) if items.len() <= MOST_TAGS => items,
        _ => {
            problems.push(wrong_type("tags", &format!("a list of at most {MOST_TAGS} words"), node));
            return Vec::new();
        }
    };
    let mut tags: Vec<String> = Vec::new();
    for item in items {
        let Some((tag, span)) = text("tags", item, problems) else { continue };
        if !is_safe_name(tag) {
            problems.push(unsafe_name(tag, span));
        } else if tags.iter().any(|other| other == tag) {
            let mistake = Mistake::RepeatedTag { tag: shown(tag) };
            problems.push(Problem::at(span, mistake).help("remove one of them"));
        } else {
            tags.push(tag.to_owned());
        }
    }
    tags
}

fn note(root: &Table<'_>, problems: &mut Problems) -> Option<String> {
    let node = root.get("note")?;
    let (note, _) = text("note", node, problems)?;
    if note.trim().is_empty() || note.chars().count() > LONGEST_NOTE {
        problems.push(wrong_type("note", &format!("a text of 1 to {LONGEST_NOTE} characters"), node));
        return None;
    }
    Some(note.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Remarks;
    use crate::grid::GridFile;

    const GRID: &str = "name = \"x\"\nengine = \"toy\"\nseeds = 2\n[method.simulated]\n";

    fn said(keys: &str) -> Result<Remarks, String> {
        let file =
            GridFile::parse("grid.toml", &format!("{keys}\n{GRID}")).map_err(|error| error.to_string())?;
        let grid = file.check().map_err(|error| error.render(crate::grid::Color::Plain))?;
        Ok(grid.settings().remarks.clone())
    }

    #[test]
    fn tags_and_a_note_are_read_and_survive_the_provenance() {
        let remarks =
            said("tags = [\"week-3\", \"paper\"]\nnote = \"\"\"\nfirst try\nof two\"\"\"").expect("sound");
        assert_eq!((remarks.tags.len(), remarks.note.as_deref()), (2, Some("first try\nof two")));
        let mut provenance = json!({ "host": "here" });
        remarks.enter(&mut provenance);
        assert_eq!(Remarks::of(provenance.as_object().expect("an object")), remarks);
        assert_eq!(said(""), Ok(Remarks::default()));
    }

    #[test]
    fn what_is_no_tag_or_note_is_refused_where_it_stands() {
        for (keys, part) in [
            ("tags = \"paper\"", "`tags` must be a list of at most 16 words"),
            ("tags = [\"a b\"]", "`a b` is no safe name"),
            ("tags = [\"a\", \"a\"]", "the tag `a` stands there twice"),
            ("tags = [1]", "`tags` must be a text"),
            ("note = \" \"", "`note` must be a text of 1 to 2000 characters"),
        ] {
            let said = said(keys).expect_err("refused");
            assert!(said.contains(part) && said.contains("grid.toml:1"), "{keys}: {said}");
        }
    }

    #[test]
    fn a_damaged_provenance_says_nothing() {
        let damaged = json!({ "tags": ["\u{1b}[2J", 3, "ok"], "note": 7 });
        let read = Remarks::of(damaged.as_object().expect("an object"));
        assert_eq!(read, Remarks { tags: vec!["ok".to_owned()], note: None });
    }
}
