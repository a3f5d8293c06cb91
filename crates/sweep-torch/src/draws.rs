//! Where everything random comes from: initial weights, noise, the order of the data.
//!
//! Each draw is keyed by the run's seed and its purpose, never by what was drawn before it, so a run is the same in any
//! process, after any other run, and adding a phase doesn't disturb the ones before it.

use std::num::NonZeroU32;

use sweep_chance::Chance;
use sweep_inputs::dataset::Persons;
use sweep_protocol::{recipe::Replacement, terms::Seed};
use thiserror::Error;

/// A source of everything random in one run.
pub trait Draws {
    /// `count` independent values from N(0, `std`²).
    fn normal(&mut self, purpose: &Purpose<'_>, count: usize, std: f64) -> Result<Vec<f64>, Unrecorded>;

    /// `count` independent values, uniform in ±`bound`.
    fn uniform(&mut self, purpose: &Purpose<'_>, count: usize, bound: f64) -> Result<Vec<f64>, Unrecorded>;

    /// The order of a stream's examples in one pass over them.
    fn order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded>;

    /// The order of examples in a pass whose result belongs to the data and not to the run: the same for every seed.
    fn settled_order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded>;

    /// `count` of the examples, without repetition.
    fn sample(&mut self, part: &PartOf, examples: &[i64], count: usize) -> Result<Vec<i64>, Unrecorded>;

    /// A label for each example, uniform in `0..classes`, for one pass.
    fn labels(
        &mut self,
        part: &PartOf,
        pass: &Pass,
        examples: &[i64],
        classes: i64,
    ) -> Result<Vec<i64>, Unrecorded>;

    /// Places of `count` of the names.
    fn choose(
        &mut self,
        draw: &str,
        among: &[&str],
        count: usize,
        replacement: Replacement,
    ) -> Result<Vec<usize>, Unrecorded>;

    /// Which training images a network never sees that leaves out one of so many parts of the persons.
    fn left_out(&mut self, persons: &Persons, folds: NonZeroU32) -> Result<Vec<bool>, Unrecorded>;
}

/// What values are drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// The weights that a fresh network is born with.
    Birth {
        /// State-dict key.
        key: &'a str,
    },
    /// Weights that a phase draws afresh.
    Reinit {
        /// Position of the phase in the recipe.
        phase: usize,
        /// State-dict key.
        key: &'a str,
    },
    /// Noise that a phase adds.
    Noise {
        /// Position of the phase in the recipe.
        phase: usize,
        /// State-dict key.
        key: &'a str,
    },
    /// Noise that a loop adds between epochs.
    LateNoise {
        /// Position of the phase in the recipe.
        phase: usize,
        /// Epochs before it.
        after: u32,
        /// State-dict key.
        key: &'a str,
    },
    /// The weights of a teacher that knows nothing.
    Teacher {
        /// State-dict key.
        key: &'a str,
    },
    /// Scores of elements that are chosen at random.
    Score {
        /// Position of the phase in the recipe.
        phase: usize,
        /// State-dict key.
        key: &'a str,
    },
    /// Which of two courses a run takes.
    Course {
        /// Choices of the recipe before this one.
        number: usize,
    },
    /// The seed of a function of the user's own.
    Function {
        /// Position of the phase in the recipe.
        phase: usize,
    },
    /// Images that an extraction from the weights starts from.
    Candidates {
        /// Extractions before it.
        restart: u32,
    },
    /// Multipliers that it starts from.
    Multipliers {
        /// Extractions before it.
        restart: u32,
    },
    /// Noise on the pixels of a batch.
    Pixels(BatchOf),
    /// Noise on the copies of a batch whose outputs are compared.
    Copies(BatchOf),
    /// Where the images of a batch are cut out and whether they are mirrored.
    Augment(BatchOf),
}

/// One batch of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchOf {
    /// Position of the phase in the recipe.
    pub phase: usize,
    /// Position of the stream in the phase.
    pub stream: usize,
    /// Batches of the stream before this one.
    pub number: u64,
}

