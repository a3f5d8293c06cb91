//! What shadow networks show, as rows.

use polars::prelude::{DataFrame, PolarsResult};
use sweep_protocol::terms::Set;

use super::{
    PointRow, Sweep,
    estimate::{Estimate, Mean},
    table::{column, texts},
};
use crate::audit::shadows::{MembershipAttack, Rate};

/// What the shadow networks of a sweep show.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ShadowRows {
    /// Networks that have finished.
    pub networks: u64,
    /// Parts of the persons, of which each of them left out one.
    pub folds: u32,
    /// Every training image, the retain set before the forget set; none where the networks are too few.
    pub images: Vec<MemorizedRow>,
    /// How well membership is told, attack by attack.
    pub attacks: Vec<ShadowRow>,
    /// True- over false-positive rates of the attacks, the mean over the networks.
    pub curves: Vec<(MembershipAttack, Vec<(f64, f64)>)>,
}

/// One training image.
#[derive(Debug, Clone, PartialEq)]
pub struct MemorizedRow {
    /// Its id.
    pub image: String,
    /// Whom it shows, where the data set says so.
    pub person: Option<String>,
    /// Its class, as it is labelled.
    pub class: u32,
    /// Whether it is in the retain or the forget set.
    pub set: Set,
    /// Networks that were trained on it, and how many of them are right.
    pub with: Rate,
    /// Networks that have never seen it, and how many of them are right.
    pub without: Rate,
    /// How much likelier the former are to be right.
    pub memorization: Estimate,
}

/// One number of an attack.
#[derive(Debug, Clone, PartialEq)]
pub struct ShadowRow {
    /// Position of the point whose models are attacked.
    pub point: usize,
    /// The attack.
    pub attack: MembershipAttack,
    /// Which of its numbers; empty where none of them can be had.
    pub measure: &'static str,
    /// Models that were attacked.
    pub n: u64,
    /// The number, and that of retrained models where it stands beside one; or why there is none.
    pub numbers: Result<(Mean, Option<f64>), String>,
}

/// The table of training images.
pub(super) fn images(rows: &[MemorizedRow], sweep: &Sweep) -> PolarsResult<DataFrame> {
    let count =
        |name, pick: fn(&MemorizedRow) -> u64| column(name, rows.iter().map(pick).collect::<Vec<_>>());
    let number =
        |name, pick: fn(&MemorizedRow) -> f64| column(name, rows.iter().map(pick).collect::<Vec<_>>());
    let columns = vec![
        texts("image_id", rows.iter().map(|row| Some(row.image.as_str()))),
        texts("person_id", rows.iter().map(|row| row.person.as_deref())),
        column("class", rows.iter().map(|row| row.class).collect::<Vec<_>>()),
        texts("set", rows.iter().map(|row| Some(row.set.word()))),
        count("networks_with", |row| row.with.of),
        count("networks_without", |row| row.without.of),
        number("accuracy_with", |row| row.with.share()),
        number("accuracy_without", |row| row.without.share()),
        number("memorization", |row| row.memorization.value),
        number("memorization_low", |row| row.memorization.ends().0),
        number("memorization_high", |row| row.memorization.ends().1),
        texts("engine", rows.iter().map(|_| Some(sweep.engine.name.as_str()))),
        texts("split", rows.iter().map(|_| sweep.split())),
    ];
    DataFrame::new(rows.len(), columns)
}

/// The table of attacks.
pub(super) fn attacks(rows: &[ShadowRow], points: &[PointRow], sweep: &Sweep) -> PolarsResult<DataFrame> {
    let point = |row: &ShadowRow| &points[row.point];
    let number = |name, pick: fn(&(Mean, Option<f64>)) -> Option<f64>| {
        let values = rows.iter().map(|row| row.numbers.as_ref().ok().and_then(pick));
        column(name, values.collect::<Vec<_>>())
    };
    let columns = vec![
        texts("label", rows.iter().map(|row| Some(point(row).label.as_str()))),
        texts("title", rows.iter().map(|row| Some(point(row).title.as_str()))),
        texts("role", rows.iter().map(|row| Some(point(row).role.word()))),
        texts("attack", rows.iter().map(|row| Some(row.attack.word()))),
        texts("measure", rows.iter().map(|row| Some(row.measure))),
        column("n", rows.iter().map(|row| row.n).collect::<Vec<_>>()),
        number("value", |(mean, _)| Some(mean.value)),
        number("value_ci95", |(mean, _)| mean.half_width),
        number("oracle", |(_, oracle)| *oracle),
        texts("dash_reason", rows.iter().map(|row| row.numbers.as_ref().err().map(String::as_str))),
        texts("engine", rows.iter().map(|_| Some(sweep.engine.name.as_str()))),
        texts("split", rows.iter().map(|_| sweep.split())),
    ];
    DataFrame::new(rows.len(), columns)
}

#[cfg(test)]
impl ShadowRows {
    /// As if twelve networks had been trained: 40 images of all kinds, and what attacks on them say.
    pub(crate) fn sample() -> Self {
        use super::estimate::Interval;
        let image = |nth: u64| {
            let (with, without) = (Rate { right: 10 - nth % 3, of: 10 }, Rate { right: nth % 3, of: 2 });
            let value = with.share() - without.share();
            MemorizedRow {
                image: format!("000-{nth:06}"),
                person: nth.is_multiple_of(2).then(|| format!("p{nth}")),
                class: 3,
                set: if nth < 35 { Set::Retain } else { Set::Forget },
                with,
                without,
                memorization: Estimate {
                    value,
                    interval: Some(Interval { low: value - 0.5, high: value + 0.25 }),
                },
            }
        };
        let row = |(attack, nth): (MembershipAttack, u32)| ShadowRow {
            point: 0,
            attack,
            measure: "AUC",
            n: 12,
            numbers: if nth == 2 {
                Err("too few".to_owned())
            } else {
                Ok((Mean { value: 0.5 + f64::from(nth) / 8.0, half_width: Some(0.0625) }, Some(0.25)))
            },
        };
        let curve = |attack| (attack, vec![(0.001, 0.0), (0.01, 0.2), (0.1, 0.5), (1.0, 1.0)]);
        Self {
            networks: 12,
            folds: 6,
            images: (0..40).map(image).collect(),
            attacks: MembershipAttack::ALL.into_iter().zip(0..).map(row).collect(),
            curves: MembershipAttack::ALL.into_iter().map(curve).collect(),
        }
    }
}
