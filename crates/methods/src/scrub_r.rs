//! SCRUB+R: SCRUB that goes back to the epoch whose forget error is right.

use sweep_protocol::recipe::Rewind;

use super::{Method, Tier, scrub};

pub(super) const METHOD: Method = Method {
    name: "scrub-r",
    tier: Tier::One,
    family: "teacher and student",
    about: "SCRUB, then back to the epoch whose error on the forget set is closest to the final network's error on \
            validation examples of the same classes",
    source: "Kurmanji et al., Towards unbounded machine unlearning, arXiv:2302.09880: the rewinding procedure",
    failure_modes: "as SCRUB; with few epochs there is little to go back to, with few forget examples the error is \
                    coarse. Uses the validation set",
    parameters: scrub::PARAMETERS,
    recipe: |arguments, _| scrub::recipe(arguments, Rewind::MatchedValidation),
    ..Method::UNLEARNS
};
