use sweep_chance::Chance;

use super::{
    logistic_regression::LogisticRegression,
    split::{Split, scikit_learn_splits, stratified_shuffle_splits},
    unauditable::Unauditable,
};

/// Splits of the starting kit.
const SPLITS: usize = 10;
/// Fewest examples on each side: with fewer, a tenth for testing leaves a class out.
const FEWEST: usize = 5;

/// Accuracy of the starting kit's attack: tells the losses of the forget set (\[S\]) from those of the test set (\[T\]) by
/// logistic regression, as the mean over 10 stratified splits of nine tenths to fit and one to test: scikit-learn's own where
/// the sides are a multiple of 10, else draws of ours. The larger side is cut at random to the size of the smaller. 0.5 is guessing; what a retrained model has is the target.
pub fn simple_mia(forget: &[f64], test: &[f64], seed: u64) -> Result<f64, Unauditable> {
    let size = forget.len().min(test.len());
    if size < FEWEST {
        return Err(Unauditable::TooFew { what: "losses on each side", have: size, want: FEWEST });
    }
    let mut chance = Chance::of_purpose("sweep audit sample", &[&seed.to_le_bytes()]);
    let values: Vec<f64> = [sample(test, size, &mut chance), sample(forget, size, &mut chance)].concat();
    let members: Vec<bool> = (0..2 * size).map(|position| position >= size).collect();
    let splits = scikit_learn_splits(size, SPLITS);
    let splits = splits.unwrap_or_else(|| stratified_shuffle_splits(&members, SPLITS, seed));
    let accuracies = accuracies(&values, &members, &splits);
    Ok(accuracies.iter().sum::<f64>() / accuracies.len() as f64)
}

/// Accuracy on the test part of each split, of a logistic regression on its train part; a split of which the train part
/// lacks a class counts as guessing.
pub fn accuracies(values: &[f64], members: &[bool], splits: &[Split]) -> Vec<f64> {
    let on = |split: &Split| {
        let part = |positions: &[usize]| -> (Vec<f64>, Vec<bool>) {
            positions.iter().map(|&position| (values[position], members[position])).unzip()
        };
        let (fitted, classes) = part(&split.train);
        let Some(model) = LogisticRegression::fit(&fitted, &classes) else { return 0.5 };
        let (held, classes) = part(&split.test);
        let right = held.iter().zip(&classes).filter(|&(&value, &class)| model.predicts(value) == class);
        right.count() as f64 / held.len().max(1) as f64
    };
    splits.iter().map(on).collect()
}

/// `size` of the values at random, in their order.
fn sample(values: &[f64], size: usize, chance: &mut Chance) -> Vec<f64> {
    let mut positions: Vec<usize> = (0..values.len()).collect();
    if size < values.len() {
        chance.shuffle(&mut positions);
        positions.truncate(size);
        positions.sort_unstable();
    }
    positions.into_iter().map(|position| values[position]).collect()
}
