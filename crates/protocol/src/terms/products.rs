use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// In what numbers convolutions and products of matrices multiply. Weights, sums and all else are float32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Products {
    /// As they are stored.
    #[default]
    Float32,
    /// In 10 bits of mantissa, as the tensor cores of a GPU do.
    Tf32,
}

impl Products {
    /// What the version of an engine that is part of every run's id ends with; nothing of what is usual.
    pub fn in_version(self) -> &'static str {
        match self {
            Self::Float32 => "",
            Self::Tf32 => ", products in tf32",
        }
    }
}

/// The text names no numbers that products can be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchProducts;

impl FromStr for Products {
    type Err = NoSuchProducts;

    fn from_str(text: &str) -> Result<Self, NoSuchProducts> {
        match text {
            "float32" => Ok(Self::Float32),
            "tf32" => Ok(Self::Tf32),
            _ => Err(NoSuchProducts),
        }
    }
}

impl fmt::Display for Products {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Float32 => "float32",
            Self::Tf32 => "tf32",
        })
    }
}
