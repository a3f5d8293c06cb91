//! Methods that train on the forget set with other aims than its labels.

use sweep_protocol::recipe::Labels as Aim;
use sweep_protocol::{
    recipe::{
        Accumulation, AfterEpochs, Alternate, Contrast, Divergence, GradientPlan, LipschitzBound, Memory,
        Optimizer, Pace, Pairing, Part, Round, Schedule, Share, Stream, Target, Term, Train,
    },
    terms::{Set, UnitInterval},
};

use super::{
    Hyper, Labels, Script,
    hyper::{non_negative, nothing, once},
    plain::cross_entropy,
    stream,
};
use crate::replay::golden::GoldenError;

pub(super) fn fcs(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let train = |stream, loss, optimizer| {
        let batch_norm = hyper.batch_norm("bn")?;
        Ok::<_, GoldenError>(Train { batch_norm, ..Train::new(stream, once(), vec![loss], optimizer) })
    };
    let sgd = |lr| hyper.optimizer_of(hyper.positive(lr)?, nothing());
    let uniform = Term::Divergence(Divergence::new(Set::Forget, 1.0, Target::Uniform));
    let first = stream(hyper, Set::Forget, "stage1_forget")?;
    let mut script = Script::of(train(first, uniform, sgd("stage1_lr")?)?, &["stage1_forget"]);

    let contrast = Term::Contrast(Contrast {
        on: Set::Forget,
        against: Set::Retain,
        weight: 1.0,
        temperature: hyper.positive("temperature")?,
        weight_schedule: Schedule::Constant,
    });
    let floor = non_negative(hyper.number("eta_min")? / hyper.number("forget_lr")?, "eta_min")?;
    let mut forget = train(stream(hyper, Set::Forget, "forget")?, contrast, sgd("forget_lr")?)?;
    forget.data.push(Stream { pairing: Pairing::Zip, ..stream(hyper, Set::Retain, "zip_retain")? });
    forget.schedule = Schedule::Annealed { pace: Pace::Step, floor, over: None, warm_up: nothing() };
    let retain = train(
        stream(hyper, Set::Retain, "retain")?,
        cross_entropy(Set::Retain, 1.0),
        hyper.optimizer("retain_lr", "retain_weight_decay")?,
    )?;
    let plan = Alternate {
        epochs: hyper.count("epochs")?,
        rounds: vec![Round::new(forget), Round::new(retain)],
        memory: Memory::Round,
        after_epochs: AfterEpochs::default(),
    };
    script.alternate(plan, &["forget", "zip_retain", "retain"]);
    Ok(script)
}

/// A pass over the forget set with random labels, then one over the retain set.
pub(super) fn relabel(hyper: &Hyper<'_>) -> Result<Alternate, GoldenError> {
    let round = |stream: Stream| {
        let loss = vec![cross_entropy(stream.set, 1.0)];
        hyper.train_for(once(), stream, loss).map(Round::new)
    };
    let forget = Stream { labels: Aim::Random, ..stream(hyper, Set::Forget, "forget")? };
    Ok(Alternate {
        epochs: hyper.count("epochs")?,
        rounds: vec![round(forget)?, round(stream(hyper, Set::Retain, "retain")?)?],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    })
}

pub(super) fn random_labels(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let mut script = Script::new();
    script.alternate(relabel(hyper)?, &["forget", "retain"]);
    script.labels.insert((0, 0), Labels { list: "forget_labels" });
    Ok(script)
}

pub(super) fn random_labels_concat(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let retain = Part { set: Set::Retain, share: Share::All, labels: Aim::True };
    let both = Stream { labels: Aim::Random, with: vec![retain], ..stream(hyper, Set::Forget, "both")? };
    let mut script = Script::of(hyper.train(both, vec![cross_entropy(Set::Forget, 1.0)])?, &["both"]);
    script.labels.insert((0, 0), Labels { list: "forget_labels" });
    Ok(script)
}

pub(super) fn jit(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let accumulation = match hyper.word("zero_grad") {
        Some("each_batch") => Accumulation::None,
        Some("accumulate") => Accumulation::Sum,
        _ => {
            return Err(GoldenError::Hyper { name: "zero_grad", wanted: "`each_batch` or `accumulate`" });
        }
    };
    let term = Term::Lipschitz(LipschitzBound {
        on: Set::Forget,
        weight: 1.0,
        copies: hyper.count("copies")?,
        std: hyper.positive("sigma")?,
        weight_schedule: Schedule::Constant,
    });
    let momentum = UnitInterval::new(0.0).expect("0 is in [0, 1]");
    let sgd = Optimizer::Sgd { lr: hyper.positive("lr")?, momentum, weight_decay: nothing() };
    let forget = stream(hyper, Set::Forget, "forget")?;
    let train = Train {
        batch_norm: hyper.batch_norm("bn")?,
        gradient: GradientPlan { accumulation, ..GradientPlan::default() },
        ..Train::new(forget, once(), vec![term], sgd)
    };
    Ok(Script::of(train, &["forget"]))
}

pub(super) fn boundary_shrink(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let labels = Aim::Adversarial { epsilon: hyper.positive("epsilon")? };
    let forget = Stream { labels, ..stream(hyper, Set::Forget, "forget_kept")? };
    Ok(Script::of(hyper.train(forget, vec![cross_entropy(Set::Forget, 1.0)])?, &["forget_kept"]))
}
