//! Which runs of a sweep are carried out next, given what is recorded.

use std::borrow::Cow;

use crate::{
    appraisal::asked,
    plan::Plan,
    store::{Recorded, StoreError},
};

/// What is recorded of the runs of a plan, which may hold runs that nobody has asked for so far.
pub type Results<'r> = dyn Fn(&Plan) -> Result<Recorded, StoreError> + 'r;

/// A search: decides from results which runs are worth carrying out.
///
/// A strategy remembers nothing. It is asked at the beginning and whenever all that it asked for has ended, each time with
/// everything that is recorded, and replays its decisions. So a sweep that was killed goes on where it was, and several
/// schedulers of one folder agree without a word. What it asks for must depend on the plan and on the outcomes of runs
/// alone: no clock, no order of events, no random number but one drawn from the plan's own content.
pub trait Strategy {
    /// The plan with the runs that are asked for by now: none that was asked for before is missing as long as the outcomes
    /// stand, and more than before as long as the search goes on. Points keep their positions; a search that makes up points
    /// puts them, and their runs, behind those of `whole`, and asks `results` about the plan with them.
    fn ask<'p>(&self, whole: &'p Plan, results: &Results<'_>) -> Result<Cow<'p, Plan>, StoreError>;
}

/// The strategy of a plan.
pub fn strategy(plan: &Plan) -> &'static dyn Strategy {
    if plan.stages.is_empty() && plan.confirm.is_none() { &AllAtOnce } else { &Staged }
}

/// Everything, at once.
struct AllAtOnce;

impl Strategy for AllAtOnce {
    fn ask<'p>(&self, whole: &'p Plan, _: &Results<'_>) -> Result<Cow<'p, Plan>, StoreError> {
        Ok(Cow::Borrowed(whole))
    }
}

/// A few models of every point first, more of those only that can still be the best; in the end the best once more, on fresh
/// seeds.
struct Staged;

impl Strategy for Staged {
    fn ask<'p>(&self, whole: &'p Plan, results: &Results<'_>) -> Result<Cow<'p, Plan>, StoreError> {
        let recorded = results(whole)?;
        let plan = asked(&recorded)
            .map_err(|source| StoreError::PlanAbsurd { path: recorded.folder.plan(), source })?;
        Ok(Cow::Owned(plan))
    }
}
