//! What shadow networks show: which images are memorised, how well membership is told, and for what the attack takes the models
//! of every point.

use std::collections::BTreeSet;

use sweep_protocol::terms::Set;

use super::{Appraiser, Group, Unusable, audits::mean, comparable};
use crate::{
    audit::{
        Model, Roc,
        shadows::{Likelihoods, MembershipAttack, Memorization, Shadow, attack, check},
    },
    frame::{Estimate, Interval, Mean, MemorizedRow, ShadowRow, ShadowRows, printable},
    plan::{Role, Run, Shadows},
    score::mean_interval,
};

/// False-positive rates at which true positives are counted.
const RATES: [(&str, f64); 2] = [("TPR at 0.1 % FPR", 0.001), ("TPR at 1 % FPR", 0.01)];

/// What a number of a point's models is called.
const SEEN: &str = "taken for seen";
/// The same beside retrained models.
const BESIDE: &str = "AUC beside retrained";

impl Appraiser<'_> {
    /// What they show; nothing where the grid asks for none.
    pub(super) fn shadows(&self) -> Option<ShadowRows> {
        let plan = &self.recorded.plan;
        let asked = plan.shadows.as_ref()?;
        let point = plan.point_with(Role::Shadow)?;
        let finished = self.finished(point, usize::MAX);
        let networks = finished.len() as u64;
        let mut rows = ShadowRows { networks, folds: asked.folds.get(), ..ShadowRows::default() };
        let known: Result<Vec<Shadow>, String> = finished
            .iter()
            .map(|(run, measured)| {
                let examples =
                    measured.examples.as_ref().ok_or("a network has not measured single examples")?;
                self.shadow(asked, run, examples).map_err(|reason| printable(&reason.to_string()))
            })
            .collect();
        let checked = known.and_then(|known| match check(&known) {
            Ok(()) => Ok(known),
            Err(reason) => Err(reason.to_string()),
        });
        match checked {
            Ok(known) => {
                let forgotten = asked.training.forget_set(plan.inputs.as_ref()?.sizes.forget);
                rows.images = memorized(asked, &forgotten, &known);
                for name in MembershipAttack::ALL {
                    attacked(name, point, &known, &mut rows);
                }
                rows.attacks.extend(self.judged(&known, &forgotten));
            }
            Err(reason) => rows.attacks.push(dash(point, (MembershipAttack::Lira, ""), networks, reason)),
        }
        Some(rows)
    }

    /// One network on the training images, in their order, and on unseen ones.
    fn shadow(
        &self,
        asked: &Shadows,
        run: &Run,
        examples: &sweep_protocol::measurement::MeasuredExamples,
    ) -> Result<Shadow, Unusable> {
        let sets = self.sets(run, examples)?;
        let training = [&sets.retain, &sets.forget];
        Ok(Shadow {
            left_out: asked.left_out(run.seed),
            confidences: training.iter().flat_map(|set| set.confidence.iter().copied()).collect(),
            correct: training.iter().flat_map(|set| set.correct.iter().map(|right| *right > 0.5)).collect(),
            unseen: sets.test.confidence,
        })
    }

    /// For what the attack takes the models of every point: forget images are unseen by retrained models.
    fn judged(&self, networks: &[Shadow], forgotten: &[usize]) -> Vec<ShadowRow> {
        let plan = &self.recorded.plan;
        let Some(oracle) = plan.point_with(Role::Oracle) else { return Vec::new() };
        let oracle = self.group(oracle, plan.runs_of(oracle).count());
        let fits = Likelihoods::of(networks, None);
        let points = plan.points.iter().enumerate();
        let points = points.filter(|(_, planned)| matches!(planned.role, Role::Unlearn | Role::HeldOut));
        let rows = points.flat_map(|(point, _)| {
            let n = comparable(plan, point);
            let models = self.group(point, n);
            match beside(&fits, forgotten, &models, &oracle) {
                Ok(numbers) => numbers
                    .map(|(measure, numbers)| ShadowRow {
                        point,
                        attack: MembershipAttack::Lira,
                        measure,
                        n: n as u64,
                        numbers: Ok(numbers),
                    })
                    .to_vec(),
                Err(reason) => vec![dash(point, (MembershipAttack::Lira, ""), n as u64, reason)],
            }
        });
        rows.collect()
    }
}

