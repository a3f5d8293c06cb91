//! What phases work with.

use std::time::Duration;

use sweep_protocol::network::Layout;

use super::{Done, Halt, Participant, Surroundings, Watch, elements::Choices, teacher::Teachers};
use crate::{
    draws::Draws,
    examples::Examples,
    network::{Network, Weights},
    pass_cache::PassCache,
    python::Interpreters,
};

/// Everything that a phase may touch.
pub(super) struct Work<'a> {
    pub(super) network: &'a Network,
    pub(super) weights: &'a mut Weights,
    /// What earlier runs have found out.
    pub(super) known: &'a PassCache,
    /// Interpreters that wait.
    pub(super) interpreters: &'a Interpreters,
    pub(super) examples: &'a Examples,
    pub(super) draws: &'a mut dyn Draws,
    pub(super) watch: &'a mut dyn Watch,
    /// Networks that stand still, and what they say.
    pub(super) teachers: Teachers<'a>,
    /// Elements that earlier phases chose.
    pub(super) choices: Choices,
    /// Optimiser steps so far.
    pub(super) steps: u64,
    /// Loops that have ended.
    pub(super) loops: u32,
    /// Time in a function of the user's own.
    pub(super) called: Option<Duration>,
}

impl<'a> Work<'a> {
    /// What the phases of a run begin with.
    pub(super) fn new(ground: Surroundings<'a>, run: Participant<'a>) -> Self {
        let Surroundings { network, examples, known, interpreters } = ground;
        let Participant { weights, draws, watch } = run;
        Self {
            network,
            teachers: Teachers::new(weights, known),
            weights,
            known,
            interpreters,
            examples,
            draws,
            watch,
            choices: Choices::default(),
            steps: 0,
            loops: 0,
            called: None,
        }
    }

    /// What became of the run when all phases are done.
    pub(super) fn done(&self) -> Result<Done, Halt> {
        let steps = self.steps;
        if !self.weights.are_finite() {
            return Err(Halt::Diverged { step: steps });
        }
        Ok(Done { steps, unchanged: self.weights.equals(self.teachers.start()), called: self.called })
    }

    /// What tensors there are.
    pub(super) fn layout(&self) -> &'a Layout {
        self.network.layout()
    }

    /// Number of outputs.
    pub(super) fn classes(&self) -> i64 {
        self.layout().outputs()
    }
}
