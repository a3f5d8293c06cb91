//! Methods that erase without looking, then repair.

use sweep_protocol::{
    recipe::{
        AfterEpochs, Averaging, ClassWeight, CrossEntropy, Elements, Init, LateNoise, Noise, NoiseUnit,
        Phase, Reinit, Replacement, Schedule, Tensors, Term, Train, Transpose, Turn,
    },
    terms::{NonNegative, Set},
};

use super::{
    Hyper, Named, Script,
    hyper::{once, positive},
    plain::{cross_entropy, repair},
    stream,
};
use crate::replay::golden::GoldenError;

pub(super) fn ct(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let mut script = Script::new();
    script.phase(Phase::Transpose(Transpose { tensors: Tensors::Convolutions, turn: Turn::Transpose }));
    script.train(Train { schedule: Schedule::Cosine, ..repair(hyper)? }, &["retain"]);
    Ok(script)
}

pub(super) fn cfw(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let noise = |std: NonNegative| Noise {
        tensors: Tensors::Named(vec!["conv1.weight".to_owned()]),
        std,
        unit: NoiseUnit::Absolute,
    };
    let averaging = match hyper.word("weighting") {
        Some("as_published") => Some(Averaging::Product),
        Some("per_sample") => Some(Averaging::ByCount),
        Some("none") => None,
        _ => {
            let wanted = "`as_published`, `per_sample` or `none`";
            return Err(GoldenError::Hyper { name: "weighting", wanted });
        }
    };
    let mut term = CrossEntropy::new(Set::Retain, 1.0);
    if let Some(averaging) = averaging {
        term.averaging = averaging;
        term.class_weight = ClassWeight::Others(hyper.non_negative("other_class_weight")?);
    }
    let after = hyper.count("epochs")?.get() - 1;
    let late = LateNoise { after, noise: noise(hyper.non_negative("final_sigma")?) };
    let train = Train {
        loss: vec![Term::CrossEntropy(term)],
        schedule: Schedule::Cosine,
        after_epochs: AfterEpochs { noise: vec![late], ..AfterEpochs::default() },
        ..repair(hyper)?
    };
    let mut script = Script::new();
    let erase = script.phase(Phase::Noise(noise(hyper.non_negative("start_sigma")?)));
    let repair = script.train(train, &["retain"]);
    script.values.insert((erase, Named::Noise), "rand.noise1".to_owned());
    script.values.insert((repair, Named::LateNoise), "rand.noise2".to_owned());
    Ok(script)
}

pub(super) fn rni(hyper: &Hyper<'_>) -> Result<Script, GoldenError> {
    let mut script = Script::new();
    let tensors = Tensors::Modules(vec!["fc".to_owned()]);
    script.phase(Phase::Reinit(Reinit { tensors, init: Init::Network, elements: Elements::All }));
    let noise_epochs = hyper.whole("noise_epochs")?;
    for epoch in 0..noise_epochs {
        let trainable = drawn_layers(hyper, epoch)?;
        if epoch > 0 {
            add_noise(hyper, &mut script, epoch, &trainable)?;
        }
        let train = Train { trainable: Tensors::Union(vec![trainable, Tensors::Norms]), ..one_epoch(hyper)? };
        let phase = script.train(train, &["retain"]);
        begin_at(&mut script, phase, u64::from(epoch));
    }
    for (epoch, lr) in hyper.numbers("fine_lrs")?.into_iter().enumerate() {
        let lr = positive(lr, "fine_lrs")?;
        let optimizer = hyper.optimizer_of(lr, hyper.non_negative("weight_decay")?)?;
        let phase = script.train(Train { optimizer, ..one_epoch(hyper)? }, &["retain"]);
        begin_at(&mut script, phase, u64::from(noise_epochs) + epoch as u64);
    }
    Ok(script)
}

fn drawn_layers(hyper: &Hyper<'_>, epoch: u32) -> Result<Tensors, GoldenError> {
    let layers = Tensors::Except { of: Box::new(Tensors::All), without: Box::new(Tensors::Norms) };
    Ok(Tensors::Drawn {
        from: Box::new(layers),
        count: hyper.count("n_layers")?,
        draw: format!("trainable epoch{epoch}"),
        replacement: Replacement::Without,
    })
}

fn add_noise(hyper: &Hyper<'_>, script: &mut Script, epoch: u32, from: &Tensors) -> Result<(), GoldenError> {
    let layers = hyper.number("ratio")? * f64::from(hyper.whole("n_layers")?);
    let Some(count) = std::num::NonZeroU32::new(layers as u32) else { return Ok(()) };
    let tensors = Tensors::Drawn {
        from: Box::new(from.clone()),
        count,
        draw: format!("noised epoch{epoch}"),
        replacement: Replacement::Without,
    };
    let std = hyper.non_negative("sigma")?;
    let phase = script.phase(Phase::Noise(Noise { tensors, std, unit: NoiseUnit::Absolute }));
    script.values.insert((phase, Named::Noise), format!("rand.noise.epoch{epoch}.{{key}}"));
    Ok(())
}

fn one_epoch(hyper: &Hyper<'_>) -> Result<Train, GoldenError> {
    hyper.train_for(once(), stream(hyper, Set::Retain, "retain")?, vec![cross_entropy(Set::Retain, 1.0)])
}

/// Says that the only stream of a phase begins with a later epoch of its list.
pub(super) fn begin_at(script: &mut Script, phase: usize, epoch: u64) {
    if let Some(list) = script.streams.get_mut(&(phase, 0)) {
        list.first_epoch = epoch;
    }
}
