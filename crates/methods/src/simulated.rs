//! A method of known quality, for the toy engine: tries the tool, and its faults, without training anything.

use sweep_protocol::{
    recipe::Recipe,
    terms::{NonNegative, Positive, UnitInterval},
};

use super::{Engines, Hyper, Method, Tier, parameters};

const SHIFT: Hyper<NonNegative> =
    Hyper::non_negative("shift", 0.0, "distance of the means, in retrained standard deviations");
const SPREAD: Hyper<Positive> =
    Hyper::positive("spread", 1.0, "standard deviation, in retrained standard deviations");
const RETAIN_LOSS: Hyper<UnitInterval> =
    Hyper::unit_interval("retain-loss", 0.0, "retain accuracy lost against retraining");
const TEST_LOSS: Hyper<UnitInterval> =
    Hyper::unit_interval("test-loss", 0.0, "test accuracy lost against retraining");
const WORK_MS: Hyper<NonNegative> =
    Hyper::non_negative("work-ms", 0.0, "milliseconds that a run pretends to work");
const FAULT: Hyper<()> = Hyper::choice(
    "fault",
    &[("none", ()), ("diverge", ()), ("fail", ()), ("die", ()), ("die-once", ()), ("hang", ())],
    "what every run does instead of finishing; die-once dies at its first attempt only",
);

pub(super) const METHOD: Method = Method {
    name: "simulated",
    tier: Tier::Control,
    family: "control",
    about: "Draws confidences at a known distance from the retrained ones; can be told to misbehave",
    source: "control; engines that train nothing",
    failure_modes: "trains nothing; its numbers are drawn",
    parameters: parameters![SHIFT, SPREAD, RETAIN_LOSS, TEST_LOSS, WORK_MS, FAULT],
    engines: Engines::Simulating,
    recipe: |_, _| Recipe::default(),
    ..Method::UNLEARNS
};
