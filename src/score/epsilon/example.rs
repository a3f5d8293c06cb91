//! What thresholds cut out of the confidences of one example. Which side a confidence is of, and how often it counts,
//! makes no difference to that, so it is worked out once for all replicates and namings of an example.

use std::collections::BTreeMap;

use super::{double::Cutouts, side::Ends, single::Cuts};

/// The confidences of both sides of one example, in ascending order.
#[derive(Debug)]
pub(in crate::score) struct Example {
    ascending: Vec<f64>,
    /// By the ends of both sides together.
    cuts: BTreeMap<Ends, Cuts>,
    /// By the ends of the peakier side.
    cutouts: BTreeMap<Ends, Cutouts>,
}

impl Example {
    /// From the ascending confidences of both sides; at least one.
    pub(in crate::score) fn new(ascending: Vec<f64>) -> Self {
        Self { ascending, cuts: BTreeMap::new(), cutouts: BTreeMap::new() }
    }

    /// The confidences, ascending.
    pub(super) fn ascending(&self) -> &[f64] {
        &self.ascending
    }

    /// What single thresholds cut off, laid from one end to the other.
    pub(super) fn cuts(&mut self, ends: Ends) -> &Cuts {
        let Self { ascending, cuts, .. } = self;
        cuts.entry(ends).or_insert_with(|| Cuts::of(ascending, ends))
    }

    /// What intervals cut out, laid around a side with these ends.
    pub(super) fn cutouts(&mut self, ends: Ends) -> &Cutouts {
        let Self { ascending, cutouts, .. } = self;
        cutouts.entry(ends).or_insert_with(|| Cutouts::of(ascending, ends))
    }
}
