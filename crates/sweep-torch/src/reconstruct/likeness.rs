//! How like images are.

use tch::{Kind, Tensor};

use super::values;

/// Pearson correlations over all pixels and colours of references \[n, D\] with candidates \[c, D\]: \[n, c\]. What is the same
/// everywhere is like nothing.
pub fn correlations(references: &Tensor, candidates: &Tensor) -> Tensor {
    standardised(references).mm(&standardised(candidates).tr())
}

/// Rows of mean 0 and length 1.
fn standardised(rows: &Tensor) -> Tensor {
    let rows = rows.to_kind(Kind::Double);
    let centred = &rows - rows.mean_dim(1, true, Kind::Double);
    let length = centred.square().sum_dim_intlist(1, true, Kind::Double).sqrt();
    centred / length.clamp_min(f64::MIN_POSITIVE)
}

/// The largest number of each row and where it stands.
pub fn best_of(likeness: &Tensor) -> (Vec<f64>, Vec<i64>) {
    let (best, place) = likeness.max_dim(1, false);
    let place = place.to_device(tch::Device::Cpu);
    (values(&best), Vec::try_from(&place).expect("places are whole numbers"))
}

/// The candidate \[D\] times a number plus a number, so that it comes nearest to the truth \[D\].
pub fn fitted(truth: &Tensor, candidate: &Tensor) -> Tensor {
    let (mean, own) = (truth.mean(Kind::Double), candidate.mean(Kind::Double));
    let (truth, candidate) = (truth - &mean, candidate - own);
    let square = candidate.dot(&candidate).clamp_min(f64::MIN_POSITIVE);
    candidate.shallow_clone() * (truth.dot(&candidate) / square) + mean
}
