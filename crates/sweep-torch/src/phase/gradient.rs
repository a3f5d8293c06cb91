//! What becomes of a gradient before the optimiser sees it.

use sweep_protocol::recipe::{Accumulation, Elements, GradientFactor, GradientPlan};
use tch::{Kind, Tensor};

use super::{Halt, tensors::places, work::Work};
use crate::{
    network::Weights,
    optimizer::{Optimizer, Scope},
};

/// A plan, ready to be applied. Everything is flat and in the order of the scope.
pub(super) struct Shaping {
    accumulation: Accumulation,
    /// The sum of all gradients so far, where they add up.
    sum: Option<Tensor>,
    factors: Option<Tensor>,
    /// Which elements stay, and as what.
    held: Option<(Tensor, Tensor)>,
    clip: Option<f64>,
}

impl Shaping {
    pub(super) fn new(plan: &GradientPlan, scope: &Scope, work: &mut Work<'_>) -> Result<Self, Halt> {
        let held = match &plan.hold {
            None => None,
            Some(elements) => {
                let mask = mask_or_all(elements, work)?;
                Some((scope.part_of(&mask), scope.values(work.weights).detach().copy()))
            }
        };
        Ok(Self {
            accumulation: plan.accumulation,
            sum: None,
            factors: factors(&plan.factors, scope, work)?,
            held,
            clip: plan.clip.map(sweep_protocol::terms::Positive::get),
        })
    }

    /// The gradient that the optimiser sees, in the memory of the one that is given.
    pub(super) fn shape(&mut self, mut gradient: Tensor) -> Tensor {
        if self.accumulation == Accumulation::Sum {
            if let Some(earlier) = self.sum.take() {
                gradient = gradient.g_add_(&earlier);
            }
            self.sum = Some(gradient.copy());
        }
        if let Some(factors) = &self.factors {
            gradient = gradient.g_mul_(factors);
        }
        if let Some((held, _)) = &self.held {
            gradient = gradient.masked_fill_(held, 0.0);
        }
        if let Some(clip) = self.clip {
            // On the device: the host doesn't wait for the norm.
            let scale = ((gradient.norm() + 1e-6).reciprocal() * clip).clamp_max(1.0);
            gradient = gradient.g_mul_(&scale);
        }
        gradient
    }

    /// Puts back what is held in a row.
    pub(super) fn hold(&self, optimizer: &mut Optimizer, row: usize, weights: &mut Weights) {
        if let Some((held, values)) = &self.held {
            optimizer.hold(row, weights, (held, values));
        }
    }
}

fn factors(plan: &[GradientFactor], scope: &Scope, work: &mut Work<'_>) -> Result<Option<Tensor>, Halt> {
    if plan.is_empty() {
        return Ok(None);
    }
    let layout = work.layout();
    let device = work.weights.device();
    let mut product = Tensor::ones([layout.parameter_count()], (work.weights.kind(), device));
    for factor in plan {
        let mut region = Tensor::zeros([layout.parameter_count()], (Kind::Bool, device));
        for place in places(layout, &factor.tensors, work.draws)? {
            let parameter = &layout.parameters[place];
            let _ = region.narrow(0, parameter.offset, parameter.count()).fill_(1);
        }
        region = region.logical_and(&mask_or_all(&factor.elements, work)?);
        product = (&product * factor.factor.get()).where_self(&region, &product);
    }
    Ok(Some(scope.part_of(&product)))
}

fn mask_or_all(elements: &Elements, work: &Work<'_>) -> Result<Tensor, Halt> {
    let all = || Tensor::ones([work.layout().parameter_count()], (Kind::Bool, work.weights.device()));
    Ok(work.choices.mask(elements)?.unwrap_or_else(all))
}
