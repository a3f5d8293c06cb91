//! IU: one Newton-like step away from the forget set, with the WoodFisher inverse.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Move, Phase, Recipe, Route},
    terms::NonNegative,
};

use super::{Hyper, Method, Tier, parameters};

const ALPHA: Hyper<NonNegative> =
    Hyper::non_negative("alpha", 0.2, "length of the step").usual("1e-3 to 1e2");
const SAMPLES: Hyper<NonZeroU32> =
    Hyper::count("samples", 1000, "retain examples of the inverse, one gradient each; drawn in every run");
const BATCH_SIZE: Hyper<NonZeroU32> =
    Hyper::count("batch-size", 64, "examples in a batch of the two sums of gradients; only speed");

pub(super) const METHOD: Method = Method {
    name: "iu",
    tier: Tier::Two,
    family: "one shot",
    about: "Moves the weights along the inverse Fisher matrix times the difference of forget and retain gradients",
    source: "Koh and Liang, arXiv:1703.04730, with Singh and Alistarh's WoodFisher, arXiv:2004.14340; \
             OPTML-Group/Unlearn-Sparse `Wfisher.py`, which takes the first samples unshuffled where this draws them",
    failure_modes: "a large alpha collapses the network; search it by decades",
    parameters: parameters![ALPHA, SAMPLES, BATCH_SIZE],
    recipe: |arguments, _| {
        let (samples, batch_size) = (arguments.get(&SAMPLES), arguments.get(&BATCH_SIZE));
        let along = Route::WoodFisher { samples, batch_size };
        let step = Move { along, scale: arguments.get(&ALPHA).get() };
        Recipe { phases: vec![Phase::Move(step)] }
    },
    ..Method::UNLEARNS
};
