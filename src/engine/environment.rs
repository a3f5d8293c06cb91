use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use sweep_protocol::terms::{ContentHash, Device};

/// What a worker inherits: where programs and libraries are, how to compute, which job of the cluster it belongs to.
const NAMES: [&str; 12] = [
    "PATH",
    "HOME",
    "LD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "TZ",
    "RUST_BACKTRACE",
    "MKL_CBWR",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "NVIDIA_VISIBLE_DEVICES",
];
/// Whole families of names that it inherits.
const PREFIXES: [&str; 6] = ["CONDA_", "CUDA_", "OMP_", "SLURM_JOB_", "SWEEP_", "PYTORCH_"];
/// What it never inherits, whatever its family.
const SECRETS: [&str; 4] = ["TOKEN", "KEY", "SECRET", "PASS"];

/// How to start a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its whole environment.
    pub env: BTreeMap<OsString, OsString>,
    /// Files that decide its results: with other bytes it isn't started.
    pub pinned: Vec<Pinned>,
}

/// A file as it was when the runs got their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// The file; links are followed.
    pub path: PathBuf,
    /// Hash of its bytes.
    pub blake3: ContentHash,
}

impl WorkerCommand {
    /// A worker for one device: it inherits the allowed part of an environment, sees no other GPU, and computes on one
    /// thread, which is part of what makes a run repeatable.
    pub fn new(
        program: PathBuf,
        args: Vec<OsString>,
        device: Device,
        inherited: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Self {
        let mut env: BTreeMap<_, _> = inherited.into_iter().filter(|(name, _)| is_allowed(name)).collect();
        let visible = visible_devices(device, env.get(OsStr::new("CUDA_VISIBLE_DEVICES")));
        let fixed = [
            ("CUDA_DEVICE_ORDER", "PCI_BUS_ID".into()),
            ("CUDA_VISIBLE_DEVICES", visible),
            ("OMP_NUM_THREADS", "1".into()),
            ("MKL_NUM_THREADS", "1".into()),
            // The order of a Python set of texts would differ from process to process.
            ("PYTHONHASHSEED", "0".into()),
            ("SWEEP_DEVICE", device.to_string().into()),
        ];
        env.extend(fixed.map(|(name, value)| (name.into(), value)));
        if sweep_files::is_shared_with_group() {
            env.insert(sweep_files::GROUP_VARIABLE.into(), "1".into());
        }
        Self { program, args, env, pinned: Vec::new() }
    }
}

fn is_allowed(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let known = NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    known && !SECRETS.iter().any(|secret| name.to_ascii_uppercase().contains(secret))
}

/// Where a cluster has given this process some of the GPUs, `cuda:N` is the Nth of those.
fn visible_devices(device: Device, inherited: Option<&OsString>) -> OsString {
    let Device::Cuda(index) = device else { return OsString::new() };
    inherited
        .and_then(|list| list.to_str())
        .and_then(|list| list.split(',').map(str::trim).nth(index as usize))
        .filter(|name| !name.is_empty())
        .map_or_else(|| index.to_string().into(), OsString::from)
}

#[cfg(test)]
mod tests {
    use super::{Device, OsStr, OsString, WorkerCommand};

    fn env(device: Device, inherited: &[(&str, &str)]) -> Vec<(String, String)> {
        let inherited = inherited.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let command = WorkerCommand::new("worker".into(), Vec::new(), device, inherited);
        let text = |text: &OsStr| text.to_string_lossy().into_owned();
        command.env.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn value<'a>(env: &'a [(String, String)], name: &str) -> Option<&'a str> {
        env.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn secrets_and_strangers_stay_outside() {
        let canaries = [
            ("AWS_SECRET_ACCESS_KEY", "canary"),
            ("HF_TOKEN", "canary"),
            ("WANDB_API_KEY", "canary"),
            ("SWEEP_TOKEN", "canary"),
            ("PYTORCH_password", "canary"),
            ("SSH_AUTH_SOCK", "canary"),
            ("PATH", "/bin"),
            ("SLURM_JOB_ID", "7"),
        ];
        let env = env(Device::Cpu, &canaries);
        assert!(env.iter().all(|(_, value)| value != "canary"), "{env:?}");
        assert_eq!((value(&env, "PATH"), value(&env, "SLURM_JOB_ID")), (Some("/bin"), Some("7")));
    }

    #[test]
    fn a_slot_sees_its_own_device_alone() {
        let visible = |device, inherited: &[_]| {
            value(&env(device, inherited), "CUDA_VISIBLE_DEVICES").map(str::to_owned)
        };
        assert_eq!(visible(Device::Cpu, &[]).as_deref(), Some(""));
        assert_eq!(visible(Device::Cuda(1), &[]).as_deref(), Some("1"));
        assert_eq!(visible(Device::Cuda(1), &[("CUDA_VISIBLE_DEVICES", "4,6")]).as_deref(), Some("6"));
        assert_eq!(visible(Device::Cuda(2), &[("CUDA_VISIBLE_DEVICES", "4,6")]).as_deref(), Some("2"));
        let threads = env(Device::Cpu, &[("OMP_NUM_THREADS", "64")]);
        assert_eq!(
            (value(&threads, "OMP_NUM_THREADS"), value(&threads, "MKL_NUM_THREADS")),
            (Some("1"), Some("1"))
        );
    }
}
