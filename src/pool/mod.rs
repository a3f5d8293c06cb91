//! Hands runs to workers.
