//! Fisher forgetting: noise where the retain set doesn't mind.

use sweep_protocol::{
    recipe::{FisherNoise, Importance, Measure, Phase, Recipe},
    terms::Set,
};

use super::{Method, Parameter, Tier};

pub(super) const METHOD: Method = Method {
    name: "fisher",
    tier: Tier::Three,
    family: "one shot",
    about: "Adds noise whose variance is the inverse of the diagonal Fisher information of the retain set",
    source: "Golatkar et al., Eternal sunshine of the spotless net, CVPR 2020, arXiv:1911.04933; `fisher_new` of \
             OPTML-Group/Unlearn-Sparse, whose batches of 32 approximate the sum over single examples",
    failure_modes: "no repair follows, so it costs accuracy; the window of alpha is narrow. A backward pass per class \
                    and batch",
    parameters: &[
        Parameter::non_negative("alpha", 1e-9, "scale of the variance").usual("1e-10 to 1e-5"),
        Parameter::count(
            "batch-size",
            32,
            "examples in a batch of the information; 1 for the published sum, dear",
        ),
    ],
    recipe: |arguments, _| {
        let importance = Importance::of_batches(arguments.count("batch-size"));
        let importance = Importance { measure: Measure::ExpectedCrossEntropy, ..importance };
        let alpha = arguments.non_negative("alpha");
        Recipe { phases: vec![Phase::FisherNoise(FisherNoise { kept: Set::Retain, alpha, importance })] }
    },
    ..Method::UNLEARNS
};
