//! KDE (Algorithmic Amnesiacs): resets both ends of the network and distils the original into it. The 6th place of the
//! challenge.

use sweep_protocol::{
    recipe::{
        Divergence, Elements, Init, Phase, Recipe, Reinit, Schedule, SoftCrossEntropy, Stream, Target,
        Teacher, Tensors, Term, Train,
    },
    terms::{NonNegative, Positive, Set},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        BATCH_SIZE, EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, cross_entropy, first_convolution, retain, sgd, sgd_at,
    },
    parameters,
};

const TEMPERATURE: Hyper<Positive> =
    Hyper::positive("temperature", 5.0, "temperature of both softmaxes; without the factor T²")
        .usual("1 to 8");
const WARM_UP_EPOCHS: Hyper<NonNegative> =
    Hyper::non_negative("warm-up-epochs", 3.0, "passes over the warm-up data").usual("0 to 5");
const WARM_UP_DATA: Hyper<Set> = Hyper::choice(
    "warm-up-data",
    &[("validation", Set::Validation), ("retain", Set::Retain)],
    "what the first distillation draws from",
);
const WARM_UP_LR: Hyper<Positive> =
    Hyper::positive("warm-up-lr", 9e-4, "learning rate of the first distillation");
const RESET: Hyper<Reset> = Hyper::choice(
    "reset",
    &[("both", Reset::Both), ("stem", Reset::Stem), ("head", Reset::Head)],
    "what is drawn afresh",
);

pub(super) const METHOD: Method = Method {
    name: "kde",
    tier: Tier::Two,
    family: "erase, distil",
    about: "Draws the first convolution and the classifier afresh, distils the original on the validation set, then \
            distils and fine-tunes on the retain set",
    source: "NeurIPS 2023 unlearning challenge, 6th place (Algorithmic Amnesiacs), Kaggle 458740 at second hand; \
             DeepUnlearn `kgltop6`",
    failure_modes: "trains on the validation set, so nothing may be selected on it; where forgotten people have \
                    validation images it sees them",
    parameters: parameters![
        TEMPERATURE,
        WARM_UP_EPOCHS,
        WARM_UP_DATA,
        WARM_UP_LR,
        RESET,
        LR.at(1e-3).usual("3e-4 to 5e-3"),
        EPOCHS.at(3.0).usual("2 to 6"),
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let mut phases = vec![reset(arguments)];
        phases.extend(warm_up(arguments).map(Phase::Train));
        phases.push(Phase::Train(repair(arguments)));
        Recipe { phases }
    },
    ..Method::UNLEARNS
};

/// Which ends of the network are drawn afresh.
#[derive(Debug, Clone, Copy)]
enum Reset {
    Both,
    Stem,
    Head,
}

fn reset(arguments: &Arguments) -> Phase {
    let tensors = match arguments.get(&RESET) {
        Reset::Stem => first_convolution(),
        Reset::Head => Tensors::Head,
        Reset::Both => Tensors::Union(vec![first_convolution(), Tensors::Head]),
    };
    Phase::Reinit(Reinit { tensors, init: Init::UniformFanIn, elements: Elements::All })
}

fn warm_up(arguments: &Arguments) -> Option<Train> {
    let passes = Positive::new(arguments.get(&WARM_UP_EPOCHS).get()).ok()?;
    let set = arguments.get(&WARM_UP_DATA);
    let stream = Stream::of(set, arguments.get(&BATCH_SIZE));
    let optimizer = sgd_at(arguments, arguments.get(&WARM_UP_LR));
    Some(Train::new(stream, passes, vec![distillation(arguments, set)], optimizer))
}

/// Soft cross entropy and divergence have the same gradient; the write-up has both.
fn repair(arguments: &Arguments) -> Train {
    let soft = SoftCrossEntropy::new(Set::Retain, 1.0, Teacher::Start, arguments.get(&TEMPERATURE));
    let loss = vec![
        Term::SoftCrossEntropy(soft),
        cross_entropy(Set::Retain, 1.0),
        distillation(arguments, Set::Retain),
    ];
    let train = Train::new(retain(arguments), arguments.get(&EPOCHS), loss, sgd(arguments));
    Train { schedule: Schedule::Cosine, ..train }
}

fn distillation(arguments: &Arguments, on: Set) -> Term {
    let temperature = arguments.get(&TEMPERATURE);
    let target = Target::Teacher(Teacher::Start);
    Term::Divergence(Divergence { temperature, ..Divergence::new(on, 1.0, target) })
}
