//! The integration tests: one binary, one room per promise.

mod harness;

mod command_line;
mod house;
mod resume;
mod score_command;
mod toy_sweep;
