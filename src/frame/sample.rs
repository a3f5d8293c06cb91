//! Results that look like a sweep's, for the tests of tables, figures and reports.

use std::collections::BTreeMap;

use sweep_protocol::{
    measurement::{Accuracies, Artifact, Measurement},
    message::Failure,
    network::Network,
    recipe::Recipe,
    terms::{ContentHash, RunId, Seed, SetSizes, UnitInterval, Value},
};

use super::{
    Comparisons, CrossFitRow, Estimate, Frame, Interval, NullRow, Paired, PointScore, RunEnd, ScoreRow,
    ShiftRow, Tested,
};
use crate::{
    outcome::{Cause, Outcome},
    plan::{
        BestOf, Forgotten, OracleSize, Plan, PlannedEngine, PlannedInputs, PlannedOriginal, Point, Role, Run,
    },
};

/// A plan, the ends of its runs and the scores of its points.
pub(crate) struct Sample {
    pub(crate) plan: Plan,
    pub(crate) ends: BTreeMap<RunId, RunEnd>,
    pub(crate) scores: BTreeMap<usize, PointScore>,
}

const SEEDS: u64 = 4;

impl Sample {
    /// A sweep of the toy engine with `methods` points besides original, oracle, held-out group and identity, all of
    /// whose runs finished.
    pub(crate) fn finished(methods: usize) -> Self {
        let mut sample = Self { plan: plan(methods), ends: BTreeMap::new(), scores: BTreeMap::new() };
        for run in sample.plan.runs.clone() {
            let quality = quality(&sample.plan, run.point);
            let end = RunEnd {
                attempt: 1,
                source: "worker".to_owned(),
                outcome: Outcome::Finished(Box::new(measurement(quality, run.seed))),
            };
            sample.ends.insert(run.id, end);
        }
        for (position, point) in sample.plan.points.iter().enumerate() {
            if matches!(point.role, Role::Unlearn | Role::HeldOut) {
                sample.scores.insert(position, Ok(score(quality(&sample.plan, position), position)));
            }
        }
        sample
    }

    /// A sweep with real data.
    pub(crate) fn on_data(mut self) -> Self {
        self.plan.engine = PlannedEngine::ours("torch", "1.0", true);
        self.plan.inputs = Some(PlannedInputs {
            data: "data/synthetic-faces".to_owned(),
            data_hash: hash('a'),
            skipped_images: 0,
            sizes: SetSizes { retain: 1600, forget: 200, validation: 300, test: Some(300) },
            forgotten: Forgotten::default(),
            original_split: None,
            network: Network::new("resnet18", 10, &[("width", 16)]),
            originals: vec![PlannedOriginal::Trained { run: self.plan.runs[0].id.clone() }],
        });
        self
    }

    /// The position of the `nth` method's point.
    pub(crate) fn method(&self, nth: usize) -> usize {
        let methods = self.plan.points.iter().enumerate().filter(|(_, point)| point.role == Role::Unlearn);
        methods.map(|(position, _)| position).nth(nth + 1).expect("as many methods as were asked for")
    }

    /// Ends the runs of a point from seed `from` on otherwise; the point loses its score.
    pub(crate) fn spoil(mut self, point: usize, from: u64, outcome: &Outcome) -> Self {
        let hit = self.plan.runs.iter().filter(|run| run.point == point && run.seed.0 >= from);
        for run in hit {
            self.ends.get_mut(&run.id).expect("every run ended").outcome = outcome.clone();
        }
        self.scores.remove(&point);
        self
    }

    /// Changes what the runs of a point measured, from seed `from` on.
    pub(crate) fn measuring(mut self, point: usize, from: u64, change: fn(&mut Measurement)) -> Self {
        for run in self.plan.runs.iter().filter(|run| run.point == point && run.seed.0 >= from) {
            let end = self.ends.get_mut(&run.id).expect("every run ended");
            let Outcome::Finished(measured) = &mut end.outcome else { panic!("every run finished") };
            change(measured);
        }
        self
    }

