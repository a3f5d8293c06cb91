//! What phases work with.

use std::time::Duration;

use sweep_protocol::network::Layout;

use super::{Watch, elements::Choices, python::Interpreters, teacher::Teachers};
use crate::{
    draws::Draws,
    examples::Examples,
    network::{Network, Weights},
    pass_cache::PassCache,
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
    /// Time in a function of the user's own.
    pub(super) called: Option<Duration>,
}

impl<'a> Work<'a> {
    /// What tensors there are.
    pub(super) fn layout(&self) -> &'a Layout {
        self.network.layout()
    }

    /// Number of outputs.
    pub(super) fn classes(&self) -> i64 {
        self.layout().outputs()
    }
}
