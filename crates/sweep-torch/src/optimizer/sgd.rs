use tch::Tensor;

use super::Direction;

/// `torch.optim.SGD`: no dampening, no Nesterov.
pub(super) struct Sgd {
    momentum: f64,
    buffer: Option<Tensor>,
}

impl Sgd {
    pub(super) fn new(momentum: f64) -> Self {
        Self { momentum, buffer: None }
    }

    /// −lr · buffer, with buffer ← momentum · buffer + gradient.
    pub(super) fn direction(&mut self, mut gradient: Tensor, lr: f64) -> Direction {
        if self.momentum > 0.0 {
            match &mut self.buffer {
                // The first gradient becomes the buffer as it is.
                None => self.buffer = Some(gradient.copy()),
                Some(buffer) => gradient.copy_(&buffer.g_mul_scalar_(self.momentum).g_add_(&gradient)),
            }
        }
        Direction::Sum(gradient.g_mul_scalar_(-lr))
    }
}
