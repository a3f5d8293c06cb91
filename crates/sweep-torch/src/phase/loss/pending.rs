//! Losses that still lie on the device.

use tch::{Device, Kind, Tensor};

use crate::phase::{Halt, Watch};

/// Losses that still lie on the device: the host asks for them only now and then, so that it never waits for a step.
pub(in crate::phase) struct Pending {
    losses: Vec<Tensor>,
    /// Steps of the recipe before the first of them.
    steps_before: u64,
}

impl Pending {
    pub(in crate::phase) fn new(steps_before: u64) -> Self {
        Self { losses: Vec::new(), steps_before }
    }

    pub(in crate::phase) fn push(&mut self, loss: &Tensor) {
        self.losses.push(loss.detach());
    }

    pub(in crate::phase) fn len(&self) -> usize {
        self.losses.len()
    }

    /// Fetches the losses, reports and returns them, and stops at the first that is not finite.
    pub(in crate::phase) fn settle(&mut self, watch: &mut dyn Watch) -> Result<Vec<f64>, Halt> {
        if self.losses.is_empty() {
            return Ok(Vec::new());
        }
        let stacked = Tensor::stack(&self.losses, 0).to_device(Device::Cpu).to_kind(Kind::Double);
        let values = Vec::<f64>::try_from(stacked).expect("a stack of scalars is a vector of f64");
        watch.losses(&values);
        let before = self.steps_before;
        self.steps_before += values.len() as u64;
        self.losses.clear();
        match values.iter().position(|loss| !loss.is_finite()) {
            Some(position) => Err(Halt::Diverged { step: before + position as u64 + 1 }),
            None => Ok(values),
        }
    }
}
