//! PRMQ (Sebastian Oleszko): prune, re-initialise, match entropy, quantise. The 4th place of the challenge.

use sweep_protocol::{
    recipe::{
        Cast, ClassWeight, Count, CrossEntropy, Distance, Elements, Extent, Init, Order, Phase, Precision,
        Recipe, Reinit, Rounding, Rule, Score, Select, Teacher, Tensors, Term, Train, Zero,
    },
    terms::{NonNegative, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, descend, kernels_and_classifier},
    parameters,
};

/// Name of the elements that are pruned.
const PRUNED: &str = "pruned";

const PRUNE: Hyper<UnitInterval> =
    Hyper::unit_interval("prune", 0.99, "share of weights of convolutions and classifier that is pruned")
        .usual("0.5 to 0.995");
const ENTROPY_WEIGHT: Hyper<NonNegative> =
    Hyper::non_negative("entropy-weight", 1.0, "weight of the squared difference of entropies")
        .usual("0, 0.3, 1, 3");
const CLASS_WEIGHT_POWER: Hyper<NonNegative> =
    Hyper::non_negative("class-weight-power", 0.1, "classes weigh count^-power");

pub(super) const METHOD: Method = Method {
    name: "prmq",
    tier: Tier::Two,
    family: "erase, repair",
    about: "Prunes by magnitude, draws the pruned weights afresh, matches the original's entropies while fine-tuning \
            on the retain set, rounds to half precision",
    source: "NeurIPS 2023 unlearning challenge, 4th place (Sebastian Oleszko), Kaggle write-up 459148; DeepUnlearn \
             `kgltop4`",
    failure_modes: "at a share of 0.99, too few epochs for the data set leave the accuracy collapsed",
    parameters: parameters![
        PRUNE,
        ENTROPY_WEIGHT,
        CLASS_WEIGHT_POWER,
        LR.at(5e-4).usual("2e-4 to 5e-3"),
        EPOCHS.at(3.2).usual("2 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let mut phases = erase(arguments);
        phases.push(Phase::Train(Train { loss: loss(arguments), ..descend(arguments) }));
        phases.push(Phase::Cast(Cast { through: Precision::Float16 }));
        Recipe { phases }
    },
    ..Method::UNLEARNS
};

/// Weights are drawn afresh where they are pruned, biases become 0.
fn erase(arguments: &Arguments) -> Vec<Phase> {
    let rule = Rule::Share(Count {
        share: arguments.get(&PRUNE),
        order: Order::Smallest,
        extent: Extent::Global,
        rounding: Rounding::Nearest,
    });
    let tensors = Tensors::Union(vec![Tensors::Convolutions, Tensors::Head]);
    let elements = Elements::In(PRUNED.to_owned());
    vec![
        Phase::Select(Select { name: PRUNED.to_owned(), tensors, score: Score::Magnitude, rule }),
        Phase::Reinit(Reinit {
            tensors: kernels_and_classifier(),
            init: Init::UniformFanIn,
            elements: elements.clone(),
        }),
        Phase::Zero(Zero { tensors: Tensors::Intersection(vec![Tensors::Head, Tensors::Biases]), elements }),
    ]
}

fn loss(arguments: &Arguments) -> Vec<Term> {
    let power = arguments.get(&CLASS_WEIGHT_POWER);
    let class_weight = ClassWeight::Power { counts: Set::Retain, power };
    let entropy = arguments.get(&ENTROPY_WEIGHT).get();
    vec![
        Term::CrossEntropy(CrossEntropy { class_weight, ..CrossEntropy::new(Set::Retain, 1.0) }),
        Term::EntropyDistance(Distance::new(Set::Retain, entropy, Teacher::Start)),
    ]
}
