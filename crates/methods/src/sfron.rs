//! SFRon: adaptive ascent on the weights that matter to the forget set, between steps of repair.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Averaging, CrossEntropy, Elements, GradientFactor, GradientPlan, Importance,
        Memory, Phase, Recipe, Round, Rule, Schedule, Score, Select, Tensors, Term, Train,
    },
    terms::{NonNegative, Positive, Set},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{
        BATCH_SIZE, FORGET_BATCH_SIZE, LR, MOMENTUM, WEIGHT_DECAY, constant, cross_entropy, forget, retain,
        sgd,
    },
    parameters,
};

/// Name of the elements on which the ascent works.
const SALIENT: &str = "salient";

const ITERATIONS: Hyper<NonZeroU32> =
    Hyper::count("iterations", 1500, "steps of repair").usual("2 to 6 passes over the retain set");
const EVERY: Hyper<NonZeroU32> =
    Hyper::count("every", 5, "iterations from one forget step to the next").usual("1, 5, 10");
const ASCENT: Hyper<Positive> =
    Hyper::positive("ascent", 25.0, "strength of the ascent, before its cosine").usual("1 to 500");
const GAMMA: Hyper<NonNegative> =
    Hyper::non_negative("gamma", 1.0, "ratio of importances from which a weight is ascended on")
        .usual("0.5 to 10");
const LAMBDA: Hyper<NonNegative> =
    Hyper::non_negative("lambda", 0.5, "exponent of the weights of examples, loss^-lambda")
        .usual("0, 0.5, 1");
const CLIP: Hyper<Positive> = Hyper::positive("clip", 7.0, "largest norm of a forget gradient");

pub(super) const METHOD: Method = Method {
    name: "sfron",
    tier: Tier::Two,
    family: "joint ascent",
    about: "Every few iterations a clipped ascent on forget examples, weighted by how well they are known, on the \
            weights that matter more to them; a step of repair in every iteration",
    source: "Huang et al., Unified gradient-based machine unlearning with remain geometry enhancement, NeurIPS 2024, \
             arXiv:2409.19732; K1nght/Unified-Unlearning-w-Remain-Geometry `sfron.py`, whose averaging of slow and fast \
             weights is switched off there (β = 1) and left out here",
    failure_modes: "with ascent large against clip the clip sets the length of each step: tune both. The iterations \
                    don't scale with the data",
    parameters: parameters![
        ITERATIONS,
        EVERY,
        ASCENT,
        GAMMA,
        LAMBDA,
        CLIP,
        LR.at(1e-2).usual("1e-3 to 3e-2"),
        BATCH_SIZE,
        FORGET_BATCH_SIZE.at(64),
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| Recipe { phases: vec![select(arguments), Phase::Alternate(rounds(arguments))] },
    ..Method::UNLEARNS
};

fn select(arguments: &Arguments) -> Phase {
    let importance = Importance::of_batches(arguments.get(&BATCH_SIZE));
    Phase::Select(Select {
        name: SALIENT.to_owned(),
        tensors: Tensors::All,
        score: Score::Ratio { above: Set::Forget, below: Set::Retain, importance },
        rule: Rule::AtLeast(arguments.get(&GAMMA).get()),
    })
}

/// An epoch is an iteration: a step of each round.
fn rounds(arguments: &Arguments) -> Alternate {
    let step = |train| Round { steps: Some(NonZeroU32::MIN), ..Round::new(train) };
    let forget = Round { every: arguments.get(&EVERY), ..step(ascend(arguments)) };
    let loss = vec![cross_entropy(Set::Retain, 1.0)];
    let repair = Train::new(retain(arguments), constant(1.0), loss, sgd(arguments));
    Alternate {
        epochs: arguments.get(&ITERATIONS),
        rounds: vec![forget, step(Train { schedule: Schedule::Cosine, ..repair })],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    }
}

fn ascend(arguments: &Arguments) -> Train {
    let ascent = CrossEntropy {
        averaging: Averaging::Adaptive(arguments.get(&LAMBDA)),
        weight_schedule: Schedule::Cosine,
        ..CrossEntropy::new(Set::Forget, -arguments.get(&ASCENT).get())
    };
    let masked = GradientFactor {
        tensors: Tensors::All,
        elements: Elements::Outside(SALIENT.to_owned()),
        factor: NonNegative::new(0.0).expect("0 is not negative"),
    };
    let clip = Some(arguments.get(&CLIP));
    Train {
        schedule: Schedule::Cosine,
        gradient: GradientPlan { factors: vec![masked], clip, ..GradientPlan::default() },
        ..Train::new(forget(arguments), constant(1.0), vec![Term::CrossEntropy(ascent)], sgd(arguments))
    }
}
