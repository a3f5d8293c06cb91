//! Reconstruction of training images from the weights of a fully connected network.
//!
//! A network that was trained long enough comes near a point at which its weights are a sum of gradients of its margins at
//! training images, each with a multiplier λ ≥ 0 (Lyu and Li 2020; Ji and Telgarsky 2020). [`extract`] looks for images and
//! multipliers whose sum the weights are (Haim et al. 2022, <https://arxiv.org/abs/2206.07758>; several classes: Buzaglo et al.
//! 2023, <https://arxiv.org/abs/2307.01827>); the [`dual`] takes known images and asks how much the weights lean on each. Both
//! need no second derivative: of linear layers the scalar products of gradients are products of what goes in and what comes
//! back ([`Layers::gram`]).
//!
//! Must not know: runs, files, what is concluded from it.

mod dual;
mod extraction;
mod layers;
mod likeness;

pub use dual::multipliers;
pub use extraction::{Candidates, Standpoint, extract, loss};
pub use layers::{Derivative, Gram, Layers};
pub use likeness::{best_of, correlations, fitted};

use sweep_protocol::{
    measurement::retain_sample,
    network::{NetworkError, NotDense, Topology, dense_layers},
    reconstruction::{MOST_TRAINED, MOST_UNSEEN, PICTURES, Reconstruct, Trace},
    terms::Set,
};
use tch::{Device, Kind, Tensor};
use thiserror::Error;

use crate::{
    draws::{Draws, Unrecorded},
    examples::Examples,
    network::Weights,
};

/// Nothing can be reconstructed.
#[derive(Debug, Error)]
pub enum NoReconstruction {
    /// There is no such network.
    #[error(transparent)]
    NoNetwork(#[from] NetworkError),
    /// The network isn't of linear layers alone.
    #[error("no image can be reconstructed from a network that {0}; `mlp` is one without")]
    Network(#[from] NotDense),
    /// It sees pixels of 0 to 255, which candidates don't reach.
    #[error(
        "images are reconstructed from networks that see pixels of 0 to 1 or centred ones: `divide = 255, mean = \"retain\"`"
    )]
    Raw,
    /// It was trained on too many images.
    #[error(
        "the training set has {have} images; they are reconstructed of at most {MOST_TRAINED}, because time grows with the square"
    )]
    TooMany {
        /// Images of the training set.
        have: u64,
    },
    /// A recording lacks what is drawn.
    #[error(transparent)]
    Draw(#[from] Unrecorded),
    /// The weights or what is made of them are not finite.
    #[error("what is reconstructed is not finite")]
    NotFinite,
}

/// What is found of the images of three sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Reconstructed {
    /// Of the forget set, in its order.
    pub forget: Vec<Trace>,
    /// Of the retain set.
    pub retain: Vec<Trace>,
    /// Of the test set, or of the validation set where there is none; an even sample where it is large.
    pub unseen: Vec<Trace>,
    /// Pixels of 0 to 255 of the first images of the forget set, each beside its likest candidate scaled to it by least
    /// squares: \[2 · images, 3 · H · W\], where they are asked for.
    pub pictures: Option<Vec<Vec<f64>>>,
}

/// Extracts images from the weights and compares them with all that there are. `alive` is called now and then.
pub fn reconstruct(
    (topology, weights): (&Topology, &Weights),
    examples: &Examples,
    asked: &Reconstruct,
    draws: &mut dyn Draws,
    alive: &mut dyn FnMut(),
) -> Result<Reconstructed, NoReconstruction> {
    let layers = Layers::of(&dense_layers(topology)?, weights);
    if examples.preparation().is_none() {
        return Err(NoReconstruction::Raw);
    }
    let (forget, retain) = (examples.set(Set::Forget), examples.set(Set::Retain));
    let trained = forget.len() + retain.len();
    if trained as u64 > MOST_TRAINED {
        return Err(NoReconstruction::TooMany { have: trained as u64 });
    }
    let unseen = unseen(examples);
    let all = [forget, retain, &unseen].concat();
    let labels = |positions: &[i64]| positions.iter().map(|&at| examples.label(at)).collect::<Vec<i64>>();

    let candidates = Candidates::of(&labels(&[forget, retain].concat()), asked.candidates);
    let extracted = extract(&layers, &candidates, asked, draws, alive)?;
    alive();
    let lambda = multipliers(&layers.to_kind(Kind::Double).gram(
        &seen(examples, &all).view([all.len() as i64, -1]),
        &Tensor::from_slice(&labels(&all)).to_device(layers.device()),
        Derivative::Hard,
    ));
    alive();

    let mean = examples.retain_mean();
    let references = (examples.pixels_at(&all) - &mean).view([all.len() as i64, -1]);
    let shape = mean.size();
    let image = |flat: &Tensor| flat.view([-1, shape[1], shape[2], shape[3]]);
    let extracted = (examples.unprepared(&image(&extracted)) - &mean).view([-1, references.size()[1]]);
    let likeness = correlations(&references, &extracted);
    let (extracted_r, likest) = best_of(&likeness);
    let (rows_r, _) = best_of(&correlations(&references, &layers.first_rows()).abs());
    let all_finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
    if ![&extracted_r, &rows_r, &lambda].into_iter().all(|numbers| all_finite(numbers)) {
        return Err(NoReconstruction::NotFinite);
    }
    let found = |at: usize| Trace { extracted: extracted_r[at], in_rows: rows_r[at], multiplier: lambda[at] };
    let pictures = asked.pictures.then(|| {
        let picture = |at: usize| {
            let truth = references.get(at as i64);
            let fitted = fitted(&truth, &extracted.get(likest[at]));
            [truth, fitted].map(|centred| values(&(centred + mean.view([-1])).clamp(0.0, 255.0)))
        };
        (0..forget.len().min(PICTURES)).flat_map(picture).collect()
    });
    let (first, second) = (forget.len(), trained);
    Ok(Reconstructed {
        forget: (0..first).map(found).collect(),
        retain: (first..second).map(found).collect(),
        unseen: (second..all.len()).map(found).collect(),
        pictures,
    })
}

/// Images that no network has seen.
fn unseen(examples: &Examples) -> Vec<i64> {
    let set = if examples.sizes().test.is_some() { Set::Test } else { Set::Validation };
    let positions = examples.set(set);
    retain_sample(positions.len() as u64, MOST_UNSEEN).map(|row| positions[row as usize]).collect()
}

/// Images as the network sees them, in float64.
fn seen(examples: &Examples, positions: &[i64]) -> Tensor {
    let positions = Tensor::from_slice(positions).to_device(examples.device());
    examples.batch(&positions, Kind::Double).0
}

/// The numbers of a tensor on the host.
fn values(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Double).contiguous().view([-1]);
    Vec::try_from(&flat).expect("a flat float64 tensor is a vector of f64")
}

#[cfg(test)]
mod tests;
