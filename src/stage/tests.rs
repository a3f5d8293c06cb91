use sweep_chance::Chance;
use sweep_protocol::terms::UnitInterval;

use super::{Verdict, error_of_one, is_sentinel, judge};
use crate::score::{Difference, Ensemble, Interval, Kind, Model, Objective};

/// A difference that is known to ± 0.03.
fn about(value: f64) -> Difference {
    Difference { value, interval: Interval { low: value - 0.03, high: value + 0.03 } }
}

/// Candidates that all take part in one contest.
fn rivals(scores: &[Option<f64>]) -> Vec<((), Option<f64>)> {
    scores.iter().map(|score| ((), *score)).collect()
}

#[test]
fn what_can_still_be_the_best_goes_on() {
    let scores = [Some(0.18), Some(0.2), None, Some(0.1)];
    let lead = |leader: usize, other: usize| Some(about(scores[leader]? - scores[other]?));
    let verdicts: [Verdict; 4] = judge(&rivals(&scores), lead).try_into().expect("one for each");
    assert_eq!(verdicts[..3], [Verdict::Open, Verdict::Leads, Verdict::Unscored]);
    let Verdict::Behind { leader: 1, by } = verdicts[3] else { panic!("{verdicts:?}") };
    assert!((by - 0.07).abs() < 1e-12, "0.2 - 0.1 - 0.03: {by}");
    assert_eq!(verdicts.map(Verdict::goes_on), [true, true, false, false]);
}

#[test]
fn equal_candidates_all_go_on_and_nothing_is_judged_without_scores() {
    let same = Some(0.1);
    let lead = |_, _| Some(about(0.0));
    assert_eq!(judge(&rivals(&[same, same, same]), lead), [Verdict::Leads, Verdict::Open, Verdict::Open]);
    assert_eq!(judge(&rivals(&[None, None]), lead), [Verdict::Unscored; 2]);
    assert_eq!(judge(&rivals(&[]), lead), []);
}

#[test]
fn scores_that_cant_be_compared_decide_nothing() {
    assert_eq!(judge(&rivals(&[Some(0.2), Some(0.01)]), |_, _| None), [Verdict::Leads, Verdict::Open]);
}

#[test]
fn points_of_two_contests_are_never_compared() {
    let candidates = [("a", Some(0.9)), ("b", Some(0.2)), ("a", Some(0.5)), ("c", None), ("b", Some(0.21))];
    let lead = |leader: usize, other: usize| {
        assert_eq!(candidates[leader].0, candidates[other].0);
        Some(about(candidates[leader].1? - candidates[other].1?))
    };
    let verdicts: [Verdict; 5] = judge(&candidates, lead).try_into().expect("one for each");
    assert_eq!(verdicts.map(Verdict::goes_on), [true, true, false, false, true]);
    let Verdict::Behind { leader: 0, .. } = verdicts[2] else { panic!("{verdicts:?}") };
    assert_eq!([verdicts[1], verdicts[4]], [Verdict::Open, Verdict::Leads]);
}

#[test]
fn five_in_a_hundred_are_shared_by_all_pairs_and_looks() {
    let close = |own: f64, want: f64| assert!((own - want).abs() < 1e-12, "{own} is not {want}");
    close(error_of_one(15, 3), 0.05 / 30.0);
    close(error_of_one(1, 1), 0.05);
    close(error_of_one(0, 0), 0.05);
}

#[test]
fn about_one_point_in_eight_is_a_sentinel_and_always_the_same() {
    let drawn = (0..4000).filter(|nth| is_sentinel(&format!("finetune lr={nth}"))).count();
    // 500, with a standard deviation of 21.
    assert!((420..580).contains(&drawn), "{drawn}");
    assert_eq!(is_sentinel("ssd"), is_sentinel("ssd"));
}

/// Stages of the simulated sweeps.
const STAGES: [usize; 3] = [8, 32, 128];
/// Points, at 0, 0.2, … 3 standard deviations from retraining.
const POINTS: usize = 16;
/// Forget examples.
const EXAMPLES: usize = 20;

/// As the toy engine draws them: normal confidences around the retrained mean, shifted by the method.
fn models(shift: f64, chance: &mut Chance) -> Vec<Model> {
    let accuracy = |value: f64| UnitInterval::new(value.clamp(0.0, 1.0)).expect("clamped");
    let model = |_| Model {
        confidences: (0..EXAMPLES).map(|_| shift + chance.normal()).collect(),
        retain_accuracy: accuracy(0.985 + 0.002 * chance.normal()),
        held_out_accuracy: accuracy(0.84 + 0.006 * chance.normal()),
    };
    (0..STAGES[2]).map(model).collect()
}

fn ensemble<K: Kind>(models: &[Model], n: usize) -> Ensemble<K> {
    Ensemble::new(&models[..n], n).expect("finite confidences")
}

/// The best point of a full sweep and of a staged one over the same models, and the unlearning runs of the latter.
fn both(seed: u64) -> (usize, usize, usize) {
    let mut chance = Chance::of_seed(seed);
    let oracle = models(0.0, &mut chance);
    let points: Vec<Vec<Model>> = (0..POINTS).map(|nth| models(nth as f64 / 5.0, &mut chance)).collect();
    let objective = |point: usize, n: usize| {
        Objective::of(&ensemble(&points[point], n), &ensemble(&oracle, n)).expect("comparable")
    };
    let best = |alive: &[usize]| {
        let known = alive.iter().map(|&point| (point, objective(point, STAGES[2]).value()));
        known.max_by(|left, right| left.1.total_cmp(&right.1)).expect("a point").0
    };
    let (mut alive, mut runs) = ((0..POINTS).collect::<Vec<_>>(), POINTS * STAGES[0]);
    for stage in [0, 1] {
        let known: Vec<Objective> = alive.iter().map(|&point| objective(point, STAGES[stage])).collect();
        let values: Vec<((), Option<f64>)> = known.iter().map(|own| ((), Some(own.value()))).collect();
        let error = error_of_one(POINTS - 1, STAGES.len());
        let verdicts = judge(&values, |leader, other| known[leader].lead(&known[other], error));
        alive =
            alive.iter().zip(verdicts).filter(|(_, verdict)| verdict.goes_on()).map(|(&it, _)| it).collect();
        runs += alive.len() * (STAGES[stage + 1] - STAGES[stage]);
    }
    (best(&(0..POINTS).collect::<Vec<_>>()), best(&alive), runs)
}

/// `examples/simulate-stages.rs` tries more worlds, more often.
#[test]
fn a_staged_sweep_keeps_the_best_point_of_the_full_one_at_half_of_its_runs() {
    const REPEATS: u64 = 30;
    let sweeps: Vec<(usize, usize, usize)> = (0..REPEATS).map(both).collect();
    let kept = sweeps.iter().filter(|(full, staged, _)| full == staged).count();
    let runs = sweeps.iter().map(|(_, _, runs)| *runs).sum::<usize>() as f64 / REPEATS as f64;
    let share = runs / (POINTS * STAGES[2]) as f64;
    assert!(kept >= 28, "kept in {kept} of {REPEATS}, at {share:.3} of the runs");
    assert!(share <= 0.5, "at {share:.3} of the runs, kept in {kept} of {REPEATS}");
}
