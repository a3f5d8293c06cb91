//! Real numbers that carry their range, so that a learning rate can't be negative anywhere behind the parser.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The number is outside the range that its type promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NotInRange {
    value: f64,
    range: &'static str,
}

impl fmt::Display for NotInRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} is not {}", self.value, self.range)
    }
}

impl std::error::Error for NotInRange {}

macro_rules! ranged {
    ($(#[$doc:meta])* $name:ident, $range:literal, |$value:ident| $holds:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "f64", into = "f64")]
        pub struct $name(f64);

        impl $name {
            /// Checks the range.
            pub fn new($value: f64) -> Result<Self, NotInRange> {
                if $value.is_finite() && $holds {
                    Ok(Self($value))
                } else {
                    Err(NotInRange { value: $value, range: $range })
                }
            }

            /// The plain number.
            pub fn get(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = NotInRange;

            fn try_from(value: f64) -> Result<Self, NotInRange> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(number: $name) -> f64 {
                number.0
            }
        }
    };
}

ranged!(
    /// A finite number above zero: learning rates, epochs, temperatures.
    Positive,
    "a finite number above 0",
    |value| value > 0.0
);
ranged!(
    /// A finite number, zero or above: weight decay, noise.
    NonNegative,
    "a finite number of at least 0",
    |value| value >= 0.0
);
ranged!(
    /// A number in [0, 1]: fractions, momentum, mixing weights, accuracies.
    UnitInterval,
    "a number from 0 to 1",
    |value| (0.0..=1.0).contains(&value)
);

#[cfg(test)]
mod tests {
    use super::{NonNegative, Positive, UnitInterval};

    #[test]
    fn the_ranges_hold_at_their_edges() {
        for (value, positive, non_negative, unit) in [
            (0.0, false, true, true),
            (1e-300, true, true, true),
            (1.0, true, true, true),
            (1.0 + 1e-15, true, true, false),
            (-1e-9, false, false, false),
            (f64::NAN, false, false, false),
            (f64::INFINITY, false, false, false),
        ] {
            assert_eq!(Positive::new(value).is_ok(), positive, "positive {value}");
            assert_eq!(NonNegative::new(value).is_ok(), non_negative, "non-negative {value}");
            assert_eq!(UnitInterval::new(value).is_ok(), unit, "unit {value}");
        }
    }
}
