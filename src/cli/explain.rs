//! `sweep plan --explain`: what each method of a plan does, what it costs, and which passes its runs share.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sweep_protocol::{
    recipe::{SharedBy, SharedPass},
    terms::SetSizes,
};

use super::written;
use crate::{
    frame::printable,
    plan::{Plan, Point, Role},
};

/// Every point, then the passes that are taken once for several runs.
pub(super) fn explained(plan: &Plan) -> String {
    let mut text: String = plan.points.iter().map(point).collect();
    if let Some(inputs) = &plan.inputs {
        let shared = Sharing::of(plan, &inputs.sizes);
        if !shared.is_empty() {
            text += "\npasses that are taken once and kept in the cache:\n";
            text.extend(shared.iter().map(Sharing::line));
        }
    }
    text
}

fn point(point: &Point) -> String {
    let parameters: Vec<String> =
        point.parameters.iter().map(|(name, value)| printable(&format!("{name} = {value}"))).collect();
    format!(
        "\n{} ({}): {:.2} passes over the retain set\n  {}\n\n{}",
        printable(&point.title()),
        point.method,
        point.passes,
        parameters.join(", "),
        written::phases(&point.recipe(), &point.label)
    )
}

/// One shared pass, and how often it would be taken if it weren't.
struct Sharing {
    pass: SharedPass,
    labels: BTreeSet<Arc<str>>,
    runs: usize,
    /// Runs that really take it.
    computed: usize,
}

impl Sharing {
    fn of(plan: &Plan, sizes: &SetSizes) -> Vec<Self> {
        let mut found: BTreeMap<(String, SharedBy), Self> = BTreeMap::new();
        for (position, point) in
            plan.points.iter().enumerate().filter(|(_, point)| point.role == Role::Unlearn)
        {
            let seeds: usize = plan.runs_of(position).count();
            for pass in point.recipe().shared(sizes) {
                let scope = match pass.by {
                    SharedBy::EveryRun => String::new(),
                    SharedBy::EverySeed => format!("{}: ", point.label),
                };
                let once = plan.originals as usize;
                let computed = if pass.by == SharedBy::EveryRun { once } else { seeds };
                let key = (format!("{scope}{}", pass.what), pass.by);
                let sharing = found.entry(key).or_insert_with(|| Self {
                    pass,
                    labels: BTreeSet::new(),
                    runs: 0,
                    computed,
                });
                sharing.labels.insert(Arc::clone(&point.label));
                sharing.runs += seeds;
            }
        }
        found.into_values().filter(|sharing| sharing.runs > sharing.computed).collect()
    }

    fn line(&self) -> String {
        let labels: Vec<&str> = self.labels.iter().map(AsRef::as_ref).collect();
        let often = match self.pass.by {
            SharedBy::EveryRun if self.computed > 1 => format!("{} times, once an original", self.computed),
            SharedBy::EveryRun => "once".to_owned(),
            SharedBy::EverySeed => format!("{} times, once a seed", self.computed),
        };
        let saved = (self.runs - self.computed) as f64 * self.pass.passes;
        format!(
            "  {}: {:.2} passes, {often} for {} runs of {} (saves {saved:.1})\n",
            self.pass.what,
            self.pass.passes,
            self.runs,
            labels.join(", ")
        )
    }
}
