//! Which models are called unlearned.

use sweep_chance::Chance;

/// Seed of the namings: the same models give the same p-values.
pub const PERMUTATION_SEED: u64 = 0;

/// The `nth` random naming of 2n models: a permutation of 0..2n, of which the first n places are the unlearned side.
/// Each is drawn from a stream of its own, so their number and order change none of them.
pub(super) fn naming(n: usize, seed: u64, nth: u64) -> Vec<u32> {
    let mut models: Vec<u32> = (0..2 * n as u32).collect();
    Chance::of_purpose("sweep permutation", &[&seed.to_le_bytes()]).nth(nth).shuffle(&mut models);
    models
}

/// Namings other than the true one, as ascending lists of the n models (of 0..2n) called unlearned: every one of them
/// where there are at most `most`, otherwise `most` at random.
pub fn namings(n: usize, most: u64, seed: u64) -> Vec<Vec<u32>> {
    if choices(n).is_some_and(|all| all - 1 <= most) {
        return all(n);
    }
    let drawn = (0..most).map(|nth| {
        let mut chosen = naming(n, seed, nth);
        chosen.truncate(n);
        chosen.sort_unstable();
        chosen
    });
    drawn.collect()
}

/// How many ways there are to choose n of 2n; `None` beyond what a computer counts.
fn choices(n: usize) -> Option<u64> {
    (1..=n as u64).try_fold(1_u64, |product, step| Some(product.checked_mul(n as u64 + step)? / step))
}

/// All of them but the true one, in lexical order.
fn all(n: usize) -> Vec<Vec<u32>> {
    let mut chosen: Vec<u32> = (0..n as u32).collect();
    let mut found = Vec::new();
    // The last place that can still grow does so, and those behind it follow closely.
    while let Some(place) = (0..n).rev().find(|&place| chosen[place] < (n + place) as u32) {
        chosen[place] += 1;
        for behind in place + 1..n {
            chosen[behind] = chosen[behind - 1] + 1;
        }
        found.push(chosen.clone());
    }
    found
}
