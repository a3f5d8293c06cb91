//! The tables of methods in `docs/methods.md`, from the registry.

use super::{Engines, Facts, METHODS, Method, Tier, TrainingRecipe};

const FIRST: &str = "## Controls and tools\n";
const NEXT: &str = "## What is taken once\n";

/// A text of `docs/methods.md` with its tables written anew; nothing where it lacks the headings around them.
pub fn with_tables(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(FIRST)?;
    let (_, after) = rest.split_once(NEXT)?;
    Some([before, &tables(), &together(), NEXT, after].concat())
}

fn tables() -> String {
    [
        (Tier::Control, FIRST),
        (Tier::One, "## Tier 1\n"),
        (Tier::Two, "## Tier 2\n"),
        (Tier::Three, "## Tier 3\n"),
    ]
    .map(|(tier, heading)| {
        let rows: String = METHODS.iter().filter(|method| method.tier == tier).map(row).collect();
        format!("{heading}\n| method | what it does | follows | goes wrong |\n|---|---|---|---|\n{rows}\n")
    })
    .concat()
}

/// Which methods don't go in lockstep, and why.
fn together() -> String {
    let facts = Facts::of(TrainingRecipe::default());
    let written = METHODS.iter().filter(|method| method.engines == Engines::All && !method.open);
    let rows: String = written
        .filter_map(|method| {
            let apart = (method.recipe)(&method.defaults(), &facts).apart()?;
            Some(format!("| `{}` | {apart} |\n", method.name))
        })
        .collect();
    format!(
        "## Runs together\n\nWhere a worker is given several seeds of a point at once (`[pool] cohort`), they go through \
         the recipe's loops in\nlockstep: one forward pass, one gradient and one step of the optimiser for all of them. At \
         their defaults these are\ncarried out run by run, all others together:\n\n| method | why |\n|---|---|\n{rows}\n"
    )
}

fn row(method: &Method) -> String {
    let Method { name, about, source, failure_modes, .. } = method;
    let [about, source, failure_modes] = [about, source, failure_modes].map(|cell| cell.replace('|', "\\|"));
    format!("| `{name}` | {about} | {source} | {failure_modes} |\n")
}
