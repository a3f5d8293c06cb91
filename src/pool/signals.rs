use std::{io, thread};

use crossbeam_channel::{Receiver, unbounded};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1},
    iterator::Signals,
    low_level::emulate_default_handler,
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

/// How often Ctrl-C is a wish; one more ends the process, whatever it waits for.
const WISHES: u32 = 3;

/// Turns Ctrl-C, `SIGTERM`, `SIGHUP` and `SIGUSR1` into wishes to end early, from now on and for the whole process.
///
/// Once nobody listens to wishes any more, signals do what they do by default.
pub fn signals() -> Result<Receiver<Interruption>, SignalError> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1])?;
    let (sender, receiver) = unbounded();
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let mut interrupts = 0;
        for signal in signals.forever() {
            let interruption = match signal {
                SIGINT => {
                    interrupts += 1;
                    Interruption::Interrupt(interrupts)
                }
                SIGUSR1 => Interruption::Drain,
                _ => Interruption::Terminate,
            };
            if interrupts > WISHES || sender.send(interruption).is_err() {
                // It doesn't return where the default is the end of the process, which it is for all four.
                let _ = emulate_default_handler(signal);
            }
        }
    })?;
    Ok(receiver)
}
