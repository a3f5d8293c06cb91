//! How networks are born.

use sweep_protocol::network::{Parameter, Role, topology::Birth};

use crate::draws::{Draws, Purpose, Unrecorded};

/// Standard deviation of a small birth.
const SMALL: f64 = 1e-4;
/// That of the biases of torchvision's transformers, and of their positions.
const BIAS: f64 = 1e-6;
const POSITION: f64 = 0.02;

/// Values of a parameter as PyTorch's layers draw them by default: uniform in ±1/√fan-in; batch norm 1 and 0.
pub fn uniform_fan_in(
    parameter: &Parameter,
    purpose: &Purpose<'_>,
    draws: &mut dyn Draws,
) -> Result<Vec<f64>, Unrecorded> {
    of_birth(parameter, Birth::FanIn, purpose, draws)
}

/// Initial values of a parameter, as its layer says; batch norm 1 and 0.
pub fn initial(
    parameter: &Parameter,
    purpose: &Purpose<'_>,
    draws: &mut dyn Draws,
) -> Result<Vec<f64>, Unrecorded> {
    of_birth(parameter, parameter.birth, purpose, draws)
}

fn of_birth(
    parameter: &Parameter,
    birth: Birth,
    purpose: &Purpose<'_>,
    draws: &mut dyn Draws,
) -> Result<Vec<f64>, Unrecorded> {
    let count = parameter.count() as usize;
    let (fan_in, birth) = match parameter.role {
        Role::NormWeight => return Ok(vec![1.0; count]),
        Role::NormBias => return Ok(vec![0.0; count]),
        Role::Kernel | Role::LinearWeight => (parameter.shape[1..].iter().product(), birth),
        Role::KernelBias { fan_in } | Role::LinearBias { fan_in } => (fan_in, birth),
        // It has no inputs; PyTorch knows no default for it.
        Role::Embedding => (1, parameter.birth),
    };
    let is_bias = matches!(parameter.role, Role::KernelBias { .. } | Role::LinearBias { .. });
    match birth {
        Birth::Zero => Ok(vec![0.0; count]),
        Birth::LeCun if is_bias => Ok(vec![0.0; count]),
        Birth::LeCun => draws.normal(purpose, count, (fan_in as f64).sqrt().recip()),
        Birth::Position => draws.normal(purpose, count, POSITION),
        Birth::Glorot if is_bias => draws.normal(purpose, count, BIAS),
        Birth::Glorot => draws.uniform(purpose, count, (6.0 / (fan_in + parameter.shape[0]) as f64).sqrt()),
        Birth::Small => draws.normal(purpose, count, SMALL),
        Birth::FanOut if parameter.role == Role::Kernel => {
            let fan_out = parameter.shape[0] * parameter.shape[2] * parameter.shape[3];
            draws.normal(purpose, count, (2.0 / fan_out as f64).sqrt())
        }
        Birth::FanIn | Birth::FanOut => draws.uniform(purpose, count, (fan_in as f64).sqrt().recip()),
    }
}
