//! The token: a secret of the process, by which who may ask is known.

use std::{
    fmt::{self, Write},
    fs::File,
    io::{self, Read},
};

/// Bytes of a token.
const LENGTH: usize = 32;

/// A secret in the address and in the cookie.
pub(super) struct VisitToken(String);

impl VisitToken {
    /// A token that nobody can guess, from the operating system.
    pub(super) fn drawn() -> io::Result<Self> {
        let mut bytes = [0; LENGTH];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        let mut text = String::with_capacity(2 * LENGTH);
        for byte in bytes {
            let _ = write!(text, "{byte:02x}");
        }
        Ok(Self(text))
    }

    /// The token as it stands in an address.
    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Whether a text is the token. How long that takes says nothing about it: hashes are compared, all bytes of them.
    pub(super) fn is(&self, text: &str) -> bool {
        blake3::hash(self.0.as_bytes()) == blake3::hash(text.as_bytes())
    }
}

impl fmt::Debug for VisitToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VisitToken(..)")
    }
}
