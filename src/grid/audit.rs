//! The `[audit]` table: what is audited beside the score.

use toml::de::DeValue;

use super::{
    error::Problems,
    table::{Table, unknown_name, wrong_type},
};
use crate::{
    audit::{AUDITS, Audit},
    plan::PlannedAudit,
};

/// Retain examples that are measured one by one unless the grid says otherwise.
const RETAIN_SAMPLE: u64 = 1000;

/// Most retain examples that are measured one by one: their rows stay with every run.
const LARGEST_SAMPLE: u64 = 1_000_000;

/// Reads `[audit]`; without it nothing is audited.
pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> Option<PlannedAudit> {
    const EXPECTED: &str = "a list of audits, each once";
    let table = root.table("audit", problems)?;
    table.refuse_unknown(&["audits", "retain-sample"], problems);
    let retain_sample = table.whole("retain-sample", 1..=LARGEST_SAMPLE, RETAIN_SAMPLE, problems);
    let node = table.require("audits", problems)?;
    let DeValue::Array(items) = node.get_ref() else {
        problems.push(wrong_type("audits", EXPECTED, node));
        return None;
    };
    let mut audits = Vec::new();
    for item in items {
        match item.get_ref().as_str().map(|name| (name, Audit::named(name))) {
            Some((_, Some(audit))) if !audits.contains(&audit) => audits.push(audit),
            Some((name, None)) => {
                let known: Vec<&str> = AUDITS.iter().map(|entry| entry.name).collect();
                problems.push(unknown_name("audit", name, &known, item.span()));
            }
            _ => problems.push(wrong_type("audits", EXPECTED, item)),
        }
    }
    (!audits.is_empty()).then_some(PlannedAudit { audits, retain_sample })
}
