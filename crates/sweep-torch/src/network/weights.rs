//! The weights of one network: every parameter in one flat buffer, and running statistics.
//!
//! Optimisers step on the flat buffer, the forward pass sees views of it.

use std::collections::BTreeMap;

use sweep_inputs::checkpoint::{self, Mismatch, StateDict, Values};
use sweep_protocol::network::{Entry, Layout, Norm};
use tch::{Device, Kind, Tensor};

use super::{Format, LayerViews, Network, birth};
use crate::draws::{Draws, Purpose, Unrecorded};

/// Parameters and running statistics of one network on one device.
#[derive(Debug)]
pub struct Weights {
    layout: Layout,
    format: Format,
    flat: Tensor,
    batches: Vec<i64>,
    views: LayerViews,
}

impl Weights {
    /// All parameters 0; running means 0, variances 1.
    fn blank(layout: &Layout, format: Format, (kind, device): (Kind, Device)) -> Self {
        let flat = Tensor::zeros([layout.parameter_count()], (kind, device));
        let statistics = Tensor::zeros([layout.statistic_count()], (kind, device));
        let slice = |norm: &Norm, place| {
            statistics.narrow(0, norm.offset + place * norm.channels, norm.channels).detach()
        };
        let means = layout.norms.iter().map(|norm| slice(norm, 0)).collect();
        let variances = layout.norms.iter().map(|norm| slice(norm, 1)).collect();
        let views = LayerViews::of(layout, format, &flat, (means, variances));
        let mut weights =
            Self { layout: layout.clone(), format, flat, batches: vec![0; layout.norms.len()], views };
        weights.reset_statistics();
        weights
    }

    /// The weights that the network is born with.
    pub fn born(network: &Network, draws: &mut dyn Draws, place: (Kind, Device)) -> Result<Self, Unrecorded> {
        Self::born_for(|key| Purpose::Birth { key }, network, draws, place)
    }

