//! The GPUs of this machine, as NVIDIA's driver tells of them through its `nvidia-smi`.
//!
//! CUDA itself isn't asked: it would take memory of each GPU for this process, which computes nothing.

use std::{
    fmt, fs, io,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use thiserror::Error;

/// The driver's program.
const PROGRAM: &str = "nvidia-smi";
const FIELDS: &str = "--query-gpu=index,uuid,name,driver_version,memory.total,memory.used";
/// Where the driver lists its GPUs; there even in containers without its program.
const LISTED: &str = "/proc/driver/nvidia/gpus";
/// An ill driver can keep whoever asks it waiting for ever.
const PATIENCE: Duration = Duration::from_secs(30);
/// A GPU counts as filled when others hold more than one part in so many of its memory …
const FILLED_SHARE: u64 = 10;
/// … and more than a display needs, in MiB.
const DISPLAY: u64 = 1024;

/// One GPU.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpu {
    /// Its number, in the order of the bus: `cuda:N` where nothing is hidden.
    pub number: u32,
    /// Its name for ever.
    pub uuid: String,
    /// Its model.
    pub model: String,
    /// Version of the driver.
    pub driver: String,
    /// Its memory, where the driver says.
    pub memory: Option<Memory>,
}

/// Memory of a GPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// All of it, in MiB.
    pub total: u64,
    /// What programs hold, in MiB.
    pub used: u64,
}

/// Why there is no GPU.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoGpu {
    /// No sign of a driver.
    #[error("no GPU: the driver isn't there (no `{PROGRAM}`, no {LISTED})")]
    NoDriver,
    /// The driver doesn't answer.
    #[error("no GPU: the driver hasn't answered `{PROGRAM}` for {} s", PATIENCE.as_secs())]
    Silent,
    /// The driver refuses.
    #[error("no GPU: the driver says: {said}")]
    Refused {
        /// In its words.
        said: String,
    },
    /// The driver has no GPU.
    #[error("no GPU: the driver is there but lists none")]
    Empty,
}

impl Gpu {
    /// Whether other programs hold so much of its memory that a sweep would meet them.
    pub fn is_filled(&self) -> bool {
        self.memory.is_some_and(|memory| memory.used > DISPLAY && memory.used > memory.total / FILLED_SHARE)
    }

    /// Whether a list of visible GPUs means this one by `name`: its number, or the beginning of its UUID.
    pub fn is_called(&self, name: &str) -> bool {
        name.parse() == Ok(self.number) || (name.starts_with("GPU-") && self.uuid.starts_with(name))
    }

    /// From one line of the driver's table.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let [number, uuid, model, driver, total, used] = fields[..] else { return None };
        let memory = total.parse().ok().zip(used.parse().ok());
        Some(Self {
            number: number.parse().ok()?,
            uuid: uuid.to_owned(),
            model: model.to_owned(),
            driver: driver.to_owned(),
            memory: memory.map(|(total, used)| Memory { total, used }),
        })
    }
}

impl fmt::Display for Gpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cuda:{}, {}", self.number, self.model)?;
        if let Some(Memory { total, used }) = self.memory {
            let gib = |mib: u64| mib as f64 / 1024.0;
            write!(f, ", {:.1} GiB, {:.1} in use", gib(total), gib(used))?;
        }
        write!(f, ", driver {}", self.driver)
    }
}

/// The GPUs of this machine, in the order of the bus; at least one.
pub fn gpus() -> Result<Vec<Gpu>, NoGpu> {
    let gpus = match ask() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => listed(),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => return Err(NoGpu::Silent),
        Err(error) => return Err(NoGpu::Refused { said: error.to_string() }),
        Ok(table) => table.lines().filter_map(Gpu::parse).collect(),
    };
    match (gpus.is_empty(), fs::exists(LISTED)) {
        (false, _) => Ok(gpus),
        (true, Ok(true)) => Err(NoGpu::Empty),
        (true, _) => Err(NoGpu::NoDriver),
    }
}

/// The driver's table, or what it says instead.
fn ask() -> io::Result<String> {
    let child = Command::new(PROGRAM)
        .args([FIELDS, "--format=csv,noheader,nounits"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // A program that hangs inside the driver can't even be killed; it is left behind.
    let (answer, answered) = mpsc::channel();
    thread::spawn(move || answer.send(child.wait_with_output()));
    let output = answered.recv_timeout(PATIENCE).map_err(|_| io::ErrorKind::TimedOut)??;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let first = said.lines().chain(complaint.lines()).map(str::trim).find(|line| !line.is_empty());
    Err(io::Error::other(first.unwrap_or("nothing, and fails").to_owned()))
}

/// What the driver shows of its GPUs in the file system.
fn listed() -> Vec<Gpu> {
    let Ok(folders) = fs::read_dir(LISTED) else { return Vec::new() };
    let mut folders: Vec<_> = folders.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    let gpu = |(number, folder): (u32, std::path::PathBuf)| {
        let facts = fs::read_to_string(folder.join("information")).unwrap_or_default();
        let fact = |name: &str| {
            let mut pairs = facts.lines().filter_map(|line| line.split_once(':'));
            pairs.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim().to_owned())
        };
        let unknown = || "unknown".to_owned();
        Gpu {
            number,
            uuid: fact("GPU UUID").unwrap_or_else(unknown),
            model: fact("Model").unwrap_or_else(unknown),
            driver: unknown(),
            memory: None,
        }
    };
    (0..).zip(folders).map(gpu).collect()
}

#[cfg(test)]
mod tests {
    use super::{Gpu, Memory};

    const LINE: &str = "1, GPU-4f2c-aa, NVIDIA H200, 570.86.10, 143771, 4";

    #[test]
    fn a_line_of_the_driver_s_table_is_a_gpu() {
        let gpu = Gpu::parse(LINE).expect("a line of the driver");
        assert_eq!(gpu.to_string(), "cuda:1, NVIDIA H200, 140.4 GiB, 0.0 in use, driver 570.86.10");
        assert!(gpu.is_called("1") && gpu.is_called("GPU-4f2c") && !gpu.is_called("0"), "{gpu:?}");
        let without = Gpu::parse("0, GPU-1, NVIDIA GB10, 580.1, [N/A], [N/A]").expect("a line of the driver");
        assert_eq!(without.memory, None);
        assert_eq!(Gpu::parse("No devices were found"), None);
    }

    #[test]
    fn a_display_fills_no_gpu_and_another_training_does() {
        let with = |total, used| {
            let gpu = Gpu::parse(LINE).expect("a line of the driver");
            Gpu { memory: Some(Memory { total, used }), ..gpu }.is_filled()
        };
        assert!(!with(8192, 900) && !with(24576, 2000) && !with(143_771, 600));
        assert!(with(8192, 1100) && with(24576, 12000) && with(143_771, 70_000));
    }
}
