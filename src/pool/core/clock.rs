use std::time::Duration;

/// How often the limits on time are looked at.
pub const TICK: Duration = Duration::from_millis(250);
/// The most that counts between two looks: more has passed only where the whole process stood still.
const MOST: Duration = Duration::from_secs(1);

/// Time that counts: a pause of the whole process (Ctrl-Z, a suspended machine, a gang-scheduled job) makes no run late.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    now: Duration,
    reading: Duration,
    ticked: Duration,
}

/// A look at a [`Clock`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Time that counts, since the clock began; never goes back.
    pub now: Duration,
    /// Whether a tick is due.
    pub is_tick: bool,
}

impl Clock {
    /// A clock that begins at a reading of the monotonic clock.
    pub fn new(reading: Duration) -> Self {
        Self { reading, ..Self::default() }
    }

    /// Looks at the monotonic clock.
    pub fn look(&mut self, reading: Duration) -> Moment {
        self.now += reading.saturating_sub(self.reading).min(MOST);
        self.reading = reading;
        let is_tick = self.now.saturating_sub(self.ticked) >= TICK;
        if is_tick {
            self.ticked = self.now;
        }
        Moment { now: self.now, is_tick }
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Duration, Moment};

    #[test]
    fn a_pause_and_a_step_back_do_not_count() {
        let seconds = Duration::from_secs;
        let mut clock = Clock::new(seconds(100));
        let tick = |now| Moment { now, is_tick: true };
        assert_eq!(clock.look(seconds(101)), tick(seconds(1)));
        assert_eq!(clock.look(seconds(5000)), tick(seconds(2)), "asleep for more than an hour");
        assert_eq!(clock.look(seconds(10)), Moment { now: seconds(2), is_tick: false });
        assert_eq!(clock.look(seconds(11)), tick(seconds(3)));
    }
}
