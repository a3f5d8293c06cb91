//! What the toy draws. Each forget example has a mean and a standard deviation that depend on its position alone; the
//! confidences of a retrained model are normal around them, those of an unlearned one are shifted and spread by the
//! method. So the distance from the oracle is known, whatever the seed.

use std::num::NonZeroUsize;

use sweep_chance::Chance;
use sweep_protocol::{
    behaviour::{Behaviour, Rows},
    measurement::{Accuracies, retain_sample},
    message::Job,
    terms::{Seed, UnitInterval},
};

use super::fault::number;

/// How far the original is from a retrained model, in standard deviations of the retrained.
const ORIGINAL_SHIFT: f64 = 1.5;
/// Where a sweep has several originals, each moves what is unlearned from it by a normal number, the same for all of its models,
/// with these standard deviations: of the confidences, in those of the retrained; of the accuracies on the retain set and on
/// what was never seen.
const BETWEEN_ORIGINALS: (f64, f64, f64) = (0.5, 0.004, 0.012);
/// Accuracies of a retrained model on the retain set, and on what it hasn't seen.
const RETRAINED: (f64, f64) = (0.985, 0.84);

/// Size of the retain set that the toy pretends to have.
const RETAIN_EXAMPLES: u64 = 200;

/// What a run "measures".
pub(super) struct Drawn {
    /// \[S\], logit-scaled.
    pub(super) confidences: Vec<f64>,
    pub(super) accuracy: Accuracies,
    /// Single examples, where the job asks for them.
    pub(super) rows: Option<Rows>,
}

impl Drawn {
    pub(super) fn of(job: &Job, examples: NonZeroUsize) -> Self {
        let quality = Quality::of(job);
        let mut chance = quality.chance(job);
        let (retain, held_out) = quality.accuracies(&mut chance);
        let confidences: Vec<f64> = (0..examples.get())
            .map(|index| {
                let (mean, deviation) = retrained(index);
                mean + deviation
                    * (quality.shift + quality.original.confidence + quality.spread * chance.normal())
            })
            .collect();
        let right = confidences.iter().filter(|&&confidence| confidence > 0.0).count();
        let forget = share(right as f64 / examples.get() as f64);
        let accuracy = Accuracies {
            retain: share(retain),
            forget,
            validation: share(held_out + 0.004 * chance.normal()),
            test: Some(share(held_out + 0.004 * chance.normal())),
            truth: None,
        };
        let rows = job.retain_sample.map(|sample| rows(&confidences, sample, &mut chance));
        Self { confidences, accuracy, rows }
    }
}

/// The forget set's confidences beside a retain set on which every model is sure of itself, and a test set that looks as
/// the forget set does to retrained models.
fn rows(forget: &[f64], sample: u64, chance: &mut Chance) -> Rows {
    // Two classes, of which the first is right: the confidence is the difference of their logits.
    let row = |confidence: f64| {
        let behaviour = Behaviour::of(&[confidence as f32, 0.0], 0).expect("a finite logit");
        Behaviour { confidence, ..behaviour }.row()
    };
    let retain = retain_sample(RETAIN_EXAMPLES, sample).map(|_| row(5.0 + chance.normal())).collect();
    let unseen = forget.len()..2 * forget.len();
    let test = unseen.map(|index| {
        let (mean, deviation) = retrained(index);
        row(mean + deviation * chance.normal())
    });
    Rows { forget: forget.iter().copied().map(row).collect(), retain, test: test.collect() }
}

/// What an original leaves to everything that is unlearned from it.
#[derive(Clone, Copy, Default)]
struct Heritage {
    /// Of every confidence, in standard deviations of the retrained.
    confidence: f64,
    /// Accuracy on the retain set.
    retain: f64,
    /// Accuracy on what was never seen.
    held_out: f64,
}

impl Heritage {
    fn of(original: u64) -> Self {
        let mut chance = Chance::of_purpose("sweep toy heritage", &[&original.to_le_bytes()]);
        let (confidence, retain, held_out) = BETWEEN_ORIGINALS;
        Self {
            confidence: confidence * chance.normal(),
            retain: retain * chance.normal(),
            held_out: held_out * chance.normal(),
        }
    }
}

/// How the runs of a point differ from retrained models.
struct Quality {
    /// Of the mean, in standard deviations of the retrained.
    shift: f64,
    /// Standard deviation, in those of the retrained.
    spread: f64,
    /// Accuracy lost on the retain set.
    retain_loss: f64,
    /// Accuracy lost on what was never seen.
    test_loss: f64,
    /// Whether all runs of the point that start from one original are the same model.
    same_model: bool,
    /// Of the original, where there are several.
    original: Heritage,
}

