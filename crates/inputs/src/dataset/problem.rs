//! Collects what is wrong with a data set. Owns the refusal and how it is printed.

use std::{
    fmt,
    path::{self, Path, PathBuf},
};

use sweep_protocol::terms::Set;

use super::fault::{Fault, FileFault};

/// Problems that are shown when a refusal is printed.
const SHOWN: usize = 50;

/// Problems that are kept; more are only counted, so that a hostile file can't fill the memory with complaints.
const KEPT: usize = 10_000;

/// A data set that can't be used, with everything that is wrong with it.
#[derive(Debug)]
pub struct Refused {
    /// The data set's folder.
    pub folder: PathBuf,
    /// What is wrong, in the order in which it was found; at least one, at most 10,000.
    pub problems: Vec<Problem>,
    /// How many more were found.
    pub unlisted: u64,
}

impl Refused {
    /// The folder itself can't be opened.
    pub(super) fn whole(folder: &Path, fault: impl Into<Fault>) -> Self {
        let problem = Problem { file: ".", line: None, fault: fault.into() };
        Self { folder: folder.to_owned(), problems: vec![problem], unlisted: 0 }
    }
}

/// Rows of a data set that were left out.
#[derive(Debug, Default)]
pub struct LeftOut {
    /// Why, row by row; at most 10,000.
    pub problems: Vec<Problem>,
    /// How many more there are.
    pub unlisted: u64,
}

impl LeftOut {
    /// How many rows.
    pub fn count(&self) -> u64 {
        self.problems.len() as u64 + self.unlisted
    }
}

impl From<Problems> for LeftOut {
    fn from(problems: Problems) -> Self {
        Self { problems: problems.kept, unlisted: problems.unlisted }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        list(formatter, &self.problems, self.unlisted)
    }
}

/// One thing that is wrong with a data set.
#[derive(Debug)]
pub struct Problem {
    /// The file, relative to the data set's folder.
    pub file: &'static str,
    /// The line in it, counted from 1, where there is one.
    pub line: Option<u64>,
    /// What is wrong and the way out.
    pub fault: Fault,
}

/// A line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the data set's folder.
    pub file: &'static str,
    /// The line in it, counted from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.line)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.file)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}", self.fault)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [Problem { file: ".", fault: Fault::File(FileFault::Missing), .. }] = &self.problems[..] {
            let full = path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
            return write!(
                formatter,
                "there is no data set `{}`: no folder {}; a path starts at the working folder, and `sweep synth` or `sweep \
                 import` makes a data set",
                self.folder.display(),
                full.display()
            );
        }
        let all = self.problems.len() as u64 + self.unlisted;
        let word = if all == 1 { "problem" } else { "problems" };
        write!(formatter, "data set `{}` has {all} {word}", self.folder.display())?;
        list(formatter, &self.problems, self.unlisted)
    }
}

/// The first problems, each on a line of its own, and how many more there are.
fn list(formatter: &mut fmt::Formatter<'_>, problems: &[Problem], unlisted: u64) -> fmt::Result {
    for problem in problems.iter().take(SHOWN) {
        write!(formatter, "\n  {problem}")?;
    }
    match (problems.len() as u64 + unlisted).saturating_sub(SHOWN as u64) {
        0 => Ok(()),
        more => write!(formatter, "\n  … and {more} more"),
    }
}

impl std::error::Error for Refused {}

/// The CSV file that lists a set; the training set has none of its own.
pub(super) fn file_of(set: Set) -> &'static str {
    match set {
        Set::Retain => "retain.csv",
        Set::Forget => "forget.csv",
        Set::Validation => "validation.csv",
        Set::Test => "test.csv",
        Set::Train => "retain.csv and forget.csv",
    }
}

/// Problems while they are collected.
#[derive(Debug, Default)]
pub(super) struct Problems {
    kept: Vec<Problem>,
    unlisted: u64,
}

impl Problems {
    /// Adds one that concerns a whole file.
    pub(super) fn of_file(&mut self, file: &'static str, fault: impl Into<Fault>) {
        self.push(Problem { file, line: None, fault: fault.into() });
    }

    /// Adds one that concerns a line.
    pub(super) fn of_line(&mut self, place: Place, fault: impl Into<Fault>) {
        self.push(Problem { file: place.file, line: Some(place.line), fault: fault.into() });
    }

    fn push(&mut self, problem: Problem) {
        if self.kept.len() < KEPT {
            self.kept.push(problem);
        } else {
            self.unlisted += 1;
        }
    }

    /// Adds those of `other` behind its own.
    pub(super) fn append(&mut self, other: Self) {
        self.unlisted += other.unlisted;
        other.kept.into_iter().for_each(|problem| self.push(problem));
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// `value` when nothing is wrong, else the refusal.
    pub(super) fn or<T>(self, folder: &Path, value: T) -> Result<T, Refused> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(Refused { folder: folder.to_owned(), problems: self.kept, unlisted: self.unlisted })
        }
    }
}
