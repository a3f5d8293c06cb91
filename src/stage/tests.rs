use sweep_chance::Chance;
use sweep_protocol::terms::UnitInterval;

use super::{Verdict, judge};
use crate::score::{Difference, Ensemble, Interval, Kind, Model, Oracle, Resampled, Score};

/// A difference that is known to ± 0.03.
fn about(value: f64) -> Difference {
    Difference { value, interval: Interval { low: value - 0.03, high: value + 0.03 } }
}

#[test]
fn what_can_still_be_the_best_goes_on() {
    let scores = [Some(0.18), Some(0.2), None, Some(0.1)];
    let lead = |leader: usize, other: usize| Some(about(scores[leader]? - scores[other]?));
    let verdicts: [Verdict; 4] = judge(&scores, lead).try_into().expect("one for each");
    assert_eq!(verdicts[..3], [Verdict::Open, Verdict::Leads, Verdict::Unscored]);
    let Verdict::Behind { leader: 1, by } = verdicts[3] else { panic!("{verdicts:?}") };
    assert!((by - 0.07).abs() < 1e-12, "0.2 - 0.1 - 0.03: {by}");
    assert_eq!(verdicts.map(Verdict::goes_on), [true, true, false, false]);
}

#[test]
fn equal_candidates_all_go_on_and_nothing_is_judged_without_scores() {
    let same = Some(0.1);
    let lead = |_, _| Some(about(0.0));
    assert_eq!(judge(&[same, same, same], lead), [Verdict::Leads, Verdict::Open, Verdict::Open]);
    assert_eq!(judge(&[None, None], lead), [Verdict::Unscored; 2]);
    assert_eq!(judge(&[], lead), []);
}

#[test]
fn scores_that_cant_be_compared_decide_nothing() {
    assert_eq!(judge(&[Some(0.2), Some(0.01)], |_, _| None), [Verdict::Leads, Verdict::Open]);
}

/// Stages of the simulated sweeps.
const STAGES: [usize; 3] = [8, 32, 128];
/// Points, at 0, 0.2, … 3 standard deviations from retraining.
const POINTS: usize = 16;
/// Forget examples.
const EXAMPLES: usize = 20;
/// Bootstrap replicates behind an interval.
const REPLICATES: usize = 40;

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
    let oracle_at: Vec<Oracle> = STAGES.iter().map(|&n| ensemble(&oracle, n)).collect();
    let score = |point: usize, stage: usize| {
        Score::of(&ensemble(&points[point], STAGES[stage]), &oracle_at[stage]).expect("comparable").value
    };
    let best = |alive: &[usize]| {
        let scored = alive.iter().map(|&point| (point, score(point, 2)));
        scored.max_by(|left, right| left.1.total_cmp(&right.1)).expect("a point").0
    };
    let (mut alive, mut runs) = ((0..POINTS).collect::<Vec<_>>(), POINTS * STAGES[0]);
    for stage in [0, 1] {
        let resampled = |&point: &usize| {
            let unlearned = ensemble(&points[point], STAGES[stage]);
            Resampled::of(&unlearned, &oracle_at[stage], REPLICATES, 0).expect("comparable")
        };
        let drawn: Vec<Resampled> = alive.iter().map(resampled).collect();
        let scores: Vec<Option<f64>> = drawn.iter().map(|drawn| Some(drawn.score().value)).collect();
        let verdicts = judge(&scores, |leader, other| drawn[leader].minus(&drawn[other]));
        alive =
            alive.iter().zip(verdicts).filter(|(_, verdict)| verdict.goes_on()).map(|(&it, _)| it).collect();
        runs += alive.len() * (STAGES[stage + 1] - STAGES[stage]);
    }
    (best(&(0..POINTS).collect::<Vec<_>>()), best(&alive), runs)
}

#[test]
fn a_staged_sweep_finds_the_best_point_of_the_full_one_at_a_third_of_its_runs() {
    const REPEATS: u64 = 100;
    let sweeps: Vec<(usize, usize, usize)> = (0..REPEATS).map(both).collect();
    let found = sweeps.iter().filter(|(full, staged, _)| full == staged).count();
    let runs = sweeps.iter().map(|(_, _, runs)| *runs).sum::<usize>() as f64 / REPEATS as f64;
    let share = runs / (POINTS * STAGES[2]) as f64;
    assert!(found >= 95, "found in {found} of {REPEATS}, at {share:.3} of the runs");
    assert!(share <= 1.0 / 3.0, "at {share:.3} of the runs, found in {found} of {REPEATS}");
}
