//! The weights of one network: every parameter in one flat buffer, every running statistic in another.
//!
//! Optimisers step on the flat buffer, the forward pass sees views of it.

use std::collections::BTreeMap;

use tch::{Device, Kind, Tensor};
use thiserror::Error;

use super::{
    Layout, Norm, birth,
    layout::{Entry, NormPlace},
};
use crate::draws::{Draws, Purpose, Unrecorded};

/// A state dict on the host, ordered as PyTorch orders it.
pub type State = Vec<(String, Value)>;

/// One tensor of a state dict.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Real numbers, row-major.
    Real {
        /// Length of each axis.
        shape: Vec<i64>,
        /// The elements.
        values: Vec<f32>,
    },
    /// A count of batches.
    Count(i64),
}

/// A state dict doesn't fit the network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the state dict doesn't fit the network: {}", problems.join("; "))]
pub struct Mismatch {
    /// Every difference.
    pub problems: Vec<String>,
}

/// Parameters and running statistics of one network on one device.
#[derive(Debug)]
pub struct Weights {
    layout: Layout,
    flat: Tensor,
    statistics: Tensor,
    batches: Vec<i64>,
    /// Views of `flat`, detached so that each is a leaf of its own; they share its memory.
    parameters: Vec<Tensor>,
    means: Vec<Tensor>,
    variances: Vec<Tensor>,
}

impl Weights {
    /// All parameters 0; running means 0, variances 1.
    fn blank(layout: &Layout, kind: Kind, device: Device) -> Self {
        let flat = Tensor::zeros([layout.parameter_count()], (kind, device));
        let statistics = Tensor::zeros([layout.statistic_count()], (kind, device));
        let slice = |norm: &Norm, place| {
            statistics.narrow(0, norm.offset + place * norm.channels, norm.channels).detach()
        };
        let mut weights = Self {
            parameters: layout.parameters.iter().map(|parameter| parameter.view(&flat).detach()).collect(),
            means: layout.norms.iter().map(|norm| slice(norm, 0)).collect(),
            variances: layout.norms.iter().map(|norm| slice(norm, 1)).collect(),
            batches: vec![0; layout.norms.len()],
            layout: layout.clone(),
            flat,
            statistics,
        };
        weights.reset_statistics();
        weights
    }

    /// The weights that the network is born with.
    pub fn born(
        layout: &Layout,
        draws: &mut dyn Draws,
        (kind, device): (Kind, Device),
    ) -> Result<Self, Unrecorded> {
        let mut weights = Self::blank(layout, kind, device);
        for (place, parameter) in layout.parameters.iter().enumerate() {
            let values = birth::initial(parameter, &Purpose::Birth { key: &parameter.key }, draws)?;
            weights.set_parameter(place, &values);
        }
        Ok(weights)
    }

    /// The weights of a state dict, which must hold exactly the layout's keys and shapes.
    pub fn from_state(
        layout: &Layout,
        state: &[(String, Value)],
        (kind, device): (Kind, Device),
    ) -> Result<Self, Mismatch> {
        let mut weights = Self::blank(layout, kind, device);
        let mut given: BTreeMap<&str, &Value> =
            state.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let mut problems = Vec::new();
        for &entry in &layout.entries {
            let key = layout.key(entry);
            match given.remove(key.as_str()) {
                None => problems.push(format!("`{key}` is missing")),
                Some(value) => {
                    problems.extend(weights.set(entry, value).map(|problem| format!("`{key}` {problem}")))
                }
            }
        }
        problems.extend(given.keys().map(|key| format!("`{}` is not in the network", key.escape_debug())));
        if problems.is_empty() { Ok(weights) } else { Err(Mismatch { problems }) }
    }

    /// The state dict, in PyTorch's order; real numbers as float32.
    pub fn state(&self) -> State {
        let entry = |&entry: &Entry| {
            let value = match entry {
                Entry::Parameter(place) => real(&self.parameters[place]),
                Entry::Mean(place) => real(&self.means[place]),
                Entry::Variance(place) => real(&self.variances[place]),
                Entry::Batches(place) => Value::Count(self.batches[place]),
            };
            (self.layout.key(entry), value)
        };
        self.layout.entries.iter().map(entry).collect()
    }

    /// What tensors there are.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Element type of parameters and statistics.
    pub fn kind(&self) -> Kind {
        self.flat.kind()
    }

    /// Where the weights live.
    pub fn device(&self) -> Device {
        self.flat.device()
    }

    /// One parameter, as a view of the flat buffer.
    pub fn parameter(&self, place: usize) -> &Tensor {
        &self.parameters[place]
    }

