use tch::Tensor;

use super::Piece;

/// `torch.optim.SGD`: no dampening, no Nesterov.
pub(super) struct Sgd {
    momentum: f64,
    memory: Memory,
}

/// What is remembered of earlier gradients.
enum Memory {
    Nothing,
    /// Room for the first gradient, which becomes the buffer as it is.
    Empty(Tensor),
    Buffer(Tensor),
}

impl Sgd {
    pub(super) fn new(momentum: f64) -> Self {
        Self { momentum, memory: Memory::Nothing }
    }

    /// Begins a step on gradients of this shape.
    pub(super) fn begin(&mut self, gradient: &Tensor) {
        if self.momentum == 0.0 {
            return;
        }
        self.memory = match std::mem::replace(&mut self.memory, Memory::Nothing) {
            Memory::Nothing => Memory::Empty(gradient.empty_like()),
            Memory::Empty(buffer) | Memory::Buffer(buffer) => Memory::Buffer(buffer),
        };
    }

    /// What is to be subtracted from the values of a piece.
    pub(super) fn update(&mut self, piece: Piece, gradient: Tensor, lr: f64) -> Tensor {
        match &self.memory {
            Memory::Nothing => gradient * lr,
            Memory::Empty(buffer) => {
                piece.of(buffer).copy_(&gradient);
                gradient * lr
            }
            Memory::Buffer(buffer) => piece.of(buffer).g_mul_scalar_(self.momentum).g_add_(&gradient) * lr,
        }
    }

    /// Forgets the momentum of some elements of a row.
    pub(super) fn forget(&mut self, row: usize, elements: &Tensor) {
        if let Memory::Empty(buffer) | Memory::Buffer(buffer) = &mut self.memory {
            let _ = buffer.select(0, row as i64).masked_fill_(elements, 0.0);
        }
    }

    /// Forgets all momentum.
    pub(super) fn reset(&mut self) {
        self.memory = Memory::Nothing;
    }
}
