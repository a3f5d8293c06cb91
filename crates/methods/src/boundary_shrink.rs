//! Boundary shrink: teaches the forget set the nearest wrong class.

use sweep_protocol::{
    recipe::{Labels, Phase, Recipe, Stream, Train},
    terms::{Positive, Set},
};

use super::{
    Hyper, Method, Tier,
    loops::{
        BATCH_NORM, FORGET_BATCH_SIZE, FORGET_EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, cross_entropy, forget, sgd,
    },
    parameters,
};

const EPSILON: Hyper<Positive> =
    Hyper::positive("epsilon", 0.1, "length of the step, in the unit of [0, 1] pixels")
        .usual("0.03, 0.1, 0.3");

pub(super) const METHOD: Method = Method {
    name: "boundary-shrink",
    tier: Tier::Two,
    family: "relabel",
    about: "Cross entropy of the forget set with the class that a step of FGSM makes the original see",
    source: "Chen et al., Boundary unlearning, CVPR 2023, arXiv:2303.11570, as in OPTML-Group/Unlearn-Saliency and \
             shaaaaron/DELETE",
    failure_modes: "over-forgets like DELETE. Examples whose class the step doesn't change are left out: with a small \
                    epsilon that may be most",
    parameters: parameters![
        EPSILON,
        LR.at(1e-4).usual("1e-6 to 1e-2"),
        FORGET_EPOCHS.at(20.0).usual("1 to 20"),
        FORGET_BATCH_SIZE.at(128),
        MOMENTUM,
        WEIGHT_DECAY,
        BATCH_NORM,
    ],
    recipe: |arguments, _| {
        let labels = Labels::Adversarial { epsilon: arguments.get(&EPSILON) };
        let stream = Stream { labels, ..forget(arguments) };
        let loss = vec![cross_entropy(Set::Forget, 1.0)];
        let train = Train::new(stream, arguments.get(&FORGET_EPOCHS), loss, sgd(arguments));
        Recipe { phases: vec![Phase::Train(Train { batch_norm: arguments.get(&BATCH_NORM), ..train })] }
    },
    ..Method::UNLEARNS
};
