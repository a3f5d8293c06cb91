//! The exit code that an error gives.

use super::{CommandError, ExportError, ModelsError};
use crate::{
    appraisal::AppraisalError,
    cli::Exit,
    measuring::MeasuringError,
    pool::PoolError,
    rehearsal::RehearsalError,
    serving::DoorError,
    session::{RepeatError, SessionError, TrialError},
    store::StoreError,
};

impl CommandError {
    /// The exit code that it gives.
    pub(in crate::cli) fn exit(&self) -> Exit {
        match self {
            Self::Grid(_)
            | Self::ResultsOverResults { .. }
            | Self::Limited { .. }
            | Self::NoThreads(_)
            | Self::UnknownMethod { .. }
            | Self::Synth(_)
            | Self::Toy(_)
            | Self::Signals(_)
            | Self::Door(DoorError::NoResults { .. } | DoorError::Port { .. } | DoorError::Begin(_))
            | Self::Slurm(_)
            | Self::NoSuchRun { .. }
            | Self::NoWorkers { .. }
            | Self::NewMethod(_)
            | Self::Figures(_)
            | Self::Rehearsal(RehearsalError::NoText { .. } | RehearsalError::NotOnePoint { .. })
            | Self::Models(ModelsError::NoData { .. } | ModelsError::AccuraciesTwice { .. })
            | Self::Appraisal(AppraisalError::Incompatible(_))
            | Self::Export(
                ExportError::NoNetwork { .. }
                | ExportError::NoOriginal { .. }
                | ExportError::WhichOriginal { .. }
                | ExportError::Occupied { .. }
                | ExportError::NoPoint { .. }
                | ExportError::Ambiguous { .. }
                | ExportError::NothingFinished { .. }
                | ExportError::Repeat(RepeatError::Grid(_) | RepeatError::OtherEngine { .. }),
            )
            | Self::Trial(TrialError::Nothing)
            | Self::Pool(PoolError::NoSlots) => Exit::Usage,
            Self::Session(error)
            | Self::Trial(TrialError::Session(error))
            | Self::Export(ExportError::Repeat(RepeatError::Session(error))) => of_session(error),
            Self::Import(error) if error.is_usage() => Exit::Usage,
            Self::Models(
                ModelsError::Unwritable { .. }
                | ModelsError::Unlistable { .. }
                | ModelsError::NoScratch { .. },
            )
            | Self::Export(
                ExportError::Unwritable { .. }
                | ExportError::Unreadable { .. }
                | ExportError::Repeat(RepeatError::Scratch(_)),
            )
            | Self::Trial(TrialError::Scratch(_))
            | Self::MeasurementsLost { .. }
            | Self::NotShown { .. }
            | Self::Measuring(MeasuringError::NoFolder { .. }) => Exit::Store,
            Self::Measuring(error) if error.is_of_worker() => Exit::SomeRunsFailed,
            Self::Data(_)
            | Self::Checkpoint(_)
            | Self::Array(_)
            | Self::RetrainCache(_)
            | Self::Models(_)
            | Self::Measuring(_)
            | Self::Incomparable(_)
            | Self::Import(_)
            | Self::Export(
                ExportError::Checkpoint(_)
                | ExportError::Changed { .. }
                | ExportError::OtherNetwork { .. }
                | ExportError::Repeat(
                    RepeatError::Checkpoint(_)
                    | RepeatError::Changed { .. }
                    | RepeatError::Data(_)
                    | RepeatError::NoOriginal
                    | RepeatError::NoWeights,
                ),
            )
            | Self::Refused { .. } => Exit::InputsRefused,
            Self::Store(error)
            | Self::Pool(PoolError::Store(error))
            | Self::Appraisal(AppraisalError::Store(error)) => of_store(error),
            Self::Conformance(_)
            | Self::Cache(_)
            | Self::Appraisal(_)
            | Self::Rehearsal(RehearsalError::Array(_) | RehearsalError::Checkpoint(_))
            | Self::Report(_)
            | Self::Door(DoorError::Unreadable { .. } | DoorError::Exposed { .. })
            | Self::Shared(_)
            | Self::Folder { .. }
            | Self::Export(ExportError::Models(_)) => Exit::Store,
            Self::OriginalFailed { .. }
            | Self::Trial(TrialError::Worker(_) | TrialError::Untried { .. })
            | Self::Rehearsal(RehearsalError::NotMeasured { .. })
            | Self::Export(ExportError::Repeat(RepeatError::Worker { .. } | RepeatError::Differs { .. })) => {
                Exit::SomeRunsFailed
            }
        }
    }
}

fn of_session(error: &SessionError) -> Exit {
    match error {
        SessionError::Filter { .. }
        | SessionError::ResultsOverInputs { .. }
        | SessionError::NoPlace { .. }
        | SessionError::OnlyOfStaged
        | SessionError::Signals(_)
        | SessionError::NoProgram { .. }
        | SessionError::NoTorchWorker { .. }
        | SessionError::Untrusted { .. }
        | SessionError::UntrustedFunction { .. }
        | SessionError::EngineUnusable { .. }
        | SessionError::NotGranted { .. }
        | SessionError::NoGpu { .. }
        | SessionError::NoSuchGpu { .. }
        | SessionError::AllFilled { .. }
        | SessionError::NoCuda { .. }
        | SessionError::Libtorch(_)
        | SessionError::Package(_)
        | SessionError::MeasuredLess { .. }
        | SessionError::TorchUnusable { .. }
        | SessionError::MixedDevices
        | SessionError::NotOnProcessors { .. }
        | SessionError::Pool(PoolError::NoSlots) => Exit::Usage,
        SessionError::NothingSelected => Exit::NothingSelected,
        SessionError::Data(_)
        | SessionError::Checkpoint(_)
        | SessionError::Fit(_)
        | SessionError::SameOriginal { .. }
        | SessionError::OtherTraining { .. }
        | SessionError::WeakOriginal(_) => Exit::InputsRefused,
        SessionError::Store(error) | SessionError::Pool(PoolError::Store(error)) => of_store(error),
        SessionError::Cache(_) | SessionError::Shared(_) | SessionError::Folder { .. } => Exit::Store,
    }
}

fn of_store(error: &StoreError) -> Exit {
    match error {
        StoreError::Locked { .. } | StoreError::Fenced { .. } => Exit::Locked,
        StoreError::InputsChanged { .. } => Exit::InputsChanged,
        _ => Exit::Store,
    }
}
