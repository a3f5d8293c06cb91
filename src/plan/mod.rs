//! The ordered, unique runs that a grid asks for.
//!
//! A plan is data: it is written to `plan.json` beside the results, so that every report can be made again without the
//! grid, the data or libtorch. The same grid on the same data gives the same plan, run for run.

mod check;
mod confirmation;
mod contest;
mod engine;
mod fit;
mod forgotten;
mod identity;
mod original;
mod parameters;
mod point;
mod remnants;
mod shadows;

pub use check::{PlanFault, first_seed};
pub use confirmation::Confirm;
pub use contest::BestOf;
pub use engine::{EngineCommand, EngineFile, PlannedEngine, UNASKED};
pub use fit::{FitError, fit};
pub use forgotten::Forgotten;
pub use identity::{Identity, Names};
pub use original::{MOST_ORIGINALS, PlannedOriginal, numbered};
pub use parameters::{Axes, Dimension, Parameters};
pub use point::{Point, PointRecipe, RecipeWriter};
pub use remnants::Remnant;
pub use shadows::{MOST_FOLDS, MOST_REPEATS, Shadows, TrainingSet};

use serde::{Deserialize, Serialize};
use sweep_protocol::{
    measurement::Measurement,
    network::Network,
    recipe::Mention,
    reconstruction::Reconstruct,
    terms::{ContentHash, RunId, Seed, SetSizes},
};

use crate::{
    audit::{Audit, Needs},
    outcome::Outcome,
};

/// Seeds of the held-out retrained group start here, far from those of the oracle, so that enlarging one group never
/// moves a model into the other.
pub const HELD_OUT_SEEDS: u64 = 1_000_000;

/// Seeds of a swept `retrain` start here, beyond the held-out group: it is scored like any method, so it must not share
/// models with the oracle.
pub const RETRAIN_SEEDS: u64 = 2_000_000;

/// Seeds of points that are carried out once more, to confirm them, start here, beyond all others.
pub const CONFIRM_SEEDS: u64 = 3_000_000;

/// Seeds of shadow networks start here, beyond all others: a multiple of every number of parts that a grid may ask for (up to
/// 16), so that each block of seeds begins with the first part.
pub const SHADOW_SEEDS: u64 = 6 * 720_720;

/// Name of the method that changes nothing: the floor of every comparison.
pub const FLOOR: &str = "identity";

/// Everything that a sweep will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Name of the sweep, safe as a folder name.
    pub name: String,
    /// Which engine carries the runs out.
    pub engine: PlannedEngine,
    /// Unlearned models per point (N).
    pub seeds: u64,
    /// Models per point after each stage of a staged sweep, ascending up to N; empty where all come at once. The runs are
    /// then those that were asked for so far.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<u64>,
    /// Among which points stages and confirmation look for the best.
    #[serde(default, skip_serializing_if = "BestOf::is_grid")]
    pub best_of: BestOf,
    /// Which points are carried out once more when all are measured, if any are. They stand behind the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Confirm>,
    /// Whether unlearning runs leave their weights, `model.safetensors` in the folder of each.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep_models: bool,
    /// Whether runs measure accuracies between epochs, for the training curves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accuracies: bool,
    /// What is audited beside the score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<PlannedAudit>,
    /// Models in the oracle, and in the held-out retrained group.
    pub oracle: OracleSize,
    /// Shadow networks, each trained without one part of the persons, where the grid asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadows: Option<Shadows>,
    /// Originals that unlearning starts from in turn (K): seed s from number s mod K, so that the first seeds of a point are
    /// spread over them evenly, too.
    #[serde(default = "original::one", skip_serializing_if = "original::is_one")]
    pub originals: u64,
    /// What the runs work on; an engine that doesn't train needs none.
    pub inputs: Option<PlannedInputs>,
    /// The points, in the order of the grid; runs name them by position.
    pub points: Vec<Point>,
    /// The runs: the originals first, then oracle, held-out group, shadow networks and unlearning runs.
    pub runs: Vec<Run>,
}

/// Numbers of retrained models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OracleSize {
    /// In the oracle, which every score compares with.
    pub models: u64,
    /// In the held-out group, which is scored like a method: the ceiling.
    pub held_out: u64,
}

/// The audits of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlannedAudit {
    /// Which ones, in the order of the grid.
    pub audits: Vec<Audit>,
    /// Retain examples that are measured one by one, where an audit needs single examples.
    pub retain_sample: u64,
    /// How images are reconstructed from the weights, where an audit looks at that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconstruct: Option<Reconstruct>,
}

/// The data and the network of a sweep, pinned by content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlannedInputs {
    /// Folder of the data set as the grid names it.
    pub data: String,
    /// Hash of its manifest.
    pub data_hash: ContentHash,
    /// Images that can't be used and were left out on request; the hash and the sizes are without them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped_images: u64,
    /// Examples in each set.
    pub sizes: SetSizes,
    /// What the examples of the forget set are.
    #[serde(default, skip_serializing_if = "Forgotten::is_empty")]
    pub forgotten: Forgotten,
    /// What the originals and the shadow networks learn from, where that is another split of the same training images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original_split: Option<PlannedSplit>,
    /// The network.
    pub network: Network,
    /// Where unlearning starts: K originals in the order of their numbers.
    #[serde(rename = "original", with = "original::one_or_more")]
    pub originals: Vec<PlannedOriginal>,
}

/// Another split of the training images, pinned by content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlannedSplit {
    /// Folder of the data set as the grid names it.
    pub data: String,
    /// Hash of its manifest.
    pub data_hash: ContentHash,
    /// Images that can't be used and were left out on request.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped_images: u64,
    /// Examples in each set.
    pub sizes: SetSizes,
}

