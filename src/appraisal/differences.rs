//! Which points are compared with which. Every pair is, as long as there are not too many points: the pairs grow with the square
//! of the points, and ten thousand would take hours and gigabytes. Of more, every point is compared with those that a reader
//! asks about: the best, ceiling and floor, and the defaults of its own method.

use std::collections::{BTreeMap, BTreeSet};

use super::{Scored, confirmation::has_defaults, estimate_of, judge};
use crate::{
    frame::Paired,
    plan::{Plan, Role},
    score::{PairedDifference, Resampled, benjamini_hochberg},
};

/// Points of which every pair is compared.
const MOST_PAIRED: usize = 1_000;
/// Of more points, so many of the best are compared with all.
const BEST: usize = 60;

/// A scored point, as far as it decides whom it is compared with.
#[derive(Debug, Clone, Copy)]
struct Contender<'a> {
    /// Its position in the plan.
    position: usize,
    method: &'a str,
    score: f64,
    kind: Bearing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bearing {
    /// Ceiling or floor.
    Reference,
    /// A method with its defaults.
    Defaults,
    Other,
}

/// What comparing points gives.
pub(super) struct Pairwise {
    /// The score of one point less that of a later one, from replicates drawn alike.
    pub(super) differences: BTreeMap<(usize, usize), Paired>,
    /// How many of the best all others were compared with, where not every pair was.
    pub(super) only_with_best: Option<usize>,
}

/// Compares points that were compared with the same retrained models.
pub(super) fn compared(plan: &Plan, appraised: &Scored) -> Pairwise {
    let drawn: BTreeMap<usize, &Resampled> = appraised
        .iter()
        .filter_map(|(position, scored)| Some((*position, scored.as_ref().ok()?.resampled.as_ref()?)))
        .collect();
    let mut differences: BTreeMap<(usize, usize), Paired> = BTreeMap::new();
    let mut only_with_best = None;
    for judged_by in [Role::Oracle, Role::HeldOut] {
        let alike =
            drawn.iter().filter(|(position, _)| judge(plan.points[**position].role) == Some(judged_by));
        let group: Vec<Contender<'_>> =
            alike.map(|(position, own)| candidate(plan, *position, own.score().value)).collect();
        if group.len() > MOST_PAIRED {
            only_with_best = Some(BEST);
        }
        for (one, other) in pairs(&group, MOST_PAIRED, BEST) {
            if let Some(PairedDifference { difference, p }) = drawn[&one].minus(drawn[&other]) {
                let paired = Paired { difference: estimate_of(difference), p, q: p };
                differences.insert((one, other), paired);
            }
        }
    }
    let p: Vec<f64> = differences.values().map(|paired| paired.p).collect();
    for (paired, q) in differences.values_mut().zip(benjamini_hochberg(&p)) {
        paired.q = q;
    }
    Pairwise { differences, only_with_best }
}

fn candidate(plan: &Plan, position: usize, score: f64) -> Contender<'_> {
    let point = &plan.points[position];
    let kind = match point.role {
        Role::HeldOut => Bearing::Reference,
        _ if point.is_floor() => Bearing::Reference,
        _ if has_defaults(point) => Bearing::Defaults,
        _ => Bearing::Other,
    };
    Contender { position, method: &point.method, score, kind }
}

/// The pairs to compare, the earlier point of the grid first.
fn pairs(group: &[Contender<'_>], most: usize, best: usize) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    let mut add = |one: usize, other: usize| {
        if one != other {
            pairs.insert((one.min(other), one.max(other)));
        }
    };
    let everywhere: BTreeSet<usize> = if group.len() <= most {
        group.iter().map(|own| own.position).collect()
    } else {
        let mut ranked: Vec<&Contender<'_>> =
            group.iter().filter(|own| own.kind != Bearing::Reference).collect();
        // Equals in the order of the grid.
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
        let references = group.iter().filter(|own| own.kind == Bearing::Reference);
        ranked.into_iter().take(best).chain(references).map(|own| own.position).collect()
    };
    for one in &everywhere {
        for other in group {
            add(*one, other.position);
        }
    }
    for one in group.iter().filter(|own| own.kind == Bearing::Defaults) {
        group
            .iter()
            .filter(|other| other.method == one.method)
            .for_each(|other| add(one.position, other.position));
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::{Bearing, Contender, pairs};

    /// Ceiling and floor, then points of two methods, the first of each with its defaults; later ones score more.
    fn group(points: usize) -> Vec<Contender<'static>> {
        let references = [("retrain", 9.0), ("identity", 0.0)].into_iter().enumerate();
        let references = references.map(|(position, (method, score))| Contender {
            position,
            method,
            score,
            kind: Bearing::Reference,
        });
        let others = (0..points).map(|nth| Contender {
            position: nth + 2,
            method: ["ct", "scrub"][nth % 2],
            score: nth as f64 / points as f64,
            kind: if nth < 2 { Bearing::Defaults } else { Bearing::Other },
        });
        references.chain(others).collect()
    }

    #[test]
    fn every_pair_of_few_points_is_compared() {
        let group = group(18);
        assert_eq!(pairs(&group, 20, 3).len(), 20 * 19 / 2);
    }

    #[test]
    fn of_many_each_meets_the_best_the_references_and_the_defaults_of_its_method() {
        let group = group(98);
        let pairs = pairs(&group, 20, 3);
        let has = |one: usize, other: usize| pairs.contains(&(one.min(other), one.max(other)));
        for point in 4..97 {
            // The best are the last three, 97 to 99; 2 has the defaults of the even positions, 3 those of the odd.
            for other in [0, 1, 97, 98, 99, 2 + point % 2] {
                assert!(has(point, other), "{point} and {other}");
            }
            assert!(!has(point, 3 - point % 2), "{point} is of another method");
        }
        assert!(!has(10, 12) && has(0, 1));
        // Linear in the points: five that meet all, and two that meet those of their method which are none of the five.
        assert_eq!(pairs.len(), 5 * 95 + 5 * 4 / 2 + 47 + 46);
    }

    #[test]
    fn ten_thousand_points_give_a_bearable_number_of_pairs() {
        assert!(pairs(&group(10_000), super::MOST_PAIRED, super::BEST).len() < 700_000);
    }
}