    /// Running mean and variance of one batch normalisation, as views.
    pub fn statistics_of(&self, norm: usize) -> (&Tensor, &Tensor) {
        (&self.means[norm], &self.variances[norm])
    }

    /// `length` elements of the flat buffer of parameters from `start` on, as a view.
    pub fn segment(&self, start: i64, length: i64) -> Tensor {
        self.flat.narrow(0, start, length)
    }

    /// Whether every parameter and every running statistic is finite.
    pub fn are_finite(&self) -> bool {
        [&self.flat, &self.statistics].iter().all(|buffer| buffer.isfinite().all().int64_value(&[]) == 1)
    }

    /// Says which parameters, by their places, get gradients.
    pub fn require_gradients(&self, of: &[usize]) {
        for (place, parameter) in self.parameters.iter().enumerate() {
            let _ = parameter.set_requires_grad(of.contains(&place));
        }
    }

    /// Gradient of `loss` by the parameters at `of`, which must require gradients, flat and in the order of `of`.
    pub fn gradient(&self, loss: &Tensor, of: &[usize]) -> Tensor {
        let leaves: Vec<&Tensor> = of.iter().map(|&place| &self.parameters[place]).collect();
        let gradients = Tensor::run_backward(&[loss], &leaves, false, false);
        let flat: Vec<Tensor> = of
            .iter()
            .zip(&gradients)
            .map(|(&place, gradient)| self.layout.parameters[place].flatten(gradient))
            .collect();
        Tensor::cat(&flat, 0)
    }

    /// Overwrites one parameter.
    pub fn set_parameter(&mut self, place: usize, values: &[f64]) {
        let parameter = &self.parameters[place];
        let values = Tensor::from_slice(values).view(parameter.size().as_slice());
        tch::no_grad(|| self.parameters[place].copy_(&values));
    }

    /// Replaces one parameter by what `change` makes of it; the shape stays.
    pub fn change_parameter(&mut self, place: usize, change: impl FnOnce(&Tensor) -> Tensor) {
        tch::no_grad(|| {
            let changed = change(&self.parameters[place]);
            self.parameters[place].copy_(&changed);
        });
    }

    /// Running means 0, variances 1, no batches.
    pub fn reset_statistics(&mut self) {
        for (mean, variance) in self.means.iter_mut().zip(&mut self.variances) {
            let _ = (mean.zero_(), variance.fill_(1.0));
        }
        self.batches.fill(0);
    }

    /// Counts one batch on every batch normalisation.
    pub fn count_batch(&mut self) {
        self.batches.iter_mut().for_each(|count| *count += 1);
    }

    pub(super) fn norm_tensors(&self, place: NormPlace) -> [&Tensor; 4] {
        let (mean, variance) = self.statistics_of(place.norm);
        [&self.parameters[place.weight], &self.parameters[place.bias], mean, variance]
    }

    /// Overwrites one entry, or says what is wrong with the value.
    fn set(&mut self, entry: Entry, value: &Value) -> Option<String> {
        let target = match entry {
            Entry::Parameter(place) => &mut self.parameters[place],
            Entry::Mean(place) => &mut self.means[place],
            Entry::Variance(place) => &mut self.variances[place],
            Entry::Batches(place) => {
                let Value::Count(count) = value else { return Some("is not a count".to_owned()) };
                self.batches[place] = *count;
                return None;
            }
        };
        let Value::Real { shape, values } = value else { return Some("is not a real tensor".to_owned()) };
        let wanted = target.size();
        if *shape != wanted {
            return Some(format!("has shape {shape:?}, the network wants {wanted:?}"));
        }
        if let Some(place) = values.iter().position(|value| !value.is_finite()) {
            return Some(format!("holds {} at element {place}", values[place]));
        }
        target.copy_(&Tensor::from_slice(values).view(wanted.as_slice()));
        None
    }
}

impl Layout {
    /// The state-dict key of an entry.
    fn key(&self, entry: Entry) -> String {
        let (norm, tensor) = match entry {
            Entry::Parameter(place) => return self.parameters[place].key.clone(),
            Entry::Mean(norm) => (norm, "running_mean"),
            Entry::Variance(norm) => (norm, "running_var"),
            Entry::Batches(norm) => (norm, "num_batches_tracked"),
        };
        format!("{}.{tensor}", self.norms[norm].module)
    }
}

fn real(tensor: &Tensor) -> Value {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
    Value::Real {
        shape: tensor.size(),
        values: Vec::try_from(&flat).expect("a flat float32 tensor on the host is a vector of f32"),
    }
}
