//! Fisher forgetting: noise where the retain set doesn't mind.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{FisherNoise, Importance, Measure, Phase, Recipe},
    terms::{NonNegative, Positive, Set},
};

use super::{Hyper, Method, Tier, parameters};

const ALPHA: Hyper<NonNegative> =
    Hyper::non_negative("alpha", 1e-9, "scale of the variance").usual("1e-10 to 1e-5");
const POWER: Hyper<Positive> =
    Hyper::positive("power", 1.0, "exponent of the inverse information in the variance").usual("0.5, 1");
const BATCH_SIZE: Hyper<NonZeroU32> =
    Hyper::count("batch-size", 32, "examples in a batch of the information; 1 for the published sum, dear");

pub(super) const METHOD: Method = Method {
    name: "fisher",
    tier: Tier::Three,
    family: "one shot",
    about: "Adds noise whose variance is an inverse power of the diagonal Fisher information of the retain set",
    source: "Golatkar et al., Eternal sunshine of the spotless net, CVPR 2020, arXiv:1911.04933; `fisher_new` of \
             OPTML-Group/Unlearn-Sparse, whose batches of 32 approximate the sum over single examples and \
             whose variance goes with 1 / F (power = 1). The paper has 1 / √F (power = 0.5)",
    failure_modes: "no repair follows, so it costs accuracy; the window of alpha is narrow. A backward pass per class \
                    and batch",
    parameters: parameters![ALPHA, POWER, BATCH_SIZE],
    recipe: |arguments, _| {
        let importance = Importance::of_batches(arguments.get(&BATCH_SIZE));
        let importance = Importance { measure: Measure::ExpectedCrossEntropy, ..importance };
        let (alpha, power) = (arguments.get(&ALPHA), arguments.get(&POWER));
        let noise = FisherNoise { kept: Set::Retain, alpha, power, importance };
        Recipe { phases: vec![Phase::FisherNoise(noise)] }
    },
    ..Method::UNLEARNS
};
