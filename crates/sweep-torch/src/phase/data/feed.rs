//! One stream, live.

use std::collections::BTreeSet;

use sweep_protocol::{
    recipe::{Augment, Labels, LeaveOut, Pairing, Stream},
    terms::Set,
};
use tch::{Device, Tensor};

use super::{
    augment::{DRAWN, augmented},
    labels::Labelled,
    share,
};
use crate::{
    draws::{BatchOf, PartOf, Pass, Purpose},
    phase::{Halt, work::Work},
};

/// A batch of a stream.
pub(in crate::phase) struct Batch {
    /// Where its examples stand among all, \[B\].
    pub(in crate::phase) positions: Tensor,
    /// Pixels \[B, 3, H, W\] as the network sees them, cut out anew and with noise where that is asked for.
    pub(in crate::phase) images: Tensor,
    /// What is taken for the labels, \[B\].
    pub(in crate::phase) labels: Tensor,
    /// Which batch it is.
    pub(in crate::phase) of: BatchOf,
    /// Whether its images are others than those of the data.
    pub(in crate::phase) altered: bool,
}

/// An endless supply of batches, every pass over the examples in a new order.
pub(in crate::phase) struct Feed {
    parts: Vec<Labelled>,
    examples: Vec<i64>,
    batch_size: usize,
    pairing: Pairing,
    image_noise: f64,
    augment: Augment,
    device: Device,
    pass: Pass,
    batches: u64,
    /// The current pass on the device; uploaded once.
    order: Tensor,
    /// What is taken for the label of each image, where it isn't always the true one.
    labels: Option<Tensor>,
    /// Examples of the current pass handed out.
    taken: usize,
}

impl Feed {
    pub(in crate::phase) fn new(
        plan: &Stream,
        (phase, stream): (usize, usize),
        work: &mut Work<'_>,
    ) -> Result<Self, Halt> {
        let left_out = left_out(plan.without.as_ref(), work)?;
        let mut parts = Vec::new();
        for (part, of) in plan.parts().into_iter().enumerate() {
            let part = PartOf { phase, stream, part };
            let mut examples = share(of.share, of.set, part, work)?;
            examples.retain(|example| !left_out.contains(example));
            parts.push(Labelled::new(examples, of.labels, part, work));
        }
        let examples: Vec<i64> = parts.iter().flat_map(|part| part.examples.iter().copied()).collect();
        let mut feed = Self {
            batch_size: plan.batch_size.get() as usize,
            pairing: plan.pairing,
            image_noise: plan.image_noise.get(),
            augment: plan.augment,
            device: work.examples.device(),
            pass: Pass { phase, stream, number: 0 },
            batches: 0,
            order: Tensor::new(),
            labels: None,
            taken: examples.len(),
            parts,
            examples,
        };
        if feed.parts.iter().any(|part| part.settled.is_some()) {
            feed.label(work)?;
        }
        Ok(feed)
    }

    /// Positions of every example that it draws from.
    pub(in crate::phase) fn examples(&self) -> &[i64] {
        &self.examples
    }

    /// Batches in one pass.
    pub(in crate::phase) fn batches(&self) -> u64 {
        batches(self.examples.len(), self.batch_size)
    }

    /// Whether it ends the epoch of a loop that another stream leads.
    pub(in crate::phase) fn is_zipped(&self) -> bool {
        self.pairing == Pairing::Zip
    }

    /// Gives up what is left of the current pass.
    pub(in crate::phase) fn restart(&mut self) {
        self.taken = self.examples.len();
    }

    /// The next batch.
    pub(in crate::phase) fn next(&mut self, work: &mut Work<'_>) -> Result<Batch, Halt> {
        if self.taken == self.examples.len() {
            let order = work.draws.order(&self.pass, &self.examples)?;
            self.order = Tensor::from_slice(&order).to_device(self.device);
            if self.parts.iter().any(Labelled::drawn) {
                self.label(work)?;
            }
            self.taken = 0;
            self.pass.number += 1;
        }
        let length = batch_length(self.examples.len() - self.taken, self.batch_size);
        let positions = self.order.narrow(0, self.taken as i64, length as i64);
        self.taken += length;
        let of = BatchOf { phase: self.pass.phase, stream: self.pass.stream, number: self.batches };
        self.batches += 1;
        let altered = self.augment != Augment::default();
        let (mut images, mut labels) = if altered {
            let drawn = work.draws.uniform(&Purpose::Augment(of), DRAWN * length, 1.0)?;
            let alter = |pixels| augmented(&pixels, self.augment, &drawn);
            work.examples.batch_with(&positions, work.weights.kind(), alter)
        } else {
            work.examples.batch(&positions, work.weights.kind())
        };
        if let Some(taken) = &self.labels {
            labels = taken.index_select(0, &positions);
        }
        if self.image_noise > 0.0 {
            let count = images.numel();
            let noise = work.draws.normal(&Purpose::Pixels(of), count, self.image_noise)?;
            let noise = Tensor::from_slice(&noise).view(images.size().as_slice());
            images = images.g_add(&noise.to_kind(work.weights.kind()).to_device(self.device));
        }
        Ok(Batch { positions, images, labels, of, altered: altered || self.image_noise > 0.0 })
    }

    /// Takes the labels of the pass that is about to begin.
    fn label(&mut self, work: &mut Work<'_>) -> Result<(), Halt> {
        let mut labels: Vec<i64> =
            (0..work.examples.count()).map(|place| work.examples.label(place)).collect();
        for part in self.parts.iter().filter(|part| part.rule != Labels::True) {
            for (&position, label) in part.examples.iter().zip(part.of_pass(&self.pass, work)?) {
                labels[position as usize] = label;
            }
        }
        self.labels = Some(Tensor::from_slice(&labels).to_device(self.device));
        Ok(())
    }
}

/// Positions of the images that a stream never shows.
fn left_out(without: Option<&LeaveOut>, work: &mut Work<'_>) -> Result<BTreeSet<i64>, Halt> {
    let Some(LeaveOut { folds, persons: _ }) = without else { return Ok(BTreeSet::new()) };
    let out = work.draws.left_out(work.examples.persons(), *folds)?;
    let training = work.examples.set(Set::Train).iter().zip(out);
    Ok(training.filter(|(_, out)| *out).map(|(position, _)| *position).collect())
}

/// Batches in one pass over so many examples.
fn batches(mut left: usize, batch_size: usize) -> u64 {
    let mut batches = 0;
    while left > 0 {
        left -= batch_length(left, batch_size);
        batches += 1;
    }
    batches
}

/// Examples in the next batch of a pass with `left` to go. A single left-over example joins the batch before it.
pub(in crate::phase) fn batch_length(left: usize, batch_size: usize) -> usize {
    if left == batch_size + 1 && batch_size > 1 { left } else { left.min(batch_size) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
    use sweep_protocol::{
        recipe::Stream,
        terms::{Set, SetSizes},
    };

    use super::{batch_length, batches};

    proptest! {
        #[test]
        fn a_pass_has_as_many_batches_as_its_cost_says(examples in 2_usize..500, batch in 2_usize..70) {
            let mut left = examples;
            while left > 0 {
                let length = batch_length(left, batch);
                prop_assert!(length > 1, "{} of {}", length, left);
                left -= length;
            }
            let sizes = SetSizes { retain: examples as u64, forget: 1, validation: 1, test: None };
            let size = u32::try_from(batch).expect("small").try_into().expect("not 0");
            prop_assert_eq!(batches(examples, batch), Stream::of(Set::Retain, size).batches(&sizes));
        }
    }
}
