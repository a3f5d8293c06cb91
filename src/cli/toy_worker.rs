//! `sweep toy-worker`: the toy engine as a worker process.

use std::{io, num::NonZeroUsize};

use clap::Args;

use super::{CommandError, Exit};
use crate::engine::toy;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Forget examples to draw confidences for
    #[arg(long)]
    examples: NonZeroUsize,
}

pub(super) fn serve(arguments: &Arguments) -> Result<Exit, CommandError> {
    toy::serve(arguments.examples, io::stdin().lock(), io::stdout().lock())?;
    Ok(Exit::Done)
}