    /// Takes every bootstrap interval away.
    pub(crate) fn without_intervals(mut self) -> Self {
        for row in self.scores.values_mut().flatten() {
            row.score.interval = None;
            row.forgetting_quality.interval = None;
        }
        self
    }

    /// Claims that N models were compared.
    pub(crate) fn at(mut self, n: u64) -> Self {
        for row in self.scores.values_mut().flatten() {
            row.n = n;
        }
        self
    }

    /// Puts a text into every place that takes one from a grid or a worker.
    pub(crate) fn hostile(mut self, text: &str) -> Self {
        let point = self.method(0);
        text.clone_into(&mut self.plan.name);
        let changed = &mut self.plan.points[point];
        let mut parameters = changed.parameters.to_map();
        parameters.insert("note".to_owned(), Value::Text(text.to_owned()));
        parameters.insert(text.to_owned(), Value::Text(text.to_owned()));
        changed.label = text.into();
        changed.parameters = parameters.into();
        changed.varied = ["note".to_owned(), text.to_owned()].into();
        if let Some(inputs) = &mut self.plan.inputs {
            text.clone_into(&mut inputs.data);
            text.clone_into(&mut inputs.network.name);
            inputs.network.keys.insert(text.to_owned(), 1);
            inputs.originals = vec![PlannedOriginal::Checkpoint { path: text.to_owned(), blake3: hash('b') }];
        }
        let failed =
            Outcome::Failed { cause: Cause::Reported(Failure::OutOfMemory), message: text.to_owned() };
        let second = self.method(1);
        self.spoil(second, 0, &failed)
    }

    /// Differences that are clear from 0.02 on.
    fn differences(&self) -> BTreeMap<(usize, usize), Paired> {
        let scored = || {
            self.scores.iter().filter_map(|(point, score)| Some((*point, score.as_ref().ok()?.score.value)))
        };
        let pairs = scored()
            .flat_map(|one| scored().filter(move |other| one.0 < other.0).map(move |other| (one, other)));
        let estimate = |value: f64| {
            let interval = Some(Interval { low: value - 0.02, high: value + 0.02 });
            let (p, q) = if value.abs() > 0.02 { (0.001, 0.002) } else { (0.5, 0.6) };
            Paired { difference: Estimate { value, interval }, p, q }
        };
        pairs.map(|(one, other)| ((one.0, other.0), estimate(one.1 - other.1))).collect()
    }

    pub(crate) fn frame(&self) -> Frame {
        let frame = Frame::of(&self.plan, &self.ends, &self.scores).expect("a sound sample");
        frame.with_comparisons(Comparisons { differences: self.differences(), ..Comparisons::default() })
    }
}

fn plan(methods: usize) -> Plan {
    let mut points = vec![
        point(Role::Original, "original", "original", &[]),
        point(Role::Oracle, "oracle", "retrain", &[]),
        point(Role::HeldOut, "held-out", "retrain", &[]),
        point(Role::Unlearn, "identity", "identity", &[]),
    ];
    let labels = ["finetune", "ct", "neggrad-plus", "hybrid", "msg", "seif", "amnesiacs", "sun", "forget"];
    for nth in 0..methods {
        let lr = [0.001, 0.01, 0.0003][nth / labels.len() % 3];
        let settings =
            [("lr", Value::Float(lr)), ("epochs", Value::Integer(if nth % 2 == 0 { 1 } else { 5 }))];
        let label = labels[nth % labels.len()];
        points.push(point(Role::Unlearn, label, label, &settings));
    }
    let mut runs = Vec::new();
    for (position, point) in points.iter().enumerate() {
        for seed in 0..if point.role == Role::Original { 1 } else { SEEDS } {
            let id = format!("{:032x}", (position as u64 + 1) * 1000 + seed);
            runs.push(Run { id: id.parse().expect("hexadecimal"), point: position, seed: Seed(seed) });
        }
    }
    let oracle = OracleSize { models: SEEDS, held_out: SEEDS };
    Plan {
        name: "quickstart".to_owned(),
        engine: PlannedEngine::ours("toy", "0.1.0, 4 examples", false),
        seeds: SEEDS,
        stages: Vec::new(),
        best_of: BestOf::Grid,
        confirm: None,
        keep_models: false,
        shadows: None,
        accuracies: false,
        audit: None,
        oracle,
        originals: 1,
        inputs: None,
        points,
        runs,
    }
}