/// The examples of one set in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartOf {
    /// Position of the phase in the recipe.
    pub phase: usize,
    /// Position of the stream in the phase.
    pub stream: usize,
    /// Position in the stream: the stream's own set is the first.
    pub part: usize,
}

/// One pass of one stream over its set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// Position of the phase in the recipe.
    pub phase: usize,
    /// Position of the stream in the phase.
    pub stream: usize,
    /// Passes that the stream has begun before this one.
    pub number: u64,
}

/// A recording that is replayed lacks what the recipe asks for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the recording holds no {wanted}")]
pub struct Unrecorded {
    /// What is missing.
    pub wanted: String,
}

/// Draws keyed by the seed and the purpose.
#[derive(Debug, Clone, Copy)]
pub struct Seeded {
    seed: Seed,
}

impl Seeded {
    /// The source of a run with this seed.
    pub fn new(seed: Seed) -> Self {
        Self { seed }
    }

    fn chance(self, purpose: &str) -> Chance {
        let parts: [&[u8]; 2] = [&self.seed.0.to_le_bytes(), purpose.as_bytes()];
        Chance::of_purpose("sweep-torch 1: draws of one run", &parts)
    }
}

impl Draws for Seeded {
    fn normal(&mut self, purpose: &Purpose<'_>, count: usize, std: f64) -> Result<Vec<f64>, Unrecorded> {
        let mut chance = self.chance(&purpose.text());
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            let (one, other) = chance.normal_pair(std);
            values.extend([one, other]);
        }
        values.truncate(count);
        Ok(values)
    }

    fn uniform(&mut self, purpose: &Purpose<'_>, count: usize, bound: f64) -> Result<Vec<f64>, Unrecorded> {
        let mut chance = self.chance(&purpose.text());
        Ok((0..count).map(|_| bound * (2.0 * chance.unit() - 1.0)).collect())
    }

    fn order(&mut self, pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        let Pass { phase, stream, number } = pass;
        let mut chance = self.chance(&format!("order phase {phase} stream {stream} pass {number}"));
        let mut order = examples.to_vec();
        chance.shuffle(&mut order);
        Ok(order)
    }

    fn settled_order(&mut self, _pass: &Pass, examples: &[i64]) -> Result<Vec<i64>, Unrecorded> {
        let mut chance = Self::new(Seed(0)).chance("settled order");
        let mut order = examples.to_vec();
        chance.shuffle(&mut order);
        Ok(order)
    }

    fn sample(&mut self, part: &PartOf, examples: &[i64], count: usize) -> Result<Vec<i64>, Unrecorded> {
        let mut chance = self.chance(&format!("sample {}", part.text()));
        let mut sample = examples.to_vec();
        chance.shuffle(&mut sample);
        sample.truncate(count);
        Ok(sample)
    }

    fn labels(
        &mut self,
        part: &PartOf,
        pass: &Pass,
        examples: &[i64],
        classes: i64,
    ) -> Result<Vec<i64>, Unrecorded> {
        let mut chance = self.chance(&format!("labels {} pass {}", part.text(), pass.number));
        Ok(examples.iter().map(|_| chance.below(classes as u64) as i64).collect())
    }

    fn choose(
        &mut self,
        draw: &str,
        among: &[&str],
        count: usize,
        replacement: Replacement,
    ) -> Result<Vec<usize>, Unrecorded> {
        let mut chance = self.chance(&format!("choice {draw}"));
        match replacement {
            Replacement::Without => {
                let mut places: Vec<usize> = (0..among.len()).collect();
                chance.shuffle(&mut places);
                places.truncate(count);
                Ok(places)
            }
            Replacement::With if among.is_empty() => Ok(Vec::new()),
            Replacement::With => Ok((0..count).map(|_| chance.below(among.len() as u64) as usize).collect()),
        }
    }

    fn left_out(&mut self, persons: &Persons, folds: NonZeroU32) -> Result<Vec<bool>, Unrecorded> {
        Ok(persons.left_out(self.seed, folds))
    }
}

