//! Gathers what the audits look at, point by point, and sets every number beside the oracle and the held-out group.

use sweep_protocol::{
    behaviour::{Behaviour, COLUMNS},
    measurement::{MeasuredExamples, Measurement},
};

use super::{Appraiser, Group, Unusable, comparable, nulls, reconstruction::verdict};
use crate::{
    audit::{Audit, Beside, Compared, Model, Sets, loss_shares, of_model, refused},
    frame::{AuditNumbers, AuditRow, LossRow, Mean, Tested, printable},
    plan::{Role, Run},
    score::{PERMUTATION_SEED, affordable, difference_p, mean_interval, namings, sequential, smallest_found},
    store::ArrayError,
};

/// What a point is audited with.
struct Beings<'a> {
    point: usize,
    n: u64,
    models: &'a [Model],
    oracle: &'a [Model],
}

/// Values that may be looked at for the p-values of one audit of one point, all namings together.
const BUDGET: usize = 50_000_000;

impl Appraiser<'_> {
    /// The rows of all points, and the losses of those that the figure can show.
    pub(super) fn audits(&self) -> (Vec<AuditRow>, Vec<LossRow>) {
        let plan = &self.recorded.plan;
        let (Some(audit), Some(oracle_point)) = (&plan.audit, plan.point_with(Role::Oracle)) else {
            return (Vec::new(), Vec::new());
        };
        let most = plan.runs_of(oracle_point).count();
        let oracle = self.group(oracle_point, most);
        let with_losses = audit.audits.contains(&Audit::SimpleMia);
        let controls = audit.reconstruct.map(|_| self.controls(&oracle));
        let (mut rows, mut losses) = (Vec::new(), Vec::new());
        losses.extend(oracle.as_ref().ok().filter(|_| with_losses).and_then(|it| loss_row(oracle_point, it)));
        for (point, planned) in plan.points.iter().enumerate() {
            if !matches!(planned.role, Role::Unlearn | Role::HeldOut) {
                continue;
            }
            let n = comparable(plan, point);
            let models = self.group(point, n);
            let beings = beside(point, n, &models, &oracle);
            if let Some(controls) = &controls {
                rows.push(verdict(controls, point, n as u64, &models));
            }
            rows.extend(audit.audits.iter().flat_map(|&audit| match &beings {
                Ok(beings) => examined(audit, beings),
                Err(reason) => vec![dash(point, audit, n as u64, reason)],
            }));
            losses.extend(models.as_ref().ok().filter(|_| with_losses).and_then(|it| loss_row(point, it)));
        }
        nulls::correct_audits(plan, &mut rows);
        (rows, losses)
    }

    /// The first `n` models of a point, all of them measured.
    pub(super) fn group(&self, point: usize, n: usize) -> Group {
        let runs = self.finished(point, n);
        if runs.len() < n || n == 0 {
            return Err(format!("{} of {n} runs finished; an audit needs all of them", runs.len()));
        }
        let models = runs.iter().map(|(run, measured)| self.audited(run, measured));
        models.collect::<Result<_, _>>().map_err(|unusable: Unusable| printable(&unusable.to_string()))
    }

    fn audited(&self, run: &Run, measurement: &Measurement) -> Result<Model, Unusable> {
        let confidences = self.recorded.confidences_of(run, measurement)?.values;
        let sets = measurement.examples.as_ref().map(|examples| self.sets(run, examples)).transpose()?;
        let found = measurement.reconstruction.as_ref();
        let images = found.map(|found| self.images(run, found)).transpose()?;
        Ok(Model { accuracy: measurement.accuracy, confidences, sets, images })
    }

    pub(super) fn sets(&self, run: &Run, examples: &MeasuredExamples) -> Result<Sets, Unusable> {
        let foreign = || ArrayError::damaged(run, &examples.array);
        let array = self.recorded.examples_of(run, examples)?;
        let (rows, rest) = array.values.as_chunks::<COLUMNS>();
        let parts = [examples.forget, examples.retain, examples.test];
        let claimed = parts.iter().try_fold(0_u64, |sum, &part| sum.checked_add(part));
        let shaped = array.shape.len() == 2 && array.shape[1] == COLUMNS && rest.is_empty();
        if !shaped || claimed != Some(rows.len() as u64) {
            return Err(foreign().into());
        }
        let (forget, others) = rows.split_at(parts[0] as usize);
        let (retain, test) = others.split_at(parts[1] as usize);
        let of = |rows: &[[f64; COLUMNS]]| {
            rows.iter().map(|&row| Behaviour::from_row(row).ok_or_else(foreign)).collect::<Result<_, _>>()
        };
        Ok(Sets { forget: of(forget)?, retain: of(retain)?, test: of(test)? })
    }
}

/// The groups of one point at its N.
fn beside<'a>(point: usize, n: usize, models: &'a Group, oracle: &'a Group) -> Result<Beings<'a>, String> {
    let models = models.as_ref().map_err(Clone::clone)?;
    let oracle = oracle.as_ref().map_err(|reason| format!("the oracle: {reason}"))?;
    let oracle =
        oracle.get(..n).ok_or_else(|| format!("the oracle has {} models, {n} are needed", oracle.len()))?;
    Ok(Beings { point, n: n as u64, models, oracle })
}

