//! Recipes as a user would write them in a grid, so that they can be read, copied and changed.

use serde_json::Value;
use sweep_protocol::recipe::Recipe;

use crate::method;

/// The phases of a recipe as the tables `[[method.LABEL.phases]]` of a grid. A recipe of the user's own can't bear the
/// name of a method, so that of one gets a `my-` before it.
pub(super) fn phases(recipe: &Recipe, label: &str) -> String {
    let label = if method::find(label).is_some() { format!("my-{label}") } else { label.to_owned() };
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
        // Words and numbers of the grammar look the same in both languages.
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use sweep_protocol::recipe::{Phase, Recipe};

    use super::phases;
    use crate::method::{Facts, METHODS, TrainingRecipe};

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
        let facts = Facts { training: TrainingRecipe::default() };
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
}
