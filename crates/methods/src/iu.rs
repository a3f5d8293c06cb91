//! IU: one Newton-like step away from the forget set.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Inverse, Move, Phase, Recipe, Route},
    terms::{NonNegative, Positive},
};

use super::{Arguments, Hyper, Method, Tier, parameters};

const ALPHA: Hyper<NonNegative> =
    Hyper::non_negative("alpha", 0.2, "length of the step").usual("1e-3 to 1e2");
const SAMPLES: Hyper<NonZeroU32> =
    Hyper::count("samples", 1000, "retain examples of the inverse, one gradient each; drawn in every run");
const INVERSE: Hyper<Form> = Hyper::choice(
    "inverse",
    &[
        ("as-published", Form::AsPublished),
        ("wood-fisher", Form::WoodFisher),
        ("diagonal", Form::Diagonal),
        ("conjugate-gradients", Form::ConjugateGradients),
    ],
    "what stands for the inverse Fisher matrix; as-published is none, wood-fisher keeps one vector of all weights per sample",
);
const DAMPING: Hyper<Positive> =
    Hyper::positive("damping", 1e-5, "added to the matrix's diagonal, where it is inverted")
        .usual("1e-5 to 1");
const ITERATIONS: Hyper<NonZeroU32> =
    Hyper::count("iterations", 10, "of conjugate gradients, each a pass over the samples");
const BATCH_SIZE: Hyper<NonZeroU32> =
    Hyper::count("batch-size", 64, "examples in a batch of the two sums of gradients; only speed");

pub(super) const METHOD: Method = Method {
    name: "iu",
    tier: Tier::Two,
    family: "one shot",
    about: "Moves the weights along the difference of forget and retain gradients, times an inverse Fisher matrix if \
            `inverse` asks for one",
    source: "Koh and Liang, arXiv:1703.04730, with Singh and Alistarh's WoodFisher, arXiv:2004.14340; \
             OPTML-Group/Unlearn-Sparse `Wfisher.py`, which takes the first samples unshuffled where this draws them. Its \
             recursion (`as-published`) multiplies the first sample's gradient by numbers and never solves for an \
             inverse: it changes the difference of gradients along that one example. `wood-fisher`, `diagonal` and \
             `conjugate-gradients` are inverses",
    failure_modes: "a large alpha collapses the network; search it by decades, anew for every form of the inverse: true ones \
                    are longer by up to 1 / damping. As published, which example is drawn first moves the result",
    parameters: parameters![ALPHA, SAMPLES, INVERSE, DAMPING, ITERATIONS, BATCH_SIZE],
    recipe: |arguments, _| {
        let (samples, batch_size) = (arguments.get(&SAMPLES), arguments.get(&BATCH_SIZE));
        let along = Route::Influence { samples, batch_size, inverse: inverse(arguments) };
        let step = Move { along, scale: arguments.get(&ALPHA).get() };
        Recipe { phases: vec![Phase::Move(step)] }
    },
    ..Method::UNLEARNS
};

/// What stands for the inverse.
#[derive(Debug, Clone, Copy)]
enum Form {
    AsPublished,
    WoodFisher,
    Diagonal,
    ConjugateGradients,
}

fn inverse(arguments: &Arguments) -> Inverse {
    let damping = arguments.get(&DAMPING);
    match arguments.get(&INVERSE) {
        Form::AsPublished => Inverse::AsPublished,
        Form::WoodFisher => Inverse::WoodFisher { damping },
        Form::Diagonal => Inverse::Diagonal { damping },
        Form::ConjugateGradients => {
            Inverse::ConjugateGradients { damping, iterations: arguments.get(&ITERATIONS) }
        }
    }
}
