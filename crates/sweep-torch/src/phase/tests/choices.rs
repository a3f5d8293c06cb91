use sweep_protocol::{
    check::Flaw,
    network,
    recipe::{
        Cast, Count, Elements, Extent, Order, Precision, Replacement, Rounding, Rule, Score, Select, Tensors,
        Zero,
    },
    terms::{Seed, UnitInterval},
};
use tch::{Device, Kind};

use super::{Bench, Phase, Seeded, Weights, build, flaws, train};
use crate::phase::tensors::places;

fn select(tensors: Tensors, score: Score, share: f64, extent: Extent) -> Phase {
    let share = UnitInterval::new(share).expect("in range");
    let rule = Rule::Share(Count { share, order: Order::Smallest, extent, rounding: Rounding::Nearest });
    Phase::Select(Select { name: "chosen".to_owned(), tensors, score, rule })
}

fn zero() -> Phase {
    Phase::Zero(Zero { tensors: Tensors::All, elements: Elements::In("chosen".to_owned()) })
}

/// Zeros and the smallest magnitude that is left, of each kernel, in PyTorch's order of elements.
fn kernels(weights: &Weights) -> Vec<Vec<f64>> {
    let layout = weights.layout();
    let convolutions = places(layout, &Tensors::Convolutions, &mut Seeded::new(Seed(0))).expect("all");
    let values = |place: usize| {
        let kernel = weights.parameter(place).detach().to_kind(Kind::Double).contiguous().view([-1]);
        Vec::<f64>::try_from(kernel).expect("numbers")
    };
    convolutions.into_iter().map(values).collect()
}

/// Where kernels lie in memory must not matter: width 16 interleaves them, width 2 doesn't.
#[test]
fn pruning_takes_the_smallest_elements_and_no_others() {
    for width in [2, 16] {
        let mut bench = Bench::new();
        let wanted = network::Network::new("resnet18", super::CLASSES, &[("width", width)]);
        bench.network = build(&wanted).expect("registered");
        let place = (Kind::Float, Device::Cpu);
        bench.weights = Weights::born(&bench.network, &mut Seeded::new(Seed(3)), place).expect("seeded");
        let before = kernels(&bench.weights);
        bench
            .run(vec![select(Tensors::Convolutions, Score::Magnitude, 0.25, Extent::PerTensor), zero()])
            .expect("it prunes");
        for (before, after) in before.iter().zip(kernels(&bench.weights)) {
            let mut sizes: Vec<f64> = before.iter().map(|value| value.abs()).collect();
            sizes.sort_by(f64::total_cmp);
            let count = (0.25 * before.len() as f64).round_ties_even() as usize;
            let border = sizes[count];
            for (before, after) in before.iter().zip(&after) {
                let expected = if before.abs() < border { 0.0 } else { *before };
                assert!((after - expected).abs() < f64::EPSILON, "width {width}: {before} became {after}");
            }
        }
    }
}

#[test]
fn a_random_choice_has_its_share_and_its_seed() {
    let zeros = |seed| {
        let mut bench = Bench::new();
        let phases = vec![select(Tensors::Convolutions, Score::Random, 0.5, Extent::Global), zero()];
        bench
            .carry_out(phases, &mut Seeded::new(Seed(seed)), &mut super::Diary::default())
            .expect("it chooses");
        kernels(&bench.weights).concat().iter().map(|&value| value == 0.0).collect::<Vec<_>>()
    };
    let first = zeros(1);
    let count = first.iter().filter(|zero| **zero).count();
    assert_eq!(count, (first.len() as f64 / 2.0).round_ties_even() as usize);
    assert_eq!(first, zeros(1));
    assert_ne!(first, zeros(2));
}

#[test]
fn what_is_held_stays_bit_for_bit_and_the_rest_moves() {
    let mut bench = Bench::new();
    let layout = bench.network.layout().clone();
    let before = kernels(&bench.weights);
    let mut plan = train(2.0);
    plan.gradient.hold = Some(Elements::In("chosen".to_owned()));
    let chosen = select(Tensors::Convolutions, Score::Magnitude, 0.5, Extent::PerTensor);
    bench.run(vec![chosen, Phase::Train(plan)]).expect("it trains");
    let mut moved = 0;
    for (before, after) in before.iter().zip(kernels(&bench.weights)) {
        let mut sizes: Vec<f64> = before.iter().map(|value| value.abs()).collect();
        sizes.sort_by(f64::total_cmp);
        let border = sizes[(before.len() as f64 / 2.0).round_ties_even() as usize];
        for (before, after) in before.iter().zip(&after) {
            if before.abs() < border {
                assert_eq!(before.to_bits(), after.to_bits());
            } else {
                moved += usize::from(before.to_bits() != after.to_bits());
            }
        }
    }
    assert!(moved > layout.parameters.len(), "{moved} elements moved");
}

#[test]
fn a_choice_that_nobody_made_is_refused() {
    let halt = Bench::new().run(vec![zero()]).expect_err("nothing is chosen");
    assert_eq!(flaws(&halt), [Flaw::NoSuchChoice { name: "chosen".to_owned() }]);
}

#[test]
fn tensors_are_named_counted_and_drawn() {
    let bench = Bench::new();
    let layout = bench.network.layout();
    let keys = |tensors: &Tensors, seed| -> Vec<String> {
        let places = places(layout, tensors, &mut Seeded::new(Seed(seed))).expect("they are there");
        places.into_iter().map(|place| layout.parameters[place].key.clone()).collect()
    };
    let stages = |count: u32| Tensors::Last(count.try_into().expect("not 0"));
    assert_eq!(keys(&stages(1), 0), ["fc.weight", "fc.bias"]);
    assert_eq!(keys(&stages(2), 0).len(), 8, "the last block has no shortcut");
    assert_eq!(keys(&stages(10), 0).len(), 62);
    assert_eq!(keys(&stages(9), 0)[0], "layer1.0.conv1.weight", "the stem comes last");

    let layers = Tensors::Except { of: Box::new(Tensors::All), without: Box::new(Tensors::Norms) };
    let drawn = |draw: &str, from: &Tensors, count: u32| Tensors::Drawn {
        from: Box::new(from.clone()),
        count: count.try_into().expect("not 0"),
        draw: draw.to_owned(),
        replacement: Replacement::Without,
    };
    let nine = drawn("epoch 0", &layers, 9);
    assert_eq!(keys(&nine, 1).len(), 9);
    assert_eq!(keys(&nine, 1), keys(&nine, 1));
    assert_ne!(keys(&nine, 1), keys(&nine, 2));
    assert_ne!(keys(&nine, 1), keys(&drawn("epoch 1", &layers, 9), 1));
    let six = drawn("of these", &nine, 6);
    assert!(keys(&six, 1).iter().all(|key| keys(&nine, 1).contains(key)));
}

#[test]
fn a_cast_keeps_what_half_precision_can_say() {
    let mut bench = Bench::new();
    let before = kernels(&bench.weights).concat();
    let cast = || Phase::Cast(Cast { through: Precision::Float16 });
    bench.run(vec![cast()]).expect("it casts");
    let after = kernels(&bench.weights).concat();
    assert_ne!(before, after);
    for (before, after) in before.iter().zip(&after) {
        // 11 bits of a number are left, and nothing below half the smallest one.
        let slack = (before.abs() * 2.0_f64.powi(-11)).max(2.0_f64.powi(-25));
        assert!((before - after).abs() <= slack, "{before} became {after}");
    }
    let done = bench.weights.state();
    bench.run(vec![cast()]).expect("it casts");
    assert!(bench.changed(&done).is_empty());
}
