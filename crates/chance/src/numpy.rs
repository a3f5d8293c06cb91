//! What NumPy's `RandomState` draws, drawn again: for splits that others made with it, never for chance of ours.

use crate::mersenne_twister::MersenneTwister;

/// `numpy.random.RandomState(seed)`.
#[derive(Debug, Clone)]
pub struct RandomState(MersenneTwister);

impl RandomState {
    /// The state of a seed.
    pub fn of_seed(seed: u32) -> Self {
        Self(MersenneTwister::of_seed(seed))
    }

    /// Brings numbers into the order of `permutation(numbers)`: an exchange for each place from the last on, with numbers
    /// drawn by rejection under the next power of two. For fewer than 2³² numbers.
    pub fn permute(&mut self, numbers: &mut [usize]) {
        for last in (1..numbers.len()).rev() {
            numbers.swap(last, self.at_most(last as u32) as usize);
        }
    }

    fn at_most(&mut self, most: u32) -> u32 {
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let drawn = self.0.bits() & mask;
            if drawn <= most {
                return drawn;
            }
        }
    }
}
