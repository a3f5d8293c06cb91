/// Everything that is left to chance in a gate: the same seed, the same course.
#[derive(Debug, Clone)]
pub(crate) struct Chance(sweep_chance::Chance);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(sweep_chance::Chance::of_seed(seed))
    }

    /// A whole number below `end`, which is above 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0.below(end)
    }

    /// True once in `n` times.
    pub(crate) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        self.0.shuffle(things);
    }
}
