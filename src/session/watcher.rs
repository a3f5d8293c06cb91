use std::fmt;

use crate::{
    gpu::{Gpu, NoGpu},
    plan::Plan,
    pool::{Happening, Interruption, Observer},
    store::Notice,
};

/// Who wants to know how a session goes.
pub trait Watcher {
    /// Something about the results as they were found.
    fn notice(&self, notice: &Notice);

    /// Something about the machine that the pool makes do with.
    fn remark(&self, remark: &Remark);

    /// Runs of a plan are about to be carried out on so many slots; those at the positions `ended` have an outcome already. What
    /// happens is told to the observer, which is dropped when all that was asked for has ended.
    fn begins<'p>(&'p self, plan: &'p Plan, slots: usize, ended: &[usize]) -> Box<dyn Observer + 'p>;
}

/// What a pool makes do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// A GPU that other programs fill and that nobody named gets no slot.
    Filled(Gpu),
    /// The driver of the GPUs is ill.
    NoGpu(NoGpu),
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Filled(gpu) => write!(f, "passed over, since another program fills it: {gpu}"),
            Self::NoGpu(why) => write!(f, "{why}; the sweep computes on the processor"),
        }
    }
}

/// Nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn notice(&self, _: &Notice) {}

    fn remark(&self, _: &Remark) {}

    fn begins<'p>(&'p self, _: &'p Plan, _: usize, _: &[usize]) -> Box<dyn Observer + 'p> {
        Box::new(Self)
    }
}

impl Observer for Unwatched {
    fn event(&mut self, _: &Happening<'_>) {}
}

/// Passes everything on, and remembers who wanted an early end.
pub(super) struct Attentive<'o> {
    pub(super) observer: Box<dyn Observer + 'o>,
    pub(super) drained: Option<Interruption>,
}

impl Observer for Attentive<'_> {
    fn event(&mut self, happening: &Happening<'_>) {
        if let Happening::Draining { by, .. } = happening {
            self.drained = Some(*by);
        }
        self.observer.event(happening);
    }
}
