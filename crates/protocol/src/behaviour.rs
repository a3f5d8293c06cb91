//! What a model does on one example, as far as membership attacks look at it.
//!
//! Pure arithmetic, here because every engine measures with it and only the orchestrator attacks with it.

use crate::{confidence::logit_scaled, measurement::MeasuredExamples};

/// Numbers that describe one example: the length of the second axis of the arrays that a run leaves.
pub const COLUMNS: usize = 5;

/// One model on one example.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Behaviour {
    /// Logit-scaled confidence, see [`logit_scaled`].
    pub confidence: f64,
    /// Cross entropy of the label, in nats.
    pub loss: f64,
    /// Entropy of the prediction, in nats.
    pub entropy: f64,
    /// Modified entropy, `−(1 − p_y) ln p_y − Σ_{c≠y} p_c ln(1 − p_c)`: small only for confident *and* right predictions
    /// (Song and Mittal 2021, <https://arxiv.org/abs/2003.10595>, eq. 8).
    pub modified_entropy: f64,
    /// Whether the largest logit is the label's; the first of equals counts.
    pub correct: bool,
}

impl Behaviour {
    /// Describes one row of logits; `None` where they or the label make it something else than numbers.
    pub fn of(logits: &[f32], label: usize) -> Option<Self> {
        let confidence = logit_scaled(logits, label)?;
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let shifted: Vec<f64> = logits.iter().map(|&logit| f64::from(logit) - f64::from(largest)).collect();
        let total: f64 = shifted.iter().map(|logit| logit.exp()).sum();
        let logs: Vec<f64> = shifted.iter().map(|logit| logit - total.ln()).collect();
        let behaviour = Self {
            confidence,
            loss: -logs[label],
            entropy: -logs.iter().map(|log| log.exp() * log).sum::<f64>(),
            modified_entropy: modified_entropy(&logs, label),
            correct: logits.iter().position(|&logit| logit >= largest) == Some(label),
        };
        behaviour.row().iter().all(|number| number.is_finite()).then_some(behaviour)
    }

    /// The numbers in the order of the columns: confidence, loss, entropy, modified entropy, correct (1 or 0).
    pub fn row(&self) -> [f64; COLUMNS] {
        [self.confidence, self.loss, self.entropy, self.modified_entropy, f64::from(u8::from(self.correct))]
    }

    /// Reads a row back; `None` where the last number is neither 0 nor 1 or another is not finite.
    pub fn from_row(row: [f64; COLUMNS]) -> Option<Self> {
        let [confidence, loss, entropy, modified_entropy, correct] = row;
        let flag = correct.to_bits() == 0.0_f64.to_bits() || correct.to_bits() == 1.0_f64.to_bits();
        let finite = row.iter().all(|number| number.is_finite());
        (flag && finite).then_some(Self {
            confidence,
            loss,
            entropy,
            modified_entropy,
            correct: correct > 0.5,
        })
    }
}

fn modified_entropy(logs: &[f64], label: usize) -> f64 {
    // Taken as a sum: 1 − p loses all digits where p is nearly 1.
    let rest = |class: usize| {
        let others = logs.iter().enumerate().filter(|&(other, _)| other != class);
        others.map(|(_, log)| log.exp()).sum::<f64>()
    };
    let wrong: f64 = (0..logs.len())
        .filter(|&class| class != label)
        .map(|class| logs[class].exp() * rest(class).max(f64::MIN_POSITIVE).ln())
        .sum();
    -rest(label) * logs[label] - wrong
}

/// The rows of `examples.npy` and how many of them belong to each set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// Of the forget set.
    pub forget: Vec<[f64; COLUMNS]>,
    /// Of the sample of the retain set.
    pub retain: Vec<[f64; COLUMNS]>,
    /// Of the test set, or of the validation set where there is none.
    pub test: Vec<[f64; COLUMNS]>,
}

impl Rows {
    /// All rows in the order of the file.
    pub fn all(&self) -> Vec<[f64; COLUMNS]> {
        [self.forget.as_slice(), &self.retain, &self.test].concat()
    }

    /// What a measurement says about the file that holds them, for a sample of so many retain examples.
    pub fn described<F>(&self, array: F, retain_sample: u64) -> MeasuredExamples<F> {
        let [forget, retain, test] = [&self.forget, &self.retain, &self.test].map(|rows| rows.len() as u64);
        MeasuredExamples { array, retain_sample, forget, retain, test }
    }
}

#[cfg(test)]
mod tests {
    use super::Behaviour;

    #[test]
    fn the_reference_is_met() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/audit/behaviour.json");
        let text = std::fs::read_to_string(path).expect("the fixture is part of the repository");
        let fixture: serde_json::Value = serde_json::from_str(&text).expect("the fixture is JSON");
        let cases = fixture["cases"].as_array().expect("a list");
        assert_eq!(cases.len(), 10);
        for case in cases {
            let logits: Vec<f32> = serde_json::from_value(case["logits"].clone()).expect("numbers");
            let label = case["label"].as_u64().expect("a class") as usize;
            let got = Behaviour::of(&logits, label).expect("finite logits");
            for (name, got) in
                [("loss", got.loss), ("entropy", got.entropy), ("modified_entropy", got.modified_entropy)]
            {
                let want = case[name].as_f64().expect("a number");
                assert!((got - want).abs() <= 1e-9 * want.abs().max(1.0), "{name} of {case}: {got}");
            }
            assert_eq!(Some(got.correct), case["correct"].as_bool(), "{case}");
            assert_eq!(Behaviour::from_row(got.row()), Some(got));
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        assert_eq!(Behaviour::of(&[f32::NAN, 0.0], 0), None);
        assert_eq!(Behaviour::of(&[0.0, 1.0], 2), None, "no third class");
        assert_eq!(Behaviour::from_row([0.0, f64::INFINITY, 0.0, 0.0, 1.0]), None);
        assert_eq!(Behaviour::from_row([0.0, 0.0, 0.0, 0.0, 0.5]), None, "half right");
    }

    #[test]
    fn certainty_stays_finite() {
        let wrong = Behaviour::of(&[1000.0, 0.0, 0.0], 1).expect("finite logits");
        assert!((wrong.loss - 1000.0).abs() < 1e-9 && wrong.modified_entropy > 700.0, "{wrong:?}");
        let right = Behaviour::of(&[1000.0, 0.0, 0.0], 0).expect("finite logits");
        assert!(right.loss.abs() < 1e-12 && right.modified_entropy.abs() < 1e-12, "{right:?}");
    }
}
