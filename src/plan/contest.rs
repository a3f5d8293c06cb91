use serde::{Deserialize, Serialize};

use super::Plan;

/// Among which points stages and confirmation look for the best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BestOf {
    /// All points of the grid: one winner.
    #[default]
    Grid,
    /// Those of one method table: a winner for each, as for tuning methods that are compared afterwards.
    Method,
}

impl BestOf {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(super) fn is_grid(&self) -> bool {
        *self == Self::Grid
    }
}

impl Plan {
    /// Which contest a point takes part in: points of one contest are compared with one another, others never.
    pub fn contest(&self, position: usize) -> &str {
        match self.best_of {
            BestOf::Grid => "",
            BestOf::Method => &self.points[position].label,
        }
    }
}
