//! What is done to the pixels of an image before a network sees them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A pixel *x* of 0 to 255 becomes (*x* / divide − mean) / std, each colour by its own mean and standard deviation; of a
/// [centred](Preparation::centred) one the mean is the mean image of the retain set. The default leaves pixels as they are:
/// the competition's networks see 0 to 255.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, try_from = "Numbers")]
pub struct Preparation {
    divide: f64,
    mean: [f64; 3],
    std: [f64; 3],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    centred: bool,
}

/// The same before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    divide: f64,
    mean: [f64; 3],
    std: [f64; 3],
    #[serde(default)]
    centred: bool,
}

/// Numbers that no image can be prepared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPreparation;

impl fmt::Display for NoPreparation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "`divide` and `std` must be finite numbers above 0, `mean` finite numbers, and 0 beside `centred`",
        )
    }
}

impl std::error::Error for NoPreparation {}

impl Default for Preparation {
    fn default() -> Self {
        Self { divide: 1.0, mean: [0.0; 3], std: [1.0; 3], centred: false }
    }
}

impl TryFrom<Numbers> for Preparation {
    type Error = NoPreparation;

    fn try_from(Numbers { divide, mean, std, centred }: Numbers) -> Result<Self, NoPreparation> {
        let numbers = Self::new(divide, mean, std)?;
        let bare = mean.map(f64::abs).map(f64::to_bits) == [0.0_f64.to_bits(); 3];
        match (centred, bare) {
            (false, _) => Ok(numbers),
            (true, true) => Ok(numbers.centred()),
            (true, false) => Err(NoPreparation),
        }
    }
}

impl Preparation {
    /// Divides, then subtracts, then divides again; the lists are red, green, blue.
    pub fn new(divide: f64, mean: [f64; 3], std: [f64; 3]) -> Result<Self, NoPreparation> {
        let divides = |number: f64| number.is_finite() && number > 0.0;
        let good = divides(divide) && std.into_iter().all(divides) && mean.into_iter().all(f64::is_finite);
        if good { Ok(Self { divide, mean, std, centred: false }) } else { Err(NoPreparation) }
    }

    /// The same with the mean image of the retain set, divided like every image, in place of the mean of each colour. It is the
    /// retain set's for every network, so that no network sees anything of what is to be forgotten.
    #[must_use]
    pub fn centred(self) -> Self {
        Self { mean: [0.0; 3], centred: true, ..self }
    }

    /// What networks are usually trained on: pixels as they are; from 0 to 1; from −1 to 1; normalised as the literature
    /// normalises `ImageNet` (torchvision's `Normalize`), CIFAR-10 and CIFAR-100.
    pub fn usual() -> [Self; 6] {
        let unit = |mean, std| Self { divide: 255.0, mean, std, centred: false };
        [
            Self::default(),
            unit([0.0; 3], [1.0; 3]),
            unit([0.5; 3], [0.5; 3]),
            unit([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
            unit([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]),
            unit([0.5071, 0.4865, 0.4409], [0.2673, 0.2564, 0.2762]),
        ]
    }

    /// The same mean and standard deviation, of pixels from 0 to 1.
    #[must_use]
    pub fn of_unit_pixels(self) -> Self {
        Self { divide: 255.0, ..self }
    }

    /// Whether pixels stay as they are.
    pub fn is_raw(&self) -> bool {
        *self == Self::default()
    }

    /// Whether pixels are divided and nothing else is done to them.
    pub fn only_divides(&self) -> bool {
        *self == Self { divide: self.divide, ..Self::default() }
    }

    /// Whether the mean image of the retain set is subtracted.
    pub fn is_centred(&self) -> bool {
        self.centred
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
        if self.centred {
            write!(formatter, ", minus the mean image of the retain set, over {:?}", self.std)
        } else {
            write!(formatter, ", minus {:?}, over {:?}", self.mean, self.std)
        }
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

    #[test]
    fn a_centred_one_says_so_and_has_no_other_mean() {
        let centred = Preparation::new(255.0, [0.5; 3], [1.0; 3]).expect("it divides").centred();
        let text = serde_json::to_string(&centred).expect("plain data");
        assert_eq!(text, r#"{"divide":255.0,"mean":[0.0,0.0,0.0],"std":[1.0,1.0,1.0],"centred":true}"#);
        assert_eq!(serde_json::from_str::<Preparation>(&text).expect("its own line"), centred);
        serde_json::from_str::<Preparation>(&text.replace("[0.0,", "[0.5,")).expect_err("two means");
        assert!(!centred.only_divides() && centred.to_string().contains("mean image"), "{centred}");
    }
}
