//! Seeded chance. Uses only arithmetic that IEEE 754 fixes to the last bit, so that a seed draws the same everywhere.

use sweep_chance::{Chance, fisher_yates};

/// What a stream of chance decides; each has its own, so that drawing more of one leaves the others as they are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stream {
    /// Who there is, how old and how often photographed.
    Population,
    /// Which photo goes into which set, and who is forgotten.
    Split,
    /// Which photo gets which name.
    Names,
    /// What a person looks like.
    Person(u32),
    /// How a photo was taken.
    Photo(u32),
    /// The grain of a photo.
    Grain(u32),
}

/// A source of chance.
#[derive(Debug)]
pub(super) struct Dice(Chance);

impl Dice {
    pub(super) fn new(seed: u64, stream: Stream) -> Self {
        let (kind, index) = match stream {
            Stream::Population => (0, 0),
            Stream::Split => (1, 0),
            Stream::Names => (2, 0),
            Stream::Person(person) => (3, person),
            Stream::Photo(photo) => (4, photo),
            Stream::Grain(photo) => (5, photo),
        };
        Self(Chance::of_seed(seed).nth(kind << 32 | u64::from(index)))
    }

    /// Uniform in [0, 1).
    pub(super) fn unit(&mut self) -> f32 {
        (self.0.few_bits() >> 8) as f32 / (1_u32 << 24) as f32
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    /// About normal with mean 0 and standard deviation 1, within ±6: the sum of twelve uniform numbers.
    pub(super) fn bell(&mut self) -> f32 {
        (0..12).map(|_| self.unit()).sum::<f32>() - 6.0
    }

    /// True with probability `chance`.
    pub(super) fn falls(&mut self, chance: f32) -> bool {
        self.unit() < chance
    }

    /// Uniform among 0..count.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u64::from(self.0.few_bits()) * count as u64) >> 32) as usize
    }

    /// One of several.
    pub(super) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// Brings a list into random order.
    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        fisher_yates(list, |bound| self.below(bound));
    }
}
