//! Reconstruction of training images from weights, as a run measures it on request.

use serde::{Deserialize, Serialize};

/// Numbers of one image: the length of the second axis of the array that a run leaves.
pub const COLUMNS: usize = 3;

/// Images whose pictures are kept, at most: the first of the forget set.
pub const PICTURES: usize = 8;

/// Images of one set that are looked for, at most: an even sample of larger sets.
pub const MOST_UNSEEN: u64 = 2000;

/// Images that a network may have been trained on: time and memory grow with their square.
pub const MOST_TRAINED: u64 = 1000;

/// How training images are extracted from the weights of a network (Haim et al. 2022, <https://arxiv.org/abs/2206.07758>;
/// several classes: Buzaglo et al. 2023, <https://arxiv.org/abs/2307.01827>).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reconstruct {
    /// Candidates for each training image, of its class.
    pub candidates: u32,
    /// Extractions from other starting points, whose candidates are pooled.
    pub restarts: u32,
    /// Steps of each.
    pub steps: u32,
    /// Learning rate of the first step, of images and multipliers; the last is 0, by a cosine between them.
    pub lr: f64,
    /// Steepness of the sigmoid that stands for the derivative of a ReLU.
    pub alpha: f64,
    /// Below this a multiplier is punished.
    pub lambda_min: f64,
    /// Whether pictures of the forget set are kept. They show who was to be forgotten.
    #[serde(default)]
    pub pictures: bool,
}

impl Default for Reconstruct {
    /// What was fixed on faces of 32×32 pixels and a network of 300 neurons a layer.
    fn default() -> Self {
        Self {
            candidates: 2,
            restarts: 1,
            steps: 400,
            lr: 0.01,
            alpha: 50.0,
            lambda_min: 0.005,
            pictures: false,
        }
    }
}

/// What is found of one image in the weights of one network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trace {
    /// Largest Pearson correlation with any candidate, over pixels and colours, both without the mean image of the retain set.
    pub extracted: f64,
    /// Largest absolute correlation with any row of the first layer.
    pub in_rows: f64,
    /// Its multiplier where the weights are fitted by the gradients of known images: how much they lean on it.
    pub multiplier: f64,
}

impl Trace {
    /// The numbers in the order of the columns.
    pub fn row(&self) -> [f64; COLUMNS] {
        [self.extracted, self.in_rows, self.multiplier]
    }

    /// Reads a row back; `None` where a number can't be what it says.
    pub fn from_row([extracted, in_rows, multiplier]: [f64; COLUMNS]) -> Option<Self> {
        let correlations = [extracted, in_rows].iter().all(|r| r.abs() <= 1.0 + 1e-9);
        (correlations && multiplier.is_finite() && multiplier >= 0.0).then_some(Self {
            extracted,
            in_rows,
            multiplier,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Reconstruct, Trace};

    #[test]
    fn rows_are_read_back_and_others_refused() {
        let found = Trace { extracted: 0.9, in_rows: 0.3, multiplier: 0.0 };
        assert_eq!(Trace::from_row(found.row()), Some(found));
        for row in [[1.1, 0.0, 0.0], [0.0, f64::NAN, 0.0], [0.0, 0.0, -1.0], [0.0, 0.0, f64::INFINITY]] {
            assert_eq!(Trace::from_row(row), None, "{row:?}");
        }
    }

    #[test]
    fn what_is_asked_for_is_written_and_read_back() {
        let asked = Reconstruct { pictures: true, ..Reconstruct::default() };
        let text = serde_json::to_string(&asked).expect("plain data");
        assert!(text.contains("\"lambda-min\":0.005"), "{text}");
        assert_eq!(serde_json::from_str::<Reconstruct>(&text).expect("its own line"), asked);
    }
}
