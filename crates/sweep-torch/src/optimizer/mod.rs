//! PyTorch's optimisers on one flat buffer.
//!
//! A [`Scope`] says which parameters may change; everything outside has neither a gradient nor state. One step touches
//! each buffer once, however many tensors the network has.

mod adam;
mod sgd;

use sweep_protocol::recipe;
use tch::Tensor;

use crate::network::{Layout, Weights};
use adam::Adam;
use sgd::Sgd;

/// The parameters that a training loop changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Their places in the layout, ascending.
    places: Vec<usize>,
    /// The same as runs of the flat buffer: (start, length).
    segments: Vec<(i64, i64)>,
}

impl Scope {
    /// The parameters at these places of the layout.
    pub fn new(layout: &Layout, mut places: Vec<usize>) -> Self {
        places.sort_unstable();
        places.dedup();
        let mut segments: Vec<(i64, i64)> = Vec::new();
        for parameter in places.iter().map(|&place| &layout.parameters[place]) {
            match segments.last_mut() {
                Some((start, length)) if *start + *length == parameter.offset => *length += parameter.count(),
                _ => segments.push((parameter.offset, parameter.count())),
            }
        }
        Self { places, segments }
    }

    /// Places of the parameters in the layout, ascending.
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// Each segment of the weights, as a view, beside the elements of a flat tensor that belong to it: (start, length).
    fn segments<'a>(&'a self, weights: &'a Weights) -> impl Iterator<Item = (Tensor, i64, i64)> {
        let mut taken = 0;
        self.segments.iter().map(move |&(start, length)| {
            let place = taken;
            taken += length;
            (weights.segment(start, length), place, length)
        })
    }
}

/// An optimiser with its state, which starts empty.
pub struct Optimizer {
    scope: Scope,
    weight_decay: f64,
    /// Memory for the gradient of the L2 penalty.
    penalty: Option<Tensor>,
    rule: Rule,
}

enum Rule {
    Sgd(Sgd),
    Adam(Adam),
}

impl Optimizer {
    /// An optimiser without history.
    pub fn new(plan: &recipe::Optimizer, scope: Scope) -> Self {
        let (rule, weight_decay) = match *plan {
            recipe::Optimizer::Sgd { momentum, weight_decay, .. } => {
                (Rule::Sgd(Sgd::new(momentum.get())), weight_decay)
            }
            recipe::Optimizer::Adam { weight_decay, .. } => (Rule::Adam(Adam::default()), weight_decay),
        };
        Self { scope, weight_decay: weight_decay.get(), penalty: None, rule }
    }

    /// The parameters that it changes.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Takes one step against the gradient, which is flat and in the order of the scope. Works in memory that it keeps: at
    /// torchvision's width every temporary would be 45 MB.
    pub fn step(&mut self, weights: &mut Weights, mut gradient: Tensor, lr: f64) {
        if self.weight_decay != 0.0 {
            let penalty = self.penalty.get_or_insert_with(|| gradient.empty_like());
            for (values, start, length) in self.scope.segments(weights) {
                penalty.narrow(0, start, length).copy_(&values);
            }
            let _ = gradient.g_add_(&penalty.g_mul_scalar_(self.weight_decay));
        }
        let direction = match &mut self.rule {
            Rule::Sgd(sgd) => sgd.direction(gradient, lr),
            Rule::Adam(adam) => adam.direction(gradient, lr),
        };
        for (mut values, start, length) in self.scope.segments(weights) {
            let _ = match &direction {
                Direction::Sum(step) => values.g_add_(&step.narrow(0, start, length)),
                Direction::Ratio(step, divisor) => {
                    values.addcdiv_(&step.narrow(0, start, length), &divisor.narrow(0, start, length))
                }
            };
        }
    }
}

/// What is added to the weights.
enum Direction {
    /// A flat tensor.
    Sum(Tensor),
    /// A flat tensor by another.
    Ratio(Tensor, Tensor),
}

#[cfg(test)]
mod tests;
