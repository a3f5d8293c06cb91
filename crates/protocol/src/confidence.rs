//! Logit-scaled confidence: the one number per model and forget example that the competition's score looks
//! at.
//!
//! Pure arithmetic, here because every engine measures with it and only the orchestrator scores it. The
//! precision of each step is that of `compute_logit_scaled_confidence` in
//! <https://github.com/google-deepmind/unlearning_evaluation>.

/// Keeps a logarithm finite where a probability underflows.
const TINY: f64 = 1e-45;

/// Computes `ln(p_label + 1e-45) - ln(Σ_{c≠label} p_c + 1e-45)` with `p = softmax(logits)`, in [-103.62,
/// 103.62].
///
/// The row's maximum is subtracted and the exponential taken in single precision; normalisation and
/// logarithms are in double precision, and the wrong mass is summed rather than taken as `1 - p`. `None`
/// where `label` names no class or the logits make the confidence something else than a number (a diverged
/// network).
pub fn logit_scaled(logits: &[f32], label: usize) -> Option<f64> {
    let target = *logits.get(label)?;
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mass = |logit: f32| f64::from((logit - largest).exp());

    let total: f64 = logits.iter().map(|&logit| mass(logit)).sum();
    let wrong: f64 = logits
        .iter()
        .enumerate()
        .filter(|&(class, _)| class != label)
        .map(|(_, &logit)| mass(logit) / total)
        .sum();
    let confidence = (mass(target) / total + TINY).ln() - (wrong + TINY).ln();
    confidence.is_finite().then_some(confidence)
}

#[cfg(test)]
mod tests {
    use super::logit_scaled;

    #[test]
    fn the_reference_is_met() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/fixtures/metric/01_logit_scaled_confidence.json"
        );
        let text = std::fs::read_to_string(path).expect("the fixture is part of the repository");
        let case: serde_json::Value = serde_json::from_str(&text).expect("the fixture is JSON");
        let rows: Vec<Vec<f64>> =
            serde_json::from_value(case["input"]["logits"].clone()).expect("rows of logits");
        let labels: Vec<usize> =
            serde_json::from_value(case["input"]["targets"].clone()).expect("one label per row");
        let single =
            case["output"].as_array().and_then(|outputs| outputs.iter().find(|it| it["dtype"] == "float32"));
        let want: Vec<f64> =
            serde_json::from_value(single.expect("a float32 case")["conf"].clone()).expect("confidences");

        assert_eq!((rows.len(), labels.len()), (want.len(), want.len()));
        for ((row, &label), &want) in rows.iter().zip(&labels).zip(&want) {
            let logits: Vec<f32> = row.iter().map(|&logit| logit as f32).collect();
            let got = logit_scaled(&logits, label).expect("finite logits");
            assert!((got - want).abs() < 2e-6, "{logits:?}, label {label}: {got} instead of {want}");
        }
    }

    #[test]
    fn two_classes_give_the_margin() {
        let got = logit_scaled(&[2.0, 0.0], 0).expect("finite logits");
        assert!((got - 2.000_000_012_896_364).abs() < 2e-6, "{got}");
    }

    #[test]
    fn what_is_no_number_is_none() {
        for logits in [[f32::NAN, 0.0], [0.0, f32::INFINITY], [f32::NEG_INFINITY; 2]] {
            assert_eq!(logit_scaled(&logits, 0), None, "{logits:?}");
        }
        assert_eq!(logit_scaled(&[0.0, 1.0], 2), None, "no third class");
        assert_eq!(logit_scaled(&[], 0), None, "no class at all");
    }
}
