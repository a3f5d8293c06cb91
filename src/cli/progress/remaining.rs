//! How much work is left, and for how long that will be. Runs differ a lot in cost, so runs are not what is counted.

use std::{collections::BTreeMap, time::Duration};

use crate::{forecast::length, plan::Plan};

/// What a run costs beside its recipe, in passes over the retain set: it is measured on every set, without learning.
const MEASURING: f64 = 0.5;

/// The work of a sweep that is left, in passes over the retain set.
#[derive(Debug)]
pub(super) struct Remaining {
    /// Work of each run of the plan.
    runs: Vec<f64>,
    /// What has been done here.
    done: f64,
    /// What nobody has done.
    left: f64,
    /// Runs at work here, and what share of each is done.
    under_way: BTreeMap<usize, f64>,
}

impl Remaining {
    /// All runs of a plan but those that have an outcome.
    pub(super) fn of(plan: &Plan, ended: &[usize]) -> Self {
        Self::of_work(plan.runs.iter().map(|run| plan.point(run).passes + MEASURING).collect(), ended)
    }

    fn of_work(runs: Vec<f64>, ended: &[usize]) -> Self {
        let left = runs.iter().sum::<f64>() - ended.iter().map(|&run| runs[run]).sum::<f64>();
        Self { runs, done: 0.0, left, under_way: BTreeMap::new() }
    }

    /// A run has begun here.
    pub(super) fn begin(&mut self, run: usize) {
        self.under_way.insert(run, 0.0);
    }

    /// This share of a run is done.
    pub(super) fn advance(&mut self, run: usize, share: f64) {
        if let Some(done) = self.under_way.get_mut(&run) {
            *done = share;
        }
    }

    /// A run is at work no more, and has no outcome.
    pub(super) fn stop(&mut self, run: usize) {
        self.under_way.remove(&run);
    }

    /// A run has ended; one that was carried out elsewhere, or earlier, has cost nothing here.
    pub(super) fn end(&mut self, here: bool, run: usize) {
        let here = self.under_way.remove(&run).is_some() && here;
        self.left -= self.runs[run];
        if here {
            self.done += self.runs[run];
        }
    }

    /// How long the rest will be, if it goes on as in the time that has passed; nothing while nothing is known.
    pub(super) fn time(&self, passed: Duration) -> Option<Duration> {
        let partly: f64 = self.under_way.iter().map(|(&run, share)| share * self.runs[run]).sum();
        let (done, left) = (self.done + partly, (self.left - partly).max(0.0));
        (done > 0.0).then(|| length(passed.as_secs_f64() * left / done))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Remaining;

    #[test]
    fn time_is_unknown_at_first_and_follows_the_work() {
        let mut remaining = Remaining::of_work(vec![30.0, 30.0, 1.0, 1.0, 7.0], &[4]);
        let after =
            |remaining: &Remaining| remaining.time(Duration::from_secs(10)).map(|time| time.as_millis());
        assert_eq!(after(&remaining), None, "nothing is done");
        remaining.begin(0);
        remaining.advance(0, 0.5);
        assert_eq!(after(&remaining), Some(31_333), "15 of 62 are done in 10 s");
        remaining.end(true, 0);
        remaining.end(false, 1);
        assert_eq!(
            after(&remaining),
            Some(666),
            "30 are done, 2 are left, and what the cache gave has taken no time"
        );
    }
}
