//! What a loop reads of itself while it trains: sparse, of what lies there anyway, and without ever waiting for the device.

use std::collections::BTreeMap;

use sweep_protocol::{
    curves::{MEASURED, MOST_IMAGES, MOST_OF_A_LOOP, Reading, SETS},
    measurement::retain_sample,
    terms::Set,
};
use tch::{Device, Kind, Tensor};

use crate::{
    examples::Examples,
    measure::correct,
    network::{Network, Weights},
    phase::schedule::Time,
};

/// Readings that short loops have too, as far as they have as many steps.
const ENOUGH: u64 = 20;
/// Steps of a reading in which it is looked which images the network gets right, about.
const LOOKS: u64 = 8;
/// Times that accuracies are measured in a loop, about.
const MEASUREMENTS: u64 = 20;

/// How the epochs of a loop are cut into readings: an epoch into several, or several into one.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spacing {
    Parts(u64),
    Epochs(u64),
}

impl Spacing {
    fn of(epochs: u64) -> Self {
        match ENOUGH / epochs.max(1) {
            0 | 1 => Self::Epochs(epochs.div_ceil(MOST_OF_A_LOOP).max(1)),
            parts => Self::Parts(parts),
        }
    }

    /// Whether accuracies are measured after an epoch: about as often as [`MEASUREMENTS`] says, and after the last.
    fn is_measured_after(self, epoch: u64, epochs: u64) -> bool {
        let each = match self {
            Self::Parts(_) => 1,
            Self::Epochs(each) => each,
        };
        let done = epoch + 1;
        let every = each * (epochs / each).div_ceil(MEASUREMENTS).max(1);
        done == epochs || done.is_multiple_of(every)
    }

    /// Which reading a step belongs to.
    fn place(self, time: &Time) -> u64 {
        match self {
            Self::Parts(parts) => time.epoch * parts + time.step * parts / time.steps.max(1),
            Self::Epochs(epochs) => time.epoch / epochs,
        }
    }
}

/// Whether it is looked at this moment of a loop which images the network gets right: a few times a reading, evenly spread.
pub(super) fn looks(epochs: u64, time: &Time) -> bool {
    let looks = match Spacing::of(epochs) {
        Spacing::Parts(parts) => LOOKS * parts,
        Spacing::Epochs(epochs) => (LOOKS / epochs).max(1),
    };
    looks >= time.steps || (time.step * looks) % time.steps < looks
}

/// How many images of a batch are taken for what they are labelled as.
pub(super) struct Glance {
    /// Which of [`SETS`] the batch is of.
    set: usize,
    /// The number, still on the device.
    right: Tensor,
    images: u64,
}

impl Glance {
    /// None where nobody asks for the set.
    pub(super) fn of(set: Set, logits: &Tensor, labels: &Tensor) -> Option<Self> {
        let set = SETS.iter().position(|own| *own == set)?;
        let right = tch::no_grad(|| logits.argmax(1, false).eq_tensor(labels).sum(Kind::Int64));
        Some(Self { set, right, images: labels.numel() as u64 })
    }
}

/// Round and place of a reading.
type Key = (usize, u64);

/// What a loop has read by now.
pub(super) struct Readings {
    spacing: Spacing,
    epochs: u64,
    /// The reading of the latest step.
    latest: Option<Key>,
    sums: BTreeMap<Key, Total>,
    /// Steps whose losses still lie on the device.
    steps: Vec<(Key, f64)>,
    looks: Vec<(Key, Glance)>,
}

#[derive(Default)]
struct Total {
    /// Epochs at the end of its last step.
    epoch: f64,
    loss: f64,
    steps: u64,
    /// Images that were taken for what they are labelled as, and all that were looked at.
    right: [(u64, u64); SETS.len()],
    accuracy: [Option<f64>; MEASURED.len()],
}

impl Readings {
    /// Of a loop of so many epochs, of which the last may be cut short.
    pub(super) fn of(epochs: u64) -> Self {
        Self {
            spacing: Spacing::of(epochs),
            epochs,
            latest: None,
            sums: BTreeMap::new(),
            steps: Vec::new(),
            looks: Vec::new(),
        }
    }

    /// Takes note of a step.
    pub(super) fn push(&mut self, looks: Vec<Glance>, (round, time): (usize, &Time)) {
        let key = (round, self.spacing.place(time));
        self.latest = Some(key);
        self.steps.push((key, time.epoch as f64 + (time.step + 1) as f64 / time.steps.max(1) as f64));
        self.looks.extend(looks.into_iter().map(|look| (key, look)));
    }

