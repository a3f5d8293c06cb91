//! Cross entropies and penalties on one loop.

use sweep_protocol::{
    recipe::{
        ClassWeight, CrossEntropy, Elements, Init, Penalty, Phase, Reinit, Schedule, Tensors, Term, Toward,
        Train,
    },
    terms::Set,
};

use super::{Hyper, Script, Start, hyper::positive, stream};
use crate::replay::golden::GoldenError;

pub(super) fn cross_entropy(on: Set, weight: f64) -> Term {
    Term::CrossEntropy(CrossEntropy::new(on, weight))
}

/// Cross entropy on the retain set.
pub(super) fn repair(hyper: &Hyper<'_>) -> Result<Train, GoldenError> {
    hyper.train(stream(hyper, Set::Retain, "retain")?, vec![cross_entropy(Set::Retain, 1.0)])
}

pub(super) fn finetune(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    Ok(Script::of(Train { schedule: Schedule::Cosine, ..repair(hyper)? }, &["retain"]))
}

pub(super) fn gradient_ascent(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let forget = stream(hyper, Set::Forget, "forget")?;
    Ok(Script::of(hyper.train(forget, vec![cross_entropy(Set::Forget, -1.0)])?, &["forget"]))
}

pub(super) fn neggrad_plus(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let alpha = hyper.number("alpha")?;
    let mut train = repair(hyper)?;
    train.data.push(stream(hyper, Set::Forget, "forget_passes")?);
    train.loss = vec![cross_entropy(Set::Retain, alpha), cross_entropy(Set::Forget, alpha - 1.0)];
    Ok(Script::of(train, &["retain", "forget_passes"]))
}

pub(super) fn retrain(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let weighted = CrossEntropy { class_weight: ClassWeight::Inverse, ..CrossEntropy::new(Set::Retain, 1.0) };
    let loss = vec![Term::CrossEntropy(weighted)];
    let train = Train { schedule: Schedule::Cosine, loss, ..repair(hyper)? };
    Ok(Script { start: Start::Born, ..Script::of(train, &["retain"]) })
}

pub(super) fn l1_sparse(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let mut train = repair(hyper)?;
    let penalised = hyper.number("epochs")? - hyper.number("epochs_no_l1")?;
    if penalised > 0.0 {
        train.loss.push(Term::L1(Penalty {
            weight: hyper.number("alpha")?,
            tensors: Tensors::All,
            toward: Toward::Zero,
            weight_schedule: Schedule::Linear { until: positive(penalised, "epochs_no_l1")? },
        }));
    }
    Ok(Script::of(train, &["retain"]))
}

pub(super) fn cfk(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    Ok(Script::of(last_stages(hyper)?, &["retain"]))
}

pub(super) fn euk(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let train = last_stages(hyper)?;
    let mut script = Script::new();
    let tensors = train.trainable.clone();
    script.phase(Phase::Reinit(Reinit { tensors, init: Init::Network, elements: Elements::All }));
    script.train(train, &["retain"]);
    Ok(script)
}

fn last_stages(hyper: &Hyper<'_>) -> Result<Train, GoldenError> {
    let mut train = repair(hyper)?;
    train.loss.push(Term::L2(Penalty {
        weight: hyper.number("l2_pull")?,
        tensors: Tensors::All,
        toward: Toward::Start,
        weight_schedule: Schedule::Constant,
    }));
    train.trainable = Tensors::LastStages(hyper.count("k")?);
    train.schedule = Hyper::milestones(0.1, hyper.epochs_at("milestones")?)?;
    Ok(train)
}
