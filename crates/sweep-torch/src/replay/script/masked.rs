//! Methods that choose single elements.

use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Averaging, Count, CrossEntropy, Elements, Extent, GradientFactor,
        GradientPlan, Importance, Init, Measure, Memory, Order, Pace, Phase, Reinit, Round, Rounding, Rule,
        Schedule, Score, Select, Share, Signed, Tensors, Term, Train, Zero,
    },
    terms::Set,
};

use super::{
    Hyper, List, Script,
    forgetful::relabel,
    hyper::{nothing, once},
    plain::{cross_entropy, repair},
    stream,
};
use crate::replay::golden::GoldenError;

/// What choices are called.
const CHOSEN: &str = "chosen";

fn chosen() -> Elements {
    Elements::In(CHOSEN.to_owned())
}

fn others() -> Elements {
    Elements::Outside(CHOSEN.to_owned())
}

fn select(tensors: Tensors, score: Score, rule: Rule) -> Phase {
    Phase::Select(Select { name: CHOSEN.to_owned(), tensors, score, rule })
}

pub(super) fn msg(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let signed = |set, share, list, sign| {
        Ok::<_, GoldenError>(Signed { set, share, batch_size: hyper.batch_size(list)?, sign })
    };
    let score = Score::Gradient {
        of: vec![
            signed(Set::Retain, Share::SizeOf(Set::Forget), "score_retain", 1.0)?,
            signed(Set::Forget, Share::All, "score_forget", -1.0)?,
        ],
        batch_norm: hyper.batch_norm("score_bn")?,
    };
    let rule = Rule::Share(Count {
        share: hyper.unit_interval("init_rate")?,
        order: Order::Smallest,
        extent: Extent::PerTensor,
        rounding: Rounding::Nearest,
    });
    let mut script = Script::new();
    script.phase(select(Tensors::Convolutions, score, rule));
    record_pass(hyper, &mut script, 0, "score_retain")?;
    record_pass(hyper, &mut script, 1, "score_forget")?;
    script.samples.insert((0, 0, 0), "score_sample");
    let init = Init::Network;
    script.phase(Phase::Reinit(Reinit { tensors: Tensors::Convolutions, init, elements: chosen() }));
    let factor = hyper.non_negative("kept_factor")?;
    let factor = GradientFactor { tensors: Tensors::Convolutions, elements: others(), factor };
    let gradient = GradientPlan { factors: vec![factor], ..GradientPlan::default() };
    script.train(Train { gradient, schedule: Schedule::Triangle, ..repair(hyper)? }, &["retain"]);
    Ok(script)
}

/// Says that a stream of the first phase is recorded in a list.
fn record_pass(
    hyper: &Hyper<'_>,
    script: &mut Script,
    stream: usize,
    name: &'static str,
) -> Result<(), GoldenError> {
    let batch_size = hyper.batch_size(name)?;
    script.streams.insert((0, stream), List { name, batch_size, first_epoch: 0 });
    Ok(())
}

pub(super) fn salun(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let batch_size = hyper.batch_size("mask_forget")?;
    let pass = Signed { set: Set::Forget, share: Share::All, batch_size, sign: 1.0 };
    let score = Score::Gradient { of: vec![pass], batch_norm: sweep_protocol::recipe::BatchNorm::Frozen };
    let rule = Rule::Share(Count {
        share: hyper.unit_interval("rho")?,
        order: Order::Largest,
        extent: Extent::Global,
        rounding: Rounding::Down,
    });
    let mut script = Script::new();
    script.phase(select(Tensors::All, score, rule));
    record_pass(hyper, &mut script, 0, "mask_forget")?;
    let mut plan = relabel(hyper)?;
    for round in &mut plan.rounds {
        round.train.gradient.hold = Some(others());
    }
    let phase = script.alternate(plan, &["forget", "retain"]);
    script.labels.insert((phase, 0), super::Labels { list: "forget_labels" });
    Ok(script)
}

pub(super) fn random_mask(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let weights = Tensors::Union(vec![Tensors::Convolutions, Tensors::Named(vec!["fc.weight".to_owned()])]);
    let mut script = Script::new();
    let rate = hyper.unit_interval("rate")?.get();
    script.phase(select(weights.clone(), Score::Random, Rule::AtLeast(1.0 - rate)));
    script.phase(Phase::Zero(Zero { tensors: weights, elements: chosen() }));
    let floor = hyper.non_negative("final_factor")?;
    let schedule = Schedule::Annealed { pace: Pace::Step, floor, over: None, warm_up: nothing() };
    script.train(Train { schedule, ..repair(hyper)? }, &["retain"]);
    Ok(script)
}

pub(super) fn sfron(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let mut script = Script::new();
    let importance = Importance {
        measure: Measure::SquaredCrossEntropy,
        batch_size: hyper.count("batch")?,
        scale: once(),
    };
    let score = Score::Ratio { above: Set::Forget, below: Set::Retain, importance };
    script.phase(select(Tensors::All, score, Rule::AtLeast(hyper.number("gamma")?)));
    for (stream, name) in ["mask_forget", "mask_retain"].into_iter().enumerate() {
        let batch_size = hyper.count("batch")?;
        script.streams.insert((0, stream), List { name, batch_size, first_epoch: 0 });
    }
    let annealed =
        || Schedule::Annealed { pace: Pace::Step, floor: nothing(), over: None, warm_up: nothing() };
    let one_step = |train: Train| Round { steps: Some(std::num::NonZeroU32::MIN), ..Round::new(train) };
    let ascend = Term::CrossEntropy(CrossEntropy {
        averaging: Averaging::Adaptive(hyper.non_negative("lambda")?),
        weight_schedule: annealed(),
        ..CrossEntropy::new(Set::Forget, -hyper.number("a")?)
    });
    let masked = GradientFactor { tensors: Tensors::All, elements: others(), factor: nothing() };
    let clip = Some(hyper.positive("max_norm")?);
    let forget = Train {
        schedule: annealed(),
        gradient: GradientPlan { factors: vec![masked], clip, ..GradientPlan::default() },
        ..hyper.train_for(once(), stream(hyper, Set::Forget, "forget_passes")?, vec![ascend])?
    };
    let retain = stream(hyper, Set::Retain, "retain_passes")?;
    let retain = hyper.train_for(once(), retain, vec![cross_entropy(Set::Retain, 1.0)])?;
    let plan = Alternate {
        epochs: hyper.count("iterations")?,
        rounds: vec![
            Round { every: hyper.count("freq")?, ..one_step(forget) },
            one_step(Train { schedule: annealed(), ..retain }),
        ],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    };
    script.alternate(plan, &["forget_passes", "retain_passes"]);
    Ok(script)
}
