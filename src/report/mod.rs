//! Reports of results.
