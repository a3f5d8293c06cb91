//! KDE (Algorithmic Amnesiacs): resets both ends of the network and distils the original into it. The 6th place of the
//! challenge.

use sweep_protocol::{
    recipe::{
        Divergence, Elements, Init, Phase, Recipe, Reinit, Schedule, SoftCrossEntropy, Stream, Target,
        Teacher, Tensors, Term, Train,
    },
    terms::{Positive, Set},
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{BATCH_SIZE, MOMENTUM, WEIGHT_DECAY, cross_entropy, epochs, lr, retain, sgd, sgd_at},
};

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
    parameters: &[
        Parameter::positive("temperature", 5.0, "temperature of both softmaxes; without the factor T²")
            .usual("1 to 8"),
        Parameter::non_negative("warm-up-epochs", 3.0, "passes over the warm-up data").usual("0 to 5"),
        Parameter::choice(
            "warm-up-data",
            &["validation", "retain"],
            "what the first distillation draws from",
        ),
        Parameter::positive("warm-up-lr", 9e-4, "learning rate of the first distillation"),
        Parameter::choice("reset", &["both", "conv1", "fc"], "what is drawn afresh"),
        lr(1e-3).usual("3e-4 to 5e-3"),
        epochs(3.0).usual("2 to 6"),
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

fn reset(arguments: &Arguments) -> Phase {
    let modules = match arguments.choice("reset") {
        "conv1" => vec!["conv1".to_owned()],
        "fc" => vec!["fc".to_owned()],
        _ => vec!["conv1".to_owned(), "fc".to_owned()],
    };
    let tensors = Tensors::Modules(modules);
    Phase::Reinit(Reinit { tensors, init: Init::UniformFanIn, elements: Elements::All })
}

fn warm_up(arguments: &Arguments) -> Option<Train> {
    let passes = Positive::new(arguments.non_negative("warm-up-epochs").get()).ok()?;
    let set = if arguments.choice("warm-up-data") == "retain" { Set::Retain } else { Set::Validation };
    let stream = Stream::of(set, arguments.count("batch-size"));
    let optimizer = sgd_at(arguments, arguments.positive("warm-up-lr"));
    Some(Train::new(stream, passes, vec![distillation(arguments, set)], optimizer))
}

/// Soft cross entropy and divergence have the same gradient; the write-up has both.
fn repair(arguments: &Arguments) -> Train {
    let soft = SoftCrossEntropy::new(Set::Retain, 1.0, Teacher::Start, arguments.positive("temperature"));
    let loss = vec![
        Term::SoftCrossEntropy(soft),
        cross_entropy(Set::Retain, 1.0),
        distillation(arguments, Set::Retain),
    ];
    let train = Train::new(retain(arguments), arguments.positive("epochs"), loss, sgd(arguments));
    Train { schedule: Schedule::Cosine, ..train }
}

fn distillation(arguments: &Arguments, on: Set) -> Term {
    let temperature = arguments.positive("temperature");
    let target = Target::Teacher(Teacher::Start);
    Term::Divergence(Divergence { temperature, ..Divergence::new(on, 1.0, target) })
}
