//! What this machine computes on, as the provenance of results says it.

use crate::{gpu, plan::PlannedEngine};

/// The model of the processor and how many cores of it this process sees.
pub(super) fn processor() -> String {
    let listed = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {cores} cores", model(&listed).unwrap_or("unknown"))
}

fn model(listed: &str) -> Option<&str> {
    let line = listed.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim()).filter(|model| !model.is_empty())
}

/// The GPUs that the driver names; an engine that trains nothing needs none.
pub(super) fn gpus(engine: &PlannedEngine) -> Option<Vec<String>> {
    let gpus = engine.trains.then(gpu::gpus)?.ok()?;
    Some(gpus.into_iter().map(|gpu| format!("{}, driver {}", gpu.model, gpu.driver)).collect())
}

/// The command that started this process, as it was written.
pub(super) fn command() -> String {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::model;

    #[test]
    fn the_model_is_what_the_kernel_calls_it() {
        let listed = "processor\t: 0\nvendor_id\t: AuthenticAMD\nmodel name\t: AMD EPYC\nmodel\t\t: 1\n";
        assert_eq!(model(listed), Some("AMD EPYC"));
        assert_eq!(model("model name\t:\n"), None);
        assert_eq!(model("CPU part : 0xd0c\n"), None);
    }
}