impl PlannedInputs {
    /// The data set that the runs of a point with this role are of: folder, hash and images that were left out.
    pub fn data_of(&self, role: Role) -> (&str, &ContentHash, u64) {
        match &self.original_split {
            Some(split) if role.forgets_nothing() => (&split.data, &split.data_hash, split.skipped_images),
            _ => (&self.data, &self.data_hash, self.skipped_images),
        }
    }

    /// The sizes of its sets.
    pub fn sizes_of(&self, role: Role) -> &SetSizes {
        self.original_split
            .as_ref()
            .filter(|_| role.forgets_nothing())
            .map_or(&self.sizes, |split| &split.sizes)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a point stands for in the sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Trains an original.
    Original,
    /// Retrained models that every score compares with.
    Oracle,
    /// Retrained models that are scored like a method: the ceiling.
    HeldOut,
    /// Networks that are each trained without one part of the persons.
    Shadow,
    /// An unlearning method.
    Unlearn,
    /// One that was found good, on fresh seeds against the held-out group.
    Confirm,
}

impl Role {
    /// Whether a plan may have several points of it.
    pub fn is_many(self) -> bool {
        matches!(self, Self::Unlearn | Self::Confirm)
    }

    /// Whether its runs know nothing of what is to be forgotten, so that all forget sets of one training set share them.
    pub fn forgets_nothing(self) -> bool {
        matches!(self, Self::Original | Self::Shadow)
    }

    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Oracle => "oracle",
            Self::HeldOut => "held-out",
            Self::Shadow => "shadow",
            Self::Unlearn => "unlearn",
            Self::Confirm => "confirm",
        }
    }
}

/// One point with one seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Name, from everything that decides the result.
    pub id: RunId,
    /// Position in [`Plan::points`].
    pub point: usize,
    /// Seed of the run.
    pub seed: Seed,
}

impl Plan {
    /// The point of a run of this plan.
    pub fn point(&self, run: &Run) -> &Point {
        &self.points[run.point]
    }

    /// The point with this role, where there is one and only one (original, oracle, held-out group).
    pub fn point_with(&self, role: Role) -> Option<usize> {
        self.points.iter().position(|point| point.role == role)
    }

    /// The file of a function of the user's own that its runs call, if there is one.
    pub fn calls(&self) -> Option<String> {
        let own = self.inputs.as_ref().and_then(|inputs| inputs.network.own.as_ref());
        let mut file = own.map(|own| own.file.clone());
        if file.is_some() {
            return file;
        }
        for point in self.points.iter().filter(|point| !point.recipe().phases.is_empty()) {
            point.recipe().visit(&mut |_, mention| {
                if let Mention::Function(function) = mention {
                    file = Some(function.file.clone());
                }
            });
            if file.is_some() {
                break;
            }
        }
        file
    }

    /// The runs of one point, in the order of their seeds.
    pub fn runs_of(&self, point: usize) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.point == point)
    }

    /// The plan with the first runs of each point alone, as many as `limit` gives for its position; points keep their
    /// positions.
    #[must_use]
    pub fn limited(&self, limit: impl Fn(usize) -> u64) -> Self {
        let mut left: Vec<u64> = (0..self.points.len()).map(limit).collect();
        let mut plan = self.clone();
        plan.runs.retain(|run| match left.get_mut(run.point) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        });
        plan
    }

    /// How many retain examples a run must measure one by one, if its audits look at single examples. A shadow network is
    /// asked about all of them.
    pub fn retain_sample(&self, run: &Run) -> Option<u64> {
        if self.point(run).role == Role::Shadow {
            return self.inputs.as_ref().map(|inputs| inputs.sizes_of(Role::Shadow).retain);
        }
        let audit = self.audit.as_ref()?;
        let audited = self.point(run).role != Role::Original;
        let needed = audit.audits.iter().any(|audit| audit.entry().needs == Needs::Examples);
        (audited && needed).then_some(audit.retain_sample)
    }

    /// How a run must look for images in the weights, if its audits look at that.
    pub fn reconstruct(&self, run: &Run) -> Option<Reconstruct> {
        let audited = self.engine.trains && !matches!(self.point(run).role, Role::Original | Role::Shadow);
        self.audit.as_ref()?.reconstruct.filter(|_| audited)
    }

    /// Whether a measurement has all that the plan asks of the run: one of before an audit was named lacks its arrays.
    pub fn is_answered(&self, run: &Run, measurement: &Measurement) -> bool {
        let have = measurement.examples.as_ref().map(|examples| examples.retain_sample);
        let weights = measurement.weights.is_some() || !self.keeps_model(run);
        let asked = measurement.reconstruction.as_ref().map(|found| found.asked);
        weights
            && self.retain_sample(run).is_none_or(|wanted| have == Some(wanted))
            && self.reconstruct(run).is_none_or(|wanted| asked == Some(wanted))
    }

    /// Whether a run must leave its weights: the original, which others start from, and what is to be kept. The floor is the
    /// original over again.
    pub fn keeps_model(&self, run: &Run) -> bool {
        let point = self.point(run);
        let is_wanted = point.role == Role::Original
            || (self.keep_models && (point.is_judged() || point.role == Role::Confirm));
        is_wanted && self.inputs.is_some()
    }

    /// Whether a run needs no further attempt: its outcome is final and, where it measured, has all that the plan asks.
    pub fn is_settled(&self, run: &Run, outcome: &Outcome) -> bool {
        match outcome.measurement() {
            Some(measurement) => self.is_answered(run, measurement),
            None => outcome.is_final(),
        }
    }
}

#[cfg(test)]
mod tests;
