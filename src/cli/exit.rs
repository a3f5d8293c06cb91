//! What the exit code of every command means.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for is there.
    Done,
    /// Results are complete, but some runs failed, diverged or took too long.
    SomeRunsFailed,
    /// The command line or the grid can't be used.
    Usage,
    /// Data or a model can't be used.
    InputsRefused,
    /// Results can't be read or written.
    Store,
    /// Another scheduler works on the same results.
    Locked,
    /// The data or the original changed since the results were made.
    InputsChanged,
    /// A filter selected nothing.
    NothingSelected,
    /// Drained at the cluster's wish, with runs left: the same command goes on.
    Drained,
    /// Interrupted (Ctrl-C).
    Interrupted,
    /// Terminated.
    Terminated,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::SomeRunsFailed => 1,
            Self::Usage => 2,
            Self::InputsRefused => 3,
            Self::Store => 4,
            Self::Locked => 5,
            Self::InputsChanged => 6,
            Self::NothingSelected => 7,
            Self::Drained => 75,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
