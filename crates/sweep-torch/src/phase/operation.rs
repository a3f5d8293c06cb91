//! Phases that change weights without looking at examples.

use sweep_protocol::{
    network::Role,
    recipe::{Cast, Elements, Init, Noise, NoiseUnit, Precision, Reinit, Tensors, Transpose, Turn, Zero},
};
use tch::{Kind, Tensor};

use super::{Halt, tensors::places, work::Work};
use crate::{
    draws::Purpose,
    network::{initial, uniform_fan_in},
};

pub(super) fn reinit(plan: &Reinit, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    let layout = work.layout();
    let mask = work.choices.mask(&plan.elements)?;
    let draw = match plan.init {
        Init::Network => initial,
        Init::UniformFanIn => uniform_fan_in,
    };
    for place in places(layout, &plan.tensors, work.draws)? {
        let parameter = &layout.parameters[place];
        let values = draw(parameter, &Purpose::Reinit { phase, key: &parameter.key }, work.draws)?;
        match &mask {
            None => work.weights.set_parameter(place, &values),
            Some(mask) => {
                let mask = work.network.view(parameter, mask);
                let fresh = Tensor::from_slice(&values).view(parameter.shape.as_slice());
                let fresh = fresh.to_kind(work.weights.kind()).to_device(mask.device());
                work.weights.change_parameter(place, |values| fresh.where_self(&mask, values));
            }
        }
    }
    if plan.tensors == Tensors::All && plan.elements == Elements::All {
        work.weights.reset_statistics();
    }
    Ok(())
}

pub(super) fn noise(plan: &Noise, phase: usize, work: &mut Work<'_>) -> Result<(), Halt> {
    add_noise(plan, |key| Purpose::Noise { phase, key }, work)
}

/// Adds noise that is drawn for a purpose.
pub(super) fn add_noise(
    plan: &Noise,
    purpose: impl for<'k> Fn(&'k str) -> Purpose<'k>,
    work: &mut Work<'_>,
) -> Result<(), Halt> {
    let layout = work.layout();
    for place in places(layout, &plan.tensors, work.draws)? {
        let parameter = &layout.parameters[place];
        let unit = match plan.unit {
            NoiseUnit::Absolute => 1.0,
            NoiseUnit::TensorStd => work.weights.parameter(place).std(false).double_value(&[]),
        };
        let count = parameter.count() as usize;
        let noise = work.draws.normal(&purpose(&parameter.key), count, plan.std.get() * unit)?;
        let noise = Tensor::from_slice(&noise).view(parameter.shape.as_slice());
        work.weights.change_parameter(place, |values| values + noise.to_device(values.device()));
    }
    Ok(())
}

pub(super) fn transpose(plan: &Transpose, work: &mut Work<'_>) -> Result<(), Halt> {
    let layout = work.layout();
    for place in places(layout, &plan.tensors, work.draws)? {
        if layout.parameters[place].role == Role::Kernel {
            work.weights.change_parameter(place, |kernel| match plan.turn {
                Turn::Transpose => kernel.transpose(2, 3).copy(),
                Turn::Flip => kernel.flip(3),
                Turn::Rotate => kernel.rot90(1, [2, 3]),
            });
        }
    }
    Ok(())
}

pub(super) fn zero(plan: &Zero, work: &mut Work<'_>) -> Result<(), Halt> {
    let (network, layout) = (work.network, work.layout());
    let mask = work.choices.mask(&plan.elements)?;
    for place in places(layout, &plan.tensors, work.draws)? {
        work.weights.change_parameter(place, |values| match &mask {
            None => values.zeros_like(),
            Some(mask) => values.masked_fill(&network.view(&layout.parameters[place], mask), 0.0),
        });
    }
    Ok(())
}

pub(super) fn cast(plan: Cast, work: &mut Work<'_>) {
    work.weights.round_through(match plan.through {
        Precision::Float16 => Kind::Half,
        Precision::Bfloat16 => Kind::BFloat16,
    });
}
