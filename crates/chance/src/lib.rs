//! Everything random: one counter-based generator (`ChaCha8`), and what is derived from its bits.
//!
//! A stream belongs to what it is for and not to what was drawn before it, so that more draws in one place move none in
//! another. Results rest on the very bits: another derivation gives other results.

mod mersenne_twister;
pub mod numpy;
pub mod torch;

use std::f64::consts::TAU;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// Spacing of the uniform numbers: 2⁻⁵³, so that each is a float.
const GRID: f64 = 1.0 / (1_u64 << 53) as f64;

/// A stream of draws.
#[derive(Debug, Clone)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of a key.
    pub fn of_key(key: [u8; 32]) -> Self {
        Self(ChaCha8Rng::from_seed(key))
    }

    /// The stream of a purpose: `context` says which use of chance it is (as BLAKE3's `derive_key` wants it, fixed in the
    /// program and used for nothing else), `parts` whose it is. Parts of varying length must tell where they end.
    pub fn of_purpose(context: &str, parts: &[&[u8]]) -> Self {
        let mut key = blake3::Hasher::new_derive_key(context);
        for part in parts {
            key.update(part);
        }
        Self::of_key(*key.finalize().as_bytes())
    }

    /// The stream of a number.
    pub fn of_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The beginning of the `nth` of 2⁶⁴ independent streams with the same key; the first is number 0.
    #[must_use]
    pub fn nth(mut self, nth: u64) -> Self {
        self.0.set_stream(nth);
        self.0.set_word_pos(0);
        self
    }

    /// 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 32 bits.
    #[inline]
    pub fn few_bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// True as often as false.
    pub fn coin(&mut self) -> bool {
        self.bits() >> 63 == 1
    }

    /// Uniform in [0, 1), on the grid of 2⁻⁵³.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * GRID
    }

    /// Uniform in (0, 1], on the grid of 2⁻⁵³: its logarithm is finite.
    #[inline]
    pub fn above_zero(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 * GRID
    }

    /// Uniform in `0..bound`, without bias (Lemire, arXiv:1805.10941); 0 where there is nothing below the bound.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        let unfair = bound.wrapping_neg().checked_rem(bound).unwrap_or(0);
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if product as u64 >= unfair {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts things into random order.
    pub fn shuffle<T>(&mut self, things: &mut [T]) {
        fisher_yates(things, |bound| self.below(bound as u64) as usize);
    }

    /// Standard normal (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        let (radius, turn) = (self.above_zero(), self.above_zero());
        box_muller(1.0, radius, turn).0
    }

    /// Two independent normal numbers with mean 0 and this standard deviation, for the draws of one.
    #[inline]
    pub fn normal_pair(&mut self, deviation: f64) -> (f64, f64) {
        // 1 - u keeps the logarithm away from 0.
        let (radius, turn) = (1.0 - self.unit(), self.unit());
        box_muller(deviation, radius, turn)
    }
}

/// From a number in (0, 1] and one in \[0, 1\], both uniform, to two that are normal.
#[inline]
fn box_muller(deviation: f64, radius: f64, turn: f64) -> (f64, f64) {
    let radius = deviation * (-2.0 * radius.ln()).sqrt();
    let (sine, cosine) = (TAU * turn).sin_cos();
    (radius * cosine, radius * sine)
}

