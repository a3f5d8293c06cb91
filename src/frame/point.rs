//! One point as a row: its runs taken together, and its score.

use std::{collections::BTreeMap, fmt};

use sweep_protocol::terms::Value;

use super::{estimate::Mean, flag::Flag, name::Name, score::PointScore, text::printable};
use crate::plan::{FLOOR, Point, Role};

/// One point. All text is printable.
#[derive(Debug, Clone, PartialEq)]
pub struct PointRow {
    /// Its position in the grid.
    pub position: usize,
    /// Name of the method's table in the grid.
    pub label: String,
    /// The point in one line, with every digit: what it is asked for by.
    pub title: String,
    /// What it is called where there is little room.
    pub name: Name,
    /// The registered method.
    pub method: String,
    /// What the point stands for.
    pub role: Role,
    /// All hyper-parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Cost of one run in passes over the retain set.
    pub passes: f64,
    /// How its runs ended.
    pub counts: Counts,
    /// Means over its finished runs.
    pub means: Means,
    /// Its score, or why it has none.
    pub score: PointScore,
}

/// Runs of one point by their end; what is left over is pending or was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All of them (N).
    pub planned: u64,
    /// Finished.
    pub finished: u64,
    /// Diverged.
    pub diverged: u64,
    /// Failed or ran too long.
    pub failed: u64,
    /// Of those that finished, with this flag: unchanged.
    pub unchanged: u64,
    /// Of those that finished, with this flag: collapsed.
    pub collapsed: u64,
}

impl Counts {
    /// Finished runs with this flag.
    pub fn flagged(&self, flag: Flag) -> u64 {
        match flag {
            Flag::Unchanged => self.unchanged,
            Flag::Collapsed => self.collapsed,
        }
    }

    pub(super) fn add(&mut self, flag: Flag) {
        match flag {
            Flag::Unchanged => self.unchanged += 1,
            Flag::Collapsed => self.collapsed += 1,
        }
    }
}

impl fmt::Display for Counts {
    /// Finished runs, with the number that was asked for where some are missing: `8`, `6 of 8`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { planned, finished, .. } = self;
        if finished == planned {
            write!(formatter, "{planned}")
        } else {
            write!(formatter, "{finished} of {planned}")
        }
    }
}

/// Means over the finished runs of one point: accuracies as fractions, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Means {
    /// Accuracy on the retain set.
    pub retain_acc: Option<Mean>,
    /// Accuracy on the forget set.
    pub forget_acc: Option<Mean>,
    /// Accuracy on the validation set.
    pub val_acc: Option<Mean>,
    /// Accuracy on the test set, where there is one.
    pub test_acc: Option<Mean>,
    /// Accuracy on what the forget set's images show, where their labels are wrong.
    pub truth_acc: Option<Mean>,
    /// Seconds in the recipe alone.
    pub unlearn_s: Option<f64>,
}

impl Means {
    /// The accuracy that stands for "test" in the score: the test set's, or the validation set's where there is none.
    pub fn held_out_acc(&self) -> Option<Mean> {
        self.test_acc.or(self.val_acc)
    }
}

impl PointRow {
    /// A row that still lacks what its runs and its score say.
    pub(super) fn of(
        position: usize,
        (point, name): (&Point, Name),
        parameters: BTreeMap<String, Value>,
        score: PointScore,
    ) -> Self {
        Self {
            position,
            label: printable(&point.label),
            title: printable(&point.title()),
            name,
            method: printable(&point.method),
            role: point.role,
            parameters,
            passes: if point.passes.is_finite() { point.passes } else { 0.0 },
            counts: Counts::default(),
            means: Means::default(),
            score,
        }
    }

    /// The marks of the flags that any of its runs has.
    pub fn marks(&self) -> String {
        let raised = Flag::ALL.into_iter().filter(|flag| self.counts.flagged(*flag) > 0);
        raised.map(Flag::mark).collect()
    }

    /// Models that its score is of; where it has none, those that have finished.
    pub fn models(&self) -> String {
        self.score.as_ref().map_or_else(|_| self.counts.to_string(), |score| score.n.to_string())
    }

    /// Whether it is a method's row, which takes part in the ranking.
    pub fn is_ranked(&self) -> bool {
        self.role == Role::Unlearn && !self.is_floor()
    }

    /// Whether it is the floor: the original as it is.
    pub fn is_floor(&self) -> bool {
        self.role == Role::Unlearn && self.method == FLOOR
    }

    /// Whether it is the ceiling: retrained models scored as if they were unlearned.
    pub fn is_ceiling(&self) -> bool {
        self.role == Role::HeldOut
    }
}
