//! The tensors of a network as its layers see them: views of flat buffers, of one network or of several.

use sweep_protocol::network::Layout;
use tch::Tensor;

use super::Format;

/// Views of flat buffers, each detached so that it is a leaf of its own; they share the buffers' memory. Of one network
/// they have PyTorch's shapes, of several another axis before them.
#[derive(Debug)]
pub(super) struct LayerViews {
    pub(super) parameters: Vec<Tensor>,
    /// Running means of each batch normalisation.
    pub(super) means: Vec<Tensor>,
    pub(super) variances: Vec<Tensor>,
}

impl LayerViews {
    /// Views of a buffer of parameters \[P\] or \[M, P\], beside running statistics.
    pub(super) fn of(
        layout: &Layout,
        format: Format,
        flat: &Tensor,
        (means, variances): (Vec<Tensor>, Vec<Tensor>),
    ) -> Self {
        let parameters =
            layout.parameters.iter().map(|parameter| format.view(parameter, flat).detach()).collect();
        Self { parameters, means, variances }
    }

    /// The same tensors under another owner.
    pub(super) fn shared(&self) -> Self {
        let shared = |tensors: &[Tensor]| tensors.iter().map(Tensor::shallow_clone).collect();
        Self {
            parameters: shared(&self.parameters),
            means: shared(&self.means),
            variances: shared(&self.variances),
        }
    }

    /// Every running statistic.
    pub(super) fn statistics(&self) -> impl Iterator<Item = Tensor> {
        self.means.iter().chain(&self.variances).map(Tensor::shallow_clone)
    }

    /// Takes over running statistics.
    pub(super) fn take_statistics(&self, other: &Self) {
        for (mut ours, theirs) in self.statistics().zip(other.statistics()) {
            ours.copy_(&theirs);
        }
    }

    /// Whether the running statistics are bit for bit the other's.
    pub(super) fn same_statistics(&self, other: &Self) -> bool {
        self.statistics().zip(other.statistics()).all(|(ours, theirs)| ours.equal(&theirs))
    }

    /// Says which parameters, by their places, get gradients.
    pub(super) fn require_gradients(&self, of: &[usize]) {
        for (place, parameter) in self.parameters.iter().enumerate() {
            let _ = parameter.set_requires_grad(of.contains(&place));
        }
    }

    /// Gradient of `loss` by the parameters at `of`, which must require gradients, in the order of `of`: \[S\], of several
    /// networks \[M, S\].
    pub(super) fn gradient(&self, loss: &Tensor, of: &[usize], layout: &Layout, format: Format) -> Tensor {
        let leaves: Vec<&Tensor> = of.iter().map(|&place| &self.parameters[place]).collect();
        let gradients = Tensor::run_backward(&[loss], &leaves, false, false);
        let flat: Vec<Tensor> = of
            .iter()
            .zip(&gradients)
            .map(|(&place, gradient)| format.flatten(&layout.parameters[place], gradient))
            .collect();
        Tensor::cat(&flat, -1)
    }
}
