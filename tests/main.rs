//! The integration tests: one binary, one room per promise.

mod harness;

mod house;
