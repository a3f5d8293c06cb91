//! Phases that take no training step.

use sweep_protocol::{
    recipe::{
        Batches, Dampen, Either, FisherNoise, Importance, Inverse, Measure, Move, Noise, NoiseUnit, Phase,
        Route, Tensors,
    },
    terms::{NonNegative, Positive, Seed, Set, UnitInterval},
};
use tch::{Kind, Tensor};

use super::{Bench, Diary, Seeded, train};

fn count(value: u32) -> std::num::NonZeroU32 {
    value.try_into().expect("not 0")
}

fn number(value: f64) -> NonNegative {
    NonNegative::new(value).expect("not negative")
}

fn dampen(alpha: f64, lambda: f64) -> Phase {
    Phase::Dampen(Dampen {
        tensors: Tensors::All,
        forget: Set::Forget,
        kept: Set::Train,
        alpha: number(alpha),
        lambda: number(lambda),
        importance: Importance::of_batches(count(8)),
        batches: Batches::AsPublished,
    })
}

#[test]
fn dampening_shrinks_what_it_chooses_and_nothing_else() {
    let mut bench = Bench::new();
    let before = bench.weights.state();
    bench.run(vec![dampen(1e12, 0.0)]).expect("it dampens");
    assert!(bench.changed(&before).is_empty(), "no ratio of importances is that large");
    let original = bench.weights.duplicate();
    bench.run(vec![dampen(1.0, 0.5)]).expect("it dampens");
    let mut halved = 0;
    for place in 0..bench.network.layout().parameters.len() {
        let [was, is] = [&original, &bench.weights].map(|weights| flat(weights.parameter(place)));
        for (was, is) in was.iter().zip(is) {
            assert!(is.abs() <= was.abs() && is * was >= 0.0, "{was} became {is}");
            // Chosen where kept / forget < 1 / α, so that at most λ / α is left.
            let same = is.to_bits() == was.to_bits();
            assert!(same || is.abs() <= 0.5 * was.abs() * (1.0 + 1e-6), "{was} became {is}");
            halved += usize::from(!same);
        }
    }
    assert!(halved > 0, "some weights matter more to the forget set");
}

fn flat(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.detach().to_kind(Kind::Double).contiguous().view([-1])).expect("a flat tensor")
}

/// Batches of one example are importances per sample: they don't depend on how examples are put together.
#[test]
fn importances_per_sample_and_per_batch_differ() {
    let after = |batch| {
        let mut bench = Bench::new();
        let Phase::Dampen(plan) = dampen(1.0, 0.5) else { unreachable!("just made") };
        let importance = Importance::of_batches(count(batch));
        bench.run(vec![Phase::Dampen(Dampen { importance, ..plan })]).expect("it dampens");
        bench.weights.state()
    };
    assert_ne!(after(1), after(8));
}

/// A forget set that is smaller than a batch is compared in batches of its own size, and larger ones are divided evenly.
#[test]
fn equal_batches_fit_the_smaller_set() {
    let Phase::Dampen(plan) = dampen(1.0, 0.5) else { unreachable!("just made") };
    let size = |batches, forget, kept| {
        Dampen { batches, importance: Importance::of_batches(count(64)), ..plan.clone() }
            .importance_of(forget, kept)
            .batch_size
            .get()
    };
    assert_eq!(size(Batches::AsPublished, 25, 1000), 64);
    for (forget, kept, want) in
        [(25, 1000, 25), (100, 1000, 50), (1000, 130, 44), (6400, 9000, 64), (0, 9, 1)]
    {
        assert_eq!(size(Batches::Equal, forget, kept), want, "{forget} and {kept}");
    }
}

