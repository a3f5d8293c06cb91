//! What the training loops of methods have in common: streams, optimisers, and the hyper-parameters that they read.

use sweep_protocol::{
    recipe::{BatchNorm, CrossEntropy, Optimizer, Schedule, Stream, Tensors, Term, Train},
    terms::{NonNegative, Positive, Set},
};

use super::{Arguments, Parameter};

/// Examples in a batch of the competition's loaders.
pub(super) const BATCH_SIZE: Parameter = batch_size(64);
/// Momentum, as nearly all published unlearners have it.
pub(super) const MOMENTUM: Parameter = Parameter::unit_interval("momentum", 0.9, "momentum of SGD");
/// Weight decay, as most published unlearners have it.
pub(super) const WEIGHT_DECAY: Parameter = weight_decay(5e-4);
/// How the learning rate of [`repair`] moves.
pub(super) const SCHEDULE: Parameter =
    Parameter::choice("schedule", &["cosine", "constant"], "learning rate over the epochs");
/// What batch normalisation does in a loop that may pollute its statistics.
pub(super) const BATCH_NORM: Parameter =
    Parameter::choice("batch-norm", &["train", "frozen"], "statistics while unlearning");
/// The same, for methods that are published with frozen statistics.
pub(super) const BATCH_NORM_FROZEN: Parameter =
    Parameter::choice("batch-norm", &["frozen", "train"], "statistics while unlearning");

/// A learning rate with this default.
pub(super) const fn lr(default: f64) -> Parameter {
    Parameter::positive("lr", default, "learning rate")
}

/// Passes over the retain set with this default; may be fractional.
pub(super) const fn epochs(default: f64) -> Parameter {
    Parameter::positive("epochs", default, "passes over the retain set")
}

/// Whole epochs with this default, where a schedule or another round counts them.
pub(super) const fn whole_epochs(default: u32) -> Parameter {
    Parameter::count("epochs", default, "epochs, each a pass over the retain set")
}

/// Passes over the forget set with this default.
pub(super) const fn forget_epochs(default: f64) -> Parameter {
    Parameter::positive("epochs", default, "passes over the forget set")
}

/// Examples in a batch, with this default.
pub(super) const fn batch_size(default: u32) -> Parameter {
    Parameter::count("batch-size", default, "examples in a batch")
}

/// Examples in a batch of the forget set, with this default.
pub(super) const fn forget_batch_size(default: u32) -> Parameter {
    Parameter::count("forget-batch-size", default, "examples in a batch of the forget set")
}

/// Weight decay with this default.
pub(super) const fn weight_decay(default: f64) -> Parameter {
    Parameter::non_negative("weight-decay", default, "L2 penalty, added to the gradient")
}

/// Every retain example, in batches of `batch-size`.
pub(super) fn retain(arguments: &Arguments) -> Stream {
    Stream::of(Set::Retain, arguments.count("batch-size"))
}

/// Every forget example, in batches of `forget-batch-size`.
pub(super) fn forget(arguments: &Arguments) -> Stream {
    Stream::of(Set::Forget, arguments.count("forget-batch-size"))
}

/// Plain cross entropy with the stream's labels, times a weight.
pub(super) fn cross_entropy(on: Set, weight: f64) -> Term {
    Term::CrossEntropy(CrossEntropy::new(on, weight))
}

/// SGD at `lr`, with `momentum` and `weight-decay`.
pub(super) fn sgd(arguments: &Arguments) -> Optimizer {
    sgd_at(arguments, arguments.positive("lr"))
}

/// SGD at another learning rate, with `momentum` and `weight-decay`.
pub(super) fn sgd_at(arguments: &Arguments, lr: Positive) -> Optimizer {
    Optimizer::Sgd {
        lr,
        momentum: arguments.unit_interval("momentum"),
        weight_decay: arguments.non_negative("weight-decay"),
    }
}

/// SGD at `lr` with `momentum` and no weight decay.
pub(super) fn sgd_without_decay(arguments: &Arguments, lr: Positive) -> Optimizer {
    let weight_decay = NonNegative::new(0.0).expect("0 is not negative");
    Optimizer::Sgd { lr, momentum: arguments.unit_interval("momentum"), weight_decay }
}

/// A constant above 0.
pub(super) fn constant(value: f64) -> Positive {
    Positive::new(value).expect("a constant above 0")
}

/// The kernels of all convolutions and the weight of the classifier, without its bias.
pub(super) fn kernels_and_classifier() -> Tensors {
    Tensors::Union(vec![Tensors::Convolutions, Tensors::Named(vec!["fc.weight".to_owned()])])
}

/// Every parameter but those of batch norm.
pub(super) fn without_norms() -> Tensors {
    Tensors::Except { of: Box::new(Tensors::All), without: Box::new(Tensors::Norms) }
}

/// What `batch-norm` says.
pub(super) fn batch_norm(arguments: &Arguments) -> BatchNorm {
    if arguments.choice("batch-norm") == "frozen" { BatchNorm::Frozen } else { BatchNorm::Train }
}

/// Cross entropy on the retain set with SGD at a constant rate: reads `lr`, `epochs`, `batch-size`, `momentum` and
/// `weight-decay`.
pub(super) fn descend(arguments: &Arguments) -> Train {
    let loss = vec![cross_entropy(Set::Retain, 1.0)];
    Train::new(retain(arguments), arguments.positive("epochs"), loss, sgd(arguments))
}

/// The repair that most methods end with: [`descend`] with the rate that `schedule` says.
pub(super) fn repair(arguments: &Arguments) -> Train {
    let cosine = arguments.choice("schedule") == "cosine";
    Train { schedule: if cosine { Schedule::Cosine } else { Schedule::Constant }, ..descend(arguments) }
}
