//! The whole entry of the 5th place of the challenge: one of two methods in every run, by chance.

use sweep_protocol::{
    recipe::{Either, Labels, Part, Phase, Recipe, Share, Stream, Train},
    terms::{Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier, ct,
    loops::{BATCH_SIZE, EPOCHS, LR, MOMENTUM, SCHEDULE, WEIGHT_DECAY, repair, retain},
    parameters,
};

const PROBABILITY: Hyper<UnitInterval> =
    Hyper::unit_interval("probability", 0.48, "of a run with CT").usual("0.25 to 0.75");

pub(super) const METHOD: Method = Method {
    name: "mixture",
    tier: Tier::Two,
    family: "mixture",
    about: "In some runs CT, in the others fine-tuning with the likeliest wrong class as label of the forget set",
    source: "NeurIPS 2023 unlearning challenge, 5th place (Toshi_k and marvel), Kaggle write-up 458531: 246 runs of CT, \
             266 with pseudo-labels. How marvel predicts which examples a retrained network would get wrong is not \
             published; here all are given pseudo-labels",
    failure_modes: "two modes in the distribution over runs: good against attacks that want one, if both are near the \
                    retrained models. Mixtures of your own: the phase `either`",
    parameters: parameters![
        PROBABILITY,
        LR.at(1e-3).usual("3e-4 to 2e-2"),
        EPOCHS.at(3.0).usual("2 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
        SCHEDULE,
        ct::TURN,
    ],
    recipe: |arguments, _| {
        let plan = Either {
            probability: arguments.get(&PROBABILITY),
            first: ct::phases(arguments),
            otherwise: vec![Phase::Train(pseudo_labels(arguments))],
        };
        Recipe { phases: vec![Phase::Either(plan)] }
    },
    ..Method::UNLEARNS
};

fn pseudo_labels(arguments: &Arguments) -> Train {
    let forget = Part { set: Set::Forget, share: Share::All, labels: Labels::SecondBest };
    Train { data: vec![Stream { with: vec![forget], ..retain(arguments) }], ..repair(arguments) }
}
