//! Methods with teachers.

use sweep_protocol::recipe::Labels as Aim;
use sweep_protocol::{
    recipe::{
        AfterEpochs, Alternate, Cast, ClassWeight, Count, CrossEntropy, Distance, Divergence, Elements,
        Extent, Init, Memory, Order, Pace, Part, Phase, Precision, Reduction, Reinit, Replacement, Rewind,
        Round, Rounding, Rule, Schedule, Score, Select, Share, SoftCrossEntropy, Stream, Target, Teacher,
        TemperatureScale, Tensors, Term, Train, Zero,
    },
    terms::{Positive, Set},
};

use super::{
    Hyper, Named, Script,
    erased::begin_at,
    hyper::{nothing, once, positive},
    plain::{cross_entropy, repair},
    stream,
};
use crate::replay::golden::GoldenError;

const START: Target = Target::Teacher(Teacher::Start);

fn divergence(on: Set, weight: f64, temperature: Positive, scale: TemperatureScale) -> Term {
    Term::Divergence(Divergence { temperature, scale, ..Divergence::new(on, weight, START) })
}

pub(super) fn scrub(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let temperature = hyper.positive("temperature")?;
    let schedule = Hyper::milestones(hyper.number("lr_decay")?, hyper.epochs_at("lr_decay_after")?)?;
    let squared = TemperatureScale::Squared;
    let round = |set, list, loss| {
        let train = hyper.train_for(once(), stream(hyper, set, list)?, loss)?;
        Ok::<_, GoldenError>(Round::new(Train { schedule: schedule.clone(), ..train }))
    };
    let mut rounds = Vec::new();
    let mut lists = Vec::new();
    if let Some(first) = std::num::NonZeroU32::new(hyper.whole("msteps")?) {
        let away = vec![divergence(Set::Forget, -1.0, temperature, squared)];
        rounds.push(Round { first: Some(first), ..round(Set::Forget, "forget", away)? });
        lists.push("forget");
    }
    let towards = vec![
        cross_entropy(Set::Retain, hyper.number("gamma")?),
        divergence(Set::Retain, hyper.number("alpha")?, temperature, squared),
    ];
    rounds.push(round(Set::Retain, "retain", towards)?);
    lists.push("retain");
    let rewind = if hyper.is("rewind") { Rewind::MatchedValidation } else { Rewind::Off };
    let plan = Alternate {
        epochs: hyper.count("epochs")?,
        rounds,
        memory: Memory::Loop,
        after_epochs: AfterEpochs { rewind, ..AfterEpochs::default() },
    };
    let mut script = Script::new();
    script.alternate(plan, &lists);
    Ok(script)
}

pub(super) fn kde(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let ends = ["conv1.weight", "fc.weight", "fc.bias"].map(str::to_owned);
    let mut script = Script::new();
    script.phase(Phase::Reinit(Reinit {
        tensors: Tensors::Named(ends.to_vec()),
        init: Init::UniformFanIn,
        elements: Elements::All,
    }));
    let temperature = hyper.positive("temperature")?;
    let plain = TemperatureScale::Off;
    let epochs = hyper.whole("warmup_epochs")?;
    if epochs > 0 {
        let loss = vec![divergence(Set::Validation, 1.0, temperature, plain)];
        let validation = stream(hyper, Set::Validation, "validation")?;
        let epochs = positive(f64::from(epochs), "warmup_epochs")?;
        let optimizer = hyper.optimizer("warmup_lr", "weight_decay")?;
        let warm_up = Train { optimizer, ..hyper.train_for(epochs, validation, loss)? };
        script.train(warm_up, &["validation"]);
    }
    let loss = vec![
        Term::SoftCrossEntropy(SoftCrossEntropy::new(Set::Retain, 1.0, Teacher::Start, temperature)),
        cross_entropy(Set::Retain, 1.0),
        divergence(Set::Retain, 1.0, temperature, plain),
    ];
    script.train(Train { loss, schedule: Schedule::Cosine, ..repair(hyper)? }, &["retain"]);
    Ok(script)
}

