use std::time::Duration;

use sweep::{
    outcome::{Cause, Outcome},
    pool::core::Rules,
};
use sweep_protocol::{
    measurement::{Accuracies, Artifact, Measurement},
    message::Failure,
    terms::UnitInterval,
};

use super::fault::{Fault, Faults};
use crate::chance::Chance;

/// A worker process from outside.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) number: u64,
    pub(super) doing: Doing,
    /// The runs that it hasn't ended.
    pub(super) runs: Vec<usize>,
    /// In how many rows it computes them.
    pub(super) rows: u32,
    /// These rows were too many for its memory.
    pub(super) is_crowded: bool,
    /// It gives no reason to be stopped.
    pub(super) behaves: bool,
    /// It is being stopped.
    pub(super) is_leaving: bool,
    pub(super) obedience: Obedience,
    /// What it still says when it is stopped.
    pub(super) last_word: Option<Word>,
}

/// What it takes to end a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Obedience {
    Obeys,
    IgnoresTerm,
    Unkillable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Starting,
    Idle,
    Busy,
}

/// Something that a worker says.
#[derive(Debug, Clone)]
pub(super) enum Word {
    Hello,
    Progress {
        run: usize,
        step: u64,
    },
    Outcome {
        run: usize,
        outcome: Outcome,
    },
    /// Its output has ended, or makes no sense.
    Lost(&'static str),
}

pub(super) const STEPS: u64 = 5;

/// What a worker says about a run, when, counted from the moment in which it was handed over.
pub(super) type Speech = Vec<(Duration, Word)>;

impl Process {
    pub(super) fn new(number: u64, faults: &mut Faults, chance: &mut Chance) -> Self {
        let obedience = if faults.strikes(Fault::Unkillable, 12, chance) {
            Obedience::Unkillable
        } else if faults.strikes(Fault::IgnoreTerm, 4, chance) {
            Obedience::IgnoresTerm
        } else {
            Obedience::Obeys
        };
        Self {
            number,
            doing: Doing::Starting,
            runs: Vec::new(),
            rows: 1,
            is_crowded: false,
            behaves: true,
            is_leaving: false,
            obedience,
            last_word: None,
        }
    }

    /// What it says at its start.
    pub(super) fn start(&mut self, faults: &mut Faults, chance: &mut Chance) -> Speech {
        let at = milliseconds(50 + chance.below(3000));
        if faults.strikes(Fault::Mute, 10, chance) {
            self.behaves = false;
            return Vec::new();
        }
        if faults.strikes(Fault::StartCrash, 8, chance) {
            self.behaves = false;
            return vec![(at, Word::Lost("it crashed at its start"))];
        }
        let mut speech = vec![(at, Word::Hello)];
        if faults.strikes(Fault::IdleDeath, 10, chance) {
            self.behaves = false;
            speech.push((at + milliseconds(chance.below(5000)), Word::Lost("it died idle")));
        }
        speech
    }

    /// Takes a run beside those that it has, one of a cohort that ends before the run `other`; returns what it will say.
    pub(super) fn perform(
        &mut self,
        (run, attempt): (usize, u32),
        (fault, other): (Option<Fault>, usize),
        rules: &Rules,
        chance: &mut Chance,
    ) -> Speech {
        self.doing = Doing::Busy;
        self.runs.push(run);
        let pace = milliseconds(20 + chance.below(900));
        let done = (STEPS as u32 + 1) * pace;
        let other = Word::Outcome { run: other, outcome: finished(other, attempt) };
        let ends = |outcome| Word::Outcome { run, outcome };
        let mut speech: Speech = (1..=STEPS as u32)
            .map(|step| (step * pace, Word::Progress { run, step: u64::from(step) }))
            .collect();
        let midway = 3 * pace;
        let harmless = [Fault::Nan, Fault::OutOfMemory, Fault::Error, Fault::Flood, Fault::Twice];
        self.behaves &= fault.is_none_or(|fault| harmless.contains(&fault) || fault == Fault::OtherRun);
        match fault {
            None => {}
            Some(Fault::Slow) => return slow(run, rules),
            Some(Fault::Hang) => return hang(run, rules),
            Some(Fault::Late) => {
                self.last_word = Some(ends(finished(run, attempt)));
                return hang(run, rules);
            }
            Some(Fault::OutOfMemory) => return cut(speech, midway, ends(failed(Failure::OutOfMemory))),
            Some(Fault::Error) => return cut(speech, midway, ends(failed(Failure::Error))),
            Some(Fault::Refuse) => return cut(speech, midway, ends(failed(Failure::Refused))),
            Some(Fault::Nan) => return cut(speech, midway, ends(Outcome::Diverged { step: 3 })),
            Some(Fault::Crash) => return cut(speech, midway, Word::Lost("it crashed")),
            Some(Fault::Garbage) => return cut(speech, midway, Word::Lost("it speaks in tongues")),
            Some(Fault::Poison | Fault::DeadAccelerator) => {
                let mut speech = cut(speech, midway, ends(failed(Failure::Device)));
                speech.push((midway, Word::Lost("it ended with its device")));
                return speech;
            }
            Some(Fault::Flood) => {
                speech.extend((0..60).map(|_| (midway, Word::Progress { run, step: 3 })));
            }
            Some(Fault::Twice) => {
                let again = done + milliseconds(chance.below(3000));
                speech.push((again, ends(finished(run, attempt))));
            }
            Some(Fault::OtherRun) => speech.push((midway, other)),
            Some(fault) => unreachable!("{fault:?} is nothing that a run can do"),
        }
        speech.push((done, ends(finished(run, attempt))));
        speech
    }
}

/// Steps that come in time, but too many of them.
fn slow(run: usize, rules: &Rules) -> Speech {
    let pace = rules.stall / 2;
    let steps = rules.run.map_or(0, |limit| limit.as_secs() / pace.as_secs() + 2);
    (1..=steps).map(|step| (pace * step as u32, Word::Progress { run, step })).collect()
}

/// A sign of life every second, but always of the same step.
fn hang(run: usize, rules: &Rules) -> Speech {
    (1..rules.stall.as_secs() + 10)
        .map(|at| (Duration::from_secs(at), Word::Progress { run, step: 1 }))
        .collect()
}

fn cut(mut speech: Speech, at: Duration, last: Word) -> Speech {
    speech.retain(|(when, _)| *when < at);
    speech.push((at, last));
    speech
}

pub(super) fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The only right measurement of an attempt: it names both.
pub(crate) fn measurement(run: usize, attempt: u32) -> Box<Measurement> {
    let share = UnitInterval::new(0.5).expect("in range");
    Box::new(Measurement {
        accuracy: Accuracies { retain: share, forget: share, validation: share, test: None, truth: None },
        unlearn_s: f64::from(attempt),
        measure_s: 0.0,
        steps: run as u64,
        confidences: Artifact {
            file: "confidences.npy".into(),
            blake3: "0".repeat(64).parse().expect("a hash"),
        },
        weights: None,
        examples: None,
        reconstruction: None,
        curves: None,
        renamed: None,
        unchanged: false,
    })
}

pub(super) fn finished(run: usize, attempt: u32) -> Outcome {
    Outcome::Finished(measurement(run, attempt))
}

fn failed(failure: Failure) -> Outcome {
    Outcome::Failed { cause: Cause::Reported(failure), message: "told so".into() }
}
