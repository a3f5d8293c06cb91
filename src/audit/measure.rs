//! The numbers of each audit by name.

use super::{
    average_gap::{AverageGap, average_gap},
    indiscernibility::indiscernibility,
    klom::klom,
    model::{Model, Sets},
    nomus::nomus,
    reconstruction,
    registry::Audit,
    roc::Roc,
    simple_mia::simple_mia,
    threshold::{Feature, efficacy},
    tow::tow,
    u_lira::u_lira,
    unauditable::Unauditable,
};

/// Seed of the attacks' splits: the same for all models, so that they differ in nothing but the models.
const SEED: u64 = 0;

/// A number that compares models with the oracle.
#[derive(Debug, Clone, PartialEq)]
pub struct Beside {
    /// Its name.
    pub measure: &'static str,
    /// The number.
    pub value: f64,
    /// What it is the mean of, model by model; nothing where it is none.
    pub each: Vec<f64>,
    /// Which values speak for a difference.
    pub far: Far,
}

/// Which values of a number speak for a difference between the models and the oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Far {
    /// Large ones.
    Large,
    /// Small ones.
    Small,
}

impl Far {
    /// A number turned so that a larger one is further, and back.
    pub fn turned(self, value: f64) -> f64 {
        match self {
            Self::Large => value,
            Self::Small => -value,
        }
    }
}

impl Beside {
    fn large(measure: &'static str, value: f64) -> Self {
        Self { measure, value, each: Vec::new(), far: Far::Large }
    }

    /// The number, turned so that a larger one is further from "no difference".
    pub fn distance(&self) -> f64 {
        self.far.turned(self.value)
    }
}

/// What an audit says about a single model, by name; nothing for an audit that only compares.
pub fn of_model(audit: Audit, model: &Model) -> Result<Vec<(&'static str, f64)>, Unauditable> {
    Ok(match audit {
        Audit::SimpleMia => vec![("accuracy", kit_attack(model)?)],
        Audit::Indiscernibility => vec![("indiscernibility", indiscernibility(kit_attack(model)?))],
        Audit::Nomus => {
            vec![("NoMUS", nomus(model.accuracy.held_out().get(), kit_attack(model)?))]
        }
        Audit::Mia => {
            let sets = sets(model)?;
            let of = |feature| efficacy(sets, feature);
            let names = ["confidence", "entropy", "modified entropy", "correctness"];
            let shares = Feature::ALL.into_iter().map(of).collect::<Result<Vec<_>, _>>()?;
            names.into_iter().zip(shares).collect()
        }
        Audit::Roc => loss_attack(sets(model)?)?,
        Audit::Reconstruction => {
            reconstruction::numbers(model.images.as_ref().ok_or(Unauditable::NotMeasured)?)?
        }
        Audit::AverageGap => columns(model)?.columns().to_vec(),
        Audit::Tow | Audit::TowMia | Audit::Klom | Audit::ULira => Vec::new(),
    })
}

/// Models of both sides, with what an audit that compares groups looks at.
#[derive(Debug)]
pub struct Compared<'a> {
    looked_at: LookedAt<'a>,
}

