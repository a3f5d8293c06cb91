//! The threads that scores and tables are computed on, all made at once: where there can't be enough, that is said while
//! nothing is half done, and nothing is waited for that never comes.

use std::{
    num::NonZeroUsize,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use polars_io::prelude::{CsvWriter, SerWriter};
use rayon::ThreadPoolBuilder;
use thiserror::Error;

/// This process may not have the threads that a report is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "this process may start too few threads: the tables alone take {tables}; raise `ulimit -u` (processes) or `ulimit -v` \
     (address space), end other programs of yours, or set POLARS_MAX_THREADS=1"
)]
pub struct NoThreads {
    /// Threads of the tables' library, which can't do with fewer.
    tables: usize,
}

/// Makes the threads: for scores as many as there are cores, or as few as can be had; for tables as many as there are cores,
/// unless their library was `asked` (by `POLARS_MAX_THREADS`) for another number.
pub fn make_threads(asked: Option<usize>) -> Result<(), NoThreads> {
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let tables = asked.unwrap_or(cores);
    let fewer = std::iter::successors(Some(cores), |&threads| (threads > 1).then_some(threads / 2));
    let scores = fewer.into_iter().find(|&scores| can_start(scores + tables)).ok_or(NoThreads { tables })?;
    // An error says that they were made before.
    let _ = ThreadPoolBuilder::new().num_threads(scores).build_global();
    // Any writer makes those of the tables.
    drop(CsvWriter::new(Vec::new()));
    Ok(())
}

/// Whether so many threads can be there at the same time.
fn can_start(threads: usize) -> bool {
    let (holds, started): (Vec<mpsc::Sender<()>>, Vec<JoinHandle<()>>) =
        (0..threads).map_while(|_| held()).unzip();
    drop(holds);
    let all = started.len() == threads;
    for thread in started {
        // It only waits, so it can't have failed.
        let _ = thread.join();
    }
    all
}

/// A thread that ends when what comes with it is dropped.
fn held() -> Option<(mpsc::Sender<()>, JoinHandle<()>)> {
    let (hold, released) = mpsc::channel();
    let wait = move || {
        let _ = released.recv();
    };
    Some((hold, thread::Builder::new().spawn(wait).ok()?))
}

#[cfg(test)]
mod tests {
    use super::{can_start, make_threads};

    #[test]
    fn a_machine_that_runs_tests_has_threads() {
        assert!(can_start(1));
        make_threads(None).expect("enough");
        make_threads(None).expect("they are there already");
    }
}
