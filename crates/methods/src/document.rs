//! The tables of methods in `docs/methods.md`, from the registry.

use super::{METHODS, Method, Tier};

const FIRST: &str = "## Controls and tools\n";
const NEXT: &str = "## What is taken once\n";

/// A text of `docs/methods.md` with its tables written anew; nothing where it lacks the headings around them.
pub fn with_tables(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(FIRST)?;
    let (_, after) = rest.split_once(NEXT)?;
    Some([before, &tables(), NEXT, after].concat())
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

fn row(method: &Method) -> String {
    let Method { name, about, source, failure_modes, .. } = method;
    let [about, source, failure_modes] = [about, source, failure_modes].map(|cell| cell.replace('|', "\\|"));
    format!("| `{name}` | {about} | {source} | {failure_modes} |\n")
}