    /// Weights that a network could be born with, drawn for another purpose.
    pub fn born_for(
        purpose: for<'k> fn(&'k str) -> Purpose<'k>,
        network: &Network,
        draws: &mut dyn Draws,
        place: (Kind, Device),
    ) -> Result<Self, Unrecorded> {
        let mut weights = Self::blank(network.layout(), network.format(), place);
        for (place, parameter) in network.layout().parameters.iter().enumerate() {
            let values = birth::initial(parameter, &purpose(&parameter.key), draws)?;
            weights.set_parameter(place, &values);
        }
        Ok(weights)
    }

    /// The same weights in memory of their own.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let mut copy = Self::blank(&self.layout, self.format, (self.kind(), self.device()));
        copy.become_like(self);
        copy
    }

    /// Takes over the weights and running statistics of the same network.
    pub fn become_like(&mut self, other: &Self) {
        tch::no_grad(|| {
            self.flat.copy_(&other.flat);
            self.views.take_statistics(&other.views);
        });
        self.batches.clone_from(&other.batches);
    }

    /// Moves into memory of somebody else, with what it holds.
    pub(super) fn move_to(&mut self, flat: Tensor, statistics: (Vec<Tensor>, Vec<Tensor>)) {
        let views = LayerViews::of(&self.layout, self.format, &flat, statistics);
        let old = (std::mem::replace(&mut self.flat, flat), std::mem::replace(&mut self.views, views));
        tch::no_grad(|| {
            self.flat.copy_(&old.0);
            self.views.take_statistics(&old.1);
        });
    }

    /// The flat buffer of parameters \[P\], as a view.
    pub(super) fn flat(&self) -> &Tensor {
        &self.flat
    }

    /// How kernels lie in it.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// What the forward pass sees.
    pub(super) fn views(&self) -> &LayerViews {
        &self.views
    }

    /// Whether every parameter and running statistic is bit for bit the other's.
    pub fn equals(&self, other: &Self) -> bool {
        self.flat.equal(&other.flat) && self.views.same_statistics(&other.views)
    }

    /// Rounds parameters and running statistics to another kind and back.
    pub fn round_through(&mut self, kind: Kind) {
        tch::no_grad(|| {
            for mut buffer in std::iter::once(self.flat.shallow_clone()).chain(self.views.statistics()) {
                let rounded = buffer.to_kind(kind).to_kind(buffer.kind());
                buffer.copy_(&rounded);
            }
        });
    }

    /// The weights of a state dict, which must hold exactly the layout's keys and shapes; counts of batches may lack.
    pub fn from_state(network: &Network, state: &StateDict, place: (Kind, Device)) -> Result<Self, Mismatch> {
        let layout = network.layout();
        state.match_strictly(&layout.keys_and_shapes())?;
        let mut weights = Self::blank(layout, network.format(), place);
        let given: BTreeMap<&str, &Values> =
            state.iter().map(|(key, tensor)| (key, &tensor.values)).collect();
        for &entry in &layout.entries {
            if let Some(values) = given.get(layout.key(entry).as_str()) {
                weights.set(entry, values);
            }
        }
        Ok(weights)
    }

    /// The state dict, in PyTorch's order; real numbers as float32.
    pub fn state(&self) -> StateDict {
        let entry = |&entry: &Entry| {
            let tensor = match entry {
                Entry::Parameter(place) => on_host(&self.views.parameters[place]),
                Entry::Mean(place) => on_host(&self.views.means[place]),
                Entry::Variance(place) => on_host(&self.views.variances[place]),
                Entry::Batches(place) => {
                    checkpoint::Tensor { shape: Vec::new(), values: Values::I64(vec![self.batches[place]]) }
                }
            };
            (self.layout.key(entry), tensor)
        };
        let entries = self.layout.entries.iter().map(entry).collect();
        StateDict::new(entries).expect("a network's keys are distinct and its shapes consistent")
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
        &self.views.parameters[place]
    }

    /// Running mean and variance of one batch normalisation, as views.
    pub fn statistics_of(&self, norm: usize) -> (&Tensor, &Tensor) {
        (&self.views.means[norm], &self.views.variances[norm])
    }

    /// `length` elements of the flat buffer of parameters from `start` on, as a view.
    pub fn segment(&self, start: i64, length: i64) -> Tensor {
        self.flat.narrow(0, start, length)
    }

    /// Whether every parameter and every running statistic is finite.
    pub fn are_finite(&self) -> bool {
        let is_finite = |buffer: &Tensor| buffer.isfinite().all().int64_value(&[]) == 1;
        let statistics: Vec<Tensor> = self.views.statistics().collect();
        is_finite(&self.flat) && (statistics.is_empty() || is_finite(&Tensor::cat(&statistics, 0)))
    }

    /// Says which parameters, by their places, get gradients.
    pub fn require_gradients(&self, of: &[usize]) {
        self.views.require_gradients(of);
    }

    /// Gradient of `loss` by the parameters at `of`, which must require gradients, flat and in the order of `of`.
    pub fn gradient(&self, loss: &Tensor, of: &[usize]) -> Tensor {
        self.views.gradient(loss, of, &self.layout, self.format)
    }

    /// Overwrites one parameter.
    pub fn set_parameter(&mut self, place: usize, values: &[f64]) {
        let parameter = &self.views.parameters[place];
        let values = Tensor::from_slice(values).view(parameter.size().as_slice());
        tch::no_grad(|| self.views.parameters[place].copy_(&values));
    }

    /// Replaces one parameter by what `change` makes of it; the shape stays.
    pub fn change_parameter(&mut self, place: usize, change: impl FnOnce(&Tensor) -> Tensor) {
        tch::no_grad(|| {
            let changed = change(&self.views.parameters[place]);
            self.views.parameters[place].copy_(&changed);
        });
    }

    /// Running means 0, variances 1, no batches.
    pub fn reset_statistics(&mut self) {
        for (mean, variance) in self.views.means.iter_mut().zip(&mut self.views.variances) {
            let _ = (mean.zero_(), variance.fill_(1.0));
        }
        self.batches.fill(0);
    }

    /// Counts one batch on every batch normalisation.
    pub fn count_batch(&mut self) {
        self.batches.iter_mut().for_each(|count| *count += 1);
    }

    /// Overwrites one entry with values that fit it.
    fn set(&mut self, entry: Entry, values: &Values) {
        let target = match (entry, values) {
            (Entry::Batches(norm), Values::I64(counts)) => {
                self.batches[norm] = counts.first().copied().unwrap_or(0);
                return;
            }
            (Entry::Parameter(place), _) => &mut self.views.parameters[place],
            (Entry::Mean(norm), _) => &mut self.views.means[norm],
            (Entry::Variance(norm), _) => &mut self.views.variances[norm],
            (Entry::Batches(_), Values::F32(_)) => return,
        };
        if let Values::F32(values) = values {
            target.copy_(&Tensor::from_slice(values).view(target.size().as_slice()));
        }
    }
}

fn on_host(tensor: &Tensor) -> checkpoint::Tensor {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view([-1]);
    checkpoint::Tensor {
        shape: tensor.size().into_iter().map(|axis| axis as usize).collect(),
        values: Values::F32(Vec::try_from(&flat).expect("a flat float32 tensor is a vector of f32")),
    }
}
