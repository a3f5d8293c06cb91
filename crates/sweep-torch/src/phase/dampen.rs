//! Selective synaptic dampening: shrinks what matters to one set more than to another.

use sweep_protocol::recipe::Dampen;

use super::{Halt, importance::importance, tensors::places, work::Work};

/// Multiplies elements by min(λ · kept / forget, 1) where the importance to `forget` exceeds α · that to `kept`.
pub(super) fn dampen(plan: &Dampen, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    let [ours, theirs] = [plan.forget, plan.kept].map(|set| work.examples.set(set).len() as u64);
    let measured = plan.importance_of(ours, theirs);
    let forget = importance(&measured, plan.forget, (phase, 0), work)?;
    let kept = importance(&measured, plan.kept, (phase, 1), work)?;
    let share = (&kept * plan.lambda.get() / &forget).clamp_max(1.0);
    let chosen = forget.gt_tensor(&(kept * plan.alpha.get()));
    let factor = share.where_self(&chosen, &share.ones_like());
    let layout = work.layout();
    for place in places(layout, &plan.tensors, work.draws)? {
        let factor = work.network.view(&layout.parameters[place], &factor);
        work.weights.change_parameter(place, |values| values * factor);
    }
    Ok(())
}
