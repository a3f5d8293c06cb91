use tch::Tensor;

use super::Piece;

const BETA: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;

/// `torch.optim.Adam`: coupled L2, ε outside the root.
pub(super) struct Adam {
    steps: i32,
    /// Running averages of the gradient and of its square.
    moments: Option<(Tensor, Tensor)>,
}

impl Adam {
    pub(super) fn new() -> Self {
        Self { steps: 0, moments: None }
    }

    /// Begins a step on gradients of this shape.
    pub(super) fn begin(&mut self, gradient: &Tensor) {
        self.steps += 1;
        self.moments.get_or_insert_with(|| (gradient.zeros_like(), gradient.zeros_like()));
    }

    /// What is to be subtracted from the values of a piece.
    pub(super) fn update(&mut self, piece: Piece, gradient: &Tensor, lr: f64) -> Tensor {
        let (mean, square) = self.moments.as_ref().expect("a step has begun");
        let (mut mean, mut square) = (piece.of(mean), piece.of(square));
        let _ = mean.lerp_(gradient, 1.0 - BETA.0);
        let _ = square.g_mul_scalar_(BETA.1).g_add_(&(gradient * (1.0 - BETA.1)).g_mul_(gradient));

        let correction = (1.0 - BETA.0.powi(self.steps), 1.0 - BETA.1.powi(self.steps));
        let mut scale = square.sqrt();
        let scale = scale.g_div_scalar_(correction.1.sqrt()).g_add_scalar_(EPSILON);
        (mean * (lr / correction.0)) / scale
    }

    /// Forgets the moments of some elements of a row.
    pub(super) fn forget(&mut self, row: usize, elements: &Tensor) {
        if let Some((mean, square)) = &mut self.moments {
            for moment in [mean, square] {
                let _ = moment.select(0, row as i64).masked_fill_(elements, 0.0);
            }
        }
    }

    /// Forgets all moments and the count of steps.
    pub(super) fn reset(&mut self) {
        self.steps = 0;
        self.moments = None;
    }
}
