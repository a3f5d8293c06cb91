//! The numbers of each audit by name.

use super::{
    average_gap::{AverageGap, average_gap},
    indiscernibility::indiscernibility,
    klom::klom,
    model::{Model, Sets},
    nomus::nomus,
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    /// Its name.
    pub measure: &'static str,
    /// The number.
    pub value: f64,
    /// What models that can't be told from the oracle would have.
    pub ideal: f64,
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
        Audit::AverageGap => columns(model)?.columns().to_vec(),
        Audit::Tow | Audit::TowMia | Audit::Klom | Audit::ULira => Vec::new(),
    })
}

/// What an audit says about models beside the oracle, by name; nothing for an audit that looks at single models alone.
pub fn beside_oracle(audit: Audit, models: &[Model], oracle: &[Model]) -> Result<Vec<Beside>, Unauditable> {
    let one = |measure, value, ideal| Ok(vec![Beside { measure, value, ideal }]);
    match audit {
        Audit::Tow => one("ToW", tow(accuracies(models)?, accuracies(oracle)?), 1.0),
        Audit::TowMia => one("ToW-MIA", tow(with_attack(models)?, with_attack(oracle)?), 1.0),
        Audit::AverageGap => {
            one("average gap", average_gap(&mean_columns(models)?, &mean_columns(oracle)?), 0.0)
        }
        Audit::ULira => likelihood_ratio(models, oracle),
        Audit::Klom => margins(models, oracle),
        Audit::SimpleMia | Audit::Indiscernibility | Audit::Nomus | Audit::Mia | Audit::Roc => Ok(Vec::new()),
    }
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
    Ok(vec![
        ("AUC", roc.auc()),
        ("TPR at 0.1 % FPR", roc.true_positives_at(0.001)),
        ("TPR at 1 % FPR", roc.true_positives_at(0.01)),
    ])
}

fn columns(model: &Model) -> Result<AverageGap, Unauditable> {
    Ok(AverageGap {
        unlearning: 1.0 - model.accuracy.forget.get(),
        retain: model.accuracy.retain.get(),
        test: model.accuracy.held_out().get(),
        mia: efficacy(sets(model)?, Feature::Confidence)?,
    })
}

fn mean_columns(models: &[Model]) -> Result<AverageGap, Unauditable> {
    let all = models.iter().map(columns).collect::<Result<Vec<_>, _>>()?;
    Ok(AverageGap {
        unlearning: mean(all.iter().map(|columns| columns.unlearning))?,
        retain: mean(all.iter().map(|columns| columns.retain))?,
        test: mean(all.iter().map(|columns| columns.test))?,
        mia: mean(all.iter().map(|columns| columns.mia))?,
    })
}

/// Mean accuracies on forget, retain and test set.
fn accuracies(models: &[Model]) -> Result<[f64; 3], Unauditable> {
    Ok([
        mean(models.iter().map(|model| model.accuracy.forget.get()))?,
        mean(models.iter().map(|model| model.accuracy.retain.get()))?,
        mean(models.iter().map(|model| model.accuracy.held_out().get()))?,
    ])
}

fn with_attack(models: &[Model]) -> Result<[f64; 3], Unauditable> {
    let columns = mean_columns(models)?;
    Ok([columns.mia, columns.retain, columns.test])
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Result<f64, Unauditable> {
    let count = values.len();
    if count == 0 {
        return Err(Unauditable::TooFew { what: "models", have: 0, want: 1 });
    }
    Ok(values.sum::<f64>() / count as f64)
}

fn likelihood_ratio(models: &[Model], oracle: &[Model]) -> Result<Vec<Beside>, Unauditable> {
    let rows = |models: &'_ [Model]| models.iter().map(|model| model.confidences.clone()).collect::<Vec<_>>();
    let attack = u_lira(&rows(models), &rows(oracle))?;
    let beside = |measure, value, ideal| Beside { measure, value, ideal };
    Ok(vec![
        beside("accuracy", attack.accuracy, 0.5),
        beside("accuracy, 95th percentile", attack.accuracy_95, 0.5),
        beside("AUC", attack.auc, 0.5),
        beside("TPR at 0.1 % FPR", attack.at_one_in_1000, 0.001),
        beside("TPR at 1 % FPR", attack.at_one_in_100, 0.01),
    ])
}

fn margins(models: &[Model], oracle: &[Model]) -> Result<Vec<Beside>, Unauditable> {
    type Pick = fn(&Sets) -> &Vec<f64>;
    let of_set: [(&str, &str, Pick); 3] = [
        ("forget, mean", "forget, 95th percentile", |sets| &sets.forget.confidence),
        ("retain, mean", "retain, 95th percentile", |sets| &sets.retain.confidence),
        ("test, mean", "test, 95th percentile", |sets| &sets.test.confidence),
    ];
    let mut values = Vec::new();
    for (mean, percentile, pick) in of_set {
        let rows = |models: &[Model]| -> Result<Vec<Vec<f64>>, Unauditable> {
            models.iter().map(|model| sets(model).map(|sets| pick(sets).clone())).collect()
        };
        let (ours, theirs) = (rows(models)?, rows(oracle)?);
        let divergence = klom(&ours, &theirs)?;
        values.push(Beside { measure: mean, value: divergence.mean, ideal: 0.0 });
        values.push(Beside { measure: percentile, value: divergence.percentile_95, ideal: 0.0 });
    }
    Ok(values)
}
