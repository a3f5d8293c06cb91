//! Why a run came to no measurement.

use std::path::PathBuf;

use sweep_inputs::{artifact::NotWritten, checkpoint::Mismatch};
use sweep_protocol::{message::Failure, network::NetworkError};
use thiserror::Error;

use crate::{
    draws::Unrecorded,
    inputs::InputError,
    own::OwnError,
    phase::{Halt, Unusable},
    python::CallError,
    reconstruct::NoReconstruction,
};

/// Why a run came to no measurement.
#[derive(Debug, Error)]
pub(super) enum Unfinished {
    #[error("the job names no data set; this engine trains, so it needs `inputs`")]
    NoInputs,
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error("`{}` doesn't fit the job's network: {mismatch}", path.display())]
    Weights { path: PathBuf, mismatch: Mismatch },
    #[error(transparent)]
    Recipe(#[from] Unusable),
    #[error("the loss or the weights are not finite after step {step}")]
    Diverged { step: u64 },
    #[error("nobody listens to the run any more")]
    Unheard,
    #[error(transparent)]
    Write(#[from] NotWritten),
    #[error(transparent)]
    Draw(#[from] Unrecorded),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Reconstruction(#[from] NoReconstruction),
    #[error("libtorch: {message}")]
    Torch { message: String },
}

impl From<Halt> for Unfinished {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Unusable(problem) => Self::Recipe(problem),
            Halt::Diverged { step } => Self::Diverged { step },
            Halt::Unrecorded(missing) => Self::Draw(missing),
            Halt::Call(error) => Self::Call(error),
            Halt::Abandoned => Self::Unheard,
        }
    }
}

impl From<OwnError> for Unfinished {
    fn from(error: OwnError) -> Self {
        match error {
            OwnError::Call(error) => Self::Call(error),
            OwnError::Diverged { step } => Self::Diverged { step },
            OwnError::Abandoned => Self::Unheard,
        }
    }
}

impl Unfinished {
    /// What became of the run, as the orchestrator tells failures apart.
    pub(super) fn failure(&self) -> Failure {
        match self {
            Self::NoInputs
            | Self::Input(_)
            | Self::Network(_)
            | Self::Weights { .. }
            | Self::Recipe(_)
            | Self::Reconstruction(_) => Failure::Refused,
            Self::Torch { message } => failure_of_torch(message),
            Self::Call(error) => error.failure,
            Self::Diverged { .. } | Self::Unheard | Self::Write(_) | Self::Draw(_) => Failure::Error,
        }
    }
}

/// Tells failures apart by what libtorch says: it has no other way of saying it.
fn failure_of_torch(message: &str) -> Failure {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    // First, because CUDA's own text for it begins like every other CUDA error. oneDNN names no reason; what it is asked for
    // are convolutions of shapes that have been checked, so that room is all it can lack.
    if says(&[
        "out of memory",
        "can't allocate memory",
        "not enough memory",
        "std::bad_alloc",
        "could not create a primitive",
    ]) {
        Failure::OutOfMemory
    } else if says(&[
        "CUDA error",
        "CUDA driver",
        "device-side assert",
        "CUBLAS_STATUS",
        "CUDNN_STATUS",
        "NVIDIA",
    ]) {
        Failure::Device
    } else {
        Failure::Error
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, failure_of_torch};

    #[test]
    fn failures_are_told_apart_by_what_libtorch_says() {
        for (message, failure) in [
            ("CUDA out of memory. Tried to allocate 2.00 GiB", Failure::OutOfMemory),
            ("CUDA error: out of memory", Failure::OutOfMemory),
            (
                "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes",
                Failure::OutOfMemory,
            ),
            ("could not create a primitive", Failure::OutOfMemory),
            ("CUDA error: an illegal memory access was encountered", Failure::Device),
            ("Found no NVIDIA driver on your system", Failure::Device),
            ("The size of tensor a (3) must match the size of tensor b (4)", Failure::Error),
        ] {
            assert_eq!(failure_of_torch(message), failure, "{message}");
        }
    }
}
