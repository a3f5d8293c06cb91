//! Phases that change weights without training.

use sweep_protocol::recipe::{Elements, Init, Noise, Reinit, Tensors, Transpose};
use tch::Tensor;

use super::{Halt, Subject, Unusable, tensors::places};
use crate::{
    draws::{Draws, Purpose},
    network::{Role, initial},
};

pub(super) fn reinit(
    plan: &Reinit,
    phase: usize,
    subject: &mut Subject<'_>,
    draws: &mut dyn Draws,
) -> Result<(), Halt> {
    if plan.init != Init::Network || plan.elements != Elements::All {
        return Err(Halt::Unusable(Unusable::Uninterpreted { phase }));
    }
    let layout = subject.network.layout();
    for place in places(layout, &plan.tensors)? {
        let parameter = &layout.parameters[place];
        let values = initial(parameter, &Purpose::Reinit { phase, key: &parameter.key }, draws)?;
        subject.weights.set_parameter(place, &values);
    }
    if plan.tensors == Tensors::All {
        subject.weights.reset_statistics();
    }
    Ok(())
}

pub(super) fn noise(
    plan: &Noise,
    phase: usize,
    subject: &mut Subject<'_>,
    draws: &mut dyn Draws,
) -> Result<(), Halt> {
    let layout = subject.network.layout();
    for place in places(layout, &plan.tensors)? {
        let parameter = &layout.parameters[place];
        let purpose = Purpose::Noise { phase, key: &parameter.key };
        let noise = draws.normal(&purpose, parameter.count() as usize, plan.std.get())?;
        let noise = Tensor::from_slice(&noise).view(parameter.shape.as_slice());
        subject.weights.change_parameter(place, |values| values + noise.to_device(values.device()));
    }
    Ok(())
}

pub(super) fn transpose(plan: &Transpose, subject: &mut Subject<'_>) -> Result<(), Halt> {
    let layout = subject.network.layout();
    for place in places(layout, &plan.tensors)? {
        if layout.parameters[place].role == Role::Kernel {
            subject.weights.change_parameter(place, |kernel| kernel.transpose(2, 3).copy());
        }
    }
    Ok(())
}
