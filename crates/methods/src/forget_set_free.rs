//! Forget-set-free (Kyungpook and LG): random layers drawn afresh, the original's logits relearned. The 8th place of
//! the challenge.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        Distance, Elements, Init, Pace, Phase, Recipe, Reinit, Replacement, Schedule, Share, Stream, Teacher,
        Tensors, Term, Train,
    },
    terms::{NonNegative, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, constant, retain, sgd_at},
    parameters,
};

/// Epochs of a cycle and the factor on its learning rate.
type Cycle = (f64, f64);

/// The cycles of both algorithms of the write-up.
const ALGORITHM_A: &[Cycle] = &[(1.0, 1.0), (2.0, 1.0), (2.0, 1.0)];
const ALGORITHM_B: &[Cycle] = &[(2.0, 0.5), (1.0, 1.0), (1.0, 1.0), (1.0, 1.0)];
/// T of the cosine inside a cycle, in epochs.
const COSINE_OVER: f64 = 2.0;

const ALGORITHM: Hyper<&[Cycle]> = Hyper::choice(
    "algorithm",
    &[("a", ALGORITHM_A), ("b", ALGORITHM_B)],
    "cycles of 1, 2, 2 epochs, or of 2, 1, 1, 1 with half the lr at first",
);
const CYCLES: Hyper<NonZeroU32> =
    Hyper::count("cycles", 4, "cycles of the algorithm that are done; all where it has fewer")
        .usual("1 to 4");
const FIRST_CYCLE: Hyper<FirstCycle> = Hyper::choice(
    "first-cycle",
    &[
        ("as-published", FirstCycle::AsPublished),
        ("half-lr", FirstCycle::HalfLr),
        ("full-lr", FirstCycle::FullLr),
    ],
    "learning rate of the first cycle; as published it is half in algorithm b alone",
);
const RETAIN_SHARE: Hyper<UnitInterval> =
    Hyper::unit_interval("retain-share", 1.0, "share of the retain set that a cycle sees")
        .usual("0.1, 0.3, 1");
const LAYERS: Hyper<NonZeroU32> = Hyper::count(
    "layers",
    6,
    "draws of convolutions in a cycle, with replacement; shortcuts are never drawn",
)
.usual("2 to 8");
const IMAGE_NOISE: Hyper<NonNegative> =
    Hyper::non_negative("image-noise", 2.55, "standard deviation of noise on the pixels, 0 to 255")
        .usual("0, 2.55, 25.5");

pub(super) const METHOD: Method = Method {
    name: "forget-set-free",
    tier: Tier::Two,
    family: "erase, distil",
    about: "Cycles: draws random convolutions afresh, then matches the original's logits on noisy retain images",
    source: "NeurIPS 2023 unlearning challenge, 8th place (Kyungpook National University and LG), Kaggle write-up \
             458715, which has two values for the image noise, 0.01 and 0.1 in the unit of [0, 1] pixels",
    failure_modes: "never looks at the forget set, so nothing steers what is forgotten",
    parameters: parameters![
        ALGORITHM,
        CYCLES,
        FIRST_CYCLE,
        RETAIN_SHARE,
        LAYERS,
        LR.at(1e-3).usual("3e-4 to 5e-3"),
        IMAGE_NOISE,
        BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let cycles = arguments.get(&ALGORITHM);
        let done = cycles.iter().take(arguments.get(&CYCLES).get() as usize).enumerate();
        Recipe { phases: done.flat_map(|(number, cycle)| phases(arguments, number, *cycle)).collect() }
    },
    ..Method::UNLEARNS
};

/// The learning rate of the first cycle.
#[derive(Debug, Clone, Copy)]
enum FirstCycle {
    AsPublished,
    HalfLr,
    FullLr,
}

/// The factor on the learning rate of a cycle.
fn factor(arguments: &Arguments, cycle: usize, published: f64) -> f64 {
    match arguments.get(&FIRST_CYCLE) {
        FirstCycle::HalfLr if cycle == 0 => 0.5,
        FirstCycle::FullLr if cycle == 0 => 1.0,
        FirstCycle::AsPublished | FirstCycle::HalfLr | FirstCycle::FullLr => published,
    }
}

fn phases(arguments: &Arguments, cycle: usize, (epochs, published): Cycle) -> [Phase; 2] {
    let tensors = Tensors::Drawn {
        from: Box::new(candidates()),
        count: arguments.get(&LAYERS),
        draw: format!("cycle {cycle}"),
        replacement: Replacement::With,
    };
    let redraw = Reinit { tensors, init: Init::Network, elements: Elements::All };
    [Phase::Reinit(redraw), Phase::Train(relearn(arguments, epochs, factor(arguments, cycle, published)))]
}

/// Convolutions that aren't shortcuts.
fn candidates() -> Tensors {
    Tensors::Except { of: Box::new(Tensors::Convolutions), without: Box::new(Tensors::Shortcuts) }
}

fn relearn(arguments: &Arguments, epochs: f64, factor: f64) -> Train {
    let loss = vec![Term::LogitDistance(Distance::new(Set::Retain, 1.0, Teacher::Start))];
    let part = arguments.get(&RETAIN_SHARE);
    let share = if part.get() < 1.0 { Share::Fraction(part) } else { Share::All };
    let stream = Stream { share, image_noise: arguments.get(&IMAGE_NOISE), ..retain(arguments) };
    let lr = constant(factor * arguments.get(&LR).get());
    let nothing = NonNegative::new(0.0).expect("0 is not negative");
    let over = Some(constant(COSINE_OVER));
    let schedule = Schedule::Annealed { pace: Pace::Epoch, floor: nothing, over, warm_up: nothing };
    Train { schedule, ..Train::new(stream, constant(epochs), loss, sgd_at(arguments, lr)) }
}
