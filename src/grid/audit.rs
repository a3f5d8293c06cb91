//! The `[audit]` table: what is audited beside the score.

use sweep_protocol::{
    network::{Network, dense_layers},
    reconstruction::Reconstruct,
};
use toml::de::DeValue;

use super::{
    error::{Mistake, Problem, Problems},
    source::Span,
    table::{Table, real, unknown_name, wrong_type},
};
use crate::{
    audit::{AUDITS, Audit, Needs},
    plan::PlannedAudit,
};

/// Retain examples that are measured one by one unless the grid says otherwise.
const RETAIN_SAMPLE: u64 = 1000;

/// Most retain examples that are measured one by one: their rows stay with every run.
const LARGEST_SAMPLE: u64 = 1_000_000;

/// Reads `[audit]`; without it nothing is audited.
pub(super) fn read(
    root: &Table<'_>,
    (network, trains): (&Network, bool),
    problems: &mut Problems,
) -> Option<PlannedAudit> {
    const EXPECTED: &str = "a list of audits, each once";
    let table = root.table("audit", problems)?;
    table.refuse_unknown(&["audits", "retain-sample", "reconstruction"], problems);
    let retain_sample = table.whole("retain-sample", 1..=LARGEST_SAMPLE, RETAIN_SAMPLE, problems);
    let settings = table.table("reconstruction", problems);
    let settings = settings.map(|table| reconstruct(&table, problems));
    let node = table.require("audits", problems)?;
    let DeValue::Array(items) = node.get_ref() else {
        problems.push(wrong_type("audits", EXPECTED, node));
        return None;
    };
    let mut audits = Vec::new();
    for item in items {
        match item.get_ref().as_str().map(|name| (name, Audit::named(name))) {
            Some((_, Some(audit))) if !audits.contains(&audit) => {
                if trains && audit.entry().needs == Needs::Weights {
                    refuse(network, &item.span(), problems);
                }
                audits.push(audit);
            }
            Some((name, None)) => {
                let known: Vec<&str> = AUDITS.iter().map(|entry| entry.name).collect();
                problems.push(unknown_name("audit", name, &known, item.span()));
            }
            _ => problems.push(wrong_type("audits", EXPECTED, item)),
        }
    }
    let looks = audits.iter().any(|audit| audit.entry().needs == Needs::Weights);
    let reconstruct = looks.then(|| settings.unwrap_or_default());
    (!audits.is_empty()).then_some(PlannedAudit { audits, retain_sample, reconstruct })
}

/// Reads how images are extracted; what is missing is what was chosen on faces.
fn reconstruct(table: &Table<'_>, problems: &mut Problems) -> Reconstruct {
    let usual = Reconstruct::default();
    table.refuse_unknown(
        &["candidates", "restarts", "steps", "lr", "alpha", "lambda-min", "pictures"],
        problems,
    );
    let mut count = |key: &str, most: u64, otherwise: u32| {
        table.whole(key, 1..=most, u64::from(otherwise), problems) as u32
    };
    let candidates = count("candidates", 100, usual.candidates);
    let restarts = count("restarts", 1000, usual.restarts);
    let steps = count("steps", 1_000_000, usual.steps);
    let mut above = |key: &str, otherwise: f64| {
        let Some(node) = table.get(key) else { return otherwise };
        real(node).filter(|number| *number > 0.0).unwrap_or_else(|| {
            problems.push(wrong_type(key, "a finite number above 0", node));
            otherwise
        })
    };
    let lr = above("lr", usual.lr);
    let alpha = above("alpha", usual.alpha);
    let lambda_min = above("lambda-min", usual.lambda_min);
    let pictures = table.get("pictures").is_some_and(|node| {
        node.get_ref().as_bool().unwrap_or_else(|| {
            problems.push(wrong_type("pictures", "true or false", node));
            false
        })
    });
    Reconstruct { candidates, restarts, steps, lr, alpha, lambda_min, pictures }
}

/// Refuses networks in whose weights nothing can be looked for.
fn refuse(network: &Network, span: &Span, problems: &mut Problems) {
    let dense = network.topology().map(|topology| dense_layers(&topology));
    let reason = match dense {
        Ok(Err(reason)) => format!("`{}` {reason}; name `mlp`", network.name),
        Ok(Ok(_)) if network.preparation.is_raw() => {
            "the network sees pixels of 0 to 255; write `divide = 255, mean = \"retain\"` in its table"
                .to_owned()
        }
        Ok(Ok(_)) => return,
        // Only a network of the user's own isn't in the catalogue by now.
        Err(_) => {
            "the layers of a network of your own are known to its own process alone; name `mlp`".to_owned()
        }
    };
    problems.push(Problem::at(span.clone(), Mistake::NoReconstruction { reason }));
}
