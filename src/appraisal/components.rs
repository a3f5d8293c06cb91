//! What originals and unlearning have of the spread of a point's models.

use sweep_protocol::{measurement::Accuracies, terms::UnitInterval};

use super::{Appraiser, Finished, estimate};
use crate::{
    frame::{Estimate, PerNumber, SpreadRow},
    score::{Components, Confidences, Deviation, Ensemble, Kind, Oracle, Unlearned, deviation},
};

/// Numbers that every model of a group has, each in the order of the group.
pub(super) type Numbers = PerNumber<Option<Vec<f64>>>;

/// The numbers of a group of models.
pub(super) fn numbers<K: Kind>(group: &Finished<'_>, models: &Ensemble<K>) -> Numbers {
    PerNumber {
        retain_acc: accuracies(group, |own| Some(own.retain)),
        forget_acc: accuracies(group, |own| Some(own.forget)),
        val_acc: accuracies(group, |own| Some(own.validation)),
        test_acc: accuracies(group, |own| own.test),
        confidence: Some(means(models.confidences())),
    }
}

/// A standard deviation as a report has it.
pub(super) fn of_deviation(part: Deviation) -> Estimate {
    estimate(part.value, Some(part.interval))
}

impl Appraiser<'_> {
    /// The components of one point, beside the spread of the retrained models that it is compared with; none where it starts
    /// from one original, or from none.
    pub(super) fn components(
        &self,
        (unlearned, models): (&Finished<'_>, &Ensemble<Unlearned>),
        (retrained, oracle): (&Finished<'_>, &Oracle),
    ) -> Option<PerNumber<Option<SpreadRow>>> {
        let plan = &self.recorded.plan;
        if plan.originals == 1 || unlearned.iter().any(|(run, _)| plan.start_of(run).is_none()) {
            return None;
        }
        let spread = |(own, oracle): (Option<Vec<f64>>, Option<Vec<f64>>)| {
            let components = Components::of(&self.by_original(unlearned, &own?))?;
            let [between, within] = [components.between, components.within].map(of_deviation);
            Some(SpreadRow { between, within, oracle: deviation(&oracle?) }).filter(SpreadRow::is_finite)
        };
        Some(numbers(unlearned, models).zip(numbers(retrained, oracle)).map(spread))
    }

    /// Numbers of a group's models by the original that each starts from; all together where they start from none.
    pub(super) fn by_original(&self, models: &Finished<'_>, numbers: &[f64]) -> Vec<Vec<f64>> {
        let plan = &self.recorded.plan;
        let starts: Option<Vec<u64>> = models.iter().map(|(run, _)| plan.start_of(run)).collect();
        let Some(starts) = starts else { return vec![numbers.to_vec()] };
        let mut groups = vec![Vec::new(); plan.originals as usize];
        for (&start, &number) in starts.iter().zip(numbers) {
            groups[start as usize].push(number);
        }
        groups
    }
}

fn accuracies(group: &Finished<'_>, pick: fn(&Accuracies) -> Option<UnitInterval>) -> Option<Vec<f64>> {
    group.iter().map(|(_, measured)| pick(&measured.accuracy).map(UnitInterval::get)).collect()
}

/// The mean confidence of each model over the forget set.
fn means<K: Kind>(confidences: &Confidences<K>) -> Vec<f64> {
    let examples = confidences.examples();
    let of = |model: usize| (0..examples).map(|example| confidences.of_example(example)[model]).sum::<f64>();
    (0..confidences.models()).map(|model| of(model) / examples as f64).collect()
}
