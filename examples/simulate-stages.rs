//! What a staged sweep keeps and what it saves where the truth is known: `cargo run --example simulate-stages [REPEATS] [SEED]`
//! (200 repeats unless told). The table of `docs/stages.md`; it ends with exit code 1 where the winner of the full sweep is
//! dropped in more than 5 % of the repeats of a world, as far as so many repeats can tell.

#![expect(clippy::print_stdout, reason = "a table is for reading")]

use std::process::ExitCode;

use sweep::{
    score::{Ensemble, Kind, Model, Objective},
    stage::{error_of_one, is_sentinel, judge},
};
use sweep_chance::Chance;

/// Models per point after each stage.
const STAGES: [usize; 3] = [8, 32, 128];
/// Forget examples.
const EXAMPLES: usize = 25;

/// How the models of one point differ from retrained ones.
#[derive(Debug, Clone, Copy)]
struct Departure {
    /// Shift of all confidences, in standard deviations.
    shift: f64,
    /// Factor on the standard deviation.
    spread: f64,
    /// Share of the models that lie six standard deviations off.
    outliers: f64,
}

const SAME: Departure = Departure { shift: 0.0, spread: 1.0, outliers: 0.0 };

/// Points with one truth each, and the share of the variance that the examples of a model have in common.
struct Contest {
    name: &'static str,
    points: Vec<Departure>,
    shared: f64,
}

fn worlds() -> Vec<Contest> {
    let shifts = |count: u32, from: f64, step: f64| -> Vec<Departure> {
        (0..count).map(|nth| Departure { shift: from + step * f64::from(nth), ..SAME }).collect()
    };
    let shared = 0.25;
    let crossing = (0..8).flat_map(|nth| {
        let size = f64::from(nth);
        [Departure { shift: 0.5 + 0.2 * size, ..SAME }, Departure { outliers: 0.05 + 0.03 * size, ..SAME }]
    });
    let narrow = (0..16).map(|nth| {
        let (even, size) = (nth % 2 == 0, 0.1 * f64::from(nth / 2 + 1));
        if even { Departure { spread: 1.0 - size, ..SAME } } else { Departure { shift: 2.0 * size, ..SAME } }
    });
    let clear =
        std::iter::once(Departure { shift: 0.2, ..SAME }).chain(vec![Departure { shift: 2.0, ..SAME }; 15]);
    vec![
        Contest { name: "one clear winner among 16", points: clear.collect(), shared },
        Contest { name: "16 close shifts, 0.1 to 1.6", points: shifts(16, 0.1, 0.1), shared },
        Contest {
            name: "8 shifts against 8 mixtures (F's order crosses)",
            points: crossing.collect(),
            shared,
        },
        Contest { name: "8 narrow against 8 shifted", points: narrow.collect(), shared },
        Contest { name: "36 equal points, 0.5", points: vec![Departure { shift: 0.5, ..SAME }; 36], shared },
        Contest {
            name: "16 close shifts, 0.6 of the variance shared",
            points: shifts(16, 0.1, 0.1),
            shared: 0.6,
        },
    ]
}

impl Departure {
    fn models(self, shared: f64, chance: &mut Chance) -> Vec<Model> {
        let model = |_| {
            let common = shared.sqrt() * chance.normal();
            let off =
                if (chance.below(1 << 20) as f64) < self.outliers * f64::from(1 << 20) { 6.0 } else { 0.0 };
            let own = (1.0 - shared).sqrt();
            let confidences =
                (0..EXAMPLES).map(|_| self.shift + off + self.spread * (common + own * chance.normal()));
            let confidences = confidences.collect();
            let accuracy = |value: f64| value.clamp(0.0, 1.0).try_into().expect("clamped");
            Model {
                confidences,
                retain_accuracy: accuracy(0.985 + 0.002 * chance.normal()),
                held_out_accuracy: accuracy(0.84 + 0.006 * chance.normal()),
            }
        };
        (0..STAGES[2]).map(model).collect()
    }
}