fn dash(
    point: usize,
    (attack, measure): (MembershipAttack, &'static str),
    n: u64,
    reason: String,
) -> ShadowRow {
    ShadowRow { point, attack, measure, n, numbers: Err(reason) }
}

fn memorized(asked: &Shadows, forgotten: &[usize], networks: &[Shadow]) -> Vec<MemorizedRow> {
    let forgotten: BTreeSet<usize> = forgotten.iter().copied().collect();
    let training = &asked.training;
    let row = |(image, found): (usize, Memorization)| {
        let (low, high) = found.interval();
        MemorizedRow {
            image: printable(&training.images[image]),
            person: training.persons.get(image).map(|name| printable(name)),
            class: training.classes[image],
            set: if forgotten.contains(&image) { Set::Forget } else { Set::Retain },
            with: found.with,
            without: found.without,
            memorization: Estimate { value: found.value(), interval: Some(Interval { low, high }) },
        }
    };
    Memorization::of(networks).into_iter().enumerate().map(row).collect()
}

/// The numbers and the curve of one attack, each network in its turn the target.
fn attacked(name: MembershipAttack, point: usize, networks: &[Shadow], rows: &mut ShadowRows) {
    let n = networks.len() as u64;
    let attacked = match attack(name, networks) {
        Ok(attacked) => attacked,
        Err(reason) => return rows.attacks.push(dash(point, (name, ""), n, reason.to_string())),
    };
    let row = |measure, values: &[f64]| {
        let half_width = mean_interval(values).map(|(_, half)| half);
        let numbers = Ok((Mean { value: mean(values), half_width }, None));
        ShadowRow { point, attack: name, measure, n, numbers }
    };
    rows.curves.push((name, attacked.curve()));
    rows.attacks.push(row("AUC", &attacked.auc()));
    for (measure, rate) in RATES {
        let refused = || {
            let (others, least, rate) = (attacked.others, (1.0 / rate).ceil(), rate * 100.0);
            let reason =
                format!("{others} negatives give no rate at {rate} % false positives; {least} would");
            dash(point, (name, measure), n, reason)
        };
        let values = attacked.true_positives_at(rate);
        rows.attacks.push(values.map_or_else(refused, |values| row(measure, &values)));
    }
}

type Numbers = [(&'static str, (Mean, Option<f64>)); 2];

/// Which share of the forget images a point's models are taken to have seen, and how well the ratio tells them from retrained
/// models.
fn beside(
    fits: &Likelihoods,
    forgotten: &[usize],
    models: &Group,
    oracle: &Group,
) -> Result<Numbers, String> {
    let models = models.as_ref().map_err(Clone::clone)?;
    let oracle = oracle.as_ref().map_err(|reason| format!("the oracle: {reason}"))?;
    let ratios = |model: &Model| -> Vec<f64> {
        let known = forgotten.iter().zip(&model.confidences);
        known.map(|(&image, &confidence)| fits.log_ratio(image, confidence)).collect()
    };
    let [ours, theirs] = [models, oracle].map(|side| side.iter().map(ratios).collect::<Vec<_>>());
    let seen = |side: &[Vec<f64>]| -> Vec<f64> {
        let share =
            |row: &Vec<f64>| row.iter().filter(|ratio| **ratio > 0.0).count() as f64 / row.len() as f64;
        side.iter().map(share).collect()
    };
    let (own, retrained) = (seen(&ours), seen(&theirs));
    let half_width = mean_interval(&own).map(|(_, half)| half);
    let curve = Roc::of(&ours.concat(), &theirs.concat()).map_err(|reason| reason.to_string())?;
    Ok([
        (SEEN, (Mean { value: mean(&own), half_width }, Some(mean(&retrained)))),
        (BESIDE, (Mean { value: curve.auc(), half_width: None }, None)),
    ])
}
