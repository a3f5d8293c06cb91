use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::content_hash::is_lowercase_hex;

/// Name of a run: the first 128 bits of the hash of everything that decides its result, as 32 hexadecimal digits.
/// Safe as a folder name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

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
        &self.0
    }

    /// The first eight digits, for display only.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }
}

impl FromStr for RunId {
    type Err = NotARunId;

    fn from_str(text: &str) -> Result<Self, NotARunId> {
        if is_lowercase_hex(text, 32) { Ok(Self(text.to_owned())) } else { Err(NotARunId) }
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
        id.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}
