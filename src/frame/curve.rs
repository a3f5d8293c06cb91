//! Training curves: what the loops of a point's runs read, its runs taken together.

use std::collections::BTreeMap;

use sweep_protocol::curves::{Curves, MEASURED, Reading, SETS};

/// Numbers that are kept of all points together; a page that holds them in text grows by some 2 MB.
const MOST_NUMBERS: usize = 250_000;
/// Files that are read for them, at most.
pub const MOST_FILES: usize = 20_000;

/// The curves of a sweep, as far as there are any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainingCurves {
    /// Those of points, best first.
    pub rows: Vec<CurveRow>,
    /// Points of a lower rank whose curves are left out, because those of the others fill the room.
    pub left_out: usize,
    /// Runs whose curves are missing or damaged, in the order in which they were looked for.
    pub lost: Vec<String>,
    /// Numbers of the rows.
    numbers: usize,
}

/// The curves of a point.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveRow {
    /// Position of the point.
    pub point: usize,
    /// Runs that have left curves.
    pub runs: usize,
    /// One for each loop, and for each round of loops whose rounds take turns, in the order in which they were trained.
    pub lines: Vec<CurveLine>,
}

/// What one loop or round read.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveLine {
    /// The loop, counted from 1.
    pub of_loop: u32,
    /// The round, counted from 1.
    pub round: u32,
    /// Its readings in the order of their epochs.
    pub readings: Vec<CurveReading>,
}

/// One reading over all runs that came so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveReading {
    /// Epochs of the loop.
    pub epoch: f64,
    /// Mean of the runs' losses.
    pub loss: f64,
    /// The lowest of them.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// Mean share of images that were taken for what they are labelled as, in the order of [`SETS`].
    pub right: [Option<f64>; SETS.len()],
    /// Mean accuracies where they were measured, in the order of [`MEASURED`].
    pub accuracy: [Option<f64>; MEASURED.len()],
}

impl TrainingCurves {
    /// Adds the curves of the next point, or leaves them out where there is no room.
    pub fn add(&mut self, row: CurveRow) {
        let numbers = self.numbers + row.numbers();
        if self.is_full() || numbers > MOST_NUMBERS {
            self.left_out += 1;
        } else {
            self.numbers = numbers;
            self.rows.push(row);
        }
    }

    /// Whether some were left out: then all that come later are.
    pub fn is_full(&self) -> bool {
        self.left_out > 0
    }
}

/// Runs at one reading.
struct Merged {
    runs: f64,
    epoch: f64,
    loss: f64,
    low: f64,
    high: f64,
    right: [(f64, f64); SETS.len()],
    accuracy: [(f64, f64); MEASURED.len()],
}

impl CurveRow {
    /// The curves of a point's runs, of which there is at least one with a reading.
    pub fn of(point: usize, runs: &[Curves]) -> Option<Self> {
        let mut lines: BTreeMap<(u32, u32), Vec<Merged>> = BTreeMap::new();
        for curves in runs {
            for same in curves.readings().chunk_by(|one, other| key(one) == key(other)) {
                let sums = lines.entry(key(&same[0])).or_default();
                for (nth, reading) in same.iter().enumerate() {
                    match sums.get_mut(nth) {
                        Some(sum) => sum.add(reading),
                        None => sums.push(Merged::of(reading)),
                    }
                }
            }
        }
        let line = |((of_loop, round), sums): ((u32, u32), Vec<Merged>)| CurveLine {
            of_loop,
            round,
            readings: sums.iter().map(Merged::mean).collect(),
        };
        let lines: Vec<CurveLine> = lines.into_iter().map(line).collect();
        (!lines.is_empty()).then_some(Self { point, runs: runs.len(), lines })
    }

    /// Numbers that they consist of.
    pub fn numbers(&self) -> usize {
        let of = |reading: &CurveReading| 4 + reading.right.iter().chain(&reading.accuracy).flatten().count();
        self.lines.iter().flat_map(|line| &line.readings).map(of).sum()
    }
}

