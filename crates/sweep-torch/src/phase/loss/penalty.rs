//! Penalties on the weights, whose gradients are known without a graph.

use sweep_protocol::recipe::{self, Schedule, Term, Toward};
use tch::{Kind, Tensor};

use crate::{
    optimizer::Scope,
    phase::{Halt, schedule::Time, tensors::places, work::Work},
};

/// The penalties of a loss.
pub(in crate::phase) struct Penalties<'a>(Vec<Penalty<'a>>);

struct Penalty<'a> {
    weight: f64,
    schedule: &'a Schedule,
    power: Power,
    /// Where weights are pulled to, in the order of the scope; 0 where there is none.
    toward: Option<Tensor>,
    /// Which elements of the scope don't count.
    spared: Option<Tensor>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Power {
    One,
    Two,
}

impl<'a> Penalties<'a> {
    pub(in crate::phase) fn new(terms: &'a [Term], scope: &Scope, work: &mut Work<'_>) -> Result<Self, Halt> {
        let mut penalties = Vec::new();
        for term in terms {
            let (plan, power) = match term {
                Term::L1(plan) => (plan, Power::One),
                Term::L2(plan) => (plan, Power::Two),
                _ => continue,
            };
            let toward =
                (plan.toward == Toward::Start).then(|| scope.values(work.teachers.start()).detach().copy());
            let spared = spared(plan, scope, work)?;
            penalties.push(Penalty {
                weight: plan.weight,
                schedule: &plan.weight_schedule,
                power,
                toward,
                spared,
            });
        }
        Ok(Self(penalties))
    }

    /// Adds the penalties' values to a loss and their gradients to its gradient.
    pub(in crate::phase) fn add(
        &self,
        (mut loss, mut gradient): (Tensor, Tensor),
        scope: &Scope,
        time: &Time,
        work: &Work<'_>,
    ) -> (Tensor, Tensor) {
        for penalty in &self.0 {
            let weight = penalty.weight * time.factor(penalty.schedule);
            if weight == 0.0 {
                continue;
            }
            // A view of the weights: nothing may be done to it in place.
            let values = scope.values(work.weights).detach();
            let mut distance =
                penalty.toward.as_ref().map_or_else(|| values.shallow_clone(), |toward| &values - toward);
            if let Some(spared) = &penalty.spared {
                distance = distance.masked_fill(spared, 0.0);
            }
            let kind = distance.kind();
            let (value, slope) = match penalty.power {
                Power::One => (distance.abs().sum(kind), distance.sign()),
                Power::Two => (distance.square().sum(kind) * 0.5, distance),
            };
            loss = loss.detach() + value * weight;
            gradient = gradient.g_add_(&(slope * weight));
        }
        (loss, gradient)
    }
}

fn spared(plan: &recipe::Penalty, scope: &Scope, work: &mut Work<'_>) -> Result<Option<Tensor>, Halt> {
    let layout = work.layout();
    let penalised = places(layout, &plan.tensors, work.draws)?;
    if scope.places().iter().all(|place| penalised.contains(place)) {
        return Ok(None);
    }
    let flat = Tensor::ones([layout.parameter_count()], (Kind::Bool, work.weights.device()));
    for place in penalised {
        let parameter = &layout.parameters[place];
        let _ = flat.narrow(0, parameter.offset, parameter.count()).fill_(0);
    }
    Ok(Some(scope.part_of(&flat)))
}