/// The quadratic form of the approximated inverse is positive: small steps of influence raise the forget loss. The recursion as
/// published is no such inverse (its updates aren't symmetric), and which way it goes depends on the weights; recordings hold it.
#[test]
fn influence_raises_the_loss_of_the_forget_set() {
    let mut bench = Bench::new();
    bench.run(vec![Phase::Train(train(20.0))]).expect("it trains");
    let loss = |bench: &Bench| {
        let positions = bench.examples.set(Set::Forget);
        let logits = crate::measure::logits(&bench.network, &bench.weights, &bench.examples, positions);
        let labels: Vec<i64> = positions.iter().map(|&position| bench.examples.label(position)).collect();
        logits.cross_entropy_for_logits(&Tensor::from_slice(&labels)).double_value(&[])
    };
    let before = loss(&bench);
    let damping = Positive::new(0.1).expect("above 0");
    let iterations = count(3);
    let start = bench.weights.duplicate();
    for inverse in [
        Inverse::WoodFisher { damping },
        Inverse::Diagonal { damping },
        Inverse::ConjugateGradients { damping, iterations },
    ] {
        bench.weights.become_like(&start);
        let along = Route::Influence { samples: count(10), batch_size: count(8), inverse };
        bench.run(vec![Phase::Move(Move { along, scale: 1e-3 })]).expect("it moves");
        assert!(loss(&bench) > before, "{inverse:?}: {} is not above {before}", loss(&bench));
    }
}

#[test]
fn a_task_vector_of_one_loop_is_its_step() {
    let mut there = Bench::new();
    let start = there.weights.duplicate();
    there.run(vec![Phase::Train(train(1.0))]).expect("it trains");
    let mut back = Bench::new();
    let along = Route::TaskVector(vec![train(1.0)]);
    back.run(vec![Phase::Move(Move { along, scale: -1.0 })]).expect("it moves");
    for place in 0..there.network.layout().parameters.len() {
        let [was, forth, back] =
            [&start, &there.weights, &back.weights].map(|weights| flat(weights.parameter(place)));
        for ((was, forth), back) in was.iter().zip(forth).zip(back) {
            assert!((forth - was + (back - was)).abs() < 1e-5, "{was} went to {forth} and to {back}");
        }
    }
}

#[test]
fn fisher_noise_touches_every_parameter_and_no_statistics() {
    let mut bench = Bench::new();
    let before = bench.weights.state();
    let importance =
        Importance { measure: Measure::ExpectedCrossEntropy, ..Importance::of_batches(count(8)) };
    bench
        .run(vec![Phase::FisherNoise(FisherNoise {
            kept: Set::Retain,
            alpha: number(1e-6),
            power: Positive::new(0.5).expect("above 0"),
            importance,
        })])
        .expect("it adds noise");
    assert_eq!(bench.changed(&before).len(), bench.network.layout().parameters.len());
}

#[test]
fn a_choice_of_courses_follows_its_probability_and_the_seed() {
    let run = |probability: f64, seed| {
        let mut bench = Bench::new();
        let zero = |key: &str| {
            let tensors = Tensors::Named(vec![key.to_owned()]);
            Phase::Noise(Noise { tensors, std: number(1.0), unit: NoiseUnit::Absolute })
        };
        let plan = Either {
            probability: UnitInterval::new(probability).expect("in [0, 1]"),
            first: vec![zero("fc.bias")],
            otherwise: vec![zero("conv1.weight")],
        };
        let before = bench.weights.state();
        bench
            .carry_out(vec![Phase::Either(plan)], &mut Seeded::new(Seed(seed)), &mut Diary::default())
            .expect("it adds noise");
        bench.changed(&before)
    };
    assert_eq!(run(1.0, 1), ["fc.bias"]);
    assert_eq!(run(0.0, 1), ["conv1.weight"]);
    let firsts = (0..40).filter(|&seed| run(0.5, seed) == ["fc.bias"]).count();
    assert!((4..=36).contains(&firsts), "{firsts} of 40: five standard deviations are 16");
    assert_eq!(run(0.5, 7), run(0.5, 7));
}