/// What one sweep came to.
#[derive(Default)]
struct Course {
    kept: bool,
    runs: usize,
    sentinels: usize,
    sentinels_won: usize,
}

fn ensemble<K: Kind>(models: &[Model], n: usize) -> Ensemble<K> {
    Ensemble::new(&models[..n], n).expect("finite confidences")
}

fn sweep(world: &Contest, seed: u64) -> Course {
    let mut chance = Chance::of_seed(seed);
    let oracle = SAME.models(world.shared, &mut chance);
    let points: Vec<Vec<Model>> =
        world.points.iter().map(|truth| truth.models(world.shared, &mut chance)).collect();
    let objective = |point: usize, n: usize| {
        Objective::of(&ensemble(&points[point], n), &ensemble(&oracle, n)).expect("comparable groups")
    };
    let last: Vec<f64> = (0..points.len()).map(|point| objective(point, STAGES[2]).value()).collect();
    let best = |among: &mut dyn Iterator<Item = usize>| {
        among.max_by(|one, other| last[*one].total_cmp(&last[*other])).expect("a point")
    };
    let error = error_of_one(points.len() - 1, STAGES.len());
    let mut alive: Vec<usize> = (0..points.len()).collect();
    let mut sentinels = Vec::new();
    let mut runs = alive.len() * STAGES[0];
    for stage in [0, 1] {
        let known: Vec<Objective> = alive.iter().map(|&point| objective(point, STAGES[stage])).collect();
        let values: Vec<((), Option<f64>)> = known.iter().map(|own| ((), Some(own.value()))).collect();
        let verdicts = judge(&values, |leader, other| known[leader].lead(&known[other], error));
        let (go, stay): (Vec<_>, Vec<_>) =
            alive.iter().zip(verdicts).partition(|(_, verdict)| verdict.goes_on());
        // The repeat is part of the name, so that other points are drawn each time.
        sentinels
            .extend(stay.iter().map(|(point, _)| **point).filter(|it| is_sentinel(&format!("{it} {seed}"))));
        alive = go.into_iter().map(|(point, _)| *point).collect();
        runs += (alive.len() + sentinels.len()) * (STAGES[stage + 1] - STAGES[stage]);
    }
    let winner = best(&mut alive.iter().copied());
    Course {
        kept: winner == best(&mut (0..points.len())),
        runs,
        sentinels: sentinels.len(),
        sentinels_won: sentinels.iter().filter(|point| last[**point] > last[winner]).count(),
    }
}

fn main() -> ExitCode {
    let argument = |nth: usize, default: u64| {
        std::env::args().nth(nth).and_then(|word| word.parse().ok()).unwrap_or(default)
    };
    let (repeats, seed) = (argument(1, 200), argument(2, 0));
    println!("| truth | winner of the full sweep kept | runs used | sentinels | that would have won |");
    println!("|---|---|---|---|---|");
    let mut broken = false;
    for world in worlds() {
        let sweeps: Vec<Course> = (0..repeats).map(|nth| sweep(&world, seed + nth)).collect();
        let sum = |of: &dyn Fn(&Course) -> usize| sweeps.iter().map(of).sum::<usize>();
        let kept = sum(&|it| usize::from(it.kept));
        let share = sum(&|it| it.runs) as f64 / (repeats as usize * world.points.len() * STAGES[2]) as f64;
        println!(
            "| {} | {:.1} % | {:.0} % | {} | {} |",
            world.name,
            100.0 * kept as f64 / repeats as f64,
            100.0 * share,
            sum(&|it| it.sentinels),
            sum(&|it| it.sentinels_won),
        );
        // Two standard errors beyond 5 %.
        let most = 0.05 + 2.0 * (0.05 * 0.95 / repeats as f64).sqrt();
        broken |= (repeats as usize - kept) as f64 > most * repeats as f64;
    }
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