    /// Adds the losses of all steps that were taken note of, and what was looked at.
    pub(super) fn settle(&mut self, losses: &[f64]) {
        for ((key, epoch), loss) in self.steps.drain(..).zip(losses) {
            let sum = self.sums.entry(key).or_default();
            sum.epoch = epoch;
            sum.loss += loss;
            sum.steps += 1;
        }
        if self.looks.is_empty() {
            return;
        }
        let counts: Vec<&Tensor> = self.looks.iter().map(|(_, look)| &look.right).collect();
        let counts = Tensor::stack(&counts, 0).to_device(Device::Cpu);
        let counts = Vec::<i64>::try_from(counts).expect("a stack of counts is a vector of i64");
        for ((key, look), count) in self.looks.drain(..).zip(counts) {
            let (right, of) = &mut self.sums.entry(key).or_default().right[look.set];
            *right += count as u64;
            *of += look.images;
        }
    }

    /// Whether accuracies are measured after this epoch, counted from 0: where a reading ends, in good time apart.
    pub(super) fn ends_with(&self, epoch: u64) -> bool {
        self.spacing.is_measured_after(epoch, self.epochs)
    }

    /// Measures the network as it stands.
    pub(super) fn measure(&mut self, network: &Network, weights: &Weights, examples: &Examples) {
        let Some(latest) = self.latest else { return };
        let accuracy = MEASURED.map(|set| {
            let all = examples.set(set);
            let some: Vec<i64> =
                retain_sample(all.len() as u64, MOST_IMAGES).map(|place| all[place as usize]).collect();
            let right = correct(network, weights, examples, &some);
            (!some.is_empty()).then(|| right as f64 / some.len() as f64)
        });
        self.sums.entry(latest).or_default().accuracy = accuracy;
    }

    /// All of them, those of the `of_loop`-th loop of its run.
    pub(super) fn all(&self, of_loop: u32) -> Vec<Reading> {
        let reading = |(&(round, _), sum): (&Key, &Total)| Reading {
            of_loop,
            round: round as u32 + 1,
            epoch: sum.epoch,
            loss: sum.loss / sum.steps as f64,
            right: sum.right.map(|(right, of)| (of > 0).then(|| right as f64 / of as f64)),
            accuracy: sum.accuracy,
        };
        self.sums.iter().filter(|(_, sum)| sum.steps > 0).map(reading).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOKS, MOST_OF_A_LOOP, Spacing, Time, looks};

    /// Every moment of a loop.
    fn moments(epochs: u64, steps: u64) -> impl Iterator<Item = Time> {
        let moment = move |epoch, step| Time { epochs: epochs as f64, epoch, step, steps };
        (0..epochs).flat_map(move |epoch| (0..steps).map(move |step| moment(epoch, step)))
    }

    #[test]
    fn a_loop_has_neither_few_readings_nor_many() {
        for (epochs, steps, wanted) in [
            (1, 200, 20),
            (1, 7, 7),
            (2, 200, 20),
            (6, 40, 18),
            (15, 9, 15),
            (50, 3, 50),
            (51, 3, 26),
            (1000, 2, 50),
        ] {
            let mut places: Vec<u64> =
                moments(epochs, steps).map(|time| Spacing::of(epochs).place(&time)).collect();
            assert!(places.is_sorted(), "{epochs} × {steps}");
            places.dedup();
            assert_eq!(places.len(), wanted, "{epochs} × {steps}");
            assert!(places.len() as u64 <= MOST_OF_A_LOOP);
        }
    }

    #[test]
    fn accuracies_are_measured_a_few_times_and_after_the_last_epoch() {
        for (epochs, wanted) in [(1, 1), (2, 2), (20, 20), (21, 11), (50, 17), (120, 20), (1000, 17)] {
            let spacing = Spacing::of(epochs);
            let measured: Vec<u64> =
                (0..epochs).filter(|&epoch| spacing.is_measured_after(epoch, epochs)).collect();
            assert_eq!((measured.len(), measured.last()), (wanted, Some(&(epochs - 1))), "{epochs}");
        }
    }

    #[test]
    fn each_reading_is_looked_at_and_none_all_the_time() {
        for (epochs, steps) in [(1, 1), (1, 200), (3, 1000), (20, 391), (30, 5), (200, 391)] {
            let spacing = Spacing::of(epochs);
            let mut counts = std::collections::BTreeMap::new();
            for time in moments(epochs, steps) {
                let (seen, all) = counts.entry(spacing.place(&time)).or_insert((0, 0));
                *seen += u64::from(looks(epochs, &time));
                *all += 1;
            }
            for (place, (seen, all)) in counts {
                assert!(
                    seen > 0 && seen <= (LOOKS + 1).min(all),
                    "{epochs} × {steps}, {place}: {seen} of {all}"
                );
            }
        }
    }
}
