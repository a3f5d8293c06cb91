//! The `sweep` command.

use sweep::cli;

fn main() -> std::process::ExitCode {
    cli::main(&cli::Ground::of_this_process())
}
