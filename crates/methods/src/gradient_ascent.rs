//! Gradient ascent (NegGrad): climbs the loss of the forget set.

use sweep_protocol::{
    recipe::{AfterEpochs, Phase, Recipe, Stop, Train},
    terms::Set,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{
        BATCH_NORM, MOMENTUM, WEIGHT_DECAY, batch_norm, cross_entropy, forget, forget_batch_size,
        forget_epochs, lr, sgd,
    },
};

pub(super) const METHOD: Method = Method {
    name: "gradient-ascent",
    tier: Tier::One,
    family: "ascent",
    about: "Ascends on the cross entropy of the forget set, and nothing else",
    source: "OPTML-Group/Unlearn-Sparse `GA.py`; learning rate and epochs of kairanzhao/RUM",
    failure_modes: "a narrow window of lr between no effect and collapse; batches of forget examples alone pollute \
                    the running statistics (batch-norm = \"frozen\" keeps them). The number of steps is what counts, \
                    so the batch size matters more than the epochs",
    parameters: &[
        lr(1e-4).usual("1e-6 to 1e-2"),
        forget_epochs(5.0).usual("1 to 10"),
        forget_batch_size(256),
        MOMENTUM,
        WEIGHT_DECAY,
        BATCH_NORM,
        Parameter::unit_interval(
            "stop-accuracy",
            0.0,
            "ends after the first epoch with no more forget accuracy than this; 0 never asks",
        )
        .usual("the validation accuracy"),
    ],
    recipe: |arguments, _| {
        let loss = vec![cross_entropy(Set::Forget, -1.0)];
        let train = Train::new(forget(arguments), arguments.positive("epochs"), loss, sgd(arguments));
        let after_epochs = AfterEpochs { stop: stop(arguments), ..AfterEpochs::default() };
        let train = Train { batch_norm: batch_norm(arguments), after_epochs, ..train };
        Recipe { phases: vec![Phase::Train(train)] }
    },
    ..Method::UNLEARNS
};

fn stop(arguments: &Arguments) -> Option<Stop> {
    let accuracy = arguments.unit_interval("stop-accuracy");
    (accuracy.get() > 0.0).then_some(Stop { on: Set::Forget, accuracy })
}
