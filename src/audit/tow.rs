/// Tug of war: the product over forget, retain and test set of 1 − |a − b|, where a are the accuracies of the unlearned
/// and b of the retrained models. 1 is retraining. ToW-MIA has the efficacy of a membership attack in place of the
/// accuracy on the forget set.
pub fn tow(unlearned: [f64; 3], oracle: [f64; 3]) -> f64 {
    unlearned.iter().zip(&oracle).map(|(left, right)| 1.0 - (left - right).abs()).product()
}
