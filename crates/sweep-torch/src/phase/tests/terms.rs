use sweep_protocol::{
    recipe::{
        Averaging, BatchNorm, CrossEntropy, Direction, Distance, Divergence, Part, Penalty, Reduction,
        Schedule, Share, SoftCrossEntropy, Stream, Target, Teacher, TemperatureScale, Tensors, Term, Toward,
        Train,
    },
    terms::{Positive, Set},
};

use super::{Bench, Labels, Pairing, stream, train};

/// One step on all 20 retained images, with the running statistics.
fn one_step(loss: Vec<Term>) -> Train {
    let data = vec![stream(Set::Retain, 20, Pairing::Cycle)];
    Train { data, loss, batch_norm: BatchNorm::Frozen, ..train(1.0) }
}

fn first_loss(loss: Vec<Term>) -> f64 {
    Bench::new().losses(one_step(loss))[0]
}

fn cross_entropy(averaging: Averaging, members: Option<Set>, on: Set) -> Term {
    Term::CrossEntropy(CrossEntropy { averaging, members, ..CrossEntropy::new(on, 1.0) })
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found}, not {expected}");
}

#[test]
fn without_class_weights_every_averaging_is_the_mean() {
    let mean = first_loss(vec![cross_entropy(Averaging::ByWeight, None, Set::Retain)]);
    let power = sweep_protocol::terms::NonNegative::new(0.0).expect("in range");
    for averaging in [Averaging::ByCount, Averaging::Product, Averaging::Adaptive(power)] {
        close(first_loss(vec![cross_entropy(averaging, None, Set::Retain)]), mean);
    }
}

#[test]
fn terms_on_the_members_of_a_mixed_stream_add_up_to_the_term_on_all() {
    let part = Part { set: Set::Retain, share: Share::All, labels: Labels::True };
    let mixed = Stream { with: vec![part], ..stream(Set::Forget, 26, Pairing::Cycle) };
    let loss = |members: &[Option<Set>]| {
        let terms = |members: &Option<Set>| {
            [
                cross_entropy(Averaging::ByCount, *members, Set::Forget),
                Term::Divergence(Divergence {
                    members: *members,
                    ..Divergence::new(Set::Forget, 1.0, Target::Uniform)
                }),
            ]
        };
        let loss = members.iter().flat_map(terms).collect();
        let plan = Train { data: vec![mixed.clone()], ..one_step(loss) };
        Bench::new().losses(plan)[0]
    };
    let all = loss(&[None]);
    close(loss(&[Some(Set::Forget), Some(Set::Retain)]), all);
    assert!(loss(&[Some(Set::Forget)]) < 0.9 * all, "6 of 26 examples are only a part of the loss");
}

#[test]
fn a_student_is_at_no_distance_from_the_teacher_that_it_still_is() {
    let start = Target::Teacher(Teacher::Start);
    let from_student =
        Divergence { direction: Direction::FromStudent, ..Divergence::new(Set::Retain, 1.0, start) };
    for term in [
        Term::Divergence(Divergence::new(Set::Retain, 1.0, start)),
        Term::Divergence(from_student),
        Term::LogitDistance(Distance::new(Set::Retain, 1.0, Teacher::Start)),
        Term::EntropyDistance(Distance::new(Set::Retain, 1.0, Teacher::Start)),
    ] {
        let loss = first_loss(vec![term.clone()]);
        assert!(loss.abs() < 1e-6, "{term:?}: {loss}");
        let born = match term {
            Term::Divergence(term) => {
                Term::Divergence(Divergence { target: Target::Teacher(Teacher::Born), ..term })
            }
            Term::LogitDistance(term) => Term::LogitDistance(Distance { teacher: Teacher::Born, ..term }),
            Term::EntropyDistance(term) => Term::EntropyDistance(Distance { teacher: Teacher::Born, ..term }),
            other => other,
        };
        assert!(first_loss(vec![born.clone()]) > 1e-6, "{born:?}");
    }
}

#[test]
fn a_soft_cross_entropy_is_the_divergence_plus_the_teachers_entropy() {
    // An untrained network is as sure of itself as 0 to 255 are large: only heat makes its softmax soft.
    let temperature = Positive::new(1e5).expect("positive");
    let divergence = |reduction| {
        let target = Target::Teacher(Teacher::Born);
        let term = Divergence { temperature, reduction, ..Divergence::new(Set::Retain, 1.0, target) };
        first_loss(vec![Term::Divergence(term)])
    };
    let soft = |teacher| {
        first_loss(vec![Term::SoftCrossEntropy(SoftCrossEntropy::new(
            Set::Retain,
            1.0,
            teacher,
            temperature,
        ))])
    };
    let forward = divergence(Reduction::BatchMean);
    for (cross, divergence) in [(soft(Teacher::Start), 0.0), (soft(Teacher::Born), forward)] {
        let entropy = cross - divergence;
        assert!(entropy > 0.1 && entropy < 3.0_f64.ln() + 1e-5, "an entropy of three classes, but {entropy}");
    }
    assert!((divergence(Reduction::Mean) - forward / 3.0).abs() < 1e-3 * forward);
}

#[test]
fn a_divergence_has_a_direction_and_a_scale() {
    let loss = |direction, scale| {
        let temperature = Positive::new(4.0).expect("positive");
        let target = Target::Uniform;
        let term = Divergence { temperature, direction, scale, ..Divergence::new(Set::Retain, 1.0, target) };
        first_loss(vec![Term::Divergence(term)])
    };
    let plain = loss(Direction::FromTarget, TemperatureScale::Off);
    close(loss(Direction::FromTarget, TemperatureScale::Squared), 16.0 * plain);
    let reverse = loss(Direction::FromStudent, TemperatureScale::Off);
    // However sure the student, KL(student ‖ uniform) is at most ln 3; the other way round it has no bound.
    assert!(reverse > 0.0 && reverse <= 3.0_f64.ln() + 1e-5 && plain > reverse, "{plain} and {reverse}");
}

#[test]
fn penalties_count_what_they_name_and_pull_where_they_say() {
    let plain = || Term::CrossEntropy(CrossEntropy::new(Set::Retain, 1.0));
    let penalty =
        |tensors, toward| Penalty { weight: 1.0, tensors, toward, weight_schedule: Schedule::Constant };
    let base = first_loss(vec![plain()]);
    let bias = || Tensors::Named(vec!["bn1.weight".to_owned()]);
    // Two channels, whose scales are 1 at birth.
    close(first_loss(vec![plain(), Term::L1(penalty(bias(), Toward::Zero))]), base + 2.0);
    close(first_loss(vec![plain(), Term::L2(penalty(bias(), Toward::Zero))]), base + 1.0);
    close(first_loss(vec![plain(), Term::L2(penalty(Tensors::All, Toward::Start))]), base);
}
