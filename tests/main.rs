//! The integration tests: one binary, one room per promise.

mod harness;

mod audits;
mod command_line;
mod compare;
mod confirm;
mod conformance;
mod corrective;
mod doors;
mod engines;
mod export;
mod figures;
mod forecast;
mod fsck;
mod functions;
mod gpu;
mod groups;
mod keeping;
mod house;
mod import;
mod originals;
mod own_network;
mod package;
mod readme;
mod resume;
mod schema;
mod score_command;
mod session;
mod shared;
mod submit;
mod stages;
mod status;
mod torch_sweep;
mod toy_sweep;
mod rehearsal;
mod trust;
