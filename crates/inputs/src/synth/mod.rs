//! Procedural faces.
