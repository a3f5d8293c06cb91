//! The append-only truth of a sweep.
