//! What the training loops of methods have in common: streams, optimisers, and the hyper-parameters that they read.

use std::num::NonZeroU32;

use sweep_protocol::{
    recipe::{BatchNorm, CrossEntropy, Optimizer, Schedule, Stream, Tensors, Term, Train},
    terms::{NonNegative, Positive, Set, UnitInterval},
};

use super::{Arguments, Hyper};

/// Learning rate.
pub(super) const LR: Hyper<Positive> = Hyper::positive("lr", 1e-3, "learning rate");
/// Passes over the retain set; may be fractional.
pub(super) const EPOCHS: Hyper<Positive> = Hyper::positive("epochs", 1.0, "passes over the retain set");
/// Whole epochs, where a schedule or another round counts them.
pub(super) const WHOLE_EPOCHS: Hyper<NonZeroU32> =
    Hyper::count("epochs", 1, "epochs, each a pass over the retain set");
/// Passes over the forget set; may be fractional.
pub(super) const FORGET_EPOCHS: Hyper<Positive> =
    Hyper::positive("epochs", 1.0, "passes over the forget set");
/// Examples in a batch; 64 are those of the competition's loaders.
pub(super) const BATCH_SIZE: Hyper<NonZeroU32> = Hyper::count("batch-size", 64, "examples in a batch");
/// Examples in a batch of the forget set.
pub(super) const FORGET_BATCH_SIZE: Hyper<NonZeroU32> =
    Hyper::count("forget-batch-size", 64, "examples in a batch of the forget set");
/// Momentum, as nearly all published unlearners have it.
pub(super) const MOMENTUM: Hyper<UnitInterval> = Hyper::unit_interval("momentum", 0.9, "momentum of SGD");
/// Weight decay, as most published unlearners have it.
pub(super) const WEIGHT_DECAY: Hyper<NonNegative> =
    Hyper::non_negative("weight-decay", 5e-4, "L2 penalty, added to the gradient");
/// How the learning rate of [`repair`] moves.
pub(super) const SCHEDULE: Hyper<Decay> = Hyper::choice(
    "schedule",
    &[("cosine", Decay::Cosine), ("constant", Decay::Constant)],
    "learning rate over the epochs",
);
/// What batch normalisation does in a loop that may pollute its statistics.
pub(super) const BATCH_NORM: Hyper<BatchNorm> = Hyper::choice(
    "batch-norm",
    &[("train", BatchNorm::Train), ("frozen", BatchNorm::Frozen)],
    "statistics while unlearning",
);
/// The same, for methods that are published with frozen statistics.
pub(super) const BATCH_NORM_FROZEN: Hyper<BatchNorm> = Hyper::choice(
    "batch-norm",
    &[("frozen", BatchNorm::Frozen), ("train", BatchNorm::Train)],
    "statistics while unlearning",
);
/// How a learning rate moves over the epochs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Decay {
    /// Half a cosine, down to nothing.
    Cosine,
    /// It stays.
    Constant,
}

/// Every retain example, in batches of `batch-size`.
pub(super) fn retain(arguments: &Arguments) -> Stream {
    Stream::of(Set::Retain, arguments.get(&BATCH_SIZE))
}

/// Every forget example, in batches of `forget-batch-size`.
pub(super) fn forget(arguments: &Arguments) -> Stream {
    Stream::of(Set::Forget, arguments.get(&FORGET_BATCH_SIZE))
}

/// Plain cross entropy with the stream's labels, times a weight.
pub(super) fn cross_entropy(on: Set, weight: f64) -> Term {
    Term::CrossEntropy(CrossEntropy::new(on, weight))
}

/// SGD at `lr`, with `momentum` and `weight-decay`.
pub(super) fn sgd(arguments: &Arguments) -> Optimizer {
    sgd_at(arguments, arguments.get(&LR))
}

/// SGD at another learning rate, with `momentum` and `weight-decay`.
pub(super) fn sgd_at(arguments: &Arguments, lr: Positive) -> Optimizer {
    Optimizer::Sgd { lr, momentum: arguments.get(&MOMENTUM), weight_decay: arguments.get(&WEIGHT_DECAY) }
}

/// SGD at `lr` with `momentum` and no weight decay.
pub(super) fn sgd_without_decay(arguments: &Arguments, lr: Positive) -> Optimizer {
    let weight_decay = NonNegative::new(0.0).expect("0 is not negative");
    Optimizer::Sgd { lr, momentum: arguments.get(&MOMENTUM), weight_decay }
}

/// A constant above 0.
pub(super) fn constant(value: f64) -> Positive {
    Positive::new(value).expect("a constant above 0")
}

/// The kernels of all convolutions and the weight of the classifier, without its bias.
pub(super) fn kernels_and_classifier() -> Tensors {
    let both = Tensors::Union(vec![Tensors::Convolutions, Tensors::Head]);
    Tensors::Except { of: Box::new(both), without: Box::new(Tensors::Biases) }
}

/// The kernels of the convolutions that images meet first.
pub(super) fn first_convolution() -> Tensors {
    Tensors::Intersection(vec![Tensors::Stem, Tensors::Convolutions])
}

/// Every parameter but those of batch norm.
pub(super) fn without_norms() -> Tensors {
    Tensors::Except { of: Box::new(Tensors::All), without: Box::new(Tensors::Norms) }
}

/// Cross entropy on the retain set with SGD at a constant rate: reads `lr`, `epochs`, `batch-size`, `momentum` and
/// `weight-decay`.
pub(super) fn descend(arguments: &Arguments) -> Train {
    let loss = vec![cross_entropy(Set::Retain, 1.0)];
    Train::new(retain(arguments), arguments.get(&EPOCHS), loss, sgd(arguments))
}

/// The repair that most methods end with: [`descend`] with the rate that `schedule` says.
pub(super) fn repair(arguments: &Arguments) -> Train {
    let schedule = match arguments.get(&SCHEDULE) {
        Decay::Cosine => Schedule::Cosine,
        Decay::Constant => Schedule::Constant,
    };
    Train { schedule, ..descend(arguments) }
}
