//! A method of known quality, for the toy engine: tries the tool, and its faults, without training anything.

use sweep_protocol::recipe::Recipe;

use super::{Engines, Method, Parameter, Tier};

pub(super) const METHOD: Method = Method {
    name: "simulated",
    tier: Tier::Control,
    family: "control",
    about: "Draws confidences at a known distance from the retrained ones; can be told to misbehave",
    source: "control; the toy engine alone",
    failure_modes: "trains nothing; its numbers are drawn",
    parameters: &[
        Parameter::non_negative("shift", 0.0, "distance of the means, in retrained standard deviations"),
        Parameter::positive("spread", 1.0, "standard deviation, in retrained standard deviations"),
        Parameter::unit_interval("retain-loss", 0.0, "retain accuracy lost against retraining"),
        Parameter::unit_interval("test-loss", 0.0, "test accuracy lost against retraining"),
        Parameter::non_negative("work-ms", 0.0, "milliseconds that a run pretends to work"),
        Parameter::choice(
            "fault",
            &["none", "diverge", "fail", "die", "die-once", "hang"],
            "what every run does instead of finishing; die-once dies at its first attempt only",
        ),
    ],
    engines: Engines::Toy,
    recipe: |_, _| Recipe::default(),
    ..Method::UNLEARNS
};
