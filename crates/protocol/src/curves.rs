//! Training curves: what a run's loops read while they trained, sparse, as `curves.csv` in the run's folder.
//!
//! No number of a result rests on them: a run whose curves are missing or damaged is as good as any other.

use std::fmt::Write as _;

use thiserror::Error;

use crate::terms::Set;

/// Readings of one loop, at most; of each of its rounds, where rounds take turns.
pub const MOST_OF_A_LOOP: u64 = 50;
/// Readings of a run, at most: what comes later is not kept.
pub const MOST_READINGS: usize = 2000;
/// Longest file that is read, in bytes.
pub const MOST_BYTES: u64 = 1 << 18;

/// The sets on whose batches is counted how many images are taken for what they are labelled as; of each a column.
pub const SETS: [Set; 4] = [Set::Train, Set::Retain, Set::Forget, Set::Validation];

/// The sets on which accuracy is measured between epochs, where that is asked for; of each a column.
pub const MEASURED: [Set; 3] = [Set::Retain, Set::Forget, Set::Validation];
/// Images of a set on which it is measured, at most: evenly spread over its list, as [`retain_sample`] spreads them.
///
/// [`retain_sample`]: crate::measurement::retain_sample
pub const MOST_IMAGES: u64 = 512;

/// The columns of the file, in their order.
const COLUMNS: [&str; 11] = [
    "loop",
    "round",
    "epoch",
    "loss",
    "right_train",
    "right_retain",
    "right_forget",
    "right_validation",
    "retain_acc",
    "forget_acc",
    "val_acc",
];

/// What a loop read over some of its steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// The loop, counted from 1 in the order of the recipe.
    pub of_loop: u32,
    /// The round of loops whose rounds take turns, counted from 1; 1 for all others.
    pub round: u32,
    /// Epochs of the loop at the end of those steps.
    pub epoch: f64,
    /// Mean of the loss that the loop minimises, penalties included, before each of those steps.
    pub loss: f64,
    /// Share of images in those steps' batches that were taken for what they are labelled as, before the step; in the order of
    /// [`SETS`].
    pub right: [Option<f64>; SETS.len()],
    /// Accuracies of the network at the end of those steps, where they were measured; in the order of [`MEASURED`].
    pub accuracy: [Option<f64>; MEASURED.len()],
}

/// The readings of a run, loop by loop, round by round, in the order of their epochs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curves(Vec<Reading>);

/// A file that holds no curves.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoCurves {
    /// It is no text.
    #[error("it is no text in UTF-8")]
    NoText,
    /// A column is missing that every such file has.
    #[error("its first line lacks the column `{0}`")]
    NoColumn(&'static str),
    /// It is longer than any run's.
    #[error("it has more than {MOST_READINGS} readings")]
    TooLong,
    /// A line is no reading.
    #[error("line {line}: {fault}")]
    Line {
        /// Its number, counted from 1.
        line: usize,
        /// What is wrong.
        fault: &'static str,
    },
}

impl Curves {
    /// Puts readings in order; beyond [`MOST_READINGS`] they are left out.
    pub fn of(mut readings: Vec<Reading>) -> Self {
        let key = |reading: &Reading| (reading.of_loop, reading.round);
        readings.sort_by(|one, other| key(one).cmp(&key(other)).then(one.epoch.total_cmp(&other.epoch)));
        readings.truncate(MOST_READINGS);
        Self(readings)
    }

    /// All of them.
    pub fn readings(&self) -> &[Reading] {
        &self.0
    }

    /// The file, its numbers in seven digits.
    pub fn to_csv(&self) -> String {
        let mut text = COLUMNS.join(",") + "\n";
        for reading in &self.0 {
            let Reading { of_loop, round, epoch, loss, right, accuracy } = reading;
            let _ = write!(text, "{of_loop},{round},{},{}", short(*epoch), short(*loss));
            for share in right.iter().chain(accuracy) {
                let _ = write!(text, ",{}", share.map_or_else(String::new, |share| short(share).to_string()));
            }
            text.push('\n');
        }
        text
    }

    /// Reads a file. Its columns may stand in any order, and others beside them.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoCurves> {
        let text = std::str::from_utf8(bytes).map_err(|_| NoCurves::NoText)?;
        let mut lines = text.lines().zip(1..);
        let head: Vec<&str> =
            lines.next().map(|(head, _)| head.split(',').map(str::trim).collect()).unwrap_or_default();
        let places = COLUMNS.map(|column| head.iter().position(|own| *own == column));
        if let Some(missing) = places[..4].iter().position(Option::is_none) {
            return Err(NoCurves::NoColumn(COLUMNS[missing]));
        }
        let mut readings: Vec<Reading> = Vec::new();
        for (line, number) in lines {
            if readings.len() == MOST_READINGS {
                return Err(NoCurves::TooLong);
            }
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            let cell = |column: usize| cells.get(places[column]?).copied().filter(|cell| !cell.is_empty());
            let read = if cells.len() == head.len() {
                reading(cell)
            } else {
                Err("it has another number of cells than the first line")
            };
            let read = read.and_then(|read| follows(readings.last(), &read).map(|()| read));
            readings.push(read.map_err(|fault| NoCurves::Line { line: number, fault })?);
        }
        Ok(Self(readings))
    }
}

