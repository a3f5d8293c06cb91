//! NegGrad+: descend on the retain set while ascending on the forget set.

use sweep_protocol::{
    recipe::{BatchNorm, CrossEntropy, Phase, Recipe, Stream, Term, Train},
    terms::Set,
};

use super::{
    Arguments, Engines, Kind, Method, Parameter, StartsFrom,
    finetune::{MOMENTUM, WEIGHT_DECAY, sgd},
};

pub(super) const METHOD: Method = Method {
    name: "neggrad-plus",
    about: "Descends on α·CE(retain) − (1−α)·CE(forget); unbounded below, so a small α diverges",
    source: "Kurmanji et al., Towards unbounded machine unlearning (SCRUB repository); defaults of kairanzhao/RUM, \
             whose batches are 256",
    parameters: &[
        Parameter {
            name: "alpha",
            kind: Kind::UnitInterval(0.95),
            about: "share of the retain loss; usual 0.9 to 0.9999",
        },
        Parameter {
            name: "lr",
            kind: Kind::Positive(1e-2),
            about: "learning rate of SGD; usual 1e-4 to 5e-2",
        },
        Parameter {
            name: "epochs",
            kind: Kind::Positive(5.0),
            about: "passes over the retain set; usual 1 to 6",
        },
        Parameter { name: "batch-size", kind: Kind::Count(64), about: "examples in a retain batch" },
        Parameter {
            name: "forget-batch-size",
            kind: Kind::Count(64),
            about: "examples in a forget batch; the forget set is cycled",
        },
        MOMENTUM,
        WEIGHT_DECAY,
        Parameter {
            name: "batch-norm",
            kind: Kind::Choice(&["train", "frozen"]),
            about: "statistics while training",
        },
    ],
    starts_from: StartsFrom::Original,
    engines: Engines::All,
    recipe: |arguments, _| Recipe { phases: vec![Phase::Train(descend_and_ascend(arguments))] },
};

fn descend_and_ascend(arguments: &Arguments) -> Train {
    let stream = |set, size| Stream::of(set, arguments.count(size));
    let cross_entropy = |on, weight| Term::CrossEntropy(CrossEntropy::new(on, weight));
    let alpha = arguments.unit_interval("alpha").get();
    let loss = vec![cross_entropy(Set::Retain, alpha), cross_entropy(Set::Forget, alpha - 1.0)];
    let retain = stream(Set::Retain, "batch-size");
    let mut train = Train::new(retain, arguments.positive("epochs"), loss, sgd(arguments));
    train.data.push(stream(Set::Forget, "forget-batch-size"));
    if arguments.choice("batch-norm") == "frozen" {
        train.batch_norm = BatchNorm::Frozen;
    }
    train
}
