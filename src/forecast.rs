//! How long the runs of a plan will take, from what a run and a pass cost.
//!
//! Pure: the costs come from runs that have finished, or from a trial of the workers.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    iter,
    time::Duration,
};

use serde::Serialize;
use sweep_protocol::measurement::Measurement;

use crate::plan::{Point, Role, Run};

/// Seconds of one run: of its recipe, and of everything else.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Cost {
    /// Recipe: seconds for each pass over the retain set; 0 where the recipe has no passes.
    pub pass_s: f64,
    /// Seconds beside the passes: measuring, keeping, and what a recipe without passes takes.
    pub run_s: f64,
}

/// What runs cost, as far as is known.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Costs {
    /// Seconds until a new worker has its first run.
    pub start_s: f64,
    /// Of any run that trains.
    pub any: Option<Cost>,
    /// Of the runs of one label, where some of them are known.
    pub labels: BTreeMap<String, Cost>,
    /// Finished runs that this is read from; 0 where workers were tried.
    pub finished: usize,
    /// Labels that gave no measurement when they were tried, and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub untried: BTreeMap<String, String>,
}

impl Costs {
    /// Read from finished runs: the point of each, and what it has taken. None without any.
    pub fn of_finished<'a>(finished: impl Iterator<Item = (&'a Point, Lasted)>) -> Option<Self> {
        let mut labels: BTreeMap<&str, Sums> = BTreeMap::new();
        for (point, taken) in finished {
            labels.entry(&point.label).or_default().add(point, taken);
        }
        let mut all = Sums::default();
        for sums in labels.values() {
            all.join(sums);
        }
        let costs = labels.iter().map(|(label, sums)| ((*label).to_owned(), sums.cost())).collect();
        (all.runs > 0.0).then(|| Self {
            start_s: 0.0,
            any: (all.passes > 0.0).then(|| all.cost()),
            labels: costs,
            finished: all.runs as usize,
            untried: BTreeMap::new(),
        })
    }

    /// Seconds of one run of a point, if anything is known of its like.
    pub fn seconds(&self, point: &Point) -> Option<f64> {
        let cost = self.labels.get(&*point.label).or(self.any.as_ref())?;
        Some(cost.run_s + cost.pass_s * point.passes)
    }
}

/// What one run has taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lasted {
    /// Seconds in its recipe.
    pub recipe_s: f64,
    /// Seconds of measuring.
    pub measure_s: f64,
}

impl From<&Measurement> for Lasted {
    fn from(measurement: &Measurement) -> Self {
        Self { recipe_s: measurement.unlearn_s, measure_s: measurement.measure_s }
    }
}

/// What finished runs have taken together.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    runs: f64,
    passes: f64,
    recipe_s: f64,
    beside_s: f64,
}

impl Sums {
    fn add(&mut self, point: &Point, Lasted { recipe_s, measure_s }: Lasted) {
        self.runs += 1.0;
        self.beside_s += measure_s;
        if point.passes > 0.0 {
            self.passes += point.passes;
            self.recipe_s += recipe_s;
        } else {
            self.beside_s += recipe_s;
        }
    }

    fn join(&mut self, other: &Self) {
        self.runs += other.runs;
        self.passes += other.passes;
        self.recipe_s += other.recipe_s;
        self.beside_s += other.beside_s;
    }

    fn cost(&self) -> Cost {
        let pass_s = if self.passes > 0.0 { self.recipe_s / self.passes } else { 0.0 };
        Cost { pass_s, run_s: self.beside_s / self.runs }
    }
}

/// How long runs will take.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Forecast {
    /// Runs to carry out.
    pub runs: usize,
    /// Seconds of all of them, one after the other.
    pub work_s: f64,
    /// Seconds until the last of them has ended, on the slots of the pool.
    pub wall_s: f64,
}

impl Forecast {
    /// Runs of these points, by position, on so many slots: the originals first, then each on the slot that is free first.
    /// None if nothing is known of what one of them costs.
    pub fn of<'a>(
        points: &[Point],
        runs: impl Iterator<Item = &'a Run>,
        costs: &Costs,
        slots: usize,
    ) -> Option<Self> {
        let seconds: Vec<Option<Duration>> =
            points.iter().map(|point| costs.seconds(point).map(length)).collect();
        let mut forecast = Self::default();
        let (mut work, mut wall) = (Duration::ZERO, Duration::ZERO);
        let slots = slots.max(1);
        let mut free: BinaryHeap<_> = iter::repeat_n(Reverse(Duration::ZERO), slots).collect();
        let mut originals = false;
        for run in runs {
            let cost = seconds[run.point]?;
            let trains_original = points[run.point].role == Role::Original;
            if originals && !trains_original {
                // Everything else waits for them.
                free = iter::repeat_n(Reverse(wall), slots).collect();
            }
            originals = trains_original;
            let Some(Reverse(begins)) = free.pop() else { break };
            let ends = begins + cost;
            free.push(Reverse(ends));
            forecast.runs += 1;
            work += cost;
            wall = wall.max(ends);
        }
        (forecast.work_s, forecast.wall_s) = (work.as_secs_f64(), wall.as_secs_f64());
        if forecast.runs > 0 {
            forecast.wall_s += costs.start_s;
        }
        Some(forecast)
    }
}

