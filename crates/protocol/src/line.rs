//! How messages are told apart on a pipe: by newlines, within a bound.

use std::io::{self, BufRead};

use crate::message::MAX_LINE;

/// What came next over a pipe.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A line, without its newline.
    Whole(Vec<u8>),
    /// More than [`MAX_LINE`] bytes without a newline.
    TooLong,
    /// Nothing any more; a line without newline doesn't count.
    End,
}

/// Reads a line of bounded length.
pub fn read(input: &mut impl BufRead) -> io::Result<Line> {
    let mut line = Vec::new();
    // `&mut` lends the reader to `take`, which would consume it.
    let read = io::Read::take(&mut *input, MAX_LINE as u64 + 1).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_some() {
        Ok(Line::Whole(line))
    } else if read > MAX_LINE {
        Ok(Line::TooLong)
    } else {
        Ok(Line::End)
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, MAX_LINE, read};

    #[test]
    fn lines_are_bounded() {
        let longest = vec![b'a'; MAX_LINE];
        let mut input = b"one\n\ntwo\n".to_vec();
        input.extend_from_slice(&longest);
        input.extend_from_slice(b"\ntail");
        let mut input = input.as_slice();
        let next = |input: &mut &[u8]| read(input).expect("memory can be read");
        for expected in [b"one".to_vec(), Vec::new(), b"two".to_vec(), longest] {
            assert_eq!(next(&mut input), Line::Whole(expected));
        }
        assert_eq!(next(&mut input), Line::End, "a torn line is none");
        let mut flood = vec![b'a'; MAX_LINE + 1];
        flood.push(b'\n');
        assert_eq!(next(&mut flood.as_slice()), Line::TooLong);
    }
}
