/// Weight of the accuracy (λ).
const ACCURACY: f64 = 0.5;

/// Normalised machine-unlearning score: `λ A_test + (1 − λ) (1 − 2 |MIA − ½|)` with λ = ½.
pub fn nomus(test_accuracy: f64, mia: f64) -> f64 {
    ACCURACY * test_accuracy + (1.0 - ACCURACY) * (1.0 - 2.0 * (mia - 0.5).abs())
}
