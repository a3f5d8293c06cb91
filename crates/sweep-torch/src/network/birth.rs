//! How torchvision's networks are born.

use sweep_protocol::network::{Parameter, Role};

use crate::draws::{Draws, Purpose, Unrecorded};

/// Values of a parameter as PyTorch's layers draw them by default: uniform in ±1/√fan-in; batch norm 1 and 0.
pub fn uniform_fan_in(
    parameter: &Parameter,
    purpose: &Purpose<'_>,
    draws: &mut dyn Draws,
) -> Result<Vec<f64>, Unrecorded> {
    match parameter.role {
        Role::Kernel => {
            let fan_in: i64 = parameter.shape[1..].iter().product();
            draws.uniform(purpose, parameter.count() as usize, (fan_in as f64).sqrt().recip())
        }
        _ => initial(parameter, purpose, draws),
    }
}

/// Initial values of a parameter: kernels kaiming-normal (fan-out, ReLU), batch norm 1 and 0, linear layers uniform in
/// ±1/√fan-in, weight and bias, and so are biases of convolutions.
pub fn initial(
    parameter: &Parameter,
    purpose: &Purpose<'_>,
    draws: &mut dyn Draws,
) -> Result<Vec<f64>, Unrecorded> {
    let count = parameter.count() as usize;
    let bound = |fan_in: i64| (fan_in as f64).sqrt().recip();
    match parameter.role {
        Role::NormWeight => Ok(vec![1.0; count]),
        Role::NormBias => Ok(vec![0.0; count]),
        Role::Kernel => {
            let fan_out = parameter.shape[0] * parameter.shape[2] * parameter.shape[3];
            draws.normal(purpose, count, (2.0 / fan_out as f64).sqrt())
        }
        Role::LinearWeight => draws.uniform(purpose, count, bound(parameter.shape[1])),
        Role::KernelBias { fan_in } | Role::LinearBias { fan_in } => {
            draws.uniform(purpose, count, bound(fan_in))
        }
    }
}
