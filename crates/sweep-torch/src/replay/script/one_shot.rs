//! Methods that take no training step.

use sweep_protocol::{
    recipe::{Dampen, Importance, Measure, Move, Phase, Route, Tensors},
    terms::Set,
};

use super::{Hyper, List, Script};
use crate::replay::golden::GoldenError;

pub(super) fn ssd(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    dampen(hyper, Measure::SquaredCrossEntropy)
}

pub(super) fn lfssd(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    dampen(hyper, Measure::AbsoluteSquaredNorm)
}

fn dampen(hyper: &Hyper<'_>, measure: Measure) -> Result<Script, GoldenError> {
    let importance = Importance { measure, ..Importance::of_batches(hyper.count("batch")?) };
    let plan = Dampen {
        tensors: Tensors::All,
        forget: Set::Forget,
        kept: Set::Train,
        alpha: hyper.non_negative("alpha")?,
        lambda: hyper.non_negative("lam")?,
        importance,
    };
    passes(hyper, Phase::Dampen(plan), ["importance_forget", "importance_train"])
}

pub(super) fn iu(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let along = Route::WoodFisher { samples: hyper.count("samples")?, batch_size: hyper.count("batch")? };
    let plan = Move { along, scale: hyper.number("alpha")? };
    let mut script = passes(hyper, Phase::Move(plan), ["forget", "retain"])?;
    script.samples.insert((0, 2, 0), "woodfisher_samples");
    Ok(script)
}

/// One phase that looks at two sets in recorded orders.
fn passes(hyper: &Hyper<'_>, phase: Phase, lists: [&'static str; 2]) -> Result<Script, GoldenError> {
    let mut script = Script::new();
    let phase = script.phase(phase);
    for (stream, name) in lists.into_iter().enumerate() {
        let list = List { name, batch_size: hyper.count("batch")?, first_epoch: 0 };
        script.streams.insert((phase, stream), list);
    }
    Ok(script)
}
