//! FCS (fanchuan): forget, contrast, repair. The 1st place of the challenge.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Contrast, Divergence, Memory, Optimizer, Pace, Pairing, Phase, Recipe, Round,
        Schedule, Stream, Target, Term, Train,
    },
    terms::{NonNegative, Positive, Set},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        BATCH_SIZE, FORGET_BATCH_SIZE, MOMENTUM, WHOLE_EPOCHS, constant, cross_entropy, forget, retain,
        sgd_without_decay,
    },
    parameters,
};

/// The batch size at which `retain-lr` is what it says.
const BASE_BATCH: f64 = 64.0;

const FIRST_LR: Hyper<Positive> =
    Hyper::positive("first-lr", 5e-3, "learning rate of the first pass over the forget set")
        .usual("5e-4 to 2e-2");
const FORGET_LR: Hyper<Positive> =
    Hyper::positive("forget-lr", 3e-4, "learning rate of the contrast, before its cosine")
        .usual("3e-5 to 3e-3");
const RETAIN_LR: Hyper<Positive> = Hyper::positive(
    "retain-lr",
    1e-3,
    "learning rate of the repair at batches of 64; scaled with batch-size",
)
.usual("3e-4 to 3e-3");
const TEMPERATURE: Hyper<Positive> =
    Hyper::positive("temperature", 1.15, "t of the similarity of logits").usual("0.5 to 5");
const FORGET_ROUNDS: Hyper<NonZeroU32> =
    Hyper::count("forget-rounds", 1, "passes of the contrast in each epoch").usual("1, 2");
const ETA_MIN: Hyper<NonNegative> =
    Hyper::non_negative("eta-min", 1e-6, "where the cosine of forget-lr ends");
const RETAIN_WEIGHT_DECAY: Hyper<NonNegative> =
    Hyper::non_negative("retain-weight-decay", 1e-2, "L2 penalty of the repair; the others have none")
        .usual("5e-4, 1e-2");

pub(super) const METHOD: Method = Method {
    name: "fcs",
    tier: Tier::One,
    family: "forget, contrast, repair",
    about: "Pulls the forget set to uniform outputs, then alternates a contrast of forget and retain logits with \
            cross entropy on the retain set; three optimisers",
    source: "NeurIPS 2023 unlearning challenge, 1st place (fanchuan), Kaggle write-up 458721; DeepUnlearn `kgltop1`",
    failure_modes: "too large a first-lr wrecks features that the epochs after it don't bring back. The forget batch \
                    size is not in the write-up; 64 is the competition's",
    parameters: parameters![
        FIRST_LR,
        FORGET_LR,
        RETAIN_LR,
        TEMPERATURE,
        WHOLE_EPOCHS.at(8).usual("2, 4, 6, 8"),
        FORGET_ROUNDS,
        ETA_MIN,
        BATCH_SIZE.at(256).usual("64, 128, 256"),
        FORGET_BATCH_SIZE.at(64),
        MOMENTUM,
        RETAIN_WEIGHT_DECAY,
    ],
    recipe: |arguments, _| Recipe { phases: vec![first_pass(arguments), rounds(arguments)] },
    ..Method::UNLEARNS
};

fn first_pass(arguments: &Arguments) -> Phase {
    let uniform = Term::Divergence(Divergence::new(Set::Forget, 1.0, Target::Uniform));
    let optimizer = sgd_without_decay(arguments, arguments.get(&FIRST_LR));
    Phase::Train(Train::new(forget(arguments), constant(1.0), vec![uniform], optimizer))
}

fn rounds(arguments: &Arguments) -> Phase {
    Phase::Alternate(Alternate {
        epochs: arguments.get(&WHOLE_EPOCHS),
        rounds: vec![Round::new(contrast(arguments)), Round::new(repair(arguments))],
        memory: Memory::Round,
        after_epochs: AfterEpochs::default(),
    })
}

fn contrast(arguments: &Arguments) -> Train {
    let lr = arguments.get(&FORGET_LR);
    let term = Term::Contrast(Contrast {
        on: Set::Forget,
        against: Set::Retain,
        weight: 1.0,
        temperature: arguments.get(&TEMPERATURE),
        weight_schedule: Schedule::Constant,
    });
    let floor = arguments.get(&ETA_MIN).get() / lr.get();
    let schedule = Schedule::Annealed {
        pace: Pace::Step,
        floor: NonNegative::new(floor).expect("a quotient of numbers that are not negative"),
        over: None,
        warm_up: NonNegative::new(0.0).expect("0 is not negative"),
    };
    let passes = constant(f64::from(arguments.get(&FORGET_ROUNDS).get()));
    let train = Train::new(forget(arguments), passes, vec![term], sgd_without_decay(arguments, lr));
    let zipped = Stream { pairing: Pairing::Zip, ..retain(arguments) };
    Train { data: vec![forget(arguments), zipped], schedule, ..train }
}

fn repair(arguments: &Arguments) -> Train {
    let scale = f64::from(arguments.get(&BATCH_SIZE).get()) / BASE_BATCH;
    let lr = arguments.get(&RETAIN_LR).get() * scale;
    let optimizer = Optimizer::Sgd {
        lr: Positive::new(lr).expect("a product of numbers above 0"),
        momentum: arguments.get(&MOMENTUM),
        weight_decay: arguments.get(&RETAIN_WEIGHT_DECAY),
    };
    Train::new(retain(arguments), constant(1.0), vec![cross_entropy(Set::Retain, 1.0)], optimizer)
}
