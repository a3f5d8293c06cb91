//! What is asked for, as it lies beside the results: believed only if it is what was written and could have been asked for.

use super::{Disk, Folder, StoreError, recorded::read_if_there};
use crate::{
    plan::Plan,
    seal::{sealed, unsealed},
};

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