fn point(role: Role, label: &str, method: &str, settings: &[(&str, Value)]) -> Point {
    Point {
        label: label.into(),
        method: method.into(),
        parameters: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<BTreeMap<_, _>>()
            .into(),
        varied: settings.iter().map(|(name, _)| (*name).to_owned()).collect(),
        role,
        recipe: Recipe::default().into(),
        passes: settings.len() as f64 * 0.5,
    }
}

/// How well the point forgets, from 0 (not at all) to 1 (as well as retraining).
fn quality(plan: &Plan, position: usize) -> f64 {
    let point = &plan.points[position];
    match (point.role, point.method.as_ref()) {
        (Role::Original, _) | (_, "identity") => 0.01,
        (Role::Oracle | Role::HeldOut | Role::Shadow, _) => 1.0,
        (Role::Unlearn | Role::Confirm, _) => ((position * 7) % 23 + 3) as f64 / 26.0,
    }
}

fn measurement(quality: f64, seed: Seed) -> Measurement {
    let unit = |value: f64| UnitInterval::new(value).expect("a fraction");
    let jitter = (seed.0 % 3) as f64 / 512.0;
    Measurement {
        accuracy: Accuracies {
            retain: unit(0.953_125 - jitter),
            forget: unit(0.984_375 - quality / 8.0),
            validation: unit(0.875 + jitter),
            test: Some(unit(0.84 + quality * (1.3 - quality) / 8.0 + jitter)),
            truth: None,
        },
        unlearn_s: 1.5,
        measure_s: 0.25,
        steps: 50,
        confidences: Artifact { file: "confidences.npy".to_owned(), blake3: hash('c') },
        weights: None,
        examples: None,
        reconstruction: None,
        curves: None,
        renamed: None,
        unchanged: false,
    }
}

fn score(quality: f64, position: usize) -> ScoreRow {
    let examples = 60;
    let epsilons =
        (0..examples).map(|nth| (1.0 - quality) * 1.4 + f64::from(nth * 7 % examples) / 45.0).collect();
    let forgetting = 0.19 * quality * quality + position as f64 * 1e-4;
    let estimate = |value: f64| Estimate {
        value,
        interval: Some(Interval { low: value * 0.8, high: value * 1.15 + 0.002 }),
    };
    ScoreRow {
        n: SEEDS,
        epsilons,
        forgetting_quality: estimate(forgetting),
        retain_ratio: Estimate { value: 0.996, interval: None },
        test_ratio: Estimate { value: 0.984, interval: None },
        score: estimate(forgetting * 0.98),
        normalised: Some(estimate(quality * quality)),
        cross_fit: Some(CrossFitRow { quality: estimate(quality), told_apart: 1.0 - quality }),
        nulls: Some(nulls(quality)),
        components: None,
    }
}

/// Tests that find what forgets less than half as well as retraining; floor and ceiling have no q.
fn nulls(quality: f64) -> NullRow {
    let tested = |p: f64| Tested { p, q: (0.05..1.0).contains(&quality).then(|| (p * 2.0).min(1.0)) };
    let p = if quality < 0.5 { 0.001 } else { quality * quality };
    let interval = Some(Interval { low: -0.25 - quality, high: 2.5 - quality });
    NullRow {
        omnibus: tested(p),
        quality: Some(tested(p * 0.5)),
        score: Some(tested(p * 0.75)),
        shift: Some(ShiftRow { shift: Estimate { value: 1.0 - quality, interval }, found: 1.25 }),
    }
}

fn hash(digit: char) -> ContentHash {
    digit.to_string().repeat(64).parse().expect("hexadecimal")
}
