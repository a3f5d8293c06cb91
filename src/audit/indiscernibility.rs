/// How close a membership attack of this accuracy is to guessing: 1 − |MIA − ½| / ½.
pub fn indiscernibility(mia: f64) -> f64 {
    1.0 - (mia - 0.5).abs() / 0.5
}
