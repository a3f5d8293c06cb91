//! Who is harmed: every point against the oracle on parts of the forget set, by class, by person and by difficulty.

use std::collections::BTreeMap;

use super::{Appraiser, Scored, audits::mean, comparable, estimate, nulls};
use crate::{
    audit::{Model, Needs},
    frame::{GroupedBy, Mean, SubgroupRow, Tested, printable},
    plan::{Plan, Role},
    score::{PERMUTATION_SEED, Retrained, Subgroup, mean_interval},
};

/// What the thirds of the forget set are called, from the one that retrained models are least sure of.
const THIRDS: [&str; 3] = ["hard", "middle", "easy"];

/// A part of the forget set.
struct Members {
    by: GroupedBy,
    name: String,
    /// Positions of its examples.
    examples: Vec<usize>,
}

/// Whether each model classifies each forget example as labelled, 1 or 0; \[N\]\[S\]. Nothing where that wasn't measured.
type Right = Option<Vec<Vec<f64>>>;

impl Appraiser<'_> {
    /// The rows of all methods' points that have a score, the floor among them, part by part.
    pub(super) fn subgroups(&self, scored: &Scored) -> Vec<SubgroupRow> {
        let plan = &self.recorded.plan;
        let Some(oracle) = plan.point_with(Role::Oracle) else { return Vec::new() };
        let has_score =
            |at: &usize| plan.points[*at].role == Role::Unlearn && scored.get(at).is_some_and(Result::is_ok);
        let points = (0..plan.points.len()).filter(has_score);
        let mut parts: Option<Vec<Members>> = None;
        // What the oracle's first models do is read once for all points that are compared with as many.
        let mut oracle_right = BTreeMap::new();
        let mut rows = Vec::new();
        for point in points {
            let n = comparable(plan, point);
            let Ok((unlearned, retrained)) = self.ensembles(point, oracle, n) else { continue };
            let parts = parts.get_or_insert_with(|| self.parts(unlearned.examples()));
            let positions: Vec<Vec<usize>> = parts.iter().map(|part| part.examples.clone()).collect();
            let tested = Subgroup::of_each(&unlearned, &retrained, &positions, PERMUTATION_SEED);
            let right = self.right(point, n);
            let oracle_right: &Right = oracle_right.entry(n).or_insert_with(|| self.right(oracle, n));
            let of = |(part, own): (&Members, Subgroup)| row((point, n), part, own, [&right, oracle_right]);
            rows.extend(parts.iter().zip(tested.unwrap_or_default()).map(of));
        }
        correct(plan, &mut rows);
        rows
    }

    /// The parts of a forget set of so many examples. Where all examples are of one kind there are none: the whole is tested anyway.
    fn parts(&self, examples: usize) -> Vec<Members> {
        let known = self.recorded.plan.inputs.as_ref().map(|inputs| &inputs.forgotten);
        let known = known.filter(|known| known.fits(examples as u64));
        let classes = known.map_or(&[][..], |known| &known.classes);
        let persons = known.map_or(&[][..], |known| &known.persons);
        let mut parts = gathered(GroupedBy::Class, classes, u32::to_string);
        parts.extend(gathered(GroupedBy::Person, persons, |person| printable(person)));
        let thirds = self.thirds(examples).unwrap_or_default();
        parts.extend(gathered(GroupedBy::Difficulty, &thirds, |&third| THIRDS[third].to_owned()));
        parts
    }

    /// In which third each example is, from the one that retrained models are least sure of. It is the held-out group that says so:
    /// had the models that are compared a say, those of the oracle would look too unsure of the hard examples.
    fn thirds(&self, examples: usize) -> Option<Vec<usize>> {
        let held_out = self.recorded.plan.point_with(Role::HeldOut)?;
        let models = self.ensemble::<Retrained>(&self.finished(held_out, usize::MAX)).ok()?;
        if models.examples() != examples || examples < THIRDS.len() {
            return None;
        }
        let sure: Vec<f64> =
            (0..examples).map(|example| models.confidences().of_example(example).iter().sum()).collect();
        let mut order: Vec<usize> = (0..examples).collect();
        order.sort_by(|&one, &other| sure[one].total_cmp(&sure[other]));
        let mut thirds = vec![0; examples];
        order.into_iter().enumerate().for_each(|(rank, at)| thirds[at] = rank * THIRDS.len() / examples);
        Some(thirds)
    }

    fn right(&self, point: usize, n: usize) -> Right {
        let audits = &self.recorded.plan.audit.as_ref()?.audits;
        if audits.iter().all(|audit| audit.entry().needs != Needs::Examples) {
            return None;
        }
        let of = |model: Model| model.sets.map(|sets| sets.forget.correct);
        self.group(point, n).ok()?.into_iter().map(of).collect()
    }
}

/// Examples that have something in common, in the order of what it is; none where all have.
fn gathered<K: Ord>(by: GroupedBy, keys: &[K], name: impl Fn(&K) -> String) -> Vec<Members> {
    let mut found: BTreeMap<&K, Vec<usize>> = BTreeMap::new();
    for (example, key) in keys.iter().enumerate() {
        found.entry(key).or_default().push(example);
    }
    if found.len() < 2 {
        return Vec::new();
    }
    found.into_iter().map(|(key, examples)| Members { by, name: name(key), examples }).collect()
}

fn row((point, n): (usize, usize), part: &Members, own: Subgroup, right: [&Right; 2]) -> SubgroupRow {
    let [models, oracle] = right.map(|models| models.as_ref().and_then(|it| shares(it, part)));
    SubgroupRow {
        point,
        by: part.by,
        name: part.name.clone(),
        examples: part.examples.len() as u64,
        n: n as u64,
        told_apart: own.cross_fit.as_ref().map(crate::score::CrossFit::told_apart),
        quality: own.cross_fit.map(|own| estimate(own.quality, Some(own.interval))),
        shift: own.shift.map(nulls::shift),
        tested: Tested { p: own.p, q: None },
        accuracy: models.map(|shares| Mean {
            value: mean(&shares),
            half_width: mean_interval(&shares).map(|(_, half)| half),
        }),
        oracle_accuracy: oracle.map(|shares| mean(&shares)),
    }
}

/// Of each model, which share of a part it classifies as labelled; nothing where an example is missing.
fn shares(models: &[Vec<f64>], part: &Members) -> Option<Vec<f64>> {
    let count = part.examples.len() as f64;
    let share = |right: &Vec<f64>| {
        let of = |&example: &usize| right.get(example).copied();
        Some(part.examples.iter().map(of).sum::<Option<f64>>()? / count)
    };
    models.iter().map(share).collect()
}

/// Adds the q-values: all parts of one kind under all methods' points are one family.
fn correct(plan: &Plan, rows: &mut [SubgroupRow]) {
    let mut families: BTreeMap<GroupedBy, Vec<&mut Tested>> = BTreeMap::new();
    for row in rows.iter_mut().filter(|row| nulls::takes_part(plan, row.point)) {
        families.entry(row.by).or_default().push(&mut row.tested);
    }
    for tests in families.values_mut() {
        nulls::adjust(tests);
    }
}
