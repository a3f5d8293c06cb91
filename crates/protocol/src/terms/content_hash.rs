use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// BLAKE3 of some content, as 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash(String);

/// The text is not 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAHash;

impl fmt::Display for NotAHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a content hash is 64 lowercase hexadecimal digits")
    }
}

impl std::error::Error for NotAHash {}

impl ContentHash {
    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits, for display only.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl From<[u8; 32]> for ContentHash {
    fn from(digest: [u8; 32]) -> Self {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        Self(
            digest
                .iter()
                .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
                .collect(),
        )
    }
}

impl FromStr for ContentHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        if is_lowercase_hex(text, 64) { Ok(Self(text.to_owned())) } else { Err(NotAHash) }
    }
}

impl TryFrom<String> for ContentHash {
    type Error = NotAHash;

    fn try_from(text: String) -> Result<Self, NotAHash> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

pub(super) fn is_lowercase_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::ContentHash;

    #[test]
    fn a_digest_becomes_text_that_reads_back() {
        let mut digest = [0; 32];
        (digest[0], digest[1], digest[31]) = (0x01, 0xf0, 0xab);
        let hash = ContentHash::from(digest);
        assert_eq!(hash.as_str(), format!("01f0{}ab", "0".repeat(58)));
        assert_eq!(hash.as_str().parse(), Ok(hash));
    }
}
