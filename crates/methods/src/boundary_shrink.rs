//! Boundary shrink: teaches the forget set the nearest wrong class.

use sweep_protocol::{
    recipe::{Labels, Phase, Recipe, Stream, Train},
    terms::Set,
};

use super::{
    Method, Parameter, Tier,
    loops::{
        BATCH_NORM, MOMENTUM, WEIGHT_DECAY, batch_norm, cross_entropy, forget, forget_batch_size,
        forget_epochs, lr, sgd,
    },
};

pub(super) const METHOD: Method = Method {
    name: "boundary-shrink",
    tier: Tier::Two,
    family: "relabel",
    about: "Cross entropy of the forget set with the class that a step of FGSM makes the original see",
    source: "Chen et al., Boundary unlearning, CVPR 2023, arXiv:2303.11570, as in OPTML-Group/Unlearn-Saliency and \
             shaaaaron/DELETE",
    failure_modes: "over-forgets like DELETE. Examples whose class the step doesn't change are left out: with a small \
                    epsilon that may be most",
    parameters: &[
        Parameter::positive("epsilon", 0.1, "length of the step, in the unit of [0, 1] pixels")
            .usual("0.03, 0.1, 0.3"),
        lr(1e-4).usual("1e-6 to 1e-2"),
        forget_epochs(20.0).usual("1 to 20"),
        forget_batch_size(128),
        MOMENTUM,
        WEIGHT_DECAY,
        BATCH_NORM,
    ],
    recipe: |arguments, _| {
        let labels = Labels::Adversarial { epsilon: arguments.positive("epsilon") };
        let stream = Stream { labels, ..forget(arguments) };
        let loss = vec![cross_entropy(Set::Forget, 1.0)];
        let train = Train::new(stream, arguments.positive("epochs"), loss, sgd(arguments));
        Recipe { phases: vec![Phase::Train(Train { batch_norm: batch_norm(arguments), ..train })] }
    },
    ..Method::UNLEARNS
};