impl PartOf {
    fn text(&self) -> String {
        let Self { phase, stream, part } = self;
        format!("phase {phase} stream {stream} part {part}")
    }
}

impl Purpose<'_> {
    fn text(&self) -> String {
        match self {
            Self::Birth { key } => format!("birth {key}"),
            Self::Reinit { phase, key } => format!("reinit phase {phase} {key}"),
            Self::Noise { phase, key } => format!("noise phase {phase} {key}"),
            Self::LateNoise { phase, after, key } => format!("noise phase {phase} after {after} {key}"),
            Self::Teacher { key } => format!("teacher {key}"),
            Self::Score { phase, key } => format!("score phase {phase} {key}"),
            Self::Course { number } => format!("course {number}"),
            Self::Function { phase } => format!("function phase {phase}"),
            Self::Candidates { restart } => format!("candidates restart {restart}"),
            Self::Multipliers { restart } => format!("multipliers restart {restart}"),
            Self::Pixels(BatchOf { phase, stream, number }) => {
                format!("pixels phase {phase} stream {stream} batch {number}")
            }
            Self::Copies(BatchOf { phase, stream, number }) => {
                format!("copies phase {phase} stream {stream} batch {number}")
            }
            Self::Augment(BatchOf { phase, stream, number }) => {
                format!("augment phase {phase} stream {stream} batch {number}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::{Draws, Pass, Purpose, Seed, Seeded};

    const PASS: Pass = Pass { phase: 1, stream: 0, number: 2 };

    proptest! {
        #[test]
        fn an_order_is_a_permutation(seed in any::<u64>(), count in 0_usize..300) {
            let examples: Vec<i64> = (0..count as i64).collect();
            let mut order = Seeded::new(Seed(seed)).order(&PASS, &examples).expect("seeded");
            order.sort_unstable();
            prop_assert_eq!(order, examples);
        }
    }

    #[test]
    fn every_part_of_the_purpose_changes_the_draw() {
        let examples: Vec<i64> = (0..64).collect();
        let order = |seed, pass| Seeded::new(Seed(seed)).order(&pass, &examples).expect("seeded");
        let first = order(1, PASS);
        assert_eq!(first, order(1, PASS), "the same purpose draws the same");
        for (seed, pass) in [
            (2, PASS),
            (1, Pass { phase: 2, ..PASS }),
            (1, Pass { stream: 1, ..PASS }),
            (1, Pass { number: 3, ..PASS }),
        ] {
            assert_ne!(first, order(seed, pass), "seed {seed}, {pass:?}");
        }
    }

    #[test]
    fn normal_values_have_the_moments_of_the_normal_distribution() {
        let count = 200_001;
        let values = Seeded::new(Seed(3)).normal(&Purpose::Birth { key: "x" }, count, 1.0).expect("seeded");
        assert_eq!(values.len(), count);
        let moment = |power| values.iter().map(|value| value.powi(power)).sum::<f64>() / count as f64;
        for (power, expected, spread) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let bound = 5.0 * (spread / count as f64).sqrt();
            assert!((moment(power) - expected).abs() < bound, "moment {power} is {}", moment(power));
        }
    }

    #[test]
    fn uniform_values_fill_the_interval() {
        let values =
            Seeded::new(Seed(3)).uniform(&Purpose::Birth { key: "x" }, 100_000, 2.0).expect("seeded");
        assert!(values.iter().all(|value| (-2.0..2.0).contains(value)));
        let mean = values.iter().sum::<f64>() / 1e5;
        assert!(mean.abs() < 5.0 * (4.0_f64 / 3.0 / 1e5).sqrt(), "mean {mean}");
    }
}
