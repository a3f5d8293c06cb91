//! The registered method of a recording, at the recorded hyper-parameters, with the lists that stand for its draws.

use std::{collections::BTreeMap, num::NonZeroU32};

use serde_json::Value as Json;
use sweep_methods::{Arguments, Facts, Method, StartsFrom, TrainingRecipe};
use sweep_protocol::{
    recipe::{Augment, Optimizer, Phase, Recipe, Route, Score, Stream},
    terms::{NonNegative, Positive, Set, Value},
};

use super::{
    golden::{Golden, GoldenError},
    recordings::{RECORDINGS, Recording, Source},
};

/// What a replay does.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) recipe: Recipe,
    pub(super) starts_from: StartsFrom,
    /// Recorded passes of each stream, by phase and stream.
    pub(super) streams: BTreeMap<(usize, usize), List>,
    pub(super) recording: &'static Recording,
}

/// Recorded passes.
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    pub(super) name: &'static str,
    /// Examples in a batch, as the recipe says.
    pub(super) batch_size: NonZeroU32,
    /// The epoch that is the stream's first pass.
    pub(super) first_epoch: u64,
}

/// The script of a recorded method.
pub(super) fn script(golden: &Golden) -> Result<Script, GoldenError> {
    let Some(recording) = RECORDINGS.iter().find(|recording| recording.name == golden.method) else {
        let known: Vec<&str> = RECORDINGS.iter().map(|recording| recording.name).collect();
        return Err(GoldenError::Method { method: golden.method.clone(), known: known.join(", ") });
    };
    let method = sweep_methods::find(recording.method).expect("a recording is of a registered method");
    let arguments = Reading { golden, method, values: BTreeMap::new() }.arguments(recording)?;
    let facts = Facts::of(training(golden, recording)?);
    let recipe = (method.recipe)(&arguments, &facts);
    let streams = streams(&recipe, recording, |set| {
        let size = |set| golden.host.sets.get(&set).map_or(0, |examples| examples.len() as u64);
        if set == Set::Train { size(Set::Retain) + size(Set::Forget) } else { size(set) }
    });
    Ok(Script { recipe, starts_from: method.starts_from, streams, recording })
}

/// Arguments in the making.
struct Reading<'a> {
    golden: &'a Golden,
    method: &'static Method,
    values: BTreeMap<String, Value>,
}

impl Reading<'_> {
    fn arguments(mut self, recording: &Recording) -> Result<Arguments, GoldenError> {
        for (parameter, word) in recording.set {
            self.set(parameter, &Json::from(*word))?;
        }
        for (name, value) in &self.golden.hyper {
            let listed = recording.hyper.iter().find(|(listed, _)| listed == name);
            match listed {
                Some((_, source)) => self.read(name, value, *source)?,
                None => self.unlisted(name, value)?,
            }
        }
        let mut values = self.method.defaults().into_values();
        values.extend(self.values);
        Ok(Arguments::checked(values))
    }

    /// A recorded hyper-parameter with a name that nearly all recordings use, or the parameter's own.
    fn unlisted(&mut self, name: &str, value: &Json) -> Result<(), GoldenError> {
        let has = |parameter: &str| self.method.parameters.iter().any(|known| known.name == parameter);
        match name {
            "batch" if has("batch-size") => self.set("batch-size", value),
            "batch_forget" if has("forget-batch-size") => self.set("forget-batch-size", value),
            // Every recording states both, whether its method has such streams or not; lists are held against the recipe.
            "batch" | "batch_forget" => Ok(()),
            "bn" if has("batch-norm") => self.set("batch-norm", value),
            "bn" => self.read(name, value, Source::BuiltIn("\"train\"")),
            "optimiser" => self.read(name, value, Source::BuiltIn("\"sgd\"")),
            name if name.ends_with("_nominal") || name.ends_with("_gap") => Ok(()),
            name => self.set(&name.replace('_', "-"), value),
        }
    }

    fn read(&mut self, name: &str, value: &Json, source: Source) -> Result<(), GoldenError> {
        let wrong = |wanted: &str| GoldenError::Hyper { name: name.to_owned(), wanted: wanted.to_owned() };
        let number = || value.as_f64().ok_or_else(|| wrong("a number"));
        let list = || value.as_array().ok_or_else(|| wrong("a list"));
        match source {
            Source::Of(parameter) => self.set(parameter, value),
            Source::Word(parameter, words) => {
                let word = value.as_str().ok_or_else(|| wrong("a word"))?;
                let ours = words.iter().find(|(recorded, _)| *recorded == word);
                self.set(
                    parameter,
                    &ours.map_or(word.replace('_', "-"), |(_, ours)| (*ours).to_owned()).into(),
                )
            }
            Source::Each(parameters) if list()?.len() == parameters.len() => {
                let mut pairs = parameters.iter().zip(list()?);
                pairs.try_for_each(|(parameter, value)| self.set(parameter, value))?;
                // The number of fine epochs is told by the list alone.
                let counted = self.method.parameters.iter().any(|known| known.name == "fine-epochs");
                if counted { self.set("fine-epochs", &parameters.len().into()) } else { Ok(()) }
            }
            Source::Each(parameters) => Err(wrong(&format!("a list of {}", parameters.len()))),
            Source::Last(parameter) => self.set(parameter, list()?.last().ok_or_else(|| wrong("a list"))?),
            Source::Length(parameter) => self.set(parameter, &list()?.len().into()),
            Source::AtBatchOf64(parameter) => {
                let batch = self.golden.hyper.get("batch").and_then(Json::as_f64);
                self.set(
                    parameter,
                    &(number()? * 64.0 / batch.ok_or_else(|| wrong("beside a batch"))?).into(),
                )
            }
            // Half an example more, so that rounding down gives the number.
            Source::ShareOfRetain(parameter) => {
                let retain = self.golden.host.sets[&Set::Retain].len() as f64;
                self.set(parameter, &((number()? + 0.5) / retain).into())
            }
            Source::Training => Ok(()),
            Source::BuiltIn(text) => {
                let built_in: Json = serde_json::from_str(text).expect("the table holds JSON");
                let equal = *value == built_in || (value.is_number() && value.as_f64() == built_in.as_f64());
                if equal { Ok(()) } else { Err(wrong(&format!("{text}, which the method has built in"))) }
            }
        }
    }

    fn set(&mut self, parameter: &str, value: &Json) -> Result<(), GoldenError> {
        let wrong = |wanted: String| GoldenError::Hyper { name: parameter.to_owned(), wanted };
        let known = self.method.parameters.iter().find(|known| known.name == parameter);
        let known = known.ok_or_else(|| wrong(format!("a hyper-parameter of `{}`", self.method.name)))?;
        let value: Value = serde_json::from_value(value.clone()).map_err(|_| wrong(known.kind.in_words()))?;
        let value = known.check(&value).map_err(|_| wrong(known.kind.in_words()))?;
        match self.values.insert(parameter.to_owned(), value.clone()) {
            Some(before) if before != value => Err(wrong(format!("{before} everywhere"))),
            _ => Ok(()),
        }
    }
}

