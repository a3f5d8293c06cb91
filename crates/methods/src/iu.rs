//! IU: one Newton-like step away from the forget set, with the WoodFisher inverse.

use sweep_protocol::recipe::{Move, Phase, Recipe, Route};

use super::{Method, Parameter, Tier};

pub(super) const METHOD: Method = Method {
    name: "iu",
    tier: Tier::Two,
    family: "one shot",
    about: "Moves the weights along the inverse Fisher matrix times the difference of forget and retain gradients",
    source: "Koh and Liang, arXiv:1703.04730, with Singh and Alistarh's WoodFisher, arXiv:2004.14340; \
             OPTML-Group/Unlearn-Sparse `Wfisher.py`, which takes the first samples unshuffled where this draws them",
    failure_modes: "a large alpha collapses the network; search it by decades",
    parameters: &[
        Parameter::non_negative("alpha", 0.2, "length of the step").usual("1e-3 to 1e2"),
        Parameter::count(
            "samples",
            1000,
            "retain examples of the inverse, one gradient each; drawn in every run",
        ),
        Parameter::count("batch-size", 64, "examples in a batch of the two sums of gradients; only speed"),
    ],
    recipe: |arguments, _| {
        let (samples, batch_size) = (arguments.count("samples"), arguments.count("batch-size"));
        let along = Route::WoodFisher { samples, batch_size };
        let step = Move { along, scale: arguments.non_negative("alpha").get() };
        Recipe { phases: vec![Phase::Move(step)] }
    },
    ..Method::UNLEARNS
};
