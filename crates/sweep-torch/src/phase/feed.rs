//! Where a training loop's batches come from.

use sweep_protocol::recipe::{Pairing, Stream};
use tch::{Device, Tensor};

use crate::{
    draws::{Draws, Pass, Unrecorded},
    examples::Examples,
};

/// One stream: an endless supply of batches, every pass over the set in a new order.
pub(super) struct Feed<'a> {
    examples: &'a [i64],
    batch_size: usize,
    pairing: Pairing,
    device: Device,
    pass: Pass,
    /// The current pass on the device; uploaded once.
    order: Tensor,
    /// Examples of the current pass handed out.
    taken: usize,
}

impl<'a> Feed<'a> {
    pub(super) fn new(plan: &Stream, examples: &'a Examples, (phase, stream): (usize, usize)) -> Self {
        let set = examples.set(plan.set);
        Self {
            examples: set,
            batch_size: plan.batch_size.get() as usize,
            pairing: plan.pairing,
            device: examples.device(),
            pass: Pass { phase, stream, number: 0 },
            order: Tensor::new(),
            taken: set.len(),
        }
    }

    /// Whether a new epoch of the loop begins a new pass: the leading stream and those zipped with it.
    pub(super) fn follows_epochs(&self) -> bool {
        self.pass.stream == 0 || self.pairing == Pairing::Zip
    }

    /// Gives up what is left of the current pass.
    pub(super) fn restart(&mut self) {
        self.taken = self.examples.len();
    }

    /// Positions of the next batch's examples, \[B\] on the device.
    pub(super) fn next(&mut self, draws: &mut dyn Draws) -> Result<Tensor, Unrecorded> {
        if self.taken == self.examples.len() {
            let order = draws.order(&self.pass, self.examples)?;
            self.order = Tensor::from_slice(&order).to_device(self.device);
            self.taken = 0;
            self.pass.number += 1;
        }
        let length = batch_length(self.examples.len() - self.taken, self.batch_size);
        let batch = self.order.narrow(0, self.taken as i64, length as i64);
        self.taken += length;
        Ok(batch)
    }
}

/// Examples in the next batch of a pass with `left` to go. A single left-over example joins the batch before it.
fn batch_length(left: usize, batch_size: usize) -> usize {
    if left == batch_size + 1 && batch_size > 1 { left } else { left.min(batch_size) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use sweep_protocol::{
        recipe::Stream,
        terms::{Set, SetSizes},
    };

    use super::batch_length;

    proptest! {
        #[test]
        fn a_pass_has_as_many_batches_as_its_cost_says(examples in 2_usize..500, batch in 2_usize..70) {
            let mut lengths = Vec::new();
            let mut left = examples;
            while left > 0 {
                lengths.push(batch_length(left, batch));
                left -= lengths[lengths.len() - 1];
            }
            let sizes = SetSizes { retain: examples as u64, forget: 1, validation: 1, test: None };
            let size = u32::try_from(batch).expect("small").try_into().expect("not 0");
            let stream = Stream::of(Set::Retain, size);
            prop_assert_eq!(lengths.len() as u64, stream.batches(&sizes));
            prop_assert!(lengths.iter().all(|&length| length > 1), "{:?}", lengths);
        }
    }
}