/// Puts things into random order (Fisher and Yates); `below` draws from `0..bound`.
pub fn fisher_yates<T>(things: &mut [T], mut below: impl FnMut(usize) -> usize) {
    for last in (1..things.len()).rev() {
        things.swap(last, below(last + 1));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Chance;

    #[test]
    fn the_generator_is_chacha_with_eight_rounds() {
        // The first words of the zero key's stream, from scripts/fixtures/chacha.py.
        let mut chance = Chance::of_key([0; 32]);
        let words: [u32; 4] = std::array::from_fn(|_| chance.few_bits());
        assert_eq!(words.map(u32::to_le_bytes).concat(), FIRST);
        let mut other = Chance::of_key([0; 32]).nth(1);
        let words: [u32; 4] = std::array::from_fn(|_| other.few_bits());
        assert_eq!(words.map(u32::to_le_bytes).concat(), FIRST_OF_STREAM_1);
    }

    const FIRST: [u8; 16] = [62, 0, 239, 47, 137, 95, 64, 214, 127, 91, 184, 232, 31, 9, 165, 161];
    const FIRST_OF_STREAM_1: [u8; 16] =
        [43, 143, 75, 179, 121, 131, 6, 202, 81, 48, 212, 124, 79, 141, 78, 209];

    #[test]
    fn a_stream_begins_anew_whatever_was_drawn_before() {
        let mut used = Chance::of_seed(1);
        used.bits();
        assert_eq!(used.nth(7).bits(), Chance::of_seed(1).nth(7).bits());
    }

    #[test]
    fn each_part_of_a_purpose_makes_another_stream() {
        let first = |context, parts: &[&[u8]]| Chance::of_purpose(context, parts).bits();
        let one = first("a", &[b"x", b"1"]);
        assert_eq!(one, first("a", &[b"x", b"1"]));
        for other in [first("b", &[b"x", b"1"]), first("a", &[b"y", b"1"]), first("a", &[b"x", b"2"])] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn numbers_below_a_bound_are_as_likely() {
        for bound in [1_u64, 3, 10, 1 << 40] {
            let (trials, cells) = (30_000_u64, bound.min(10));
            let mut chance = Chance::of_seed(bound);
            let mut counts = vec![0_u64; cells as usize];
            for _ in 0..trials {
                let drawn = chance.below(bound);
                assert!(drawn < bound, "{drawn} of {bound}");
                counts[(u128::from(drawn) * u128::from(cells) / u128::from(bound)) as usize] += 1;
            }
            let expected = trials as f64 / cells as f64;
            // Six standard deviations.
            let far = counts.iter().find(|count| (**count as f64 - expected).abs() > 6.0 * expected.sqrt());
            assert_eq!(far, None, "of {expected} below {bound}: {counts:?}");
        }
    }

    #[test]
    fn every_order_is_as_likely() {
        let mut chance = Chance::of_seed(3);
        let mut counts: BTreeMap<[u8; 4], u32> = BTreeMap::new();
        for _ in 0..24_000 {
            let mut order = [0, 1, 2, 3];
            chance.shuffle(&mut order);
            *counts.entry(order).or_default() += 1;
        }
        assert_eq!(counts.len(), 24);
        // 1000 ± six standard deviations.
        assert!(counts.values().all(|count| (810..1190).contains(count)), "{counts:?}");
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let count = 200_000_u32;
        let mut chance = Chance::of_seed(5);
        let singles: Vec<f64> = (0..count).map(|_| chance.normal()).collect();
        let pairs: Vec<(f64, f64)> = (0..count / 2).map(|_| chance.normal_pair(1.0)).collect();
        let both: Vec<f64> = pairs.iter().flat_map(|(one, other)| [*one, *other]).collect();
        for values in [singles, both] {
            let moment =
                |power| values.iter().map(|value: &f64| value.powi(power)).sum::<f64>() / f64::from(count);
            for (power, expected, spread) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
                let bound = 5.0 * (spread / f64::from(count)).sqrt();
                assert!((moment(power) - expected).abs() < bound, "moment {power} is {}", moment(power));
            }
        }
        let together = pairs.iter().map(|(one, other)| one * other).sum::<f64>() / pairs.len() as f64;
        assert!(together.abs() < 5.0 / (pairs.len() as f64).sqrt(), "the two of a pair: {together}");
    }

    #[test]
    fn unit_intervals_are_open_where_they_say_so() {
        let mut chance = Chance::of_seed(6);
        for _ in 0..100_000 {
            assert!((0.0..1.0).contains(&chance.unit()));
            let above = chance.above_zero();
            assert!(above > 0.0 && above <= 1.0);
        }
    }
}
