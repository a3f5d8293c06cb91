use super::{
    AfterEpochs, Alternate, Averaging, ClassWeight, Contrast, CrossEntropy, Divergence, Elements,
    GradientFactor, GradientPlan, LateNoise, Memory, Noise, NoiseUnit, Optimizer, Pairing, Part, Phase,
    Recipe, Rewind, Round, Schedule, Share, Stream, Target, Teacher, Tensors, Term, Train,
};
use crate::terms::{NonNegative, Positive, Set, SetSizes, UnitInterval};

const SIZES: SetSizes = SetSizes { retain: 1000, forget: 20, validation: 100, test: None };

fn positive(value: f64) -> Positive {
    Positive::new(value).expect("positive")
}

fn unit(value: f64) -> UnitInterval {
    UnitInterval::new(value).expect("in range")
}

fn none() -> NonNegative {
    NonNegative::new(0.0).expect("in range")
}

fn stream(set: Set, batch: u32, pairing: Pairing) -> Stream {
    Stream { pairing, ..Stream::of(set, batch.try_into().expect("not zero")) }
}

fn train(data: Vec<Stream>, epochs: f64) -> Train {
    let sgd = Optimizer::Sgd { lr: positive(0.1), momentum: unit(0.9), weight_decay: none() };
    let loss = vec![Term::CrossEntropy(CrossEntropy::new(data[0].set, 1.0))];
    let mut train = Train::new(data[0].clone(), positive(epochs), loss, sgd);
    train.data = data;
    train
}

fn passes(phase: Phase) -> f64 {
    Recipe { phases: vec![phase] }.passes(&SIZES)
}

fn close(cost: f64, expected: f64) {
    assert!((cost - expected).abs() < 1e-12, "{cost}, not {expected}");
}

#[test]
fn an_epoch_of_fine_tuning_costs_one_pass() {
    let loop_ = train(vec![stream(Set::Retain, 64, Pairing::Cycle)], 3.0);
    assert_eq!(loop_.steps(&SIZES), 48);
    close(passes(Phase::Train(loop_)), 3.0);
}

#[test]
fn a_cycled_forget_stream_adds_its_share_of_every_step() {
    let mut loop_ =
        train(vec![stream(Set::Retain, 100, Pairing::Cycle), stream(Set::Forget, 10, Pairing::Cycle)], 1.0);
    loop_.loss.push(Term::CrossEntropy(CrossEntropy::new(Set::Forget, -0.1)));
    close(passes(Phase::Train(loop_)), 1.1);
}

#[test]
fn a_zipped_stream_ends_the_epoch() {
    let loop_ =
        train(vec![stream(Set::Retain, 100, Pairing::Cycle), stream(Set::Forget, 10, Pairing::Zip)], 1.5);
    assert_eq!(loop_.batches_per_epoch(&SIZES), 2);
    assert_eq!(loop_.steps(&SIZES), 3);
}

#[test]
fn a_single_left_over_example_makes_no_batch() {
    let sizes = SetSizes { retain: 65, ..SIZES };
    assert_eq!(stream(Set::Retain, 64, Pairing::Cycle).batches(&sizes), 1);
    assert_eq!(stream(Set::Retain, 64, Pairing::Cycle).batches(&SetSizes { retain: 66, ..SIZES }), 2);
    assert_eq!(stream(Set::Retain, 64, Pairing::Cycle).batches(&SetSizes { retain: 1, ..SIZES }), 1);
}

#[test]
fn a_teacher_costs_a_forward_pass_a_phase_and_under_noise_one_in_every_epoch() {
    let mut loop_ = train(vec![stream(Set::Retain, 100, Pairing::Cycle)], 4.0);
    loop_.loss.push(Term::Divergence(Divergence::new(Set::Retain, 1.0, Target::Teacher(Teacher::Start))));
    close(passes(Phase::Train(loop_.clone())), 4.0 + 1.0 / 3.0);
    loop_.data[0].image_noise = NonNegative::new(2.0).expect("in range");
    close(passes(Phase::Train(loop_)), 4.0 + 4.0 / 3.0);
}

#[test]
fn rounds_cost_their_turns() {
    let mut forget = Round::new(train(vec![stream(Set::Forget, 10, Pairing::Cycle)], 1.0));
    forget.first = Some(2.try_into().expect("not zero"));
    let mut single = Round::new(train(vec![stream(Set::Retain, 100, Pairing::Cycle)], 1.0));
    (single.every, single.steps) = (3.try_into().expect("not zero"), Some(5.try_into().expect("not zero")));
    let plan = Alternate {
        epochs: 4.try_into().expect("not zero"),
        rounds: vec![forget, Round::new(train(vec![stream(Set::Retain, 100, Pairing::Cycle)], 1.0)), single],
        memory: Memory::Loop,
        after_epochs: AfterEpochs::default(),
    };
    let order: Vec<u32> = plan.turns().map(|(epoch, _)| epoch).collect();
    assert_eq!(order, [0, 0, 0, 1, 1, 2, 3, 3], "forget twice, retain always, the third in epochs 0 and 3");
    let recipe = Recipe { phases: vec![Phase::Alternate(plan)] };
    assert_eq!(recipe.steps(&SIZES), 2 * 2 + 4 * 10 + 2 * 5);
    close(recipe.passes(&SIZES), 0.04 + 4.0 + 1.0);
}

