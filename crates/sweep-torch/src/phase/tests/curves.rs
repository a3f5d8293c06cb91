use sweep_protocol::{
    curves::{MEASURED, Reading},
    recipe::{AfterEpochs, Alternate, BatchNorm, Memory, Round, Train},
    terms::Set,
};

use super::{Bench, Diary, Pairing, Phase, Seed, Seeded, sgd, stream, term, train};
use crate::measure::correct;

/// What a run's loops read, and the loss of every step.
fn read(bench: &mut Bench, phases: Vec<Phase>) -> (Vec<Reading>, Vec<f64>) {
    let mut diary = Diary::default();
    bench.carry_out(phases, &mut Seeded::new(Seed(9)), &mut diary).expect("it trains");
    (diary.readings, diary.losses)
}

#[track_caller]
fn are_means(readings: &[Reading], losses: &[f64], each: usize) {
    let means = losses.chunks(each).map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64);
    let means: Vec<f64> = means.collect();
    assert_eq!(readings.len(), means.len());
    for (reading, mean) in readings.iter().zip(means) {
        assert!((reading.loss - mean).abs() < 1e-12, "{reading:?}, not {mean}");
    }
}

#[test]
fn readings_are_means_of_the_losses_of_their_steps() {
    // 20 examples in batches of 8 are 3 steps an epoch.
    let (readings, losses) =
        read(&mut Bench::new(), vec![Phase::Train(train(1.5)), Phase::Train(train(30.0))]);
    let (first, second): (Vec<Reading>, Vec<Reading>) =
        readings.iter().partition(|reading| reading.of_loop == 1);
    // The host looks at the losses every 64 steps, which is no end of an epoch.
    are_means(&first, &losses[..4], 1);
    are_means(&second, &losses[4..], 3);
    let epochs = |readings: &[Reading]| readings.iter().map(|reading| reading.epoch).collect::<Vec<_>>();
    assert_eq!(epochs(&first), [1.0 / 3.0, 2.0 / 3.0, 1.0, 1.0 + 1.0 / 3.0]);
    assert_eq!(epochs(&second), (1..=30).map(f64::from).collect::<Vec<_>>());
    assert!(readings.iter().all(|reading| reading.round == 1 && reading.right[1].is_some()));
    assert!(readings.iter().all(|reading| [0, 2, 3].iter().all(|&set| reading.right[set].is_none())));
    let (readings, losses) = read(&mut Bench::new(), vec![Phase::Train(train(120.0))]);
    are_means(&readings, &losses, 9);
}

#[test]
fn what_a_network_gets_right_is_counted_on_its_batches() {
    // Steps too small to change a weight: the network that is measured is the one that trained.
    let standing = |set| Train {
        data: vec![stream(set, 8, Pairing::Cycle)],
        loss: vec![term(set, 1.0)],
        optimizer: sgd(1e-30),
        batch_norm: BatchNorm::Frozen,
        ..train(30.0)
    };
    let mut bench = Bench::new();
    bench.run(vec![Phase::Train(train(3.0))]).expect("it learns something");
    let (readings, _) =
        read(&mut bench, vec![Phase::Train(standing(Set::Retain)), Phase::Train(standing(Set::Forget))]);
    assert_eq!(readings.len(), 60);
    for (of_loop, set, place) in [(1, Set::Retain, 1), (2, Set::Forget, 2)] {
        let positions = bench.examples.set(set);
        let right = correct(&bench.network, &bench.weights, &bench.examples, positions);
        assert!(right > 0, "it knows something of {set}");
        let share = right as f64 / positions.len() as f64;
        for reading in readings.iter().filter(|reading| reading.of_loop == of_loop) {
            assert!(
                (reading.right[place].expect("labelled") - share).abs() < 1e-12,
                "{reading:?}, not {share}"
            );
        }
    }
}

#[test]
fn rounds_that_take_turns_have_readings_of_their_own() {
    let on = |set, batch| Train {
        data: vec![stream(set, batch, Pairing::Cycle)],
        loss: vec![term(set, if set == Set::Forget { -0.1 } else { 1.0 })],
        ..train(1.0)
    };
    let mut forget = Round::new(on(Set::Forget, 3));
    forget.first = Some(1.try_into().expect("not 0"));
    let rounds = vec![forget, Round::new(on(Set::Retain, 8))];
    let plan = Alternate {
        epochs: 20.try_into().expect("not 0"),
        rounds,
        memory: Memory::Round,
        after_epochs: AfterEpochs::default(),
    };
    let (readings, losses) = read(&mut Bench::new(), vec![Phase::Alternate(plan)]);
    let of = |round| readings.iter().filter(move |reading| reading.round == round);
    // The first round takes two steps in the first epoch, and none later.
    let forget: Vec<&Reading> = of(1).collect();
    assert_eq!(forget.len(), 1);
    assert!((forget[0].loss - losses[0].midpoint(losses[1])).abs() < 1e-12 && forget[0].loss < 0.0);
    are_means(&of(2).copied().collect::<Vec<_>>(), &losses[2..], 3);
}

#[test]
fn accuracies_between_epochs_are_those_of_the_network_and_change_no_bit_of_it() {
    let run = |epochs, accuracies| {
        let mut bench = Bench::new();
        let mut diary = Diary { accuracies, ..Diary::default() };
        let phases = vec![Phase::Train(train(epochs))];
        bench.carry_out(phases, &mut Seeded::new(Seed(9)), &mut diary).expect("it trains");
        (bench, diary)
    };
    let ((plain, quiet), (watched, told)) = (run(24.0, false), run(24.0, true));
    assert!(quiet.readings.iter().all(|reading| reading.accuracy == [None; 3]));
    assert_eq!(told.losses, quiet.losses, "bit for bit");
    assert_eq!(watched.weights.state(), plain.weights.state(), "weights and running statistics, bit for bit");
    let strip = |reading: &Reading| Reading { accuracy: [None; 3], ..*reading };
    assert_eq!(told.readings.iter().map(strip).collect::<Vec<_>>(), quiet.readings);
    let measured: Vec<&Reading> =
        told.readings.iter().filter(|reading| reading.accuracy[0].is_some()).collect();
    assert_eq!(measured.len(), 12, "every other epoch");
    for reading in [measured[0], measured[11]] {
        let (bench, _) = run(reading.epoch, false);
        for (nth, set) in MEASURED.into_iter().enumerate() {
            let positions = bench.examples.set(set);
            let right = correct(&bench.network, &bench.weights, &bench.examples, positions);
            let share = right as f64 / positions.len() as f64;
            assert_eq!(reading.accuracy[nth].map(f64::to_bits), Some(share.to_bits()), "{set}, {reading:?}");
        }
    }
}