/// All numbers of one audit for some models beside as many of the oracle, by name and with the exact test of each, still without
/// q-values; the reason where there is none.
pub fn beside_oracle(
    audit: Audit,
    models: &[Model],
    oracle: &[Model],
) -> Result<Vec<(&'static str, AuditNumbers)>, String> {
    let mut numbers = alone(audit, models, oracle)?;
    numbers.extend(compared(audit, models, oracle)?);
    Ok(numbers)
}

/// All numbers of one audit for one point, or one dash; and a dash for each rate that so few negatives don't give.
fn examined(audit: Audit, beings: &Beings<'_>) -> Vec<AuditRow> {
    let row = |measure, numbers| AuditRow { point: beings.point, audit, measure, n: beings.n, numbers };
    match beside_oracle(audit, beings.models, beings.oracle) {
        Ok(numbers) => {
            let [models, oracle] = [beings.models, beings.oracle].map(|side| side.iter().collect::<Vec<_>>());
            let refused = refused(audit, &models, &oracle).into_iter();
            let numbers = numbers.into_iter().map(|(measure, numbers)| row(measure, Ok(numbers)));
            numbers.chain(refused.map(|(measure, reason)| row(measure, Err(reason)))).collect()
        }
        Err(reason) => vec![dash(beings.point, audit, beings.n, &reason)],
    }
}

fn dash(point: usize, audit: Audit, n: u64, reason: &str) -> AuditRow {
    AuditRow { point, audit, measure: "", n, numbers: Err(reason.to_owned()) }
}

type Numbers = Vec<(&'static str, AuditNumbers)>;

/// Numbers of single models: their means beside the oracle's.
fn alone(audit: Audit, models: &[Model], oracle: &[Model]) -> Result<Numbers, String> {
    let drawn = namings(models.len(), nulls::PERMUTATIONS, PERMUTATION_SEED);
    let several = models.len() > 1;
    let columns = columns(audit, models)?.into_iter().zip(columns(audit, oracle)?);
    let numbers = columns.map(|((measure, values), (_, theirs))| {
        let half_width = mean_interval(&values).map(|(_, half)| half);
        let p = several.then(|| difference_p(&values, &theirs, &drawn));
        let numbers = AuditNumbers {
            value: Mean { value: mean(&values), half_width },
            oracle: Some(mean(&theirs)),
            expected: None,
            found: several.then(|| smallest_found(&theirs)),
            tested: p.map(|p| Tested { p, q: None }),
        };
        (measure, numbers)
    });
    Ok(numbers.collect())
}

/// Every number of an audit over the models of a group.
fn columns(audit: Audit, models: &[Model]) -> Result<Vec<(&'static str, Vec<f64>)>, String> {
    let mut columns: Vec<(&'static str, Vec<f64>)> = Vec::new();
    for model in models {
        let numbers = of_model(audit, model).map_err(|reason| reason.to_string())?;
        if columns.is_empty() {
            columns.extend(numbers.iter().map(|&(measure, _)| (measure, Vec::with_capacity(models.len()))));
        }
        for ((_, column), (_, number)) in columns.iter_mut().zip(numbers) {
            column.push(number);
        }
    }
    Ok(columns)
}

/// Numbers that compare groups, tested by naming the models anew.
fn compared(audit: Audit, models: &[Model], oracle: &[Model]) -> Result<Numbers, String> {
    let n = models.len();
    let models: Vec<&Model> = models.iter().chain(oracle).collect();
    let unusable = |reason: crate::audit::Unauditable| reason.to_string();
    let Some(compared) = Compared::new(audit, &models).map_err(unusable)? else { return Ok(Vec::new()) };
    let truth: Vec<u32> = (0..2 * n as u32).collect();
    let of = |naming: &[u32]| compared.numbers(&naming[..n], &naming[n..]);
    let numbers = of(&truth).map_err(unusable)?;
    let distances: Vec<f64> = numbers.iter().map(Beside::distance).collect();
    let most = affordable(nulls::PERMUTATIONS, compared.size(), BUDGET);
    let tested = sequential(&distances, n, most, PERMUTATION_SEED, |naming| match of(naming) {
        Ok(numbers) => numbers.iter().map(|number| Some(number.distance())).collect(),
        Err(_) => vec![None; distances.len()],
    });
    let row = |(beside, tested): (&Beside, &crate::score::Tested)| {
        let numbers = AuditNumbers {
            value: Mean {
                value: beside.value,
                half_width: mean_interval(&beside.each).map(|(_, half)| half),
            },
            oracle: None,
            expected: tested.expected.map(|expected| beside.far.turned(expected)),
            found: None,
            tested: (n > 1).then_some(Tested { p: tested.p, q: None }),
        };
        (beside.measure, numbers)
    };
    Ok(numbers.iter().zip(&tested).map(row).collect())
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn loss_row(point: usize, models: &[Model]) -> Option<LossRow> {
    let sets: Vec<&Sets> = models.iter().filter_map(|model| model.sets.as_ref()).collect();
    let attacks = columns(Audit::SimpleMia, models).ok()?;
    Some(LossRow {
        point,
        forget: loss_shares(sets.iter().flat_map(|sets| &sets.forget.loss))?,
        test: loss_shares(sets.iter().flat_map(|sets| &sets.test.loss))?,
        attack: mean(&attacks.first()?.1),
    })
}
