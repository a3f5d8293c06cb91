//! What one slot of a pool is at: the runs that its worker has, how fast they go and how long they will take.

use std::{collections::BTreeMap, time::Duration};

use indicatif::HumanDuration;

use crate::forecast::length;

/// How much of a run is done, 0 to 1: an engine may take more steps than it has announced.
pub(super) fn share(step: u64, steps: u64) -> f64 {
    (step as f64 / steps.max(1) as f64).min(1.0)
}

/// The runs at work in a slot; several where its worker carries out a cohort.
#[derive(Debug, Default)]
pub(super) struct Workload {
    runs: BTreeMap<usize, AtWork>,
    /// Images that runs which have ended went through since the slot was last idle.
    ended: f64,
}

#[derive(Debug)]
struct AtWork {
    title: String,
    /// Images that it goes through in all, as its recipe says.
    images: f64,
    /// How much of it is done, 0 to 1.
    share: f64,
}

impl Workload {
    /// A run begins.
    pub(super) fn begin(&mut self, run: usize, title: String, images: f64) {
        if self.runs.is_empty() {
            self.ended = 0.0;
        }
        self.runs.insert(run, AtWork { title, images, share: 0.0 });
    }

    /// A run has come so far, 0 to 1.
    pub(super) fn advance(&mut self, run: usize, share: f64) {
        if let Some(at_work) = self.runs.get_mut(&run) {
            at_work.share = share;
        }
    }

    /// A run is here no more.
    pub(super) fn end(&mut self, run: usize) {
        self.ended += self.runs.remove(&run).map_or(0.0, |ended| ended.images * ended.share);
    }

    /// Every run is here no more.
    pub(super) fn clear(&mut self) {
        self.runs.clear();
    }

    pub(super) fn is_idle(&self) -> bool {
        self.runs.is_empty()
    }

    /// How much of the runs at work is done, 0 to 1.
    pub(super) fn share(&self) -> f64 {
        let shares: f64 = self.runs.values().map(|run| run.share).sum();
        shares / self.runs.len().max(1) as f64
    }

    /// The slot in words, after so long a time with work.
    pub(super) fn in_words(&self, passed: Duration) -> String {
        let Some(first) = self.runs.values().next() else { return String::new() };
        let others = match self.runs.len() {
            1 => String::new(),
            several => format!(" and {} more", several - 1),
        };
        let done = self.ended + self.runs.values().map(|run| run.images * run.share).sum::<f64>();
        let left: f64 = self.runs.values().map(|run| run.images * (1.0 - run.share)).sum();
        let speed = done / passed.as_secs_f64();
        let speed = if done > 0.0 && speed.is_finite() {
            let time = HumanDuration(length(left / speed));
            format!("  {speed:.0} images/s, {time:#} to go")
        } else {
            String::new()
        };
        format!("{}{others}{speed}", first.title)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Workload, share};

    fn after(slot: &Workload, seconds: u64) -> String {
        slot.in_words(Duration::from_secs(seconds))
    }

    #[test]
    fn a_slot_tells_its_runs_their_speed_and_how_long_they_take() {
        let mut slot = Workload::default();
        assert_eq!((after(&slot, 5), slot.is_idle()), (String::new(), true));
        slot.begin(3, "finetune seed=0".to_owned(), 600.0);
        assert_eq!(after(&slot, 5), "finetune seed=0", "nothing is known");
        slot.advance(3, 0.5);
        assert_eq!(after(&slot, 10), "finetune seed=0  30 images/s, 10s to go");
        slot.begin(4, "finetune seed=1".to_owned(), 600.0);
        slot.advance(4, 0.5);
        assert_eq!(after(&slot, 10), "finetune seed=0 and 1 more  60 images/s, 10s to go");
        assert!((slot.share() - 0.5).abs() < 1e-12);
        slot.end(3);
        assert_eq!(after(&slot, 10), "finetune seed=1  60 images/s, 5s to go", "what ended here counts");
        slot.end(4);
        slot.begin(5, "scrub seed=0".to_owned(), 600.0);
        assert_eq!(after(&slot, 1), "scrub seed=0", "a new beginning");
    }

    #[test]
    fn no_count_of_steps_breaks_the_line() {
        for (step, steps) in [(7, 5), (1, u64::MAX), (u64::MAX, 0), (0, 0)] {
            let mut slot = Workload::default();
            slot.begin(0, "own".to_owned(), 1e300);
            slot.advance(0, share(step, steps));
            assert!(after(&slot, 10).starts_with("own"), "{step} of {steps}");
            assert!((0.0..=1.0).contains(&slot.share()), "{step} of {steps}");
        }
    }

    #[test]
    fn what_goes_through_no_images_has_no_speed() {
        let mut slot = Workload::default();
        slot.begin(0, "iu seed=0".to_owned(), 0.0);
        slot.advance(0, 1.0);
        assert_eq!(after(&slot, 3), "iu seed=0");
        slot.clear();
        assert!(slot.is_idle());
    }
}
