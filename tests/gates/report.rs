use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the trials of a gate came to.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// How many were made.
    pub(crate) trials: u64,
    /// Those in which the promise broke: circumstances and what was seen.
    pub(crate) failures: Vec<String>,
    /// Measured figures, for people.
    pub(crate) figures: Vec<String>,
}

impl Report {
    /// Makes one trial; it fails by panicking, which `assert!` does well.
    pub(crate) fn trial(&mut self, circumstances: &str, trial: impl FnOnce()) {
        self.trials += 1;
        if let Err(panic) = catch_unwind(AssertUnwindSafe(trial)) {
            self.failures.push(format!("{circumstances}: {}", words(&*panic)));
        }
    }

    /// Notes a figure.
    pub(crate) fn figure(&mut self, figure: impl Into<String>) {
        self.figures.push(figure.into());
    }

    /// The report of a gate; a gate that panics outside its trials has failed, and so has one that tries nothing.
    pub(crate) fn guarded(gate: impl FnOnce() -> Self) -> Self {
        let mut report = catch_unwind(AssertUnwindSafe(gate)).unwrap_or_else(|panic| Self {
            failures: vec![format!("the gate itself: {}", words(&*panic))],
            ..Self::default()
        });
        if report.trials == 0 && report.failures.is_empty() {
            report.failures.push("nothing was tried".to_owned());
        }
        report
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked without words").to_owned()
}
