//! Results as typed tables.
