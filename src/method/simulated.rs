//! A method of known quality, for the toy engine: tries the tool, and its faults, without training anything.

use sweep_protocol::recipe::Recipe;

use super::{Engines, Kind, Method, Parameter, StartsFrom};

pub(super) const METHOD: Method = Method {
    name: "simulated",
    about: "Draws confidences at a known distance from the retrained ones; can be told to misbehave",
    source: "control; the toy engine alone",
    parameters: &[
        Parameter {
            name: "shift",
            kind: Kind::NonNegative(0.0),
            about: "distance of the means, in retrained standard deviations",
        },
        Parameter {
            name: "spread",
            kind: Kind::Positive(1.0),
            about: "standard deviation, in retrained standard deviations",
        },
        Parameter {
            name: "retain-loss",
            kind: Kind::UnitInterval(0.0),
            about: "retain accuracy lost against retraining",
        },
        Parameter {
            name: "test-loss",
            kind: Kind::UnitInterval(0.0),
            about: "test accuracy lost against retraining",
        },
        Parameter {
            name: "work-ms",
            kind: Kind::NonNegative(0.0),
            about: "milliseconds that a run pretends to work",
        },
        Parameter {
            name: "fault",
            kind: Kind::Choice(&["none", "diverge", "fail", "die", "die-once", "hang"]),
            about: "what every run does instead of finishing; die-once dies at its first attempt only",
        },
    ],
    starts_from: StartsFrom::Original,
    engines: Engines::Toy,
    recipe: |_, _| Recipe::default(),
};