#[test]
fn a_mixed_stream_holds_the_shares_of_its_parts() {
    let mut mixed = stream(Set::Forget, 64, Pairing::Cycle);
    let share = Share::Fraction(unit(0.3));
    mixed.with.push(Part { set: Set::Retain, share, labels: super::Labels::True });
    assert_eq!(mixed.examples(&SIZES), 320);
    mixed.with[0].share = Share::SizeOf(Set::Forget);
    assert_eq!(mixed.examples(&SIZES), 40);
    mixed.share = Share::ByConfidence { from: unit(0.5), to: unit(1.0) };
    assert_eq!(mixed.examples(&SIZES), 30);
}

/// Written before the grammar had anything but cross entropies and plain loops: its text is part of run ids.
#[test]
fn a_recipe_that_uses_no_later_word_has_its_old_text() {
    let old = concat!(
        r#"{"phases":[{"transpose":{"tensors":"convolutions"}},{"reinit":{"tensors":{"modules":["fc"]},"init":"#,
        r#""network"}},{"noise":{"tensors":{"named":["conv1.weight"]},"std":0.6}},{"train":{"data":[{"set":"#,
        r#""retain","batch-size":64,"pairing":"cycle"}],"epochs":1.0,"loss":[{"cross-entropy":{"on":"retain","#,
        r#""weight":1.0,"class-weight":"inverse"}}],"optimizer":{"sgd":{"lr":0.001,"momentum":0.9,"#,
        r#""weight-decay":0.0005}},"schedule":"cosine","trainable":"all","batch-norm":"train"}}]}"#
    );
    let recipe: Recipe = serde_json::from_str(old).expect("the old text is still a recipe");
    assert_eq!(serde_json::to_string(&recipe).expect("plain data"), old);
}

#[test]
fn what_the_grammar_says_survives_its_text() {
    let mut loop_ =
        train(vec![stream(Set::Forget, 8, Pairing::Cycle), stream(Set::Retain, 8, Pairing::Zip)], 0.5);
    loop_.schedule = Schedule::Annealed {
        pace: super::Pace::Step,
        floor: NonNegative::new(0.1).expect("in range"),
        over: Some(positive(2.0)),
        warm_up: none(),
    };
    loop_.loss.push(Term::Contrast(Contrast {
        on: Set::Forget,
        against: Set::Retain,
        weight: 1.0,
        temperature: positive(1.15),
        weight_schedule: Schedule::Constant,
    }));
    loop_.loss.push(Term::CrossEntropy(CrossEntropy {
        class_weight: ClassWeight::Others(NonNegative::new(0.05).expect("in range")),
        averaging: Averaging::Product,
        ..CrossEntropy::new(Set::Forget, -1.0)
    }));
    loop_.gradient = GradientPlan {
        factors: vec![GradientFactor {
            tensors: Tensors::Last(2.try_into().expect("not zero")),
            elements: Elements::Outside("chosen".to_owned()),
            factor: none(),
        }],
        hold: Some(Elements::In("chosen".to_owned())),
        clip: Some(positive(7.0)),
        ..GradientPlan::default()
    };
    let noise = Noise { tensors: Tensors::Norms, std: none(), unit: NoiseUnit::TensorStd };
    let plan = Alternate {
        epochs: 2.try_into().expect("not zero"),
        rounds: vec![Round::new(loop_)],
        memory: Memory::Round,
        after_epochs: AfterEpochs {
            noise: vec![LateNoise { after: 1, noise }],
            stop: None,
            rewind: Rewind::MatchedValidation,
        },
    };
    let recipe = Recipe { phases: vec![Phase::Alternate(plan)] };
    let text = serde_json::to_string(&recipe).expect("plain data");
    assert_eq!(serde_json::from_str::<Recipe>(&text).expect("its own text"), recipe, "{text}");
}

#[test]
fn unknown_words_are_refused_inside_every_variant() {
    for text in [
        r#"{"phases":[{"zero":{"tensors":"all","element":"all"}}]}"#,
        r#"{"phases":[{"dampen":{"forget":"forget","kept":"train","alpha":1,"lambda":1,"importance":{"batch-size":0}}}]}"#,
        r#"{"phases":[{"select":{"name":"x","score":"magnitude","rule":{"share":{"share":2,"order":"smallest"}}}}]}"#,
        r#"{"phases":[{"cast":{"through":"float8"}}]}"#,
    ] {
        assert!(serde_json::from_str::<Recipe>(text).is_err(), "{text}");
    }
}
