use tch::Tensor;

use super::Direction;

const BETA: (f64, f64) = (0.9, 0.999);
const EPSILON: f64 = 1e-8;

/// `torch.optim.Adam`: coupled L2, ε outside the root.
#[derive(Default)]
pub(super) struct Adam {
    steps: i32,
    /// Running averages of the gradient and of its square.
    moments: Option<(Tensor, Tensor)>,
}

impl Adam {
    /// −lr · m̂ / (√v̂ + ε), with m and v the running averages of gradient and gradient², hats removing their bias.
    pub(super) fn direction(&mut self, mut gradient: Tensor, lr: f64) -> Direction {
        self.steps += 1;
        let (mean, square) =
            self.moments.get_or_insert_with(|| (gradient.zeros_like(), gradient.zeros_like()));
        let _ = mean.lerp_(&gradient, 1.0 - BETA.0);
        let _ = square.lerp_(&gradient.square_(), 1.0 - BETA.1);

        // The gradient has served; its memory becomes the divisor.
        let correction = (1.0 - BETA.0.powi(self.steps), 1.0 - BETA.1.powi(self.steps));
        gradient.copy_(square);
        let divisor = gradient
            .sqrt_()
            .g_mul_scalar_(correction.1.sqrt().recip())
            .g_add_scalar_(EPSILON)
            .g_mul_scalar_(-correction.0 / lr);
        Direction::Ratio(mean.shallow_clone(), divisor)
    }
}