impl Quality {
    fn of(job: &Job) -> Self {
        let like_retrained = Self {
            shift: 0.0,
            spread: 1.0,
            retain_loss: 0.0,
            test_loss: 0.0,
            same_model: false,
            original: job.original.map(Heritage::of).unwrap_or_default(),
        };
        match job.method.as_str() {
            "retrain" => like_retrained,
            "original" | "identity" => Self { shift: ORIGINAL_SHIFT, same_model: true, ..like_retrained },
            "simulated" => Self {
                shift: number(job, "shift", 0.0),
                spread: number(job, "spread", 1.0),
                retain_loss: number(job, "retain-loss", 0.0),
                test_loss: number(job, "test-loss", 0.0),
                ..like_retrained
            },
            _ => {
                let position = f64::from(hash(job, None)[0]) / 255.0;
                let shift = ORIGINAL_SHIFT * position;
                Self {
                    shift,
                    retain_loss: 0.03 * (1.0 - position),
                    test_loss: 0.02 * (1.0 - position),
                    ..like_retrained
                }
            }
        }
    }

    fn chance(&self, job: &Job) -> Chance {
        if self.same_model {
            let original = job.original.map(u64::to_le_bytes);
            let parts: Vec<&[u8]> = original.iter().map(<[u8; 8]>::as_slice).collect();
            return Chance::of_purpose("sweep toy original", &parts);
        }
        Chance::of_key(hash(job, Some(job.seed)))
    }

    fn accuracies(&self, chance: &mut Chance) -> (f64, f64) {
        let (retain, held_out) = RETRAINED;
        let retain = retain + self.original.retain - self.retain_loss + 0.002 * chance.normal();
        (retain, held_out + self.original.held_out - self.test_loss + 0.006 * chance.normal())
    }
}

fn hash(job: &Job, seed: Option<Seed>) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("sweep toy run");
    // What a run pretends to cost or to suffer doesn't move what it draws.
    let parameters = job.parameters.iter().filter(|(name, _)| !matches!(name.as_str(), "work-ms" | "fault"));
    let identity = (&job.method, parameters.collect::<Vec<_>>(), seed);
    serde_json::to_writer(&mut hasher, &identity).expect("plain data serialises into a hasher");
    *hasher.finalize().as_bytes()
}

/// Mean and standard deviation of the confidence of one forget example over retrained models.
fn retrained(index: usize) -> (f64, f64) {
    let mut chance = Chance::of_purpose("sweep toy example", &[&(index as u64).to_le_bytes()]);
    (1.5 + 1.5 * chance.normal(), 0.4 + 0.8 * chance.above_zero())
}

