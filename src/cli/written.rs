//! Recipes as a user would write them in a grid, so that they can be read, copied and changed.

use serde_json::Value;
use sweep_protocol::recipe::Recipe;

use crate::frame::printable;

/// The phases of a recipe as the tables `[[method.LABEL.phases]]` of a grid. A recipe of the user's own can't bear the
/// name of a method, so that of one gets a `my-` before it.
pub(super) fn phases(recipe: &Recipe, label: &str) -> String {
    let label = if sweep_methods::find(label).is_some() { format!("my-{label}") } else { label.to_owned() };
    let phases: Vec<String> = recipe.phases.iter().map(|phase| table(phase, &label)).collect();
    phases.join("\n")
}

fn table(phase: &impl serde::Serialize, label: &str) -> String {
    let phase = serde_json::to_value(phase).expect("a phase is plain data");
    let named = phase.as_object().into_iter().flatten();
    let lines = named.flat_map(|(name, plan)| {
        let fields = plan.as_object().into_iter().flatten();
        fields.map(move |(key, value)| format!("{name}.{key} = {}\n", inline(value)))
    });
    format!("[[method.{label}.phases]]\n{}", lines.collect::<String>())
}

/// A value in one line.
fn inline(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(", ");
    match value {
        Value::Array(items) => format!("[{}]", joined(items.iter().map(inline).collect())),
        Value::Object(fields) => {
            let given = fields.iter().filter(|(_, value)| !value.is_null());
            let fields = given.map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", joined(fields.collect()))
        }
        Value::String(text) => quoted(text),
        // Numbers and truths look the same in both languages.
        other => other.to_string(),
    }
}

/// A text in quotes, with whatever a terminal would obey written as TOML and JSON both escape it.
fn quoted(text: &str) -> String {
    let shown = Value::from(text).to_string();
    let escaped = |c: char| match c {
        c if printable(c.encode_utf8(&mut [0; 4])).starts_with('\\') && c != '\\' => {
            format!("\\u{:04x}", u32::from(c))
        }
        c => c.to_string(),
    };
    shown.chars().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use sweep_methods::{Facts, METHODS, TrainingRecipe};
    use sweep_protocol::recipe::{Phase, Recipe};

    use super::{phases, quoted};

    #[derive(Deserialize)]
    struct Grid {
        method: std::collections::BTreeMap<String, Label>,
    }

    #[derive(Deserialize)]
    struct Label {
        phases: Vec<Phase>,
    }

    #[test]
    fn what_is_written_is_read_as_the_same_recipe() {
        let facts = Facts::of(TrainingRecipe::default());
        for method in METHODS {
            let recipe = (method.recipe)(&method.defaults(), &facts);
            if recipe == Recipe::default() {
                continue;
            }
            let text = phases(&recipe, "mine");
            let mut grid: Grid = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let label = grid.method.remove("mine").expect("the label");
            assert_eq!(Recipe { phases: label.phases }, recipe, "{}:\n{text}", method.name);
        }
    }

    #[test]
    fn a_quoted_text_reads_back_and_holds_nothing_that_a_terminal_obeys() {
        let text: String = (0..0x3000).filter_map(char::from_u32).chain(['\u{feff}', '\u{1f600}']).collect();
        let shown = quoted(&text);
        let read: std::collections::BTreeMap<String, String> =
            toml::from_str(&format!("key = {shown}")).expect("a TOML string");
        assert_eq!(read["key"], text);
        assert!(crate::frame::printable(&shown) == shown);
    }
}
