//! The bytes of a pickle, in order.

use super::{MAX_TEXT, PickleProblem};

/// A place in a pickle.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Number of bytes read so far.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], PickleProblem> {
        let taken =
            self.bytes[self.at..].get(..length).ok_or(PickleProblem::Truncated { at: self.bytes.len() })?;
        self.at += length;
        Ok(taken)
    }

    pub(super) fn array<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], PickleProblem> {
        Ok(self.take(LENGTH)?.try_into().expect("as many bytes as taken"))
    }

    pub(super) fn byte(&mut self) -> Result<u8, PickleProblem> {
        Ok(self.array::<1>()?[0])
    }

    /// A 32-bit length or number, as a size.
    pub(super) fn size(&mut self) -> Result<usize, PickleProblem> {
        Ok(u32::from_le_bytes(self.array()?) as usize)
    }

    /// A text of `length` bytes.
    pub(super) fn text(&mut self, length: usize) -> Result<&'a str, PickleProblem> {
        let at = self.at;
        if length > MAX_TEXT {
            return Err(PickleProblem::LongText { bytes: length, at });
        }
        utf8(self.take(length)?, at)
    }

    /// A text that ends with a newline, without it.
    pub(super) fn line(&mut self) -> Result<&'a str, PickleProblem> {
        let at = self.at;
        let rest = &self.bytes[at..];
        let window = &rest[..rest.len().min(MAX_TEXT + 1)];
        let length = window.iter().position(|&byte| byte == b'\n').ok_or(if window.len() > MAX_TEXT {
            PickleProblem::LongText { bytes: window.len(), at }
        } else {
            PickleProblem::Truncated { at: self.bytes.len() }
        })?;
        self.at += length + 1;
        utf8(&rest[..length], at)
    }
}

fn utf8(bytes: &[u8], at: usize) -> Result<&str, PickleProblem> {
    std::str::from_utf8(bytes).map_err(|_| PickleProblem::Malformed { at, need: "a text in UTF-8" })
}
