//! Random labels: teaches the forget set wrong, the retain set right.

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, GradientPlan, Labels, Memory, Part, Phase, Recipe, Round, Share, Stream,
        Train,
    },
    terms::Set,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{
        MOMENTUM, WEIGHT_DECAY, batch_size, constant, cross_entropy, forget, forget_batch_size, lr, retain,
        sgd, whole_epochs,
    },
};

pub(super) const METHOD: Method = Method {
    name: "random-labels",
    tier: Tier::One,
    family: "relabel",
    about: "Cross entropy with random labels on the forget set and true ones on the retain set",
    source: "the relabelling baseline of Fan et al., SalUn, ICLR 2024, arXiv:2310.12508 (OPTML-Group/Unlearn-Saliency \
             `RL.py`): variant \"in-turn\" is its branch for CIFAR-10, \"mixed\" the one for CIFAR-100",
    failure_modes: "a small lr leaves the forget set as it was; a large one pushes its confidences below those of \
                    retrained models, which accuracies don't show",
    parameters: PARAMETERS,
    recipe: |arguments, _| Recipe { phases: vec![relabel(arguments, &GradientPlan::default())] },
    ..Method::UNLEARNS
};

/// The hyper-parameters of [`relabel`].
pub(super) const PARAMETERS: &[Parameter] =
    &[LR, EPOCHS, VARIANT, LABELS, BATCH_SIZE, FORGET_BATCH_SIZE, MOMENTUM, WEIGHT_DECAY];

pub(super) const LR: Parameter = lr(1.3e-2).usual("1e-3 to 1e-1");
pub(super) const EPOCHS: Parameter = whole_epochs(10).usual("1 to 10");
pub(super) const VARIANT: Parameter = Parameter::choice(
    "variant",
    &["in-turn", "mixed"],
    "forget pass before each retain pass, or both shuffled together",
);
pub(super) const LABELS: Parameter = Parameter::choice(
    "labels",
    &["uniform", "wrong", "second-best"],
    "labels of the forget set, anew in every pass",
);
pub(super) const BATCH_SIZE: Parameter = batch_size(256);
pub(super) const FORGET_BATCH_SIZE: Parameter = forget_batch_size(256);

/// Trains on false labels for the forget set; what `gradient` says happens to every gradient.
pub(super) fn relabel(arguments: &Arguments, gradient: &GradientPlan) -> Phase {
    let labels = match arguments.choice("labels") {
        "wrong" => Labels::Wrong,
        "second-best" => Labels::SecondBest,
        _ => Labels::Random,
    };
    let epochs = arguments.count("epochs");
    let on = |stream: Stream, passes: f64| {
        let loss = vec![cross_entropy(stream.set, 1.0)];
        let passes = constant(passes);
        Train { gradient: gradient.clone(), ..Train::new(stream, passes, loss, sgd(arguments)) }
    };
    if arguments.choice("variant") == "mixed" {
        let with = vec![Part { set: Set::Forget, share: Share::All, labels }];
        return Phase::Train(on(Stream { with, ..retain(arguments) }, f64::from(epochs.get())));
    }
    let false_labels = Stream { labels, ..forget(arguments) };
    Phase::Alternate(Alternate {
        epochs,
        rounds: vec![Round::new(on(false_labels, 1.0)), Round::new(on(retain(arguments), 1.0))],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    })
}
