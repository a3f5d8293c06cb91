//! Where unlearning starts: one original, or several in turn.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sweep_methods::{StartsFrom, find};
use sweep_protocol::terms::{ContentHash, RunId, Seed};

use super::{Plan, Role, Run};

/// Originals that a sweep may start from.
pub const MOST_ORIGINALS: u64 = 1000;

/// A network that is to be unlearned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlannedOriginal {
    /// Trained by this sweep (or an earlier one on the same data); among the first runs of the plan.
    Trained {
        /// The run that trains it.
        run: RunId,
    },
    /// A checkpoint that the grid names.
    Checkpoint {
        /// The file as the grid names it.
        path: String,
        /// Hash of its bytes.
        blake3: ContentHash,
    },
}

impl PlannedOriginal {
    /// What it is known by in the ids of runs that start from it: the run that trains it, or the hash of its bytes.
    pub fn word(&self) -> &str {
        match self {
            Self::Trained { run } => run.as_str(),
            Self::Checkpoint { blake3, .. } => blake3.as_str(),
        }
    }
}

impl Plan {
    /// Number, from 0, of the original that unlearning with this seed starts from.
    pub fn original_of(&self, seed: Seed) -> u64 {
        seed.0 % self.originals.max(1)
    }

    /// The same of a run, where it starts from an original at all.
    pub fn start_of(&self, run: &Run) -> Option<u64> {
        let method = find(&self.point(run).method)?;
        (method.starts_from == StartsFrom::Original).then(|| self.original_of(run.seed))
    }

    /// What the originals are known by in the ids of runs, in the order of their numbers.
    pub(super) fn starts(&self) -> Vec<Option<String>> {
        match &self.inputs {
            Some(inputs) => inputs.originals.iter().map(|one| Some(one.word().to_owned())).collect(),
            None => numbered(self.originals),
        }
    }

    /// Positions of the runs that train the originals, one behind the other.
    pub fn training_originals(&self) -> Range<usize> {
        let is_original = |run: &Run| self.point(run).role == Role::Original;
        let first = self.runs.iter().position(is_original).unwrap_or(0);
        let count = self.runs[first..].iter().take_while(|run| is_original(run)).count();
        first..first + count
    }
}

/// What the originals of an engine that doesn't train are known by in the ids of runs: their numbers, where there are several.
pub fn numbered(originals: u64) -> Vec<Option<String>> {
    let word = |number| (originals > 1).then(|| format!("original {number}"));
    (0..originals.max(1)).map(word).collect()
}

pub(super) fn one() -> u64 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
pub(super) fn is_one(originals: &u64) -> bool {
    *originals == 1
}

/// One original stands by itself in `plan.json`, several in a list.
pub(super) mod one_or_more {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::PlannedOriginal;

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Read {
        One(PlannedOriginal),
        More(Vec<PlannedOriginal>),
    }

    pub(in super::super) fn serialize<S: Serializer>(
        originals: &[PlannedOriginal],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match originals {
            [one] => one.serialize(serializer),
            more => more.serialize(serializer),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PlannedOriginal>, D::Error> {
        Ok(match Read::deserialize(deserializer)? {
            Read::One(one) => vec![one],
            Read::More(more) => more,
        })
    }
}
