//! How factors move over a loop.

use sweep_protocol::recipe::{Pace, Schedule};

/// A moment in a loop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Time {
    /// Epochs of the loop.
    pub(super) epochs: f64,
    /// Epochs before this one.
    pub(super) epoch: u64,
    /// Steps of the round in this epoch before this one.
    pub(super) step: u64,
    /// Steps of the round in an epoch.
    pub(super) steps: u64,
}

impl Time {
    /// The factor of a schedule at this moment.
    pub(super) fn factor(&self, schedule: &Schedule) -> f64 {
        let epoch = self.epoch as f64;
        match schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => half_cosine(epoch / self.epochs),
            Schedule::Annealed { pace, floor, over, warm_up } => {
                let tick = match pace {
                    Pace::Epoch => 1.0,
                    Pace::Step => 1.0 / self.steps.max(1) as f64,
                };
                let now = match pace {
                    Pace::Epoch => epoch,
                    Pace::Step => epoch + self.step as f64 * tick,
                };
                let (warm_up, floor) = (warm_up.get(), floor.get());
                if now < warm_up {
                    return ((now + tick) / warm_up).min(1.0);
                }
                let over = over.map_or(self.epochs, sweep_protocol::terms::Positive::get) - warm_up;
                let share = if over > 0.0 { ((now - warm_up) / over).min(1.0) } else { 1.0 };
                floor + (1.0 - floor) * half_cosine(share)
            }
            Schedule::Milestones { factor, at } => {
                let passed = at.iter().filter(|&&milestone| u64::from(milestone) <= self.epoch).count();
                factor.get().powi(passed as i32)
            }
            Schedule::Triangle => {
                let top = self.epochs.midpoint(1.0).floor();
                if epoch < top {
                    (epoch + 1.0) / top
                } else {
                    (self.epochs - epoch) / (self.epochs + 1.0 - top)
                }
            }
            Schedule::Linear { until } => (1.0 - epoch / until.get()).max(0.0),
        }
    }
}

/// From 1 at 0 to 0 at 1.
fn half_cosine(share: f64) -> f64 {
    0.5 * (1.0 + (std::f64::consts::PI * share).cos())
}

#[cfg(test)]
mod tests {
    use sweep_protocol::{
        recipe::{Pace, Schedule},
        terms::{NonNegative, Positive},
    };

    use super::Time;

    fn at(schedule: &Schedule, epochs: f64, epoch: u64, step: u64) -> f64 {
        Time { epochs, epoch, step, steps: 2 }.factor(schedule)
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-15, "{found}, not {expected}");
    }

    #[test]
    fn annealing_by_steps_is_pytorchs_with_eta_min() {
        let floor = NonNegative::new(0.1).expect("in range");
        let warm_up = NonNegative::new(0.0).expect("in range");
        let schedule = Schedule::Annealed { pace: Pace::Step, floor, over: None, warm_up };
        // Four steps: torch.optim.lr_scheduler.CosineAnnealingLR(T_max=4, eta_min=0.1) from 1.
        for (epoch, step, expected) in
            [(0, 0, 1.0), (0, 1, 0.868_198_051_533_946_5), (1, 0, 0.55), (1, 1, 0.231_801_948_466_053_6)]
        {
            close(at(&schedule, 2.0, epoch, step), expected);
        }
    }

    #[test]
    fn a_warm_up_ends_at_one_where_the_cosine_begins() {
        let schedule = Schedule::Annealed {
            pace: Pace::Step,
            floor: NonNegative::new(0.0).expect("in range"),
            over: Some(Positive::new(3.0).expect("positive")),
            warm_up: NonNegative::new(1.0).expect("in range"),
        };
        let factors: Vec<f64> = (0..4).map(|step| at(&schedule, 3.0, step / 2, step % 2)).collect();
        close(factors[0], 0.5);
        close(factors[1], 1.0);
        close(factors[2], 1.0);
        close(factors[3], 0.853_553_390_593_273_7);
        close(at(&schedule, 4.0, 3, 1), 0.0);
    }

    #[test]
    fn the_triangle_is_the_published_one() {
        let factors: Vec<f64> = (0..5).map(|epoch| at(&Schedule::Triangle, 5.0, epoch, 0)).collect();
        for (found, expected) in factors.iter().zip([1.0 / 3.0, 2.0 / 3.0, 1.0, 2.0 / 3.0, 1.0 / 3.0]) {
            close(*found, expected);
        }
    }

    #[test]
    fn milestones_count_from_the_epoch_that_they_name() {
        let factor = NonNegative::new(0.1).expect("in range");
        let schedule = Schedule::Milestones { factor, at: vec![1, 3] };
        for (epoch, expected) in [(0, 1.0), (1, 0.1), (2, 0.1), (3, 0.01)] {
            assert!((at(&schedule, 4.0, epoch, 0) - expected).abs() < 1e-15);
        }
    }
}
