//! NegMerge: goes against what all fine-tunings on the forget set agree on.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{Move, Phase, Recipe, Route, Train},
    terms::{NonNegative, Set},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        FORGET_BATCH_SIZE, FORGET_EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, constant, cross_entropy, forget, sgd_at,
    },
    parameters,
};

/// Learning rates of the copies where all are merged, in units of `lr`.
const LADDER: [f64; 3] = [1.0, 5.0, 10.0];

const SCALE: Hyper<NonNegative> =
    Hyper::non_negative("scale", 1.0, "how far against the moves").usual("0.1 to 2");
const REPEATS: Hyper<NonZeroU32> = Hyper::count("repeats", 3, "copies at each learning rate").usual("1 to 3");

const MERGE: Hyper<Merge> = Hyper::choice(
    "merge",
    &[("per-lr", Merge::PerLr), ("all", Merge::All)],
    "whether copies of one learning rate are merged, or those of lr, 5 lr and 10 lr together",
);

/// Which copies are merged.
#[derive(Debug, Clone, Copy)]
enum Merge {
    PerLr,
    All,
}

pub(super) const METHOD: Method = Method {
    name: "negmerge",
    tier: Tier::Three,
    family: "one shot",
    about: "Fine-tunes copies on the forget set and subtracts the mean of their moves where all signs agree",
    source: "Kim et al., NegMerge, ICML 2025, arXiv:2410.05583; defaults of Harry24k/machine-unlearning-pytorch: three \
             copies at each of 1e-4, 5e-4 and 1e-3, of which the learning rate with the largest retain less forget accuracy is \
             kept: a sweep over lr makes that choice. merge = \"all\" is nearer the paper",
    failure_modes: "no repair follows: a large scale costs accuracy. Weight decay, which the published code hasn't, pulls \
                    every copy the same way, passes the vote of signs and is subtracted",
    parameters: parameters![
        SCALE,
        MERGE,
        REPEATS,
        LR.at(1e-4).usual("1e-4, 5e-4, 1e-3"),
        FORGET_EPOCHS.at(1.0),
        FORGET_BATCH_SIZE.at(64),
        MOMENTUM,
        WEIGHT_DECAY.at(0.0),
    ],
    recipe: |arguments, _| {
        let rates = match arguments.get(&MERGE) {
            Merge::PerLr => &LADDER[..1],
            Merge::All => &LADDER,
        };
        let copies = rates.iter().flat_map(|&rung| (0..arguments.get(&REPEATS).get()).map(move |_| rung));
        let along = Route::TaskVector(copies.map(|rung| fine_tune(arguments, rung)).collect());
        let scale = -arguments.get(&SCALE).get();
        Recipe { phases: vec![Phase::Move(Move { along, scale })] }
    },
    ..Method::UNLEARNS
};

fn fine_tune(arguments: &Arguments, rung: f64) -> Train {
    let lr = constant(rung * arguments.get(&LR).get());
    let loss = vec![cross_entropy(Set::Forget, 1.0)];
    Train::new(forget(arguments), arguments.get(&FORGET_EPOCHS), loss, sgd_at(arguments, lr))
}