fn share(value: f64) -> UnitInterval {
    UnitInterval::new(value.clamp(0.0, 1.0)).expect("clamped; a finite sum of finite numbers")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, num::NonZeroUsize};

    use sweep_protocol::{
        message::Job,
        recipe::Recipe,
        terms::{Seed, Value},
    };

    use super::{BETWEEN_ORIGINALS, Drawn, retrained};

    const EXAMPLES: usize = 40;

    fn drawn(method: &str, parameters: &[(&str, Value)], seed: u64) -> Drawn {
        Drawn::of(&job(method, parameters, seed), NonZeroUsize::new(EXAMPLES).expect("above 0"))
    }

    fn job(method: &str, parameters: &[(&str, Value)], seed: u64) -> Job {
        Job {
            run: "0".repeat(32).parse().expect("a run id"),
            attempt: 1,
            seed: Seed(seed),
            method: method.into(),
            parameters: parameters
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect::<BTreeMap<_, _>>(),
            folder: "nowhere".into(),
            inputs: None,
            recipe: Recipe::default(),
            keep_weights: false,
            retain_sample: None,
            accuracies: false,
            reconstruct: None,
            original: None,
            beside: Vec::new(),
            rows: None,
        }
    }

    /// Mean and variance over seeds of how far each example is from its retrained mean, in its own deviations.
    fn moments(method: &str, parameters: &[(&str, Value)]) -> (f64, f64) {
        let seeds = 200;
        let distances: Vec<f64> = (0..seeds)
            .flat_map(|seed| drawn(method, parameters, seed).confidences)
            .enumerate()
            .map(|(position, confidence)| {
                let (mean, deviation) = retrained(position % EXAMPLES);
                (confidence - mean) / deviation
            })
            .collect();
        let mean = distances.iter().sum::<f64>() / distances.len() as f64;
        let variance =
            distances.iter().map(|distance| (distance - mean).powi(2)).sum::<f64>() / distances.len() as f64;
        (mean, variance)
    }

    #[test]
    fn the_distance_from_the_oracle_is_as_told() {
        // 8,000 draws: the mean is within 0.05 and the variance within 0.1 · spread² (more than four standard errors).
        for (method, shift, spread) in
            [("retrain", 0.0, 1.0), ("simulated", 2.0, 0.5), ("simulated", 0.0, 3.0)]
        {
            let parameters = [("shift", Value::Float(shift)), ("spread", Value::Float(spread))];
            let (mean, variance) = moments(method, if method == "retrain" { &[] } else { &parameters });
            assert!((mean - shift).abs() < 0.05 * spread, "{method}: mean {mean}, told {shift}");
            assert!(
                (variance / spread.powi(2) - 1.0).abs() < 0.1,
                "{method}: variance {variance}, told {}",
                spread * spread
            );
        }
    }

    #[test]
    fn other_methods_have_a_quality_of_their_own() {
        let of = |lr: f64| moments("finetune", &[("lr", Value::Float(lr))]);
        let (first, second) = (of(1e-3), of(1e-2));
        assert!((first.0 - second.0).abs() > 0.05, "hyper-parameters matter: {first:?} {second:?}");
        assert!([first, second].iter().all(|(mean, _)| (-0.05..1.55).contains(mean)), "{first:?} {second:?}");
    }

    #[test]
    fn runs_repeat_by_seed_and_identity_is_one_model() {
        let of = |method, seed| drawn(method, &[], seed).confidences;
        assert_eq!(of("retrain", 3), of("retrain", 3));
        assert_ne!(of("retrain", 3), of("retrain", 4));
        assert_eq!(of("identity", 3), of("identity", 4));
        assert_eq!(of("identity", 3), of("original", 0), "identity is the original");
    }

    #[test]
    fn every_original_leaves_the_same_to_all_that_is_unlearned_from_it() {
        let of = |method: &str, original, seed| {
            let job = Job { original, ..job(method, &[], seed) };
            Drawn::of(&job, NonZeroUsize::new(EXAMPLES).expect("above 0"))
        };
        // How far a model lies from that of the same seed whose sweep has one original.
        let moved = |original, seed| {
            let (with, without) = (of("simulated", Some(original), seed), of("simulated", None, seed));
            let moved = with
                .confidences
                .iter()
                .zip(&without.confidences)
                .enumerate()
                .map(|(index, (with, without))| (with - without) / retrained(index).1);
            moved.collect::<Vec<f64>>()
        };
        let first = moved(0, 1)[0];
        let others = [moved(0, 1), moved(0, 5)].concat();
        assert!(others.iter().all(|other| (other - first).abs() < 1e-9), "{others:?}");
        let originals: Vec<f64> = (0..2000).map(|original| moved(original, 1)[0]).collect();
        let variance = originals.iter().map(|own| own.powi(2)).sum::<f64>() / 2000.0;
        // 2,000 draws: within five standard errors.
        assert!((variance / BETWEEN_ORIGINALS.0.powi(2) - 1.0).abs() < 0.16, "{variance}");
        let identity = |original, seed| of("identity", Some(original), seed).confidences;
        assert_eq!(identity(1, 3), identity(1, 4), "what draws nothing is one model of an original");
        assert_ne!(identity(1, 3), identity(2, 3));
    }

    #[test]
    fn single_examples_are_drawn_on_request_and_move_nothing_else() {
        let job =
            |retain_sample| Job { retain_sample, ..job("simulated", &[("shift", Value::Float(1.0))], 3) };
        let examples = NonZeroUsize::new(EXAMPLES).expect("above 0");
        let (without, with) = (Drawn::of(&job(None), examples), Drawn::of(&job(Some(30)), examples));
        assert_eq!((&without.confidences, without.accuracy), (&with.confidences, with.accuracy));
        assert!(without.rows.is_none());
        let rows = with.rows.expect("asked for");
        assert_eq!((rows.forget.len(), rows.retain.len(), rows.test.len()), (EXAMPLES, 30, EXAMPLES));
        assert!(
            rows.forget
                .iter()
                .zip(&with.confidences)
                .all(|(row, confidence)| row[0].to_bits() == confidence.to_bits())
        );
        let mean = |rows: &[[f64; 5]]| rows.iter().map(|row| row[1]).sum::<f64>() / rows.len() as f64;
        assert!(mean(&rows.retain) < mean(&rows.test), "what was trained on has the smaller loss");
    }

    #[test]
    fn accuracies_lose_what_they_are_told_to_lose() {
        let told = [("retain-loss", Value::Float(0.2)), ("test-loss", Value::Float(0.1))];
        for seed in 0..50 {
            let (good, bad) =
                (drawn("simulated", &[], seed).accuracy, drawn("simulated", &told, seed).accuracy);
            let lost = good.retain.get() - bad.retain.get();
            assert!((0.17..0.23).contains(&lost), "seed {seed}: {lost}");
            let lost = good.held_out().get() - bad.held_out().get();
            assert!((0.04..0.16).contains(&lost), "seed {seed}: {lost}");
            assert!(good.retain.get() > good.validation.get());
        }
    }
}