/// The training recipe, where the recording is of one.
fn training(golden: &Golden, recording: &Recording) -> Result<TrainingRecipe, GoldenError> {
    let default = TrainingRecipe::default();
    if !recording.hyper.iter().any(|(_, source)| matches!(source, Source::Training)) {
        return Ok(default);
    }
    let number = |name: &str| {
        let wrong = || GoldenError::Hyper { name: name.to_owned(), wanted: "a number".to_owned() };
        golden.hyper.get(name).and_then(Json::as_f64).ok_or_else(wrong)
    };
    let positive = |name: &str| {
        let wrong = |_| GoldenError::Hyper { name: name.to_owned(), wanted: "a number above 0".to_owned() };
        Positive::new(number(name)?).map_err(wrong)
    };
    let negative =
        |_| GoldenError::Hyper { name: "weight_decay".to_owned(), wanted: "at least 0".to_owned() };
    let weight_decay = NonNegative::new(number("weight_decay")?).map_err(negative)?;
    let word = |name: &str| golden.hyper.get(name);
    let crop = word("crop").and_then(Json::as_u64).unwrap_or(0) as u8;
    let flip = word("flip").and_then(Json::as_bool).unwrap_or(false);
    Ok(TrainingRecipe {
        augment: Augment { crop, flip },
        epochs: positive("epochs")?,
        batch_size: NonZeroU32::new(number("batch")? as u32).unwrap_or(default.batch_size),
        optimizer: Optimizer::Adam { lr: positive("lr")?, weight_decay },
        ..default
    })
}

/// Which list stands for each stream of a recipe. A list that several loops read is read on.
fn streams(
    recipe: &Recipe,
    recording: &Recording,
    size: impl Fn(Set) -> u64,
) -> BTreeMap<(usize, usize), List> {
    let mut lists = BTreeMap::new();
    let mut read: BTreeMap<&str, u64> = BTreeMap::new();
    for (phase, plan) in recipe.phases.iter().enumerate() {
        for (stream, (batch_size, usual)) in streams_of(plan, &size).into_iter().enumerate() {
            let named = recording.lists.iter().find(|(place, _)| *place == (phase, stream));
            let name = named.map_or(usual, |(_, name)| *name);
            let first_epoch = read.get(name).copied().unwrap_or(0);
            lists.insert((phase, stream), List { name, batch_size, first_epoch });
            if let Phase::Train(train) = plan {
                *read.entry(name).or_default() += train.epochs.get().ceil() as u64;
            }
        }
    }
    lists
}

/// The batch size of each stream of a phase, and what its list is usually called.
fn streams_of(phase: &Phase, size: &impl Fn(Set) -> u64) -> Vec<(NonZeroU32, &'static str)> {
    let of_stream = |stream: &Stream| {
        let own = if stream.with.is_empty() { usual(stream.set) } else { "both" };
        (stream.batch_size, own)
    };
    match phase {
        Phase::Train(train) => train.data.iter().map(of_stream).collect(),
        Phase::Alternate(plan) => {
            plan.rounds.iter().flat_map(|round| &round.train.data).map(of_stream).collect()
        }
        Phase::Dampen(plan) => {
            let importance = plan.importance_of(size(plan.forget), size(plan.kept));
            vec![(importance.batch_size, ""); 2]
        }
        Phase::FisherNoise(plan) => vec![(plan.importance.batch_size, "")],
        Phase::Select(select) => match &select.score {
            Score::Gradient { of, .. } => of.iter().map(|signed| (signed.batch_size, "")).collect(),
            Score::Ratio { importance, .. } => vec![(importance.batch_size, ""); 2],
            Score::Random | Score::Magnitude => Vec::new(),
        },
        Phase::Move(plan) => match &plan.along {
            Route::Influence { batch_size, .. } => vec![(*batch_size, ""); 2],
            Route::TaskVector(loops) => loops.iter().flat_map(|train| &train.data).map(of_stream).collect(),
        },
        Phase::Reinit(_)
        | Phase::Noise(_)
        | Phase::Transpose(_)
        | Phase::Zero(_)
        | Phase::Cast(_)
        | Phase::Either(_)
        | Phase::Python(_) => Vec::new(),
    }
}

fn usual(set: Set) -> &'static str {
    match set {
        Set::Retain => "retain",
        Set::Forget => "forget",
        Set::Validation => "validation",
        Set::Train => "train",
        Set::Test => "test",
    }
}
