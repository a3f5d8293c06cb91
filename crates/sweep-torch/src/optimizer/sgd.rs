use tch::Tensor;

use super::decayed;

/// `torch.optim.SGD`: no dampening, no Nesterov.
pub(super) struct Sgd {
    momentum: f64,
    weight_decay: f64,
    buffer: Option<Tensor>,
}

impl Sgd {
    pub(super) fn new(momentum: f64, weight_decay: f64) -> Self {
        Self { momentum, weight_decay, buffer: None }
    }

    /// What is to be subtracted from `values`.
    pub(super) fn update(&mut self, values: &Tensor, gradient: Tensor, lr: f64) -> Tensor {
        let gradient = decayed(values, gradient, self.weight_decay);
        if self.momentum == 0.0 {
            return gradient * lr;
        }
        let buffer = match self.buffer.take() {
            // The first gradient becomes the buffer as it is.
            None => gradient,
            Some(mut buffer) => buffer.g_mul_scalar_(self.momentum).g_add_(&gradient),
        };
        &*self.buffer.insert(buffer) * lr
    }

    /// Forgets the momentum of some elements.
    pub(super) fn forget(&mut self, elements: &Tensor) {
        if let Some(buffer) = &mut self.buffer {
            let _ = buffer.masked_fill_(elements, 0.0);
        }
    }

    /// Forgets all momentum.
    pub(super) fn reset(&mut self) {
        self.buffer = None;
    }
}
