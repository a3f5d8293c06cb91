//! Images and multipliers whose gradients add up to the weights, found by descent.

use std::f64::consts::PI;

use sweep_protocol::reconstruction::Reconstruct;
use tch::{Kind, Tensor};

use super::{Derivative, Layers, NoReconstruction};
use crate::draws::{Draws, Purpose};

/// Standard deviation of the images that an extraction starts from.
const SPREAD: f64 = 1e-3;

/// Largest multiplier that it starts from.
const LARGEST: f64 = 0.2;

/// Weight of multipliers that are too small.
const PUNISHMENT: f64 = 5.0;

/// Decay of the averages of gradients and of their squares, and what keeps steps finite (Adam).
const BETA: (f64, f64) = (0.9, 0.99);
const EPSILON: f64 = 1e-8;

/// What is looked for: so many images of each class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    labels: Vec<i64>,
}

impl Candidates {
    /// So many for each image of a training set with these labels. All networks of a study get the same.
    pub fn of(labels: &[i64], each: u32) -> Self {
        let mut labels = labels.to_vec();
        labels.sort_unstable();
        Self { labels: labels.into_iter().flat_map(|label| (0..each).map(move |_| label)).collect() }
    }
}

/// Where an extraction stands: images \[m, in\] and multipliers \[m\].
#[derive(Debug)]
pub struct Standpoint {
    /// Images as the network sees them.
    pub images: Tensor,
    /// Their multipliers.
    pub lambda: Tensor,
}

impl Standpoint {
    fn drawn(
        layers: &Layers,
        count: usize,
        restart: u32,
        draws: &mut dyn Draws,
    ) -> Result<Self, NoReconstruction> {
        let pixels = count * layers.inputs() as usize;
        let images = draws.normal(&Purpose::Candidates { restart }, pixels, SPREAD)?;
        let lambda = draws.uniform(&Purpose::Multipliers { restart }, count, LARGEST / 2.0)?;
        let tensor =
            |values: &[f64]| Tensor::from_slice(values).to_kind(layers.kind()).to_device(layers.device());
        Ok(Self {
            images: tensor(&images).view([count as i64, layers.inputs()]),
            lambda: tensor(&lambda) + LARGEST / 2.0,
        })
    }
}

/// How far the weights are from the sum of gradients, |θ − Σ λᵢ ∇fᵢ|², with a punishment of pixels outside −1 to 1 and of
/// multipliers below `lambda_min`. `norm_squared` is |θ|².
pub fn loss(
    (layers, norm_squared): (&Layers, f64),
    at: &Standpoint,
    labels: &Tensor,
    (alpha, lambda_min): (f64, f64),
) -> Tensor {
    let Standpoint { images, lambda } = at;
    let gram = layers.gram(images, labels, Derivative::Sigmoid { alpha });
    let quadratic =
        lambda.dot(&gram.products.mv(lambda)) - lambda.dot(&gram.with_weights) * 2.0 + norm_squared;
    let outside = (images.abs() - 1.0).relu().square().sum(images.kind());
    let small = (-lambda + lambda_min).relu().square().sum(lambda.kind());
    quadratic + outside + small * PUNISHMENT
}

/// The images of all restarts, as the network sees them: \[restarts · candidates, in\].
pub fn extract(
    layers: &Layers,
    candidates: &Candidates,
    asked: &Reconstruct,
    draws: &mut dyn Draws,
    alive: &mut dyn FnMut(),
) -> Result<Tensor, NoReconstruction> {
    let labels = Tensor::from_slice(&candidates.labels).to_device(layers.device());
    let norm_squared = layers.norm_squared();
    let mut found = Vec::with_capacity(asked.restarts as usize);
    for restart in 0..asked.restarts {
        let start = Standpoint::drawn(layers, candidates.labels.len(), restart, draws)?;
        let mut adam = [Momenta::new(&start.images), Momenta::new(&start.lambda)];
        let at = Standpoint {
            images: start.images.set_requires_grad(true),
            lambda: start.lambda.set_requires_grad(true),
        };
        for step in 0..asked.steps {
            let lr = asked.lr * f64::midpoint(1.0, (PI * f64::from(step) / f64::from(asked.steps)).cos());
            let loss = loss((layers, norm_squared), &at, &labels, (asked.alpha, asked.lambda_min));
            let gradients = Tensor::run_backward(&[&loss], &[&at.images, &at.lambda], false, false);
            for (adam, (values, gradient)) in
                adam.iter_mut().zip([&at.images, &at.lambda].into_iter().zip(gradients))
            {
                adam.step(values, &gradient, lr);
            }
            alive();
        }
        found.push(at.images.detach());
    }
    let found = Tensor::cat(&found, 0).to_kind(Kind::Double);
    if found.isfinite().all().int64_value(&[]) == 1 { Ok(found) } else { Err(NoReconstruction::NotFinite) }
}

/// Adam on one tensor (Kingma and Ba 2015), with a quicker average of squares than usual.
struct Momenta {
    steps: i32,
    mean: Tensor,
    square: Tensor,
}

impl Momenta {
    fn new(values: &Tensor) -> Self {
        Self { steps: 0, mean: values.zeros_like(), square: values.zeros_like() }
    }

    fn step(&mut self, values: &Tensor, gradient: &Tensor, lr: f64) {
        tch::no_grad(|| {
            self.steps += 1;
            self.mean = &self.mean * BETA.0 + gradient * (1.0 - BETA.0);
            self.square = &self.square * BETA.1 + gradient.square() * (1.0 - BETA.1);
            let (mean, square) = (
                &self.mean / (1.0 - BETA.0.powi(self.steps)),
                &self.square / (1.0 - BETA.1.powi(self.steps)),
            );
            let _ = values.shallow_clone().g_sub_(&(mean * lr / (square.sqrt() + EPSILON)));
        });
    }
}
