//! Fisher forgetting: noise that is large where weights matter little.

use sweep_protocol::{network::Parameter, recipe::FisherNoise};
use tch::Tensor;

use super::{Halt, importance::importance, work::Work};
use crate::draws::Purpose;

/// Largest variance before α, in the classifier and elsewhere (`fisher_new` of Unlearn-Sparse).
const MOST_IN_CLASSIFIER: f64 = 1e2;
const MOST: f64 = 1e3;
/// What keeps a variance finite.
const FLOOR: f64 = 1e-8;
/// Factor on the variance in the classifier and in tensors of one axis.
const BOLD: f64 = 10.0;

/// Adds noise of variance α F⁻ᵖ, bounded.
pub(super) fn fisher_noise(plan: &FisherNoise, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    let fisher = importance(&plan.importance, plan.kept, (phase, 0), work)?;
    let layout = work.layout();
    for (place, parameter) in layout.parameters.iter().enumerate() {
        let classifies = layout.head.contains(&place);
        let purpose = Purpose::Noise { phase, key: &parameter.key };
        let noise = work.draws.normal(&purpose, parameter.count() as usize, 1.0)?;
        let noise = Tensor::from_slice(&noise).view(parameter.shape.as_slice());
        let fisher = work.network.view(parameter, &fisher);
        let spread = variance((parameter, classifies), &fisher, (plan.alpha.get(), plan.power.get())).sqrt();
        work.weights.change_parameter(place, |values| {
            values + spread * noise.to_kind(values.kind()).to_device(values.device())
        });
    }
    Ok(())
}

/// The variance of one parameter's noise, in a shape that broadcasts to it.
fn variance(
    (parameter, classifies): (&Parameter, bool),
    fisher: &Tensor,
    (alpha, power): (f64, f64),
) -> Tensor {
    let most = if classifies { MOST_IN_CLASSIFIER } else { MOST };
    let floored = fisher + FLOOR;
    let published = (power - 1.0).abs() < f64::EPSILON;
    let inverse = if published { floored.reciprocal() } else { floored.pow_tensor_scalar(-power) };
    let variance = inverse.clamp_max(most) * alpha;
    let several = parameter.shape.len() > 1;
    let variance =
        if several { variance.mean_dim([1_i64].as_slice(), true, variance.kind()) } else { variance };
    if classifies || !several { variance * BOLD } else { variance }
}
