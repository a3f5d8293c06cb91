use std::{
    ffi::c_int,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
};

use crossbeam_channel::{Receiver, Sender, unbounded};
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

/// Who listens, and how often Ctrl-C was pressed since.
struct Hearing {
    sender: Sender<Interruption>,
    interrupts: u32,
}

static LISTENER: Mutex<Option<Hearing>> = Mutex::new(None);

/// Turns Ctrl-C, `SIGTERM`, `SIGHUP` and `SIGUSR1` into wishes to end early, from now on and for the whole process. Who calls it
/// again takes over from who listened before.
///
/// Once nobody listens to wishes any more, signals do what they do by default.
pub fn signals() -> Result<Receiver<Interruption>, SignalError> {
    let (sender, receiver) = unbounded();
    let mut listener = listener();
    if listener.is_none() {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1])?;
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                if !is_heard(signal) {
                    // It doesn't return where the default is the end of the process, which it is for all four.
                    let _ = emulate_default_handler(signal);
                }
            }
        })?;
    }
    *listener = Some(Hearing { sender, interrupts: 0 });
    Ok(receiver)
}

fn listener() -> MutexGuard<'static, Option<Hearing>> {
    LISTENER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells a signal to who listens; false where nobody does, or where Ctrl-C is no wish any more.
fn is_heard(signal: c_int) -> bool {
    let mut listener = listener();
    let Some(Hearing { sender, interrupts }) = listener.as_mut() else { return false };
    let interruption = match signal {
        SIGINT => {
            *interrupts += 1;
            Interruption::Interrupt(*interrupts)
        }
        SIGUSR1 => Interruption::Drain,
        _ => Interruption::Terminate,
    };
    *interrupts <= WISHES && sender.send(interruption).is_ok()
}
