//! What reconstruction says about a point beside its two controls, and the pictures that it has left.

use sweep_protocol::{measurement::MeasuredReconstruction, reconstruction::COLUMNS};

use super::{Appraiser, Group, Unusable, comparable};
use crate::{
    audit::{Audit, Controls, Images, Model, Unauditable},
    frame::{AuditRow, PictureRow},
    plan::{Point, Role, Run},
    store::ArrayError,
};

/// What the verdict is called beside the numbers.
const VERDICT: &str = "verdict";

impl Appraiser<'_> {
    /// What the original, as the floor has it, and the retrained networks show.
    pub(super) fn controls(&self, oracle: &Group) -> Result<Controls, String> {
        let plan = &self.recorded.plan;
        let floor = plan.points.iter().position(Point::is_floor);
        let floor = floor.ok_or_else(|| "the sweep has no `identity`, the positive control".to_owned())?;
        let floor =
            self.group(floor, comparable(plan, floor)).map_err(|reason| format!("identity: {reason}"))?;
        let oracle = oracle.as_ref().map_err(|reason| format!("the oracle: {reason}"))?;
        let controls = images(&floor).and_then(|floor| Controls::of(&floor, &images(oracle)?));
        controls.map_err(|reason| reason.to_string())
    }

    /// What is found in the weights of one run.
    pub(super) fn images(&self, run: &Run, found: &MeasuredReconstruction) -> Result<Images, Unusable> {
        let array = self.recorded.reconstruction_of(run, found)?;
        let parts = [found.forget, found.retain, found.unseen];
        let shaped = array.shape.len() == 2 && array.shape[1] == COLUMNS;
        let images = Images::of(&array.values, parts).filter(|_| shaped);
        Ok(images.ok_or_else(|| ArrayError::damaged(run, &found.array))?)
    }

    /// The pictures of the first run of every point that has left some.
    pub(super) fn pictures(&self) -> Vec<PictureRow> {
        let plan = &self.recorded.plan;
        if plan.audit.as_ref().and_then(|audit| audit.reconstruct).is_none_or(|asked| !asked.pictures) {
            return Vec::new();
        }
        let shown = |role| matches!(role, Role::Oracle | Role::Unlearn);
        let points = (0..plan.points.len()).filter(|&point| shown(plan.points[point].role));
        points.filter_map(|point| self.picture(point)).collect()
    }

    /// Pictures that can't be had are not shown: the numbers say why.
    fn picture(&self, point: usize) -> Option<PictureRow> {
        let (run, measured) = self.finished(point, 1).into_iter().next()?;
        let pictures = measured.reconstruction.as_ref()?.pictures.as_ref()?;
        let array = self.recorded.pictures_of(run, pictures).ok()?;
        let [rows, pixels] = array.shape[..] else { return None };
        let side = (pixels / 3).isqrt();
        if pixels == 0 || 3 * side * side != pixels || rows % 2 != 0 {
            return None;
        }
        let bytes = |row: &[f64]| row.iter().map(|value| value.clamp(0.0, 255.0).round() as u8).collect();
        let pairs = array.values.chunks_exact(2 * pixels);
        let images = pairs.map(|pair| [bytes(&pair[..pixels]), bytes(&pair[pixels..])]).collect();
        Some(PictureRow { point, side, images })
    }
}

/// The verdict over the networks of a point, in words.
pub(super) fn verdict(controls: &Result<Controls, String>, point: usize, n: u64, models: &Group) -> AuditRow {
    let said = controls.as_ref().map_err(Clone::clone).and_then(|controls| {
        let models = models.as_ref().map_err(Clone::clone)?;
        let verdict = images(models).and_then(|images| controls.verdict(&images));
        verdict.map_err(|reason| reason.to_string())
    });
    let words = said.map_or_else(|reason| format!("no power: {reason}"), |verdict| verdict.to_string());
    AuditRow { point, audit: Audit::Reconstruction, measure: VERDICT, n, numbers: Err(words) }
}

fn images(models: &[Model]) -> Result<Vec<&Images>, Unauditable> {
    models.iter().map(|model| model.images.as_ref().ok_or(Unauditable::NotMeasured)).collect()
}
