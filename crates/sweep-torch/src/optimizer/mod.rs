//! PyTorch's optimisers on one flat buffer.
//!
//! A [`Scope`] says which parameters may change; everything outside has neither a gradient nor state. One step touches
//! each buffer once, however many tensors the network has.

mod adam;
mod sgd;

use sweep_protocol::{network::Layout, recipe};
use tch::Tensor;

use crate::network::Weights;
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

    /// The parameters' values, one after the other; a view where they lie side by side.
    pub fn values(&self, weights: &Weights) -> Tensor {
        self.gather(|start, length| weights.segment(start, length))
    }

    /// The part of a buffer as long as the network's flat one that belongs to these parameters.
    pub fn part_of(&self, flat: &Tensor) -> Tensor {
        self.gather(|start, length| flat.narrow(0, start, length))
    }

    fn gather(&self, segment: impl Fn(i64, i64) -> Tensor) -> Tensor {
        let segments: Vec<Tensor> =
            self.segments.iter().map(|&(start, length)| segment(start, length)).collect();
        match segments.as_slice() {
            [single] => single.shallow_clone(),
            several => Tensor::cat(several, 0),
        }
    }

    /// Subtracts an update, which has the elements of [`values`](Self::values).
    fn subtract(&self, weights: &mut Weights, update: &Tensor) {
        let mut taken = 0;
        for &(start, length) in &self.segments {
            let _ = weights.segment(start, length).g_sub_(&update.narrow(0, taken, length));
            taken += length;
        }
    }
}

/// An optimiser with its state, which starts empty.
pub struct Optimizer {
    scope: Scope,
    rule: Rule,
}

enum Rule {
    Sgd(Sgd),
    Adam(Adam),
}

impl Optimizer {
    /// An optimiser without history.
    pub fn new(plan: &recipe::Optimizer, scope: Scope) -> Self {
        let rule = match *plan {
            recipe::Optimizer::Sgd { momentum, weight_decay, .. } => {
                Rule::Sgd(Sgd::new(momentum.get(), weight_decay.get()))
            }
            recipe::Optimizer::Adam { weight_decay, .. } => Rule::Adam(Adam::new(weight_decay.get())),
        };
        Self { scope, rule }
    }

    /// The parameters that it changes.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Takes one step against the gradient, which is flat and in the order of the scope.
    pub fn step(&mut self, weights: &mut Weights, gradient: Tensor, lr: f64) {
        let values = self.scope.values(weights);
        let update = match &mut self.rule {
            Rule::Sgd(sgd) => sgd.update(&values, gradient, lr),
            Rule::Adam(adam) => adam.update(&values, gradient, lr),
        };
        self.scope.subtract(weights, &update);
    }

    /// Gives back some elements' values, and forgets what it remembers of them: where `held` is true, `values` are
    /// taken. Both are flat and in the order of the scope.
    pub fn hold(&mut self, weights: &mut Weights, held: &Tensor, values: &Tensor) {
        let update = (self.scope.values(weights) - values).masked_fill(&held.logical_not(), 0.0);
        self.scope.subtract(weights, &update);
        match &mut self.rule {
            Rule::Sgd(sgd) => sgd.forget(held),
            Rule::Adam(adam) => adam.forget(held),
        }
    }

    /// Forgets everything.
    pub fn reset(&mut self) {
        match &mut self.rule {
            Rule::Sgd(sgd) => sgd.reset(),
            Rule::Adam(adam) => adam.reset(),
        }
    }
}

/// The gradient with the L2 penalty's share, as both optimisers begin.
fn decayed(values: &Tensor, mut gradient: Tensor, weight_decay: f64) -> Tensor {
    if weight_decay == 0.0 { gradient } else { gradient.g_add_(&(values * weight_decay)) }
}

#[cfg(test)]
mod tests;
