use std::cell::RefCell;

use sweep_protocol::{
    check::Flaw,
    recipe::{
        AfterEpochs, Alternate, LateNoise, Memory, Noise, NoiseUnit, Rewind, Round, Stop, Tensors, Train,
    },
    terms::{NonNegative, Positive, Set, UnitInterval},
};

use super::{
    Asked, Bench, Diary, Interpreters, Optimizer, Pairing, PassCache, Phase, Recipe, Seed, Seeded, Subject,
    carry_out, flaws, sgd, stream, term, train,
};

fn on(set: Set, batch: u32) -> Train {
    Train { data: vec![stream(set, batch, Pairing::Cycle)], loss: vec![term(set, 1.0)], ..train(1.0) }
}

fn alternate(epochs: u32, rounds: Vec<Round>, memory: Memory) -> Alternate {
    let epochs = epochs.try_into().expect("not 0");
    Alternate { epochs, rounds, memory, after_epochs: AfterEpochs::default() }
}

#[test]
fn rounds_take_turns_on_streams_of_their_own() {
    let mut forget = Round::new(on(Set::Forget, 3));
    forget.first = Some(1.try_into().expect("not 0"));
    let mut single = Round::new(on(Set::Validation, 2));
    single.steps = Some(1.try_into().expect("not 0"));
    let rounds = vec![forget, Round::new(on(Set::Retain, 8)), single];
    let mut asked = Asked(Seeded::new(Seed(9)), RefCell::default());
    let plan = Phase::Alternate(alternate(3, rounds, Memory::Round));
    let steps = Bench::new().carry_out(vec![plan], &mut asked, &mut Diary::default()).expect("it trains");
    // 2 + 3 + 1, then twice 3 + 1; the single steps need a second pass of 2 batches only in the third epoch.
    assert_eq!(steps, 14);
    let expected = [(0, 0, 0), (0, 1, 0), (0, 2, 0), (0, 1, 1), (0, 1, 2), (0, 2, 1)];
    assert_eq!(*asked.1.borrow(), expected);
}

#[test]
fn one_round_that_takes_turns_is_the_plain_loop() {
    let mut plain = Bench::new();
    plain.run(vec![Phase::Train(train(2.0))]).expect("it trains");
    let run = |memory| {
        let mut bench = Bench::new();
        bench
            .run(vec![Phase::Alternate(alternate(2, vec![Round::new(train(1.0))], memory))])
            .expect("it trains");
        bench.weights.state()
    };
    assert_eq!(run(Memory::Loop), plain.weights.state());
    assert_eq!(run(Memory::Round), plain.weights.state());
    assert_ne!(run(Memory::Epoch), plain.weights.state(), "momentum starts again");
}

#[test]
fn rounds_share_their_momentum_unless_told_not_to() {
    let run = |memory| {
        let mut bench = Bench::new();
        let rounds = vec![Round::new(on(Set::Forget, 3)), Round::new(on(Set::Retain, 8))];
        bench.run(vec![Phase::Alternate(alternate(1, rounds, memory))]).map(|_| bench.weights.state())
    };
    assert_ne!(run(Memory::Loop).expect("it trains"), run(Memory::Round).expect("it trains"));
}

#[test]
fn rounds_that_cannot_share_an_optimiser_are_refused() {
    let other = Train { trainable: Tensors::Norms, ..on(Set::Forget, 3) };
    let adam = Optimizer::Adam {
        lr: Positive::new(0.1).expect("positive"),
        weight_decay: NonNegative::new(0.0).expect("in range"),
    };
    for second in [other, Train { optimizer: adam, ..on(Set::Forget, 3) }] {
        let rounds = vec![Round::new(on(Set::Retain, 8)), Round::new(second)];
        let plan = alternate(1, rounds.clone(), Memory::Loop);
        let halt = Bench::new().run(vec![Phase::Alternate(plan)]).expect_err("they differ");
        assert_eq!(flaws(&halt), [Flaw::Memory]);
        let plan = alternate(1, rounds, Memory::Round);
        Bench::new().run(vec![Phase::Alternate(plan)]).expect("each has its own");
    }
}

