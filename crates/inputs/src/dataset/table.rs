//! Reads a CSV file row by row within bounds. Owns lines, quotes and columns; must not know what the columns mean.

use std::io::{self, BufRead, Read};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::{
    fault::{Fault, FileFault},
    problem::{Place, Problems},
};

/// How much of a CSV file is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Rows without the header.
    pub(super) rows: u64,
    /// Bytes of a line.
    pub(super) line: usize,
    /// Bytes of a field.
    pub(super) field: usize,
}

impl Bounds {
    /// What a data set may have.
    pub(super) const DATA_SET: Self = Self { rows: 10_000_000, line: 64 << 10, field: 4 << 10 };
}

/// Hands the columns `wanted` of every sound row to `row`, with the optional ones where there are such columns, and everything
/// else to `problems`.
pub(super) fn read<const N: usize, const M: usize>(
    input: impl BufRead,
    (file, (wanted, optional)): (&'static str, ([&'static str; N], [&'static str; M])),
    bounds: Bounds,
    problems: &mut Problems,
    mut row: impl FnMut(Place, [&str; N], [Option<&str>; M], &mut Problems),
) {
    let mut table = Table::new(input, file, bounds);
    let Some((columns, extras)) = table.header(wanted, optional, problems) else { return };
    let mut rows = 0;
    while let Some(place) = table.next_row(problems) {
        rows += 1;
        if rows > bounds.rows {
            problems.of_file(file, Fault::TooManyRows { limit: bounds.rows });
            return;
        }
        match table.fields.pick(columns, bounds.field) {
            Ok(fields) => match table.fields.present(extras) {
                Ok(extras) => row(place, fields, extras, problems),
                Err(fault) => problems.of_line(place, fault),
            },
            Err(fault) => problems.of_line(place, fault),
        }
    }
    if rows == 0 && table.sound {
        problems.of_file(file, Fault::NoRows);
    }
}

struct Table<R> {
    lines: Lines<R>,
    fields: Fields,
    file: &'static str,
    /// Fields of the header.
    width: usize,
    /// Whether each line so far could be split.
    sound: bool,
}

impl<R: BufRead> Table<R> {
    fn new(input: R, file: &'static str, bounds: Bounds) -> Self {
        let lines = Lines { input, number: 0, line: Vec::new(), longest: bounds.line };
        Self { lines, fields: Fields::new(bounds.line), file, width: 0, sound: true }
    }

    /// Where the wanted columns are.
    fn header<const N: usize, const M: usize>(
        &mut self,
        wanted: [&'static str; N],
        optional: [&'static str; M],
        problems: &mut Problems,
    ) -> Option<([usize; N], [Option<usize>; M])> {
        let Some(place) = self.next_line(problems) else {
            if self.sound {
                problems.of_file(self.file, Fault::Empty);
            }
            return None;
        };
        self.width = self.fields.count;
        let mut complete = true;
        let mut find = |name: &'static str| {
            let mut found = (0..self.width).filter(|&column| self.fields.get(column) == name.as_bytes());
            let first = found.next();
            if found.next().is_some() {
                problems.of_line(place, Fault::RepeatedColumn(name));
            }
            first
        };
        let (found, extras) = (wanted.map(&mut find), optional.map(&mut find));
        for (name, _) in optional.into_iter().zip(extras).filter(|(_, extra)| extra.is_none()) {
            if (0..self.width).any(|column| is_meant(self.fields.get(column), name)) {
                problems.of_line(place, Fault::MissingColumn(name));
                complete = false;
            }
        }
        let columns = std::array::from_fn(|at| {
            if found[at].is_none() {
                problems.of_line(place, Fault::MissingColumn(wanted[at]));
            }
            complete &= found[at].is_some();
            found[at].unwrap_or(0)
        });
        complete.then_some((columns, extras))
    }

    /// Splits the next row that has as many fields as the header.
    fn next_row(&mut self, problems: &mut Problems) -> Option<Place> {
        loop {
            let place = self.next_line(problems)?;
            let (have, want) = (self.fields.count, self.width);
            if have == want {
                return Some(place);
            }
            self.sound = false;
            problems.of_line(place, Fault::FieldCount { have, want });
        }
    }

    /// Splits the next line that can be split.
    fn next_line(&mut self, problems: &mut Problems) -> Option<Place> {
        loop {
            let read = self.lines.advance();
            let place = Place { file: self.file, line: self.lines.number };
            let split = match read {
                Ok(Advanced::End) => return None,
                Ok(Advanced::Line) => self.fields.split(&self.lines.line),
                Ok(Advanced::TooLong) => Err(Fault::LineTooLong { limit: self.lines.longest }),
                Err(error) => {
                    self.sound = false;
                    problems.of_line(place, FileFault::Unreadable(error));
                    return None;
                }
            };
            match split {
                Ok(()) => return Some(place),
                Err(fault) => {
                    self.sound = false;
                    problems.of_line(place, fault);
                }
            }
        }
    }
}

/// Whether a column that is called something else is probably this one: a slip must not pass for a column left out.
fn is_meant(header: &[u8], name: &str) -> bool {
    let letters = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    letters(header) == letters(name.as_bytes())
}

struct Lines<R> {
    input: R,
    /// Of the last line, counted from 1.
    number: u64,
    /// Its bytes, ended by a line feed.
    line: Vec<u8>,
    longest: usize,
}

enum Advanced {
    Line,
    TooLong,
    End,
}

impl<R: BufRead> Lines<R> {
    /// Reads the next line that isn't blank, without a byte-order mark and with a bare line feed at its end.
    fn advance(&mut self) -> io::Result<Advanced> {
        loop {
            self.line.clear();
            self.number += 1;
            let most = self.longest as u64 + 1;
            let read = self.input.by_ref().take(most).read_until(b'\n', &mut self.line)?;
            if read == 0 {
                return Ok(Advanced::End);
            }
            if read as u64 == most && !self.line.ends_with(b"\n") {
                self.input.skip_until(b'\n')?;
                return Ok(Advanced::TooLong);
            }
            while self.line.last().is_some_and(|byte| b"\r\n".contains(byte)) {
                self.line.pop();
            }
            if self.number == 1 && self.line.starts_with(BYTE_ORDER_MARK) {
                self.line.drain(..BYTE_ORDER_MARK.len());
            }
            if !self.line.is_empty() {
                self.line.push(b'\n');
                return Ok(Advanced::Line);
            }
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The fields of the last line that was split.
struct Fields {
    reader: Reader,
    /// Their bytes, one after the other.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
    count: usize,
}

impl Fields {
    fn new(longest_line: usize) -> Self {
        let reader = ReaderBuilder::new().terminator(Terminator::Any(b'\n')).build();
        // A line of n bytes has at most n + 1 fields.
        Self { reader, bytes: vec![0; longest_line + 2], ends: vec![0; longest_line + 2], count: 0 }
    }

    fn split(&mut self, line: &[u8]) -> Result<(), Fault> {
        let (result, _, _, count) = self.reader.read_record(line, &mut self.bytes, &mut self.ends);
        self.count = count;
        if result == ReadRecordResult::Record {
            return Ok(());
        }
        // A new one would cost more than all of the line.
        self.reader.reset();
        Err(Fault::UnclosedQuote)
    }

    fn get(&self, column: usize) -> &[u8] {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.bytes[start..self.ends[column]]
    }

    fn pick<const N: usize>(&self, columns: [usize; N], longest: usize) -> Result<[&str; N], Fault> {
        if let Some(column) = (0..self.count).find(|&column| self.get(column).len() > longest) {
            return Err(Fault::FieldTooLong { column: column + 1, limit: longest });
        }
        let mut picked = [""; N];
        for (field, column) in picked.iter_mut().zip(columns) {
            *field = self.text(column)?;
        }
        Ok(picked)
    }

    /// What stands in these columns, where there are such.
    fn present<const M: usize>(&self, columns: [Option<usize>; M]) -> Result<[Option<&str>; M], Fault> {
        let mut found = [None; M];
        for (text, column) in found.iter_mut().zip(columns) {
            *text = column.map(|column| self.text(column)).transpose()?;
        }
        Ok(found)
    }

    fn text(&self, column: usize) -> Result<&str, Fault> {
        std::str::from_utf8(self.get(column)).map_err(|_| Fault::NotUtf8 { column: column + 1 })
    }
}