#[derive(Debug)]
enum LookedAt<'a> {
    /// Three shares of each model: on the forget set, on the retain set, on the test set.
    Shares(&'static str, Vec<[f64; 3]>),
    /// The columns of the usual table.
    Columns(Vec<AverageGap>),
    /// Confidences on the forget set.
    Confidences(Vec<&'a [f64]>),
    /// Confidences on the examples of the three sets.
    Margins([Vec<&'a [f64]>; 3]),
}

impl<'a> Compared<'a> {
    /// What an audit looks at in these models; `None` for an audit that looks at single models alone.
    pub fn new(audit: Audit, models: &[&'a Model]) -> Result<Option<Self>, Unauditable> {
        let each = models.iter().copied();
        let looked_at = match audit {
            Audit::Tow => LookedAt::Shares("ToW", each.map(accuracies).collect()),
            Audit::TowMia => LookedAt::Shares("ToW-MIA", each.map(with_attack).collect::<Result<_, _>>()?),
            Audit::AverageGap => LookedAt::Columns(each.map(columns).collect::<Result<_, _>>()?),
            Audit::ULira => LookedAt::Confidences(each.map(|model| model.confidences.as_slice()).collect()),
            Audit::Klom => LookedAt::Margins(margins(models)?),
            Audit::SimpleMia
            | Audit::Indiscernibility
            | Audit::Nomus
            | Audit::Mia
            | Audit::Reconstruction
            | Audit::Roc => return Ok(None),
        };
        Ok(Some(Self { looked_at }))
    }

    /// Values that are looked at for one comparison of all models.
    pub fn size(&self) -> usize {
        let of = |rows: &[&[f64]]| rows.iter().map(|row| row.len()).sum::<usize>();
        match &self.looked_at {
            LookedAt::Shares(_, shares) => 3 * shares.len(),
            LookedAt::Columns(columns) => 4 * columns.len(),
            // Fits, densities and a sorting.
            LookedAt::Confidences(rows) => 8 * of(rows),
            LookedAt::Margins(sets) => sets.iter().map(|rows| of(rows)).sum(),
        }
    }

    /// The numbers for a naming of the models: positions of those called unlearned and of the others.
    pub fn numbers(&self, unlearned: &[u32], oracle: &[u32]) -> Result<Vec<Beside>, Unauditable> {
        match &self.looked_at {
            LookedAt::Shares(measure, shares) => {
                tug_of_war(measure, &of(shares, unlearned), &of(shares, oracle))
            }
            LookedAt::Columns(columns) => {
                let gap = average_gap(
                    &mean_columns(&of(columns, unlearned))?,
                    &mean_columns(&of(columns, oracle))?,
                );
                Ok(vec![Beside::large("average gap", gap)])
            }
            LookedAt::Confidences(rows) => likelihood_ratio(&of(rows, unlearned), &of(rows, oracle)),
            LookedAt::Margins(sets) => {
                let mut values = Vec::new();
                for (names, rows) in MARGINS.iter().zip(sets) {
                    let divergence = klom(&of(rows, unlearned), &of(rows, oracle))?;
                    values.push(Beside::large(names[0], divergence.mean));
                    values.push(Beside::large(names[1], divergence.percentile_95));
                }
                Ok(values)
            }
        }
    }
}

fn of<T: Copy>(values: &[T], positions: &[u32]) -> Vec<T> {
    positions.iter().map(|&position| values[position as usize]).collect()
}

/// Rates at which an audit would count less than one false alarm, each with the reason why it has no number: the largest
/// true-positive rate at a false-positive rate below 1/n is the one without any false alarm.
pub fn refused(audit: Audit, models: &[&Model], oracle: &[&Model]) -> Vec<(&'static str, String)> {
    let others = match audit {
        Audit::Roc => models.iter().filter_map(|model| Some(model.sets.as_ref()?.test.loss.len())).min(),
        Audit::ULira => oracle.first().map(|model| oracle.len() * model.confidences.len()),
        _ => None,
    };
    let Some(others) = others else { return Vec::new() };
    let reason = |rate: f64| {
        let least = (1.0 / rate).ceil();
        format!("{others} negatives give no rate at {} % false positives; {least} would", rate * 100.0)
    };
    RATES
        .iter()
        .filter(|(_, rate)| !has_rate(*rate, others))
        .map(|&(name, rate)| (name, reason(rate)))
        .collect()
}

/// False-positive rates at which true positives are counted.
const RATES: [(&str, f64); 2] = [("TPR at 0.1 % FPR", 0.001), ("TPR at 1 % FPR", 0.01)];

/// Whether so many negatives resolve a rate.
fn has_rate(rate: f64, others: usize) -> bool {
    others as f64 * rate >= 1.0
}

fn sets(model: &Model) -> Result<&Sets, Unauditable> {
    model.sets.as_ref().ok_or(Unauditable::NotMeasured)
}

fn kit_attack(model: &Model) -> Result<f64, Unauditable> {
    let sets = sets(model)?;
    simple_mia(&sets.forget.loss, &sets.test.loss, SEED)
}

fn loss_attack(sets: &Sets) -> Result<Vec<(&'static str, f64)>, Unauditable> {
    let turned = |losses: &[f64]| losses.iter().map(|loss| -loss).collect::<Vec<f64>>();
    let roc = Roc::of(&turned(&sets.forget.loss), &turned(&sets.test.loss))?;
    let rates = RATES.iter().filter(|(_, rate)| has_rate(*rate, sets.test.loss.len()));
    let rates = rates.map(|&(name, rate)| (name, roc.true_positives_at(rate)));
    Ok(std::iter::once(("AUC", roc.auc())).chain(rates).collect())
}

fn columns(model: &Model) -> Result<AverageGap, Unauditable> {
    Ok(AverageGap {
        unlearning: 1.0 - model.accuracy.forget.get(),
        retain: model.accuracy.retain.get(),
        test: model.accuracy.held_out().get(),
        mia: efficacy(sets(model)?, Feature::Confidence)?,
    })
}

fn mean_columns(all: &[AverageGap]) -> Result<AverageGap, Unauditable> {
    Ok(AverageGap {
        unlearning: mean(all.iter().map(|columns| columns.unlearning))?,
        retain: mean(all.iter().map(|columns| columns.retain))?,
        test: mean(all.iter().map(|columns| columns.test))?,
        mia: mean(all.iter().map(|columns| columns.mia))?,
    })
}

/// Accuracies on forget, retain and test set.
fn accuracies(model: &Model) -> [f64; 3] {
    let accuracy = &model.accuracy;
    [accuracy.forget.get(), accuracy.retain.get(), accuracy.held_out().get()]
}

fn with_attack(model: &Model) -> Result<[f64; 3], Unauditable> {
    let columns = columns(model)?;
    Ok([columns.mia, columns.retain, columns.test])
}

/// The tug of war of every model with the oracle's means, as published; then their mean.
fn tug_of_war(
    measure: &'static str,
    models: &[[f64; 3]],
    oracle: &[[f64; 3]],
) -> Result<Vec<Beside>, Unauditable> {
    let mut means = [0.0; 3];
    for (place, own) in means.iter_mut().enumerate() {
        *own = mean(oracle.iter().map(|shares| shares[place]))?;
    }
    let each: Vec<f64> = models.iter().map(|&shares| tow(shares, means)).collect();
    Ok(vec![Beside { measure, value: mean(each.iter().copied())?, each, far: Far::Small }])
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Result<f64, Unauditable> {
    let count = values.len();
    if count == 0 {
        return Err(Unauditable::TooFew { what: "models", have: 0, want: 1 });
    }
    Ok(values.sum::<f64>() / count as f64)
}

fn likelihood_ratio(models: &[&[f64]], oracle: &[&[f64]]) -> Result<Vec<Beside>, Unauditable> {
    let attack = u_lira(models, oracle)?;
    let others: usize = oracle.iter().map(|row| row.len()).sum();
    let rates = [attack.at_one_in_1000, attack.at_one_in_100];
    let rates = RATES.iter().zip(rates).filter(|((_, rate), _)| has_rate(*rate, others));
    let numbers = [
        Beside::large("accuracy", attack.accuracy),
        Beside::large("accuracy, 95th percentile", attack.accuracy_95),
        Beside::large("AUC", attack.auc),
    ];
    Ok(numbers.into_iter().chain(rates.map(|(&(name, _), value)| Beside::large(name, value))).collect())
}

/// What the divergences of the three sets are called.
const MARGINS: [[&str; 2]; 3] = [
    ["forget, mean", "forget, 95th percentile"],
    ["retain, mean", "retain, 95th percentile"],
    ["test, mean", "test, 95th percentile"],
];

fn margins<'a>(models: &[&'a Model]) -> Result<[Vec<&'a [f64]>; 3], Unauditable> {
    let rows = |pick: fn(&Sets) -> &Vec<f64>| -> Result<Vec<&'a [f64]>, Unauditable> {
        models.iter().map(|model| sets(model).map(|sets| pick(sets).as_slice())).collect()
    };
    Ok([
        rows(|sets| &sets.forget.confidence)?,
        rows(|sets| &sets.retain.confidence)?,
        rows(|sets| &sets.test.confidence)?,
    ])
}