fn reading<'a>(cell: impl Fn(usize) -> Option<&'a str>) -> Result<Reading, &'static str> {
    let whole = |column| cell(column).and_then(|cell| cell.parse().ok()).filter(|number: &u32| *number > 0);
    let number =
        |column| cell(column).and_then(|cell| cell.parse().ok()).filter(|number: &f64| number.is_finite());
    let share = |column| match (cell(column), number(column)) {
        (None, _) => Ok(None),
        (Some(_), Some(share)) if (0.0..=1.0).contains(&share) => Ok(Some(share)),
        _ => Err("a share must be in [0, 1]"),
    };
    Ok(Reading {
        of_loop: whole(0).ok_or("`loop` must be a whole number from 1")?,
        round: whole(1).ok_or("`round` must be a whole number from 1")?,
        epoch: number(2).filter(|epoch| *epoch >= 0.0).ok_or("`epoch` must be a number, 0 or more")?,
        loss: number(3).ok_or("`loss` must be a number")?,
        right: [share(4)?, share(5)?, share(6)?, share(7)?],
        accuracy: [share(8)?, share(9)?, share(10)?],
    })
}

/// Whether a reading may stand behind the one before it.
fn follows(before: Option<&Reading>, read: &Reading) -> Result<(), &'static str> {
    let Some(before) = before else { return Ok(()) };
    let (ours, theirs) = ((read.of_loop, read.round), (before.of_loop, before.round));
    let is_later = ours > theirs || (ours == theirs && read.epoch > before.epoch);
    is_later.then_some(()).ok_or("readings must stand in the order of loop, round and epoch")
}

/// The number in seven digits.
fn short(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::{Curves, MOST_READINGS, NoCurves, Reading};

    fn reading(of_loop: u32, round: u32, epoch: f64) -> Reading {
        let right = [None, Some(0.5), None, None];
        Reading { of_loop, round, epoch, loss: -1.0 / 3.0, right, accuracy: [None, None, Some(0.25)] }
    }

    #[test]
    fn what_is_written_is_read() {
        let curves =
            Curves::of(vec![reading(2, 1, 0.5), reading(1, 2, 1.0), reading(1, 1, 1.0), reading(1, 1, 0.5)]);
        let text = curves.to_csv();
        assert_eq!(
            text,
            "loop,round,epoch,loss,right_train,right_retain,right_forget,right_validation,retain_acc,forget_acc,val_acc\n\
             1,1,0.5,-0.3333333,,0.5,,,,,0.25\n1,1,1,-0.3333333,,0.5,,,,,0.25\n\
             1,2,1,-0.3333333,,0.5,,,,,0.25\n2,1,0.5,-0.3333333,,0.5,,,,,0.25\n"
        );
        let read = Curves::parse(text.as_bytes()).expect("our own file");
        assert_eq!(read.to_csv(), text);
        assert_eq!(read.readings().len(), 4);
        assert_eq!(Curves::parse(Curves::default().to_csv().as_bytes()), Ok(Curves::default()));
    }

    #[test]
    fn columns_have_any_order_and_others_beside_them() {
        let read = Curves::parse(b"lr,loss,epoch,round,loop\r\n0.1,2.5,1,1,1\r\n")
            .expect("all columns that there must be");
        assert_eq!(
            read.readings(),
            [Reading { of_loop: 1, round: 1, epoch: 1.0, loss: 2.5, right: [None; 4], accuracy: [None; 3] }]
        );
    }

    #[test]
    fn what_is_no_curve_says_where() {
        let of =
            |lines: &str| Curves::parse(format!("loop,round,epoch,loss,right_retain\n{lines}").as_bytes());
        let fault = |lines: &str| match of(lines) {
            Err(NoCurves::Line { line, .. }) => line,
            other => panic!("a fault of a line, not {other:?}"),
        };
        assert!(of("1,1,1,0.5,1\n").is_ok());
        for line in [
            "0,1,1,0.5,",
            "1,x,1,0.5,",
            "1,1,-1,0.5,",
            "1,1,1,NaN,",
            "1,1,inf,1,",
            "1,1,1,,",
            "1,1,1,0.5,1.5",
            "1,1,1,0.5",
            "",
        ] {
            assert_eq!(fault(&format!("{line}\n")), 2, "{line}");
        }
        assert_eq!(fault("1,1,1,0.5,\n1,1,1,0.5,\n"), 3, "an epoch twice");
        assert_eq!(fault("2,1,1,0.5,\n1,1,2,0.5,\n"), 3, "a loop behind a later one");
        assert_eq!(Curves::parse(b""), Err(NoCurves::NoColumn("loop")));
        assert_eq!(Curves::parse(b"loop,round,epoch\n"), Err(NoCurves::NoColumn("loss")));
        assert_eq!(Curves::parse(&[0xff]), Err(NoCurves::NoText));
        let long =
            (1..=MOST_READINGS + 1).map(|epoch| format!("1,1,{epoch},0,\n")).collect::<Vec<_>>().concat();
        assert_eq!(of(&long), Err(NoCurves::TooLong));
        let many = (0..3000).map(|epoch| reading(1, 1, f64::from(epoch))).collect();
        let kept = Curves::of(many);
        assert_eq!(kept.readings().len(), MOST_READINGS);
        let text = kept.to_csv();
        assert!(text.len() as u64 <= super::MOST_BYTES && Curves::parse(text.as_bytes()).is_ok());
    }
}
