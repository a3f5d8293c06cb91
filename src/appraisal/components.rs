//! What originals and unlearning have of the spread of a point's models.

use sweep_protocol::{measurement::Accuracies, terms::UnitInterval};

use super::{Appraiser, Finished, estimate};
use crate::{
    frame::{ComponentsRow, SpreadRow},
    score::{Components, Confidences, Ensemble, Kind, Oracle, Unlearned, deviation},
};

/// A number that every model of a group has, in its order.
type OfModels<'a> = dyn Fn(&Finished<'_>) -> Option<Vec<f64>> + 'a;

impl Appraiser<'_> {
    /// The components of one point, beside the spread of the retrained models that it is compared with; none where it starts
    /// from one original, or from none.
    pub(super) fn components(
        &self,
        (unlearned, models): (&Finished<'_>, &Ensemble<Unlearned>),
        (retrained, oracle): (&Finished<'_>, &Oracle),
    ) -> Option<ComponentsRow> {
        let plan = &self.recorded.plan;
        let starts: Vec<usize> =
            unlearned.iter().map(|(run, _)| Some(plan.start_of(run)? as usize)).collect::<Option<_>>()?;
        let originals = plan.originals as usize;
        if originals == 1 {
            return None;
        }
        let spread = |own: &[f64], oracle: &[f64]| -> Option<SpreadRow> {
            let mut groups = vec![Vec::new(); originals];
            for (&start, &value) in starts.iter().zip(own) {
                groups[start].push(value);
            }
            let components = Components::of(&groups)?;
            let [between, within] =
                [components.between, components.within].map(|part| estimate(part.value, Some(part.interval)));
            Some(SpreadRow { between, within, oracle: deviation(oracle) }).filter(SpreadRow::is_finite)
        };
        let of = |numbers: &OfModels<'_>| spread(&numbers(unlearned)?, &numbers(retrained)?);
        Some(ComponentsRow {
            retain_acc: of(&|group| accuracies(group, |own| Some(own.retain))),
            forget_acc: of(&|group| accuracies(group, |own| Some(own.forget))),
            val_acc: of(&|group| accuracies(group, |own| Some(own.validation))),
            test_acc: of(&|group| accuracies(group, |own| own.test)),
            confidence: spread(&means(models.confidences()), &means(oracle.confidences())),
        })
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
