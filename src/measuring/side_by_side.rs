//! Tasks for several workers at a time, whose results come in the order of the tasks.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crossbeam_channel::{Receiver, bounded};
use sweep_protocol::{measurement::Measurement, message::Job};

use super::bench::{Bench, BenchError};
use crate::engine::WorkerCommand;

/// The place of one worker, which is started when it is needed.
pub struct Workplace<'w> {
    command: &'w WorkerCommand,
    bench: Option<Bench>,
}

impl Workplace<'_> {
    /// Has one job done; its folder must exist.
    pub fn perform(&mut self, job: Job) -> Result<Measurement, BenchError> {
        Bench::open(&mut self.bench, self.command)?.perform(job)
    }
}

/// Does tasks 0 to `tasks` - 1, each at the desk that is free next, and hands what comes of them to `take` in their order.
/// Ends at the first failure; what is at work then is waited for.
pub fn side_by_side<T: Send, E: Send>(
    workers: &[WorkerCommand],
    tasks: usize,
    one: &(dyn Fn(usize, &mut Workplace<'_>) -> Result<T, E> + Sync),
    take: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let (done, results) = bounded(workers.len());
    thread::scope(|scope| {
        for command in workers {
            let (done, next) = (done.clone(), &next);
            scope.spawn(move || {
                let mut desk = Workplace { command, bench: None };
                loop {
                    let task = next.fetch_add(1, Ordering::Relaxed);
                    if task >= tasks {
                        return;
                    }
                    let result = one(task, &mut desk);
                    let failed = result.is_err();
                    if done.send((task, result)).is_err() || failed {
                        return;
                    }
                }
            });
        }
        drop(done);
        let taken = in_order(&results, take);
        next.store(tasks, Ordering::Relaxed);
        // Whoever has a result left finds nobody waiting for it.
        drop(results);
        taken
    })
}

fn in_order<T, E>(
    results: &Receiver<(usize, Result<T, E>)>,
    take: &mut dyn FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let mut early = BTreeMap::new();
    let mut turn = 0;
    for (task, result) in results {
        early.insert(task, result?);
        while let Some(result) = early.remove(&turn) {
            take(result)?;
            turn += 1;
        }
    }
    Ok(())
}
