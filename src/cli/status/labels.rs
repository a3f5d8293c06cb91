//! Labels of a grid against the outcomes of their runs.

use std::collections::BTreeMap;

use comfy_table::CellAlignment;
use serde_json::{Value, json};

use super::status_of;
use crate::{cli::terminal, frame::printable, outcome::Status, store::Recorded};

/// How the runs of every label stand, in the order of the plan.
pub(super) struct LabelCounts<'r>(Vec<(&'r str, BTreeMap<Status, usize>)>);

impl<'r> LabelCounts<'r> {
    pub(super) fn of(recorded: &'r Recorded) -> Self {
        let mut labels: Vec<(&str, BTreeMap<Status, usize>)> = Vec::new();
        let mut positions = BTreeMap::new();
        for run in &recorded.plan.runs {
            let label: &str = &recorded.plan.point(run).label;
            let position = *positions.entry(label).or_insert_with(|| {
                labels.push((label, BTreeMap::new()));
                labels.len() - 1
            });
            *labels[position].1.entry(status_of(recorded, run)).or_default() += 1;
        }
        Self(labels)
    }

    /// A row for each label, a column for each outcome that there is.
    pub(super) fn table(&self) -> String {
        let mut found: Vec<Status> = self.0.iter().flat_map(|(_, counts)| counts.keys().copied()).collect();
        found.sort_unstable();
        found.dedup();
        let mut table = terminal::table();
        table.set_header(["label"].into_iter().chain(found.iter().map(|status| status.word())));
        for (label, counts) in &self.0 {
            let count = |status| counts.get(status).map_or_else(String::new, ToString::to_string);
            table.add_row([printable(label)].into_iter().chain(found.iter().map(count)));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.to_string()
    }

    pub(super) fn json(&self) -> Value {
        let row = |(label, counts): &(&str, BTreeMap<Status, usize>)| {
            let counts: BTreeMap<&str, usize> =
                counts.iter().map(|(status, count)| (status.word(), *count)).collect();
            json!({ "label": label, "status": counts })
        };
        self.0.iter().map(row).collect()
    }
}