/// Seconds as a length of time; what no clock holds is as long as can be.
pub(crate) fn length(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_hours(1_000_000))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, slice};

    use sweep_protocol::{recipe::Recipe, terms::Seed};

    use super::{Costs, Forecast, Lasted};
    use crate::plan::{Point, Role, Run};

    fn point(label: &str, role: Role, passes: f64) -> Point {
        Point {
            label: label.into(),
            method: label.into(),
            parameters: BTreeMap::new().into(),
            varied: [].into(),
            role,
            recipe: Recipe::default().into(),
            passes,
        }
    }

    fn runs(counts: &[u64]) -> Vec<Run> {
        let of = |(point, &count): (usize, &u64)| {
            (0..count).map(move |seed| Run {
                id: format!("{:032x}", point as u64 * 1000 + seed).parse().expect("32 digits"),
                point,
                seed: Seed(seed),
            })
        };
        counts.iter().enumerate().flat_map(of).collect()
    }

    #[track_caller]
    fn are(seconds: &[f64], expected: &[f64]) {
        let is = |(one, other): (&f64, &f64)| (one - other).abs() < 1e-9;
        assert!(seconds.iter().zip(expected).all(is), "{seconds:?} are not {expected:?}");
    }

    fn lasted(recipe_s: f64, measure_s: f64) -> Lasted {
        Lasted { recipe_s, measure_s }
    }

    #[test]
    fn the_original_is_alone_and_the_rest_fills_the_slots() {
        let points = [point("original", Role::Original, 10.0), point("tune", Role::Unlearn, 1.0)];
        // 2 s a pass, 1 s beside: the original takes 21 s, each of the others 3 s.
        let costs = Costs::of_finished([(&points[0], lasted(20.0, 1.0))].into_iter()).expect("one");
        let runs = runs(&[1, 5]);
        let on = |slots| Forecast::of(&points, runs.iter(), &costs, slots).expect("known");
        assert_eq!(on(1).runs, 6);
        are(&[on(1).wall_s, on(1).work_s], &[36.0, 36.0]);
        // Five runs on two slots are three rounds.
        are(&[on(2).wall_s, on(9).wall_s], &[21.0 + 9.0, 21.0 + 3.0]);
    }

    #[test]
    fn a_label_that_is_known_is_not_taken_for_another() {
        let points = [
            point("oracle", Role::Oracle, 10.0),
            point("fisher", Role::Unlearn, 2.0),
            point("identity", Role::Unlearn, 0.0),
        ];
        let finished = [
            (&points[0], lasted(10.0, 1.0)),
            (&points[1], lasted(8.0, 1.0)),
            (&points[1], lasted(12.0, 1.0)),
            (&points[2], lasted(0.5, 1.0)),
        ];
        let costs = Costs::of_finished(finished.into_iter()).expect("some");
        assert_eq!(costs.finished, 4);
        let seconds = |point: &Point| costs.seconds(point).expect("known");
        are(&points.each_ref().map(seconds), &[11.0, 11.0, 1.5]);
        // The mean of all that trains.
        are(&[seconds(&point("tune", Role::Unlearn, 3.0))], &[30.0 / 14.0 * 3.0 + 4.5 / 4.0]);
    }

    #[test]
    fn nothing_is_said_of_what_nothing_is_known_of() {
        let points = [point("identity", Role::Unlearn, 0.0), point("tune", Role::Unlearn, 3.0)];
        assert_eq!(Costs::of_finished([].into_iter()), None);
        let costs = Costs::of_finished([(&points[0], lasted(0.0, 1.0))].into_iter()).expect("one");
        let [known, unknown] = [runs(&[2, 0]), runs(&[2, 1])];
        assert!(Forecast::of(&points, known.iter(), &costs, 1).is_some());
        assert_eq!(Forecast::of(&points, unknown.iter(), &costs, 1), None);
        let nothing = Forecast::of(&points, slice::Iter::default(), &costs, 2).expect("nothing to do");
        assert_eq!(nothing, Forecast::default());
    }
}
