//! How much of their memory GPUs hold while a sweep goes on, on the terminal alone.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use indicatif::ProgressBar;

use crate::gpu::{Gpu, Memory, gpus};

/// Time between two questions to the driver.
const PAUSE: Duration = Duration::from_secs(10);

/// Asks the driver now and then, as long as it is kept.
pub(super) struct MemoryWatch {
    _stop: Sender<()>,
}

impl MemoryWatch {
    /// Writes what GPUs hold behind `name` into the message of `bar`. A machine without a GPU is asked once.
    pub(super) fn begin(name: String, bar: ProgressBar) -> Self {
        let (stop, stopped) = channel::<()>();
        // An ill driver keeps this thread waiting, and nobody else: it is left alone in the end.
        thread::spawn(move || {
            while let Some(said) = gpus().ok().and_then(|gpus| in_words(&gpus)) {
                bar.set_message(format!("{name}  {said}"));
                if stopped.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { _stop: stop }
    }
}

/// What GPUs hold, if the driver says so.
fn in_words(gpus: &[Gpu]) -> Option<String> {
    let held: Vec<Memory> = gpus.iter().filter_map(|gpu| gpu.memory).collect();
    let gib = |of: fn(&Memory) -> u64| held.iter().map(of).sum::<u64>() as f64 / 1024.0;
    let which = match held[..] {
        [] => return None,
        [_] => "GPU".to_owned(),
        _ => format!("{} GPUs", held.len()),
    };
    Some(format!("{which} {:.1} of {:.1} GiB", gib(|memory| memory.used), gib(|memory| memory.total)))
}

#[cfg(test)]
mod tests {
    use super::in_words;
    use crate::gpu::{Gpu, Memory};

    fn holding(memory: Option<Memory>) -> Gpu {
        let (uuid, model, driver) = ("GPU-1".to_owned(), "H200".to_owned(), "580".to_owned());
        Gpu { number: 0, uuid, model, driver, memory }
    }

    #[test]
    fn what_gpus_hold_is_told_for_one_and_for_all_of_several() {
        let half = || holding(Some(Memory { total: 4096, used: 2048 }));
        assert_eq!(in_words(&[half()]).as_deref(), Some("GPU 2.0 of 4.0 GiB"));
        assert_eq!(in_words(&[half(), half(), holding(None)]).as_deref(), Some("2 GPUs 4.0 of 8.0 GiB"));
        assert_eq!(in_words(&[holding(None)]), None);
    }
}
