//! Several networks of one architecture as rows of one buffer, carried out in lockstep.

use sweep_protocol::network::Layout;
use tch::Tensor;

use super::{Format, LayerViews, Weights};

/// M networks side by side: their parameters are one buffer \[M, P\], in which each network's [`Weights`] are a row. Rows
/// don't meet: no number of one enters another's.
///
/// One network is a cohort of one; its buffer is its own.
#[derive(Debug)]
pub struct NetworkRows {
    layout: Layout,
    format: Format,
    flat: Tensor,
    views: LayerViews,
}

impl NetworkRows {
    /// Brings networks together, which must be of one architecture, kind and device, and at least one. From then on their
    /// weights lie in the rows. Where there are fewer than `width`, copies of the first one fill up: what is computed
    /// for a network then doesn't depend on how many others there are.
    pub fn of(networks: &mut [&mut Weights], width: usize) -> Self {
        let count = networks.len().max(width);
        let first = &networks[0];
        let (layout, format) = (first.layout().clone(), first.format());
        if count == 1 {
            let (flat, views) = (first.flat().unsqueeze(0), first.views().shared());
            return Self { layout, format, flat, views };
        }
        let flat = first.flat().unsqueeze(0).repeat([count as i64, 1]);
        let several = |one: &Tensor| one.unsqueeze(0).repeat([count as i64, 1]).detach();
        let means: Vec<Tensor> = first.views().means.iter().map(several).collect();
        let variances: Vec<Tensor> = first.views().variances.iter().map(several).collect();
        let row = |all: &[Tensor], row| all.iter().map(|each| each.select(0, row).detach()).collect();
        for (number, network) in (0..).zip(networks.iter_mut()) {
            network.move_to(flat.select(0, number), (row(&means, number), row(&variances, number)));
        }
        let views = LayerViews::of(&layout, format, &flat, (means, variances));
        Self { layout, format, flat, views }
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        self.flat.size()[0] as usize
    }

    /// `length` elements of every row from `start` on \[M, length\], as a view.
    pub fn segment(&self, start: i64, length: i64) -> Tensor {
        self.flat.narrow(1, start, length)
    }

    /// Says which parameters, by their places, get gradients.
    pub fn require_gradients(&self, of: &[usize]) {
        self.views.require_gradients(of);
    }

    /// Gradients \[M, S\] of the sum of losses, one of each row, by the parameters at `of`, which must require gradients, in
    /// the order of `of`.
    pub fn gradient(&self, losses: &[&Tensor], of: &[usize]) -> Tensor {
        let flat = |loss: &Tensor| self.views.gradient(loss, of, &self.layout, self.format);
        let gradient = match losses {
            [single] => flat(single),
            several => flat(&Tensor::stack(several, 0).sum(several[0].kind())),
        };
        gradient.view([self.flat.size()[0], -1])
    }

    pub(super) fn views(&self) -> &LayerViews {
        &self.views
    }
}

#[cfg(test)]
mod tests;
