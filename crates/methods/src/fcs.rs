//! FCS (fanchuan): forget, contrast, repair. The 1st place of the challenge.

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Contrast, Divergence, Memory, Optimizer, Pace, Pairing, Phase, Recipe, Round,
        Schedule, Stream, Target, Term, Train,
    },
    terms::{NonNegative, Positive, Set},
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{
        MOMENTUM, batch_size, constant, cross_entropy, forget, forget_batch_size, retain, sgd_without_decay,
        whole_epochs,
    },
};

/// The batch size at which `retain-lr` is what it says.
const BASE_BATCH: f64 = 64.0;

pub(super) const METHOD: Method = Method {
    name: "fcs",
    tier: Tier::One,
    family: "forget, contrast, repair",
    about: "Pulls the forget set to uniform outputs, then alternates a contrast of forget and retain logits with \
            cross entropy on the retain set; three optimisers",
    source: "NeurIPS 2023 unlearning challenge, 1st place (fanchuan), Kaggle write-up 458721; DeepUnlearn `kgltop1`",
    failure_modes: "too large a first-lr wrecks features that the epochs after it don't bring back. The forget batch \
                    size is not in the write-up; 64 is the competition's",
    parameters: &[
        Parameter::positive("first-lr", 5e-3, "learning rate of the first pass over the forget set")
            .usual("5e-4 to 2e-2"),
        Parameter::positive("forget-lr", 3e-4, "learning rate of the contrast, before its cosine")
            .usual("3e-5 to 3e-3"),
        Parameter::positive(
            "retain-lr",
            1e-3,
            "learning rate of the repair at batches of 64; scaled with batch-size",
        )
        .usual("3e-4 to 3e-3"),
        Parameter::positive("temperature", 1.15, "t of the similarity of logits").usual("0.5 to 5"),
        whole_epochs(8).usual("2, 4, 6, 8"),
        Parameter::count("forget-rounds", 1, "passes of the contrast in each epoch").usual("1, 2"),
        Parameter::non_negative("eta-min", 1e-6, "where the cosine of forget-lr ends"),
        batch_size(256).usual("64, 128, 256"),
        forget_batch_size(64),
        MOMENTUM,
        Parameter::non_negative(
            "retain-weight-decay",
            1e-2,
            "L2 penalty of the repair; the others have none",
        )
        .usual("5e-4, 1e-2"),
    ],
    recipe: |arguments, _| Recipe { phases: vec![first_pass(arguments), rounds(arguments)] },
    ..Method::UNLEARNS
};

fn first_pass(arguments: &Arguments) -> Phase {
    let uniform = Term::Divergence(Divergence::new(Set::Forget, 1.0, Target::Uniform));
    let optimizer = sgd_without_decay(arguments, arguments.positive("first-lr"));
    Phase::Train(Train::new(forget(arguments), constant(1.0), vec![uniform], optimizer))
}

fn rounds(arguments: &Arguments) -> Phase {
    Phase::Alternate(Alternate {
        epochs: arguments.count("epochs"),
        rounds: vec![Round::new(contrast(arguments)), Round::new(repair(arguments))],
        memory: Memory::Round,
        after_epochs: AfterEpochs::default(),
    })
}

fn contrast(arguments: &Arguments) -> Train {
    let lr = arguments.positive("forget-lr");
    let term = Term::Contrast(Contrast {
        on: Set::Forget,
        against: Set::Retain,
        weight: 1.0,
        temperature: arguments.positive("temperature"),
        weight_schedule: Schedule::Constant,
    });
    let floor = arguments.non_negative("eta-min").get() / lr.get();
    let schedule = Schedule::Annealed {
        pace: Pace::Step,
        floor: NonNegative::new(floor).expect("a quotient of numbers that are not negative"),
        over: None,
        warm_up: NonNegative::new(0.0).expect("0 is not negative"),
    };
    let passes = constant(f64::from(arguments.count("forget-rounds").get()));
    let train = Train::new(forget(arguments), passes, vec![term], sgd_without_decay(arguments, lr));
    let zipped = Stream { pairing: Pairing::Zip, ..retain(arguments) };
    Train { data: vec![forget(arguments), zipped], schedule, ..train }
}

fn repair(arguments: &Arguments) -> Train {
    let scale = f64::from(arguments.count("batch-size").get()) / BASE_BATCH;
    let lr = arguments.positive("retain-lr").get() * scale;
    let optimizer = Optimizer::Sgd {
        lr: Positive::new(lr).expect("a product of numbers above 0"),
        momentum: arguments.unit_interval("momentum"),
        weight_decay: arguments.non_negative("retain-weight-decay"),
    };
    Train::new(retain(arguments), constant(1.0), vec![cross_entropy(Set::Retain, 1.0)], optimizer)
}
