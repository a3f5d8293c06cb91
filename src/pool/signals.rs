use std::{io, thread};

use crossbeam_channel::{Receiver, unbounded};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1},
    iterator::Signals,
};
use thiserror::Error;

use super::observer::Interruption;

/// Failed to listen to signals.
#[derive(Debug, Error)]
#[error("failed to listen to signals: {source}")]
pub struct SignalError {
    #[from]
    source: io::Error,
}

/// Turns Ctrl-C, `SIGTERM`, `SIGHUP` and `SIGUSR1` into wishes to end early, from now on and for the whole process.
pub fn signals() -> Result<Receiver<Interruption>, SignalError> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1])?;
    let (sender, receiver) = unbounded();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut interrupts = 0;
        for signal in signals.forever() {
            let interruption = if signal == SIGINT {
                interrupts += 1;
                Interruption::Interrupt(interrupts)
            } else if signal == SIGUSR1 {
                Interruption::Drain
            } else {
                Interruption::Terminate
            };
            if sender.send(interruption).is_err() {
                return;
            }
        }
    })?;
    Ok(receiver)
}
