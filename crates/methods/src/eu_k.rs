//! EU-k, "exact unlearning" of the last k stages: draws them afresh and trains them alone.

use sweep_protocol::recipe::{Elements, Init, Phase, Recipe, Reinit};

use super::{Method, Tier, cf_k};

pub(super) const METHOD: Method = Method {
    name: "eu-k",
    tier: Tier::Two,
    family: "erase, repair",
    about: "Draws the last k stages afresh and trains them on the retain set; the others stay",
    source: "Goel et al., Towards adversarial evaluations for inexact machine unlearning, arXiv:2201.06640; settings of \
             the SCRUB notebook and DeepUnlearn",
    failure_modes: "forgets nothing that the frozen stages know; with frozen statistics, those of the re-drawn stages \
                    are the original's",
    parameters: cf_k::PARAMETERS,
    recipe: |arguments, _| {
        let tensors = cf_k::last_stages(arguments);
        let reset = Reinit { tensors, init: Init::Network, elements: Elements::All };
        Recipe { phases: vec![Phase::Reinit(reset), Phase::Train(cf_k::train(arguments))] }
    },
    ..Method::UNLEARNS
};
