//! SSD: shrinks the weights that matter more to the forget set than to the whole.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Batches, Dampen, Importance, Measure, Phase, Recipe, Tensors},
    terms::{NonNegative, Set},
};

use super::{Arguments, Hyper, Method, Parameter, Tier, parameters};

const ALPHA: Hyper<NonNegative> =
    Hyper::non_negative("alpha", 10.0, "ratio of importances from which a weight is dampened")
        .usual("0.5 to 100");
const LAMBDA: Hyper<NonNegative> =
    Hyper::non_negative("lambda", 1.0, "how little is left of it").usual("0.01 to 10");
const BATCH_SIZE: Hyper<NonZeroU32> = Hyper::count(
    "batch-size",
    64,
    "examples in a batch of the importances; 1 for importances per sample, which cost more time",
);

const BATCHES: Hyper<Batches> = Hyper::choice(
    "batches",
    &[("equal", Batches::Equal), ("as-published", Batches::AsPublished)],
    "whether both importances are taken in batches of one size, which the smaller set fills evenly",
);

pub(super) const METHOD: Method = Method {
    name: "ssd",
    tier: Tier::Two,
    family: "one shot",
    about: "Dampens weights whose squared gradients on the forget set exceed α times those on the training set",
    source: "Foster et al., Fast machine unlearning without retraining through selective synaptic dampening, AAAI 2024, \
             arXiv:2308.07707; if-loops/selective-synaptic-dampening, ResNet-18 and random forgetting",
    failure_modes: "importances are squares of batch means, so in smaller batches (`as-published`, where the forget set is \
                    less than one batch) the forget set looks more important than it is and much is dampened. All runs \
                    give the same network: nothing in it is random",
    parameters: PARAMETERS,
    recipe: |arguments, _| recipe(arguments, Measure::SquaredCrossEntropy),
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`recipe`].
pub(super) const PARAMETERS: &[Parameter] = parameters![ALPHA, LAMBDA, BATCH_SIZE, BATCHES];

/// Dampening by one measure of importance.
pub(super) fn recipe(arguments: &Arguments, measure: Measure) -> Recipe {
    let importance = Importance { measure, ..Importance::of_batches(arguments.get(&BATCH_SIZE)) };
    let dampen = Dampen {
        tensors: Tensors::All,
        forget: Set::Forget,
        kept: Set::Train,
        alpha: arguments.get(&ALPHA),
        lambda: arguments.get(&LAMBDA),
        importance,
        batches: arguments.get(&BATCHES),
    };
    Recipe { phases: vec![Phase::Dampen(dampen)] }
}
