use crate::chance::Chance;

/// Everything that can go wrong in a simulated world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    // What a worker does with a run.
    Slow,
    Hang,
    OutOfMemory,
    Crash,
    Poison,
    Nan,
    Error,
    Refuse,
    Flood,
    Garbage,
    Twice,
    Late,
    OtherRun,
    // What a process does.
    IgnoreTerm,
    Unkillable,
    Mute,
    StartCrash,
    Shortage,
    NoProgram,
    IdleDeath,
    // The store.
    NoSpace,
    InputOutput,
    ShortWrite,
    // The world.
    SchedulerCrash,
    ClockJump,
    Interrupt,
    InterruptTwice,
    InterruptThrice,
    Terminate,
    Drain,
    CacheHit,
    DeadAccelerator,
}

impl Fault {
    pub(super) const ALL: [Self; 32] = [
        Self::Slow,
        Self::Hang,
        Self::OutOfMemory,
        Self::Crash,
        Self::Poison,
        Self::Nan,
        Self::Error,
        Self::Refuse,
        Self::Flood,
        Self::Garbage,
        Self::Twice,
        Self::Late,
        Self::OtherRun,
        Self::IgnoreTerm,
        Self::Unkillable,
        Self::Mute,
        Self::StartCrash,
        Self::Shortage,
        Self::NoProgram,
        Self::IdleDeath,
        Self::NoSpace,
        Self::InputOutput,
        Self::ShortWrite,
        Self::SchedulerCrash,
        Self::ClockJump,
        Self::Interrupt,
        Self::InterruptTwice,
        Self::InterruptThrice,
        Self::Terminate,
        Self::Drain,
        Self::CacheHit,
        Self::DeadAccelerator,
    ];
    /// What a worker may do with a run instead of finishing it.
    pub(super) const OF_RUNS: &'static [Self] = &[
        Self::Slow,
        Self::Hang,
        Self::OutOfMemory,
        Self::Crash,
        Self::Poison,
        Self::Nan,
        Self::Error,
        Self::Refuse,
        Self::Flood,
        Self::Garbage,
        Self::Twice,
        Self::Late,
        Self::OtherRun,
    ];
    /// Who may send signals.
    pub(super) const SIGNALS: &'static [Self] =
        &[Self::Interrupt, Self::InterruptTwice, Self::InterruptThrice, Self::Terminate, Self::Drain];
}

/// The faults of one world: a random part of all (swarm testing), and how often each has struck.
#[derive(Debug, Clone)]
pub(super) struct Faults {
    enabled: u32,
    pub(super) struck: Struck,
    /// After this no fault strikes any more.
    pub(super) ceased: bool,
}

/// How often each fault has struck, in the order of [`Fault::ALL`].
pub(super) type Struck = [u64; Fault::ALL.len()];

impl Faults {
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let half = chance.below(1 << 32) as u32;
        let enabled = if chance.once_in(2) { half } else { half & chance.below(1 << 32) as u32 };
        Self { enabled, struck: [0; Fault::ALL.len()], ceased: false }
    }

    /// Whether a fault strikes now, where it does once in `n` times in worlds that have it.
    pub(super) fn strikes(&mut self, fault: Fault, n: u64, chance: &mut Chance) -> bool {
        let strikes = !self.ceased && self.enabled & (1 << fault as u32) != 0 && chance.once_in(n);
        self.struck[fault as usize] += u64::from(strikes);
        strikes
    }

    /// Of several faults, one that strikes now.
    pub(super) fn one_of(&mut self, faults: &[Fault], n: u64, chance: &mut Chance) -> Option<Fault> {
        let fault = chance.pick(faults);
        self.strikes(fault, n, chance).then_some(fault)
    }
}
