use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::content_hash::is_lowercase_hex;

/// Name of a run: the first 128 bits of the hash of everything that decides its result, as 32 hexadecimal digits.
/// Safe as a folder name.
// Held inline: a plan may have millions of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId([u8; LENGTH]);

const LENGTH: usize = 32;

/// The text is not 32 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotARunId;

impl fmt::Display for NotARunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a run id is 32 lowercase hexadecimal digits")
    }
}

impl std::error::Error for NotARunId {}

impl RunId {
    /// The whole id.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits are ASCII")
    }

    /// The first eight digits, for display only.
    pub fn short(&self) -> &str {
        &self.as_str()[..8]
    }
}

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, NotARunId> {
        match text.as_bytes().try_into() {
            Ok(digits) if is_lowercase_hex(text, LENGTH) => Ok(Self(digits)),
            _ => Err(NotARunId),
        }
    }
}

impl TryFrom<String> for RunId {
    type Error = NotARunId;

    fn try_from(text: String) -> Result<Self, NotARunId> {
        text.parse()
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RunId({self})")
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}
