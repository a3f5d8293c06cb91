//! Opens the device that a worker computes on.

use std::{env, path::PathBuf};

use serde::Serialize;
use sweep_protocol::terms::{self, Products};
use tch::{Cuda, Device};
use thiserror::Error;

use crate::system::{self, NotOpened};

/// CUDA half of libtorch, opened only where a GPU is asked for.
const CUDA_LIBRARY: &str = "libtorch_cuda.so";
/// Where it comes from.
const CUDA_WHEELS: &str =
    "run `scripts/setup-libtorch --cuda`, or activate an environment with `pip install torch==2.11.0`";

/// The device can't be used.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// This libtorch is for processors alone.
    #[error(
        "no {CUDA_LIBRARY} in `{}`: this libtorch is for processors; {CUDA_WHEELS}, or use `--device cpu`",
        folder.display()
    )]
    NoCudaLibrary {
        /// Folder of the libtorch that this process runs on.
        folder: PathBuf,
    },
    /// libtorch's CUDA half doesn't load.
    #[error("the CUDA half of libtorch doesn't load ({0}); {CUDA_WHEELS}, or use `--device cpu`")]
    CudaLibrary(#[from] NotOpened),
    /// Numbers that only GPUs multiply.
    #[error(
        "a processor multiplies in float32, not in {0}; leave out `--precision`, or use `--device cuda:N`"
    )]
    NotOnProcessors(Products),
    /// There is no such GPU.
    #[error(
        "there is no GPU cuda:{wanted}: CUDA sees {seen}; check `nvidia-smi` and CUDA_VISIBLE_DEVICES, or use `--device cpu`"
    )]
    NoGpu {
        /// Number of the GPU.
        wanted: u32,
        /// GPUs that CUDA sees.
        seen: i64,
    },
}

/// Opens a device: one thread on the processor, or a GPU. Must be the process's first use of libtorch.
pub fn open(wanted: terms::Device, products: Products) -> Result<Device, DeviceError> {
    if wanted == terms::Device::Cpu && products != Products::Float32 {
        return Err(DeviceError::NotOnProcessors(products));
    }
    if let terms::Device::Cuda(_) = wanted {
        system::pin_cuda_environment(products);
        system::open_library(&find_cuda_library()?)?;
    }
    one_thread();
    match wanted {
        terms::Device::Cpu => Ok(Device::Cpu),
        terms::Device::Cuda(number) => {
            let seen = Cuda::device_count();
            let index = if visible().is_some_and(|visible| visible.len() == 1) { 0 } else { number };
            if !Cuda::is_available() || i64::from(index) >= seen {
                return Err(DeviceError::NoGpu { wanted: number, seen });
            }
            Cuda::cudnn_set_benchmark(false);
            Ok(Device::Cuda(index as usize))
        }
    }
}

/// What this engine finds on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Version of libtorch.
    pub torch: String,
    /// Folder of libtorch.
    pub libtorch: Option<PathBuf>,
    /// The processor.
    pub processor: String,
    /// Threads that an operation may use.
    pub threads: i32,
    /// Threads between operations.
    pub interop_threads: i32,
    /// Whether a GPU can be used.
    pub cuda: bool,
    /// GPUs that can be used.
    pub gpus: i64,
    /// Why none can.
    pub cuda_problem: Option<String>,
}

/// Looks at the machine. Must be the process's first use of libtorch.
pub fn examine() -> Findings {
    let opened = open(terms::Device::Cuda(0), Products::Float32);
    if let Err(DeviceError::NoCudaLibrary { .. } | DeviceError::CudaLibrary(_)) = opened {
        one_thread();
    }
    Findings {
        torch: system::libtorch_version(),
        libtorch: system::libtorch_folder(),
        processor: name(terms::Device::Cpu),
        threads: tch::get_num_threads(),
        interop_threads: tch::get_num_interop_threads(),
        cuda: opened.is_ok(),
        gpus: if opened.is_ok() { Cuda::device_count() } else { 0 },
        cuda_problem: opened.err().map(|problem| problem.to_string()),
    }
}

/// Workers are many and single-threaded; the number of threads changes the bits of sums.
fn one_thread() {
    tch::set_num_interop_threads(1);
    tch::set_num_threads(1);
}

/// The GPUs that CUDA is allowed to see. Where it is a single one, it is the one that is meant, whatever its number was
/// when it was chosen.
fn visible() -> Option<Vec<String>> {
    let list = env::var("CUDA_VISIBLE_DEVICES").ok()?;
    Some(list.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect())
}

/// The CUDA half lies where the CPU half of this process came from: halves of two releases would corrupt each other.
fn find_cuda_library() -> Result<PathBuf, DeviceError> {
    let folder = system::libtorch_folder().unwrap_or_default();
    let library = folder.join(CUDA_LIBRARY);
    if library.is_file() { Ok(library) } else { Err(DeviceError::NoCudaLibrary { folder }) }
}

/// The device in words, as the system names it.
pub fn name(device: terms::Device) -> String {
    match device {
        terms::Device::Cpu => processor_name().unwrap_or_else(|| "processor".to_owned()),
        terms::Device::Cuda(number) => gpu_name(number).unwrap_or_else(|| format!("CUDA device {number}")),
    }
}

fn processor_name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    field(&text, "model name")
}

/// The driver lists its GPUs by bus id; a restriction by CUDA_VISIBLE_DEVICES renumbers them.
fn gpu_name(number: u32) -> Option<String> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/proc/driver/nvidia/gpus")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort();
    let place: usize = match visible().as_deref() {
        None => number as usize,
        Some([single]) => single.parse().ok()?,
        Some(several) => several.get(number as usize)?.parse().ok()?,
    };
    field(&std::fs::read_to_string(folders.get(place)?.join("information")).ok()?, "Model")
}

/// Value of the first `key : value` line.
fn field(text: &str, key: &str) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_owned())
}
