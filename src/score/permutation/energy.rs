//! The omnibus test: energy distance of groups of vectors.

use rayon::prelude::*;

/// Namings that one thread tries at a time: their lists of models stay in its cache while the distances pass by.
const BATCH: usize = 64;
/// Sums of distances that differ by less, relative to all of them, are equal.
const ROUNDING: f64 = 1e-12;

/// Euclidean distances between 2n models, of which a naming calls n unlearned.
pub(super) struct Distances {
    models: usize,
    /// \[2n, 2n\], symmetric.
    matrix: Vec<f64>,
    /// Sum of each row.
    rows: Vec<f64>,
}

impl Distances {
    /// Between vectors of one length; \[2n\].
    pub(super) fn new(vectors: &[Vec<f64>]) -> Self {
        let of = |one: &Vec<f64>| vectors.iter().map(|other| distance(one, other)).collect::<Vec<f64>>();
        let matrix: Vec<f64> = vectors.par_iter().flat_map_iter(of).collect();
        let rows = matrix.chunks(vectors.len().max(1)).map(|row| row.iter().sum()).collect();
        Self { models: vectors.len(), matrix, rows }
    }

    /// The statistic for a list of the models called unlearned: 2 Σ d(u, o) − Σ d(u, u′) − Σ d(o, o′), n² times the energy
    /// distance.
    fn energy(&self, pairs: f64, chosen: &[u32]) -> f64 {
        // With x = 1 for the chosen and 0 for the others, and s = 2x − 1, it is −sᵀDs = −4 xᵀDx + 4 xᵀr − 1ᵀr.
        let rows: f64 = chosen.iter().map(|&model| self.rows[model as usize]).sum();
        4.0 * rows - 8.0 * pairs - self.rows.iter().sum::<f64>()
    }

    /// The statistics of several namings, ascending lists of models.
    fn energies(&self, namings: &[Vec<u32>]) -> Vec<f64> {
        let mut pairs = vec![0.0; namings.len()];
        let mut places = vec![0; namings.len()];
        for (model, row) in self.matrix.chunks(self.models.max(1)).enumerate() {
            for ((chosen, place), pairs) in namings.iter().zip(&mut places).zip(&mut pairs) {
                if chosen.get(*place).is_some_and(|&own| own as usize == model) {
                    *place += 1;
                    *pairs += gathered(row, &chosen[*place..]);
                }
            }
        }
        namings.iter().zip(pairs).map(|(chosen, pairs)| self.energy(pairs, chosen)).collect()
    }

    /// The energy distance between the first half of the models and the second.
    pub(super) fn observed(&self) -> f64 {
        let n = self.models / 2;
        let truth: Vec<u32> = (0..n as u32).collect();
        self.energies(&[truth])[0] / (n * n) as f64
    }

    /// The p-value of that among namings other than the true one.
    pub(super) fn p(&self, namings: &[Vec<u32>]) -> f64 {
        let n = self.models / 2;
        let rounding = ROUNDING * self.rows.iter().sum::<f64>();
        let least = self.observed() * (n * n) as f64 - rounding;
        let batches = namings
            .par_chunks(BATCH)
            .map(|batch| self.energies(batch).into_iter().filter(|&energy| energy >= least).count());
        let extreme: usize = batches.sum();
        (1 + extreme) as f64 / (1 + namings.len()) as f64
    }
}

/// Energy distance 2 E d(u, o) − E d(u, u′) − E d(o, o′) between two groups of equally many vectors, all pairs counted (Székely
/// and Rizzo, 2013, doi:10.1016/j.jspi.2013.03.018); 0 exactly where the two groups are the same.
pub fn energy_distance(unlearned: &[Vec<f64>], retrained: &[Vec<f64>]) -> f64 {
    Distances::new(&[unlearned, retrained].concat()).observed()
}

/// The p-value of the energy distance between two groups of equally many vectors, among other [namings](super::namings).
pub fn energy_p(unlearned: &[Vec<f64>], retrained: &[Vec<f64>], namings: &[Vec<u32>]) -> f64 {
    Distances::new(&[unlearned, retrained].concat()).p(namings)
}

/// Sum of the values at some positions, in four lanes.
fn gathered(row: &[f64], positions: &[u32]) -> f64 {
    let (fours, rest) = positions.as_chunks::<4>();
    let mut lanes = [0.0; 4];
    for four in fours {
        for (lane, &position) in lanes.iter_mut().zip(four) {
            *lane += row[position as usize];
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(|&position| row[position as usize]).sum::<f64>()
}

fn distance(one: &[f64], other: &[f64]) -> f64 {
    let ((ones, one), (others, other)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let mut lanes = [0.0; 8];
    for (one, other) in ones.iter().zip(others) {
        for ((lane, one), other) in lanes.iter_mut().zip(one).zip(other) {
            *lane += (one - other) * (one - other);
        }
    }
    let rest: f64 = one.iter().zip(other).map(|(one, other)| (one - other) * (one - other)).sum();
    (lanes.iter().sum::<f64>() + rest).sqrt()
}
