//! PyTorch's optimisers on one flat buffer, or on as many as there are networks in lockstep.
//!
//! A [`Scope`] says which parameters may change; everything outside has neither a gradient nor state. One step goes over
//! the buffers once, however many tensors the network has: piece by piece on a processor, where what is computed in
//! between then stays in its cache instead of going through memory.

mod adam;
mod sgd;

use sweep_protocol::{network::Layout, recipe};
use tch::{Device, Tensor};

use crate::network::{NetworkRows, Weights};
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

    /// The elements in pieces of at most `longest`.
    fn pieces(&self, longest: i64) -> impl Iterator<Item = Piece> {
        let mut before = 0;
        let segments = self.segments.iter().map(move |&(start, length)| {
            before += length;
            (start, before - length, length)
        });
        segments.flat_map(move |(start, place, length)| {
            (0..length).step_by(longest as usize).map(move |offset| Piece {
                start: start + offset,
                place: place + offset,
                length: longest.min(length - offset),
            })
        })
    }
}

/// Neighbouring elements of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    /// Where they start in the network's flat buffer.
    start: i64,
    /// Where they start among the elements of the scope.
    place: i64,
    length: i64,
}

impl Piece {
    /// Its part of a buffer whose last axis has the elements of the scope.
    fn of(self, buffer: &Tensor) -> Tensor {
        buffer.narrow(-1, self.place, self.length)
    }
}

/// Elements of a piece on a processor: a handful of such buffers fits its second cache.
const PIECE: i64 = 1 << 15;

/// Longest piece of so many rows on a device. A GPU has no such cache, and every piece would cost it a launch.
fn longest_piece(device: Device, rows: usize) -> i64 {
    if device.is_cuda() { i64::MAX } else { (PIECE / rows as i64).max(1) }
}

/// An optimiser with its state, which starts empty. Its buffers have a row for each network, \[M, S\].
pub struct Optimizer {
    scope: Scope,
    weight_decay: f64,
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
            recipe::Optimizer::Adam { weight_decay, .. } => (Rule::Adam(Adam::new()), weight_decay),
        };
        Self { scope, weight_decay: weight_decay.get(), rule }
    }

    /// The parameters that it changes.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Takes one step in every row against the gradients \[M, S\], each flat, in the order of the scope, and overwritten on
    /// the way.
    pub fn step(&mut self, rows: &NetworkRows, gradient: &mut Tensor, lr: f64) {
        match &mut self.rule {
            Rule::Sgd(sgd) => sgd.begin(gradient),
            Rule::Adam(adam) => adam.begin(gradient),
        }
        for piece in self.scope.pieces(longest_piece(gradient.device(), rows.count())) {
            let mut values = rows.segment(piece.start, piece.length);
            let gradient = decayed(&values, piece.of(gradient), self.weight_decay);
            let _ = values.g_sub_(&match &mut self.rule {
                Rule::Sgd(sgd) => sgd.update(piece, gradient, lr),
                Rule::Adam(adam) => adam.update(piece, &gradient, lr),
            });
        }
    }

    /// Gives back some elements' values in a row, whose weights these are, and forgets what it remembers of them: where
    /// `held` is true, `values` are taken. Both are flat and in the order of the scope.
    pub fn hold(&mut self, row: usize, weights: &mut Weights, (held, values): (&Tensor, &Tensor)) {
        for piece in self.scope.pieces(i64::MAX) {
            let mut now = weights.segment(piece.start, piece.length);
            let moved = (&now - piece.of(values)).masked_fill(&piece.of(held).logical_not(), 0.0);
            let _ = now.g_sub_(&moved);
        }
        match &mut self.rule {
            Rule::Sgd(sgd) => sgd.forget(row, held),
            Rule::Adam(adam) => adam.forget(row, held),
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

/// The gradient with the L2 penalty's share, as both optimisers begin. It is added in place.
fn decayed(values: &Tensor, mut gradient: Tensor, weight_decay: f64) -> Tensor {
    if weight_decay == 0.0 { gradient } else { gradient.g_add_(&(values * weight_decay)) }
}

#[cfg(test)]
mod tests;
