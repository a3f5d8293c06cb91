use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert, proptest};
use sweep_protocol::{
    network,
    recipe::Optimizer as Plan,
    terms::{NonNegative, Positive, Seed, UnitInterval},
};
use tch::{Device, Kind, Tensor};

use super::{Optimizer, Piece, Scope};
use crate::{
    draws::Seeded,
    network::{NetworkRows, Weights, build},
};

fn weights() -> Weights {
    let network = build(&network::Network::new("resnet18", 2, &[("width", 1)]));
    let network = network.expect("registered");
    Weights::born(&network, &mut Seeded::new(Seed(5)), (Kind::Double, Device::Cpu)).expect("seeded")
}

fn all(weights: &Weights) -> Vec<f64> {
    Vec::try_from(weights.segment(0, weights.layout().parameter_count())).expect("float64")
}

fn plan(lr: f64, momentum: Option<f64>, weight_decay: f64) -> Plan {
    let lr = Positive::new(lr).expect("positive");
    let weight_decay = NonNegative::new(weight_decay).expect("not negative");
    match momentum {
        Some(momentum) => {
            Plan::Sgd { lr, momentum: UnitInterval::new(momentum).expect("in [0, 1]"), weight_decay }
        }
        None => Plan::Adam { lr, weight_decay },
    }
}

/// One element under `torch.optim.SGD` or `torch.optim.Adam`, as their documentation writes them.
fn by_the_book(plan: &Plan, mut value: f64, gradients: &[f64]) -> f64 {
    let (mut first, mut second) = (0.0_f64, 0.0_f64);
    for (step, gradient) in gradients.iter().enumerate() {
        match *plan {
            Plan::Sgd { lr, momentum, weight_decay } => {
                let gradient = gradient + weight_decay.get() * value;
                first = if step == 0 { gradient } else { momentum.get() * first + gradient };
                value -= lr.get() * first;
            }
            Plan::Adam { lr, weight_decay } => {
                let gradient = gradient + weight_decay.get() * value;
                first = 0.9 * first + 0.1 * gradient;
                second = 0.999 * second + 0.001 * gradient * gradient;
                let time = step as i32 + 1;
                let (mean, square) =
                    (first / (1.0 - 0.9_f64.powi(time)), second / (1.0 - 0.999_f64.powi(time)));
                value -= lr.get() * mean / (square.sqrt() + 1e-8);
            }
        }
    }
    value
}

fn plans() -> impl Strategy<Value = Plan> {
    (1e-4..0.1_f64, prop::option::of(0.0..1.0_f64), prop::sample::select(vec![0.0, 5e-4, 0.1]))
        .prop_map(|(lr, momentum, weight_decay)| plan(lr, momentum, weight_decay))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_step_is_pytorchs(plan in plans(), gradients in prop::collection::vec(-2.0..2.0_f64, 1..6)) {
        let mut weights = weights();
        let before = all(&weights);
        let everything = (0..weights.layout().parameters.len()).collect();
        let mut optimizer = Optimizer::new(&plan, Scope::new(weights.layout(), everything));
        let rows = NetworkRows::of(&mut [&mut weights], 1);
        let (Plan::Sgd { lr, .. } | Plan::Adam { lr, .. }) = plan;
        for &gradient in &gradients {
            let mut gradient = Tensor::full([1, before.len() as i64], gradient, (Kind::Double, Device::Cpu));
            optimizer.step(&rows, &mut gradient, lr.get());
        }
        for (value, after) in before.iter().zip(all(&weights)) {
            let expected = by_the_book(&plan, *value, &gradients);
            prop_assert!((after - expected).abs() <= 1e-12 * (1.0 + expected.abs()), "{} {}", after, expected);
        }
    }
}

#[test]
fn what_is_out_of_scope_stays_bit_for_bit() {
    for plan in [plan(0.1, Some(0.9), 0.1), plan(0.1, None, 0.1)] {
        let mut weights = weights();
        let before = all(&weights);
        // Three runs of the flat buffer: the first two parameters lie side by side.
        let places = vec![30, 1, 0, 30, 61];
        let mut optimizer = Optimizer::new(&plan, Scope::new(weights.layout(), places));
        let rows = NetworkRows::of(&mut [&mut weights], 1);
        let inside: Vec<bool> = (0..weights.layout().parameters.len())
            .flat_map(|place| {
                let count = weights.layout().parameters[place].count() as usize;
                std::iter::repeat_n([0, 1, 30, 61].contains(&place), count)
            })
            .collect();
        let changing = inside.iter().filter(|inside| **inside).count();
        for _ in 0..3 {
            let mut gradient = Tensor::ones([1, changing as i64], (Kind::Double, Device::Cpu));
            optimizer.step(&rows, &mut gradient, 0.1);
        }
        for ((before, after), inside) in before.iter().zip(all(&weights)).zip(inside) {
            assert_eq!(before.to_bits() == after.to_bits(), !inside, "{before} became {after}");
        }
    }
}

#[test]
fn pieces_cover_the_scope_once_and_in_order() {
    let weights = weights();
    let scope = Scope::new(weights.layout(), vec![30, 1, 0, 61]);
    let whole: Vec<Piece> = scope.pieces(i64::MAX).collect();
    assert_eq!(whole.len(), 3, "the first two parameters lie side by side");
    for longest in [1, 7, 64] {
        let spread = |pieces: &mut dyn Iterator<Item = Piece>| -> Vec<(i64, i64)> {
            pieces
                .flat_map(|piece| (0..piece.length).map(move |i| (piece.start + i, piece.place + i)))
                .collect()
        };
        assert!(scope.pieces(longest).all(|piece| piece.length <= longest));
        assert_eq!(spread(&mut scope.pieces(longest)), spread(&mut whole.iter().copied()));
    }
}
