//! Where in a recipe's text something stands.

use std::fmt;

/// A place in the text of a recipe: keys and positions, from `phases` on. Shown as `phases[1].train.data[0].set`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

/// One step into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The value of a key.
    Key(&'static str),
    /// An item of a list, from 0.
    Position(usize),
}

impl Path {
    /// The steps, the key `phases` first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => formatter.write_str(key)?,
                Step::Key(key) => write!(formatter, ".{key}")?,
                Step::Position(position) => write!(formatter, "[{position}]")?,
            }
        }
        Ok(())
    }
}

/// A place while the walk is on its way: it costs nothing until somebody asks for its [`Path`].
#[derive(Debug, Clone, Copy)]
pub struct Trail<'t> {
    before: Option<&'t Trail<'t>>,
    step: Step,
}

impl Trail<'_> {
    pub(super) fn begin(key: &'static str) -> Self {
        Self { before: None, step: Step::Key(key) }
    }

    pub(crate) fn key(&self, key: &'static str) -> Trail<'_> {
        Trail { before: Some(self), step: Step::Key(key) }
    }

    pub(crate) fn position(&self, position: usize) -> Trail<'_> {
        Trail { before: Some(self), step: Step::Position(position) }
    }

    /// The place, kept.
    pub fn path(&self) -> Path {
        let mut steps: Vec<Step> =
            std::iter::successors(Some(self), |trail| trail.before).map(|trail| trail.step).collect();
        steps.reverse();
        Path(steps)
    }
}
