//! L1-sparse fine-tuning: repair under a penalty that fades.

use sweep_protocol::{
    recipe::{Penalty, Phase, Recipe, Schedule, Tensors, Term, Toward},
    terms::Positive,
};

use super::{
    Arguments, Method, Parameter, Tier,
    loops::{MOMENTUM, WEIGHT_DECAY, batch_size, descend, epochs, lr, without_norms},
};

pub(super) const METHOD: Method = Method {
    name: "l1-sparse",
    tier: Tier::One,
    family: "fine-tune",
    about: "Fine-tunes on the retain set under an L1 penalty on the weights that fades to nothing",
    source: "Jia et al., Model sparsity can simplify machine unlearning, NeurIPS 2023, arXiv:2304.04934; \
             OPTML-Group/Unlearn-Sparse `FT.py`, whose default alpha (0.2) is shared with other methods and far too \
             large; 5e-4 is what is used",
    failure_modes: "once alpha · steps · lr exceeds the usual size of a weight, the network is zeroed",
    parameters: &[
        Parameter::positive("alpha", 5e-4, "weight of the penalty at the start").usual("1e-6 to 1e-3"),
        Parameter::non_negative("epochs-without-l1", 0.0, "last epochs without penalty")
            .usual("0, a quarter of epochs"),
        Parameter::choice("penalised", &["all", "without-norms"], "whether batch norm is penalised too"),
        lr(1e-2).usual("1e-3 to 5e-2"),
        epochs(10.0).usual("2 to 10"),
        batch_size(256),
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

/// α · (1 − epoch / until), while that is positive.
fn penalty(arguments: &Arguments) -> Option<Term> {
    let without = arguments.non_negative("epochs-without-l1").get();
    let until = Positive::new(arguments.positive("epochs").get() - without).ok()?;
    let tensors = if arguments.choice("penalised") == "all" { Tensors::All } else { without_norms() };
    let weight = arguments.positive("alpha").get();
    let weight_schedule = Schedule::Linear { until };
    Some(Term::L1(Penalty { weight, tensors, toward: Toward::Zero, weight_schedule }))
}
