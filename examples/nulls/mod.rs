//! What `simulate-nulls` looks at beside the tests of a point.

pub(crate) mod audits;
pub(crate) mod uniformity;
