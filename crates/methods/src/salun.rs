//! SalUn: random labels, on the weights that matter to the forget set.

use sweep_protocol::{
    recipe::{
        BatchNorm, Count, Elements, Extent, GradientFactor, GradientPlan, Order, Phase, Recipe, Rounding,
        Rule, Score, Select, Share, Signed, Tensors,
    },
    terms::{NonNegative, Set, UnitInterval},
};

use super::{
    Arguments, Hyper, Method, Tier,
    loops::{MOMENTUM, WEIGHT_DECAY},
    parameters,
    random_labels::{BATCH_SIZE, EPOCHS, FORGET_BATCH_SIZE, LABELS, LR, VARIANT, relabel},
};

/// Name of the elements that may change.
const SALIENT: &str = "salient";

pub(super) const RHO: Hyper<UnitInterval> =
    Hyper::unit_interval("rho", 0.5, "share of all weights that may change").usual("0.1 to 1");
pub(super) const RESTORE: Hyper<bool> = Hyper::choice(
    "restore",
    &[("on", true), ("off", false)],
    "whether held weights and their momentum are put back after each step",
);

pub(super) const METHOD: Method = Method {
    name: "salun",
    tier: Tier::One,
    family: "relabel",
    about: "Random labels on the share of weights with the largest forget gradient; the others are held",
    source: "Fan et al., SalUn, ICLR 2024, arXiv:2310.12508; OPTML-Group/Unlearn-Saliency since 2026-02-28 \
             (restore = \"off\" is the code before, in which weight decay and momentum move the held weights)",
    failure_modes: "as random-labels; users of the repository report forget accuracies that don't fall at a small lr",
    parameters: parameters![
        RHO,
        RESTORE,
        LR,
        EPOCHS,
        VARIANT,
        LABELS,
        BATCH_SIZE,
        FORGET_BATCH_SIZE,
        MOMENTUM,
        WEIGHT_DECAY,
    ],
    recipe: |arguments, _| Recipe {
        phases: vec![select(Share::All, arguments), relabel(arguments, &gradient(arguments))],
    },
    ..Method::UNLEARNS
};

/// Chooses the weights that matter to a part of the forget set.
pub(super) fn select(share: Share, arguments: &Arguments) -> Phase {
    let batch_size = arguments.get(&FORGET_BATCH_SIZE);
    let forget = Signed { set: Set::Forget, share, batch_size, sign: 1.0 };
    Phase::Select(Select {
        name: SALIENT.to_owned(),
        tensors: Tensors::All,
        score: Score::Gradient { of: vec![forget], batch_norm: BatchNorm::Frozen },
        rule: Rule::Share(Count {
            share: arguments.get(&RHO),
            order: Order::Largest,
            extent: Extent::Global,
            rounding: Rounding::Down,
        }),
    })
}

/// Holds the others: reads `restore`.
pub(super) fn gradient(arguments: &Arguments) -> GradientPlan {
    let held = Elements::Outside(SALIENT.to_owned());
    if arguments.get(&RESTORE) {
        return GradientPlan { hold: Some(held), ..GradientPlan::default() };
    }
    let factor = NonNegative::new(0.0).expect("0 is not negative");
    let masked = GradientFactor { tensors: Tensors::All, elements: held, factor };
    GradientPlan { factors: vec![masked], ..GradientPlan::default() }
}
