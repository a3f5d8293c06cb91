//! LFSSD: SSD without labels.

use sweep_protocol::recipe::Measure;

use super::{Method, Tier, ssd};

pub(super) const METHOD: Method = Method {
    name: "lfssd",
    tier: Tier::Two,
    family: "one shot",
    about: "SSD with the absolute gradients of the squared norm of the logits as importance; needs no labels",
    source: "Foster et al., Loss-free machine unlearning, arXiv:2402.19308; if-loops/selective-synaptic-dampening and \
             jwf40/Zeroshot-Unlearning-At-Scale",
    failure_modes: "as SSD; gradients that aren't squared differ less, so a smaller alpha is needed",
    parameters: ssd::PARAMETERS,
    recipe: |arguments, _| ssd::recipe(arguments, Measure::AbsoluteSquaredNorm),
    ..Method::UNLEARNS
};