fn key(reading: &Reading) -> (u32, u32) {
    (reading.of_loop, reading.round)
}

impl Merged {
    fn of(reading: &Reading) -> Self {
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut sum = Self {
            runs: 0.0,
            epoch: 0.0,
            loss: 0.0,
            low,
            high,
            right: [(0.0, 0.0); SETS.len()],
            accuracy: [(0.0, 0.0); MEASURED.len()],
        };
        sum.add(reading);
        sum
    }

    fn add(&mut self, reading: &Reading) {
        self.runs += 1.0;
        self.epoch += reading.epoch;
        self.loss += reading.loss;
        self.low = self.low.min(reading.loss);
        self.high = self.high.max(reading.loss);
        let sums = self.right.iter_mut().chain(&mut self.accuracy);
        for ((sum, runs), share) in sums.zip(reading.right.into_iter().chain(reading.accuracy)) {
            if let Some(share) = share {
                *sum += share;
                *runs += 1.0;
            }
        }
    }

    fn mean(&self) -> CurveReading {
        let mean = |(sum, runs): (f64, f64)| (runs > 0.0).then(|| sum / runs);
        CurveReading {
            epoch: self.epoch / self.runs,
            loss: self.loss / self.runs,
            low: self.low,
            high: self.high,
            right: self.right.map(mean),
            accuracy: self.accuracy.map(mean),
        }
    }
}

#[cfg(test)]
mod tests {
    use sweep_protocol::curves::{Curves, Reading};

    use super::{CurveReading, CurveRow, MOST_NUMBERS, TrainingCurves};

    fn curves(readings: &[(u32, f64, f64, Option<f64>)]) -> Curves {
        let reading = |&(of_loop, epoch, loss, retain)| Reading {
            of_loop,
            round: 1,
            epoch,
            loss,
            right: [None, retain, None, None],
            accuracy: [None; 3],
        };
        Curves::of(readings.iter().map(reading).collect())
    }

    #[test]
    fn a_point_has_the_mean_of_the_runs_that_came_so_far_between_the_lowest_and_the_highest() {
        let early = curves(&[(1, 1.0, 3.0, Some(0.25)), (2, 1.0, -1.0, None)]);
        let late = curves(&[(1, 1.0, 1.0, Some(0.75)), (1, 2.0, 0.5, Some(1.0)), (2, 1.0, -2.0, None)]);
        let row = CurveRow::of(7, &[early, late]).expect("there are readings");
        let reading = |epoch, loss, low, high, retain| CurveReading {
            epoch,
            loss,
            low,
            high,
            right: [None, retain, None, None],
            accuracy: [None; 3],
        };
        assert_eq!((row.point, row.runs, row.lines.len()), (7, 2, 2));
        let first = [reading(1.0, 2.0, 1.0, 3.0, Some(0.5)), reading(2.0, 0.5, 0.5, 0.5, Some(1.0))];
        assert_eq!(row.lines[0].readings, first);
        assert_eq!(
            (row.lines[1].of_loop, row.lines[1].readings.as_slice()),
            (2, &[reading(1.0, -1.5, -2.0, -1.0, None)][..])
        );
        assert_eq!(row.numbers(), 5 + 5 + 4);
        assert_eq!(CurveRow::of(0, &[Curves::default()]), None);
    }

    #[test]
    fn where_the_room_ends_all_later_points_are_left_out() {
        let long: Vec<_> = (1..=2000).map(|epoch| (1, f64::from(epoch), 1.0, Some(0.5))).collect();
        let (long, short) = (curves(&long), curves(&[(1, 1.0, 1.0, None)]));
        let mut all = TrainingCurves::default();
        for point in 0..30 {
            all.add(CurveRow::of(point, std::slice::from_ref(&long)).expect("there are readings"));
        }
        all.add(CurveRow::of(30, &[short]).expect("there are readings"));
        assert_eq!((all.rows.len(), all.left_out), (25, 6), "25 times 10,000 numbers");
        assert_eq!(all.rows.iter().map(CurveRow::numbers).sum::<usize>(), MOST_NUMBERS);
    }
}
