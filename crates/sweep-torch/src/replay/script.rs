//! The recipes that reproduce recorded methods.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{
        BatchNorm, ClassWeight, CrossEntropy, Optimizer, Phase, Recipe, Schedule, Stream, Tensors, Term,
        Train, Transpose, Turn,
    },
    terms::{NonNegative, Positive, Set, UnitInterval},
};

use super::golden::{Golden, GoldenError};

/// What a replay does.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) recipe: Recipe,
    pub(super) start: Start,
    /// Recorded list of each stream of the one training loop, and its batch size.
    pub(super) lists: Vec<(&'static str, usize)>,
}

/// Where a replay starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The recorded original.
    Original,
    /// The recorded initial weights.
    Born,
}

type Write = fn(&Hyper<'_>) -> Result<Script, GoldenError>;

/// Methods that can be replayed.
const SCRIPTS: &[(&str, Write)] = &[
    ("ct", |hyper| {
        let mut script = hyper.script(&[RETAIN], &[(Set::Retain, 1.0)], Schedule::Cosine)?;
        script
            .recipe
            .phases
            .insert(0, Phase::Transpose(Transpose { tensors: Tensors::Convolutions, turn: Turn::Transpose }));
        Ok(script)
    }),
    ("finetune", |hyper| hyper.script(&[RETAIN], &[(Set::Retain, 1.0)], Schedule::Cosine)),
    ("gradient_ascent", |hyper| hyper.script(&[FORGET], &[(Set::Forget, -1.0)], Schedule::Constant)),
    ("neggrad_plus", |hyper| {
        let alpha = hyper.number("alpha")?;
        let terms = [(Set::Retain, alpha), (Set::Forget, alpha - 1.0)];
        hyper.script(&[RETAIN, FORGET_PASSES], &terms, Schedule::Constant)
    }),
    ("retrain", |hyper| {
        let mut script = hyper.script(&[RETAIN], &[(Set::Retain, 1.0)], Schedule::Cosine)?;
        script.start = Start::Born;
        if let Some(Phase::Train(train)) = script.recipe.phases.last_mut() {
            for term in &mut train.loss {
                if let Term::CrossEntropy(term) = term {
                    term.class_weight = ClassWeight::Inverse;
                }
            }
        }
        Ok(script)
    }),
];

/// A stream: its set, its recorded list, the hyper-parameter that is its batch size.
type Source = (Set, &'static str, &'static str);
const RETAIN: Source = (Set::Retain, "retain", "batch");
const FORGET: Source = (Set::Forget, "forget", "batch_forget");
const FORGET_PASSES: Source = (Set::Forget, "forget_passes", "batch_forget");

/// The recipe of a recorded method.
pub(super) fn script(golden: &Golden) -> Result<Script, GoldenError> {
    let Some((_, write)) = SCRIPTS.iter().find(|(method, _)| *method == golden.method) else {
        let known: Vec<&str> = SCRIPTS.iter().map(|(method, _)| *method).collect();
        return Err(GoldenError::Method { method: golden.method.clone(), known: known.join(", ") });
    };
    write(&Hyper(golden))
}

/// Recorded hyper-parameters.
struct Hyper<'a>(&'a Golden);

impl Hyper<'_> {
    fn number(&self, name: &'static str) -> Result<f64, GoldenError> {
        let value = self.0.hyper.get(name).and_then(serde_json::Value::as_f64);
        value.ok_or(GoldenError::Hyper { name, wanted: "a number" })
    }

    fn word(&self, name: &'static str) -> Option<&str> {
        self.0.hyper.get(name).and_then(serde_json::Value::as_str)
    }

    fn positive(&self, name: &'static str) -> Result<Positive, GoldenError> {
        let wanted = "a number above 0";
        Positive::new(self.number(name)?).map_err(|_| GoldenError::Hyper { name, wanted })
    }

    fn count(&self, name: &'static str) -> Result<NonZeroU32, GoldenError> {
        let value = self.0.hyper.get(name).and_then(serde_json::Value::as_u64);
        let count = value.and_then(|value| u32::try_from(value).ok()).and_then(NonZeroU32::new);
        count.ok_or(GoldenError::Hyper { name, wanted: "a whole number above 0" })
    }

    fn optimizer(&self) -> Result<Optimizer, GoldenError> {
        let lr = self.positive("lr")?;
        let (name, wanted) = ("weight_decay", "a number of at least 0");
        let weight_decay =
            NonNegative::new(self.number(name)?).map_err(|_| GoldenError::Hyper { name, wanted })?;
        match self.word("optimiser") {
            Some("adam") => Ok(Optimizer::Adam { lr, weight_decay }),
            Some("sgd") => {
                let (name, wanted) = ("momentum", "a number from 0 to 1");
                let momentum =
                    UnitInterval::new(self.number(name)?).map_err(|_| GoldenError::Hyper { name, wanted })?;
                Ok(Optimizer::Sgd { lr, momentum, weight_decay })
            }
            _ => Err(GoldenError::Hyper { name: "optimiser", wanted: "`sgd` or `adam`" }),
        }
    }

    fn batch_norm(&self) -> Result<BatchNorm, GoldenError> {
        match self.word("bn") {
            Some("train") => Ok(BatchNorm::Train),
            Some("frozen") => Ok(BatchNorm::Frozen),
            _ => Err(GoldenError::Hyper { name: "bn", wanted: "`train` or `frozen`" }),
        }
    }

    /// One training loop from the original, with plain cross entropies of these weights.
    fn script(
        &self,
        sources: &[Source],
        terms: &[(Set, f64)],
        schedule: Schedule,
    ) -> Result<Script, GoldenError> {
        let mut data = Vec::new();
        let mut lists = Vec::new();
        for &(set, list, size) in sources {
            let batch_size = self.count(size)?;
            data.push(Stream::of(set, batch_size));
            lists.push((list, batch_size.get() as usize));
        }
        let loss =
            terms.iter().map(|&(on, weight)| Term::CrossEntropy(CrossEntropy::new(on, weight))).collect();
        let first = data[0].clone();
        let train = Train {
            data,
            schedule,
            batch_norm: self.batch_norm()?,
            ..Train::new(first, self.positive("epochs")?, loss, self.optimizer()?)
        };
        Ok(Script { recipe: Recipe { phases: vec![Phase::Train(train)] }, start: Start::Original, lists })
    }
}