pub(super) fn prmq(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let named = |key: &str| Tensors::Named(vec![key.to_owned()]);
    let pruned = || Elements::In("pruned".to_owned());
    let mut script = Script::new();
    script.phase(Phase::Select(Select {
        name: "pruned".to_owned(),
        tensors: Tensors::Union(vec![Tensors::Convolutions, named("fc.weight"), named("fc.bias")]),
        score: Score::Magnitude,
        rule: Rule::Share(Count {
            share: hyper.unit_interval("prune")?,
            order: Order::Smallest,
            extent: Extent::Global,
            rounding: Rounding::Nearest,
        }),
    }));
    script.phase(Phase::Reinit(Reinit {
        tensors: Tensors::Union(vec![Tensors::Convolutions, named("fc.weight")]),
        init: Init::UniformFanIn,
        elements: pruned(),
    }));
    script.phase(Phase::Zero(Zero { tensors: named("fc.bias"), elements: pruned() }));
    let power = hyper.non_negative("class_weight_power")?;
    let weighted = CrossEntropy {
        class_weight: ClassWeight::Power { counts: Set::Retain, power },
        ..CrossEntropy::new(Set::Retain, 1.0)
    };
    let entropy = Distance::new(Set::Retain, hyper.number("entropy_weight")?, Teacher::Start);
    let loss = vec![Term::CrossEntropy(weighted), Term::EntropyDistance(entropy)];
    script.train(Train { loss, ..repair(hyper)? }, &["retain"]);
    script.phase(Phase::Cast(Cast { through: Precision::Float16 }));
    Ok(script)
}

pub(super) fn forget_set_free(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let shortcuts: Vec<String> = (2..=4).map(|stage| format!("layer{stage}.0.downsample.0.weight")).collect();
    let layers =
        Tensors::Except { of: Box::new(Tensors::Convolutions), without: Box::new(Tensors::Named(shortcuts)) };
    let mut retain = stream(hyper, Set::Retain, "retain")?;
    retain.share = Share::Count(hyper.count("retain_examples")?);
    retain.image_noise = hyper.non_negative("sigma")?;
    let batches = u64::from(hyper.count("retain_examples")?.get().div_ceil(retain.batch_size.get()));
    let mut script = Script::new();
    let mut done = 0;
    let lrs = hyper.numbers("cycle_lrs")?;
    for (cycle, (epochs, lr)) in hyper.numbers("cycle_epochs")?.into_iter().zip(lrs).enumerate() {
        let tensors = Tensors::Drawn {
            from: Box::new(layers.clone()),
            count: hyper.count("layers_per_cycle")?,
            draw: format!("reinit cycle{cycle}"),
            replacement: Replacement::With,
        };
        let (init, elements) = (Init::Network, Elements::All);
        let phase = script.phase(Phase::Reinit(Reinit { tensors, init, elements }));
        script.values.insert((phase, Named::Reinit), format!("rand.reinit.cycle{cycle}.{{key}}"));
        let (lr, weight_decay) = (positive(lr, "cycle_lrs")?, hyper.non_negative("weight_decay")?);
        let loss = vec![Term::LogitDistance(Distance::new(Set::Retain, 1.0, Teacher::Start))];
        let over = Some(hyper.positive("t_max")?);
        let train = Train {
            schedule: Schedule::Annealed { pace: Pace::Epoch, floor: nothing(), over, warm_up: nothing() },
            batch_norm: hyper.batch_norm("bn")?,
            ..Train::new(
                retain.clone(),
                positive(epochs, "cycle_epochs")?,
                loss,
                hyper.optimizer_of(lr, weight_decay)?,
            )
        };
        let phase = script.train(train, &["retain"]);
        begin_at(&mut script, phase, done);
        script.samples.insert((phase, 0, 0), "retain_subset");
        script.steps_before.insert(phase, done * batches);
        done += epochs as u64;
    }
    Ok(script)
}

pub(super) fn bad_teacher(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let share = Share::Fraction(hyper.unit_interval("retain_share")?);
    let both = Stream {
        with: vec![Part { set: Set::Retain, share, labels: Aim::True }],
        ..stream(hyper, Set::Forget, "both")?
    };
    let follow = |members, teacher| {
        Term::Divergence(Divergence {
            members: Some(members),
            reduction: Reduction::Mean,
            ..Divergence::new(Set::Forget, 1.0, Target::Teacher(teacher))
        })
    };
    let loss = vec![follow(Set::Forget, Teacher::Born), follow(Set::Retain, Teacher::Start)];
    let mut script = Script::of(hyper.train(both, loss)?, &["both"]);
    script.samples.insert((0, 0, 1), "retain_subset");
    Ok(script)
}

pub(super) fn delete(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let target = Target::MaskedTeacher(Teacher::Start);
    let loss = vec![Term::Divergence(Divergence::new(Set::Forget, 1.0, target))];
    Ok(Script::of(hyper.train(stream(hyper, Set::Forget, "forget")?, loss)?, &["forget"]))
}
