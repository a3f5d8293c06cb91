//! What is done to the pixels of an image before a network sees them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A pixel *x* of 0 to 255 becomes (*x* / divide − mean) / std, each colour by its own mean and standard deviation. The
/// default leaves pixels as they are: the competition's networks see 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Numbers")]
pub struct Preparation {
    divide: f64,
    mean: [f64; 3],
    std: [f64; 3],
}

/// The same before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    divide: f64,
    mean: [f64; 3],
    std: [f64; 3],
}

/// Numbers that no image can be prepared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPreparation;

impl fmt::Display for NoPreparation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("`divide` and `std` must be finite numbers above 0, `mean` finite numbers")
    }
}

impl std::error::Error for NoPreparation {}

impl Default for Preparation {
    fn default() -> Self {
        Self { divide: 1.0, mean: [0.0; 3], std: [1.0; 3] }
    }
}

impl TryFrom<Numbers> for Preparation {
    type Error = NoPreparation;

    fn try_from(Numbers { divide, mean, std }: Numbers) -> Result<Self, NoPreparation> {
        Self::new(divide, mean, std)
    }
}

impl Preparation {
    /// Divides, then subtracts, then divides again; the lists are red, green, blue.
    pub fn new(divide: f64, mean: [f64; 3], std: [f64; 3]) -> Result<Self, NoPreparation> {
        let divides = |number: f64| number.is_finite() && number > 0.0;
        let good = divides(divide) && std.into_iter().all(divides) && mean.into_iter().all(f64::is_finite);
        if good { Ok(Self { divide, mean, std }) } else { Err(NoPreparation) }
    }

    /// What networks are usually trained on: pixels as they are; from 0 to 1; from −1 to 1; normalised as the literature
    /// normalises `ImageNet` (torchvision's `Normalize`), CIFAR-10 and CIFAR-100.
    pub fn usual() -> [Self; 6] {
        let unit = |mean, std| Self { divide: 255.0, mean, std };
        [
            Self::default(),
            unit([0.0; 3], [1.0; 3]),
            unit([0.5; 3], [0.5; 3]),
            unit([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            unit([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
            unit([0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762]),
        ]
    }

    /// Whether pixels stay as they are.
    pub fn is_raw(&self) -> bool {
        *self == Self::default()
    }

    /// Whether pixels are divided and nothing else is done to them.
    pub fn only_divides(&self) -> bool {
        *self == Self { divide: self.divide, ..Self::default() }
    }

    /// By what all pixels are divided first.
    pub fn divide(&self) -> f64 {
        self.divide
    }

    /// What is subtracted then: red, green, blue.
    pub fn mean(&self) -> [f64; 3] {
        self.mean
    }

    /// By what is divided last: red, green, blue.
    pub fn std(&self) -> [f64; 3] {
        self.std
    }
}

impl fmt::Display for Preparation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_raw() {
            return formatter.write_str("pixels as they are");
        }
        write!(formatter, "pixels / {}", self.divide)?;
        if self.only_divides() {
            return Ok(());
        }
        write!(formatter, ", minus {:?}, over {:?}", self.mean, self.std)
    }
}

#[cfg(test)]
mod tests {
    use super::Preparation;

    #[test]
    fn the_usual_ones_are_sound_and_differ() {
        let usual = Preparation::usual();
        for (place, one) in usual.iter().enumerate() {
            assert_eq!(Preparation::new(one.divide, one.mean, one.std), Ok(*one));
            assert!(!usual[..place].contains(one), "{one}");
        }
    }

    #[test]
    fn what_would_divide_by_nothing_is_refused() {
        for (divide, mean, std) in [
            (0.0, [0.0; 3], [1.0; 3]),
            (f64::NAN, [0.0; 3], [1.0; 3]),
            (1.0, [0.0, f64::INFINITY, 0.0], [1.0; 3]),
            (1.0, [0.0; 3], [1.0, 1.0, -1.0]),
        ] {
            Preparation::new(divide, mean, std).expect_err("it can't be computed");
        }
        let text = r#"{"divide": 0.0, "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}"#;
        serde_json::from_str::<Preparation>(text).expect_err("what is read is checked");
    }
}