#[test]
fn a_clipped_gradient_moves_the_weights_no_further_than_the_clip() {
    let moved = |clip| {
        let mut bench = Bench::new();
        let start = bench.weights.duplicate();
        let mut plan = on(Set::Retain, 20);
        plan.optimizer = Optimizer::Sgd {
            lr: Positive::new(1.0).expect("positive"),
            momentum: UnitInterval::new(0.0).expect("in range"),
            weight_decay: NonNegative::new(0.0).expect("in range"),
        };
        plan.gradient.clip = clip;
        bench.run(vec![Phase::Train(plan)]).expect("it trains");
        let count = start.layout().parameter_count();
        (bench.weights.segment(0, count) - start.segment(0, count)).norm().double_value(&[])
    };
    let free = moved(None);
    assert!(free > 0.02, "{free}");
    let clipped = moved(Positive::new(0.01).ok());
    assert!((clipped - 0.01).abs() < 1e-5, "{clipped}");
    assert!((moved(Positive::new(1e3).ok()) - free).abs() < 1e-6 * free, "a short gradient stays");
}

#[test]
fn a_loop_stops_when_the_network_knows_little_enough() {
    let steps = |accuracy| {
        let mut plan = train(4.0);
        let accuracy = UnitInterval::new(accuracy).expect("in range");
        plan.after_epochs.stop = Some(Stop { on: Set::Forget, accuracy });
        Bench::new().run(vec![Phase::Train(plan)]).expect("it trains")
    };
    assert_eq!(steps(1.0), 3, "any accuracy will do after the first epoch");
    let mut plan = train(30.0);
    plan.after_epochs.stop =
        Some(Stop { on: Set::Retain, accuracy: UnitInterval::new(0.0).expect("in range") });
    assert_eq!(Bench::new().run(vec![Phase::Train(plan)]), Ok(90), "it learns, so nothing stops it");
}

#[test]
fn noise_between_epochs_comes_at_its_time() {
    let late = |after| {
        let std = NonNegative::new(0.1).expect("in range");
        let tensors = Tensors::Named(vec!["conv1.weight".to_owned()]);
        let mut plan = train(2.0);
        plan.after_epochs.noise =
            vec![LateNoise { after, noise: Noise { tensors, std, unit: NoiseUnit::Absolute } }];
        Bench::new().losses(plan)
    };
    let quiet = Bench::new().losses(train(2.0));
    let same =
        |other: &[f64]| quiet.iter().zip(other).take_while(|(a, b)| a.to_bits() == b.to_bits()).count();
    // 3 steps an epoch.
    assert_eq!(same(&late(0)), 0);
    assert_eq!(same(&late(1)), 3);
    assert_eq!(same(&late(2)), 6);
}

#[test]
fn a_rewound_loop_returns_one_of_its_epochs() {
    let run = |epochs, rewind| {
        let mut bench = Bench::new();
        let mut plan = Train { optimizer: sgd(0.05), ..train(epochs) };
        plan.after_epochs.rewind = rewind;
        bench.run(vec![Phase::Train(plan)]).expect("it trains");
        bench.weights.state()
    };
    let rewound = run(4.0, Rewind::MatchedValidation);
    let epochs: Vec<_> = [1.0, 2.0, 3.0, 4.0].map(|epochs| run(epochs, Rewind::Off)).to_vec();
    assert_eq!(epochs.iter().filter(|state| **state == rewound).count(), 1);
}

#[test]
fn a_recipe_that_does_nothing_says_so() {
    let unchanged = |std: f64| {
        let mut bench = Bench::new();
        let std = NonNegative::new(std).expect("in range");
        let noise = Noise { tensors: Tensors::All, std, unit: NoiseUnit::Absolute };
        let known = &PassCache::NONE;
        let mut subject = Subject {
            network: &bench.network,
            weights: &mut bench.weights,
            known,
            interpreters: &Interpreters::default(),
        };
        let recipe = Recipe { phases: vec![Phase::Noise(noise)] };
        let (mut draws, mut watch) = (Seeded::new(Seed(9)), Diary::default());
        carry_out(&recipe, &mut subject, &bench.examples, &mut draws, &mut watch).expect("it adds").unchanged
    };
    assert!(unchanged(0.0));
    assert!(!unchanged(1e-3));
}
