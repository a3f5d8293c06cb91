//! What is asked for, as it lies beside the results: believed only if it is what was written and could have been asked for.

use sweep_files::{sealed, unsealed};

use super::{
    ChangedInputs, Disk, Folder, Opening, StoreError,
    recorded::{Journals, read_if_there},
};
use crate::plan::Plan;

/// What a plan is sealed for.
const PLACE: &str = "plan";

/// The bytes of `plan.json`.
pub(super) fn plan_bytes(plan: &Plan) -> Vec<u8> {
    sealed(PLACE, serde_json::to_vec(plan).expect("plain data serialises"))
}

/// The plan that lies in a folder, if one does.
pub(super) fn read_plan(disk: &dyn Disk, folder: &Folder) -> Result<Option<Plan>, StoreError> {
    let path = folder.plan();
    let Some(bytes) = read_if_there(disk, &path)? else { return Ok(None) };
    let Some(object) = unsealed(PLACE, bytes) else { return Err(StoreError::PlanDamaged { path }) };
    let plan: Plan = serde_json::from_slice(&object)
        .map_err(|source| StoreError::Unreadable { path: path.clone(), source })?;
    plan.check().map_err(|source| StoreError::PlanAbsurd { path, source })?;
    Ok(Some(plan))
}

/// What was asked for so far. One that is lost says nothing about the inputs of the results: going on is accepting others.
pub(super) fn plan_before(
    disk: &dyn Disk,
    folder: &Folder,
    (opening, bytes): (&Opening<'_>, &[u8]),
    journals: &Journals,
) -> Result<Option<Plan>, StoreError> {
    // What is asked for again need not be worked out again: it may be large.
    if read_if_there(disk, &folder.plan())?.is_some_and(|there| there == bytes) {
        return Ok(Some(opening.plan.clone()));
    }
    let accepted = opening.changed_inputs == ChangedInputs::Accept;
    match read_plan(disk, folder) {
        Ok(None) if !journals.0.is_empty() && !accepted => Err(StoreError::Missing { path: folder.plan() }),
        Err(StoreError::PlanDamaged { .. } | StoreError::PlanAbsurd { .. }) if accepted => Ok(None),
        read => read,
    }
}
