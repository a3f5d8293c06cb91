//! Recorded hyper-parameters, with their ranges.

use std::num::NonZeroU32;

use serde_json::Value;
use sweep_protocol::{
    recipe::{BatchNorm, Optimizer, Schedule, Stream, Term, Train},
    terms::{NonNegative, Positive, UnitInterval},
};

use crate::replay::golden::{Golden, GoldenError};

/// Recorded hyper-parameters.
pub(super) struct Hyper<'a>(pub(super) &'a Golden);

impl Hyper<'_> {
    pub(super) fn number(&self, name: &'static str) -> Result<f64, GoldenError> {
        let value = self.0.hyper.get(name).and_then(Value::as_f64);
        value.ok_or(GoldenError::Hyper { name, wanted: "a number" })
    }

    pub(super) fn word(&self, name: &'static str) -> Option<&str> {
        self.0.hyper.get(name).and_then(Value::as_str)
    }

    pub(super) fn is(&self, name: &'static str) -> bool {
        self.0.hyper.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    pub(super) fn positive(&self, name: &'static str) -> Result<Positive, GoldenError> {
        positive(self.number(name)?, name)
    }

    pub(super) fn non_negative(&self, name: &'static str) -> Result<NonNegative, GoldenError> {
        non_negative(self.number(name)?, name)
    }

    pub(super) fn unit_interval(&self, name: &'static str) -> Result<UnitInterval, GoldenError> {
        let wanted = "a number from 0 to 1";
        UnitInterval::new(self.number(name)?).map_err(|_| GoldenError::Hyper { name, wanted })
    }

    /// A whole number of at least 0.
    pub(super) fn whole(&self, name: &'static str) -> Result<u32, GoldenError> {
        let value = self.number(name)?;
        let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
        if whole { Ok(value as u32) } else { Err(GoldenError::Hyper { name, wanted: "a whole number" }) }
    }

    pub(super) fn count(&self, name: &'static str) -> Result<NonZeroU32, GoldenError> {
        let wanted = "a whole number above 0";
        NonZeroU32::new(self.whole(name)?).ok_or(GoldenError::Hyper { name, wanted })
    }

    pub(super) fn numbers(&self, name: &'static str) -> Result<Vec<f64>, GoldenError> {
        let values = self.0.hyper.get(name).and_then(Value::as_array);
        let values = values.and_then(|values| values.iter().map(Value::as_f64).collect());
        values.ok_or(GoldenError::Hyper { name, wanted: "a list of numbers" })
    }

    /// Epochs by number, from 0.
    pub(super) fn epochs_at(&self, name: &'static str) -> Result<Vec<u32>, GoldenError> {
        Ok(self.numbers(name)?.into_iter().map(|epoch| epoch as u32).collect())
    }

    /// Examples in the first batch of a recorded list.
    pub(super) fn batch_size(&self, list: &'static str) -> Result<NonZeroU32, GoldenError> {
        let epochs = self.0.lists.get(list).and_then(Value::as_object);
        let first = epochs.and_then(|epochs| epochs.values().next()).and_then(|batches| batches.get(0));
        let length = first.and_then(Value::as_array).and_then(|batch| u32::try_from(batch.len()).ok());
        length
            .and_then(NonZeroU32::new)
            .ok_or(GoldenError::List { name: list.to_owned(), problem: "is missing or has no batch" })
    }

    pub(super) fn batch_norm(&self, name: &'static str) -> Result<BatchNorm, GoldenError> {
        match self.word(name) {
            Some("train") => Ok(BatchNorm::Train),
            Some("frozen" | "eval") => Ok(BatchNorm::Frozen),
            _ => Err(GoldenError::Hyper { name, wanted: "`train` or `frozen`" }),
        }
    }

    /// The optimiser, with its learning rate and weight decay under these names.
    pub(super) fn optimizer(
        &self,
        lr: &'static str,
        weight_decay: &'static str,
    ) -> Result<Optimizer, GoldenError> {
        self.optimizer_of(self.positive(lr)?, self.non_negative(weight_decay)?)
    }

    /// The optimiser, with this learning rate and weight decay.
    pub(super) fn optimizer_of(
        &self,
        lr: Positive,
        weight_decay: NonNegative,
    ) -> Result<Optimizer, GoldenError> {
        match self.word("optimiser") {
            Some("adam") => Ok(Optimizer::Adam { lr, weight_decay }),
            Some("sgd") => Ok(Optimizer::Sgd { lr, momentum: self.unit_interval("momentum")?, weight_decay }),
            _ => Err(GoldenError::Hyper { name: "optimiser", wanted: "`sgd` or `adam`" }),
        }
    }

    /// A loop over `epochs` epochs with the usual names for everything.
    pub(super) fn train(&self, stream: Stream, loss: Vec<Term>) -> Result<Train, GoldenError> {
        self.train_for(self.positive("epochs")?, stream, loss)
    }

    /// The same for another number of epochs.
    pub(super) fn train_for(
        &self,
        epochs: Positive,
        stream: Stream,
        loss: Vec<Term>,
    ) -> Result<Train, GoldenError> {
        let optimizer = self.optimizer("lr", "weight_decay")?;
        Ok(Train { batch_norm: self.batch_norm("bn")?, ..Train::new(stream, epochs, loss, optimizer) })
    }

    /// A learning rate that falls at recorded epochs.
    pub(super) fn milestones(factor: f64, at: Vec<u32>) -> Result<Schedule, GoldenError> {
        let factor = non_negative(factor, "lr_decay")?;
        Ok(Schedule::Milestones { factor, at })
    }
}

/// Checks the range of a number that belongs to a hyper-parameter.
pub(super) fn positive(value: f64, name: &'static str) -> Result<Positive, GoldenError> {
    Positive::new(value).map_err(|_| GoldenError::Hyper { name, wanted: "a number above 0" })
}

/// A number that belongs to a hyper-parameter.
pub(super) fn non_negative(value: f64, name: &'static str) -> Result<NonNegative, GoldenError> {
    NonNegative::new(value).map_err(|_| GoldenError::Hyper { name, wanted: "a number of at least 0" })
}

/// 1, as a number of passes.
pub(super) fn once() -> Positive {
    Positive::new(1.0).expect("1 is above 0")
}

/// 0, as a weight decay.
pub(super) fn nothing() -> NonNegative {
    NonNegative::new(0.0).expect("0 is not negative")
}
