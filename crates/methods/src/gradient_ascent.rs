//! Gradient ascent (NegGrad): climbs the loss of the forget set.

use sweep_protocol::{
    recipe::{AfterEpochs, Phase, Recipe, Stop, Train},
    terms::{Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        BATCH_NORM, FORGET_BATCH_SIZE, FORGET_EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, cross_entropy, forget, sgd,
    },
    parameters,
};

const STOP_ACCURACY: Hyper<UnitInterval> = Hyper::unit_interval(
    "stop-accuracy",
    0.0,
    "ends after the first epoch with no more forget accuracy than this; 0 never asks",
)
.usual("the validation accuracy");

pub(super) const METHOD: Method = Method {
    name: "gradient-ascent",
    tier: Tier::One,
    family: "ascent",
    about: "Ascends on the cross entropy of the forget set, and nothing else",
    source: "OPTML-Group/Unlearn-Sparse `GA.py`; learning rate and epochs of kairanzhao/RUM",
    failure_modes: "a narrow window of lr between no effect and collapse; batches of forget examples alone pollute \
                    the running statistics (batch-norm = \"frozen\" keeps them). The number of steps is what counts, \
                    so the batch size matters more than the epochs",
    parameters: parameters![
        LR.at(1e-4).usual("1e-6 to 1e-2"),
        FORGET_EPOCHS.at(5.0).usual("1 to 10"),
        FORGET_BATCH_SIZE.at(256),
        MOMENTUM,
        WEIGHT_DECAY,
        BATCH_NORM,
        STOP_ACCURACY,
    ],
    recipe: |arguments, _| {
        let loss = vec![cross_entropy(Set::Forget, -1.0)];
        let train = Train::new(forget(arguments), arguments.get(&FORGET_EPOCHS), loss, sgd(arguments));
        let after_epochs = AfterEpochs { stop: stop(arguments), ..AfterEpochs::default() };
        let train = Train { batch_norm: arguments.get(&BATCH_NORM), after_epochs, ..train };
        Recipe { phases: vec![Phase::Train(train)] }
    },
    ..Method::UNLEARNS
};

fn stop(arguments: &Arguments) -> Option<Stop> {
    let accuracy = arguments.get(&STOP_ACCURACY);
    (accuracy.get() > 0.0).then_some(Stop { on: Set::Forget, accuracy })
}
