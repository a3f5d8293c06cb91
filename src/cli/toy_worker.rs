//! `sweep toy-worker`: the toy engine as a worker process.

use std::{
    io,
    num::{NonZeroU32, NonZeroUsize},
};

use clap::Args;

use super::{CommandError, Exit};
use crate::engine::toy;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Forget examples to draw confidences for
    #[arg(long)]
    examples: NonZeroUsize,
    /// Runs that it takes at once
    #[arg(long, default_value = "1")]
    rows: NonZeroU32,
}

pub(super) fn serve(arguments: &Arguments) -> Result<Exit, CommandError> {
    toy::serve((arguments.examples, arguments.rows), io::stdin().lock(), io::stdout().lock())?;
    Ok(Exit::Done)
}
