//! The competition's score.
