//! L1-sparse fine-tuning: repair under a penalty that fades.

use sweep_protocol::{
    recipe::{Penalty, Phase, Recipe, Schedule, Tensors, Term, Toward},
    terms::{NonNegative, Positive},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{BATCH_SIZE, EPOCHS, LR, MOMENTUM, WEIGHT_DECAY, descend, without_norms},
    parameters,
};

const ALPHA: Hyper<Positive> =
    Hyper::positive("alpha", 5e-4, "weight of the penalty at the start").usual("1e-6 to 1e-3");
const EPOCHS_WITHOUT_L1: Hyper<NonNegative> =
    Hyper::non_negative("epochs-without-l1", 0.0, "last epochs without penalty")
        .usual("0, a quarter of epochs");
const PENALISED: Hyper<Penalised> = Hyper::choice(
    "penalised",
    &[("all", Penalised::All), ("without-norms", Penalised::WithoutNorms)],
    "whether batch norm is penalised too",
);

pub(super) const METHOD: Method = Method {
    name: "l1-sparse",
    tier: Tier::One,
    family: "fine-tune",
    about: "Fine-tunes on the retain set under an L1 penalty on the weights that fades to nothing",
    source: "Jia et al., Model sparsity can simplify machine unlearning, NeurIPS 2023, arXiv:2304.04934; \
             OPTML-Group/Unlearn-Sparse `FT.py`, whose default alpha (0.2) is shared with other methods and far too \
             large; 5e-4 is what is used",
    failure_modes: "once alpha · steps · lr exceeds the usual size of a weight, the network is zeroed",
    parameters: parameters![
        ALPHA,
        EPOCHS_WITHOUT_L1,
        PENALISED,
        LR.at(1e-2).usual("1e-3 to 5e-2"),
        EPOCHS.at(10.0).usual("2 to 10"),
        BATCH_SIZE.at(256),
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| {
        let mut train = descend(arguments);
        train.loss.extend(penalty(arguments));
        Recipe { phases: vec![Phase::Train(train)] }
    },
    ..Method::UNLEARNS
};

/// Which tensors are penalised.
#[derive(Debug, Clone, Copy)]
enum Penalised {
    All,
    WithoutNorms,
}

/// α · (1 − epoch / until), while that is positive.
fn penalty(arguments: &Arguments) -> Option<Term> {
    let without = arguments.get(&EPOCHS_WITHOUT_L1).get();
    let until = Positive::new(arguments.get(&EPOCHS).get() - without).ok()?;
    let tensors = match arguments.get(&PENALISED) {
        Penalised::All => Tensors::All,
        Penalised::WithoutNorms => without_norms(),
    };
    let weight = arguments.get(&ALPHA).get();
    let weight_schedule = Schedule::Linear { until };
    Some(Term::L1(Penalty { weight, tensors, toward: Toward::Zero, weight_schedule }))
}
