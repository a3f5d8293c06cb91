//! Moves all weights in one direction.

use sweep_protocol::recipe::{Move, Route, Train};
use tch::{Kind, Tensor};

use super::{Halt, cohort, influence::influence, train::train, work::Work};

/// θ ← θ + scale · direction.
pub(super) fn step(plan: &Move, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    let direction = match &plan.along {
        Route::Influence { samples, batch_size, inverse } => {
            influence(samples.get() as usize, batch_size.get() as usize, inverse, phase, work)?
        }
        Route::TaskVector(loops) => task_vector(loops, phase, work)?,
    };
    let _ = all(work).g_add_(&(direction * plan.scale));
    Ok(())
}

/// Every parameter, flat, as a view.
fn all(work: &Work<'_>) -> Tensor {
    work.weights.segment(0, work.layout().parameter_count())
}

/// Mean of what the loops do to the weights as they stand, where the signs of all of them agree, and 0 elsewhere.
fn task_vector(loops: &[Train], phase: usize, work: &mut Work<'_>) -> Result<Tensor, Halt> {
    let start = work.weights.duplicate();
    let mut sum = all(work).zeros_like();
    let mut signs = all(work).zeros_like();
    let mut stream = 0;
    for plan in loops {
        cohort::alone(work, |cohort| train(plan, (phase, stream), cohort))?;
        stream += plan.data.len();
        let step = all(work) - start.segment(0, work.layout().parameter_count());
        work.weights.become_like(&start);
        let _ = (sum.g_add_(&step), signs.g_add_(&step.sign()));
    }
    let count = loops.len().max(1) as f64;
    let agree = signs.abs().eq(count).to_kind(Kind::Float).to_kind(sum.kind());
    Ok(sum * agree / count)
}
