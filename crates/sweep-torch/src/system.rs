//! The operating system's side of a worker: standard streams, the parent's death, libraries that are opened late.
//!
//! The only module with unsafe code.

use std::{
    fs::File,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use rustix::process::Signal;
use sweep_protocol::terms::Products;
use thiserror::Error;

/// A library could not be opened.
#[derive(Debug, Error)]
#[error("failed to open `{}`: {}", path.display(), said(source))]
pub struct NotOpened {
    /// The library.
    pub path: PathBuf,
    /// What the dynamic linker says.
    pub source: libloading::Error,
}

/// The dynamic linker's own words, which stand one level below.
fn said(error: &libloading::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

/// Takes the process's standard output away for the protocol alone: what any library prints there from now on goes to
/// standard error.
pub fn claim_stdout() -> io::Result<File> {
    let protocol = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdout(), 3)?;
    rustix::stdio::dup2_stdout(rustix::stdio::stderr())?;
    Ok(File::from(protocol))
}

/// Asks the kernel to end this process when the thread that started it ends.
pub fn die_with_parent() -> io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?)
}

/// Asks the C library's allocator to keep what is freed. A training step frees and asks again for buffers as large as the
/// network; otherwise each of them is mapped afresh, and a third of the time goes into page faults.
#[expect(unsafe_code, reason = "the allocator is told by a call of the C library")]
pub fn keep_memory() {
    use std::ffi::c_int;
    // SAFETY: the declaration is that of malloc.h.
    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    const TRIM_THRESHOLD: c_int = -1;
    const TOP_PAD: c_int = -2;
    const MMAP_THRESHOLD: c_int = -3;
    for (parameter, value) in [(MMAP_THRESHOLD, 1 << 30), (TRIM_THRESHOLD, c_int::MAX), (TOP_PAD, 128 << 20)]
    {
        // SAFETY: the parameters are those of malloc.h; an allocator that doesn't know them answers 0 and goes on.
        unsafe { mallopt(parameter, value) };
    }
}

/// Folder of the libtorch that this process runs on.
pub fn libtorch_folder() -> Option<PathBuf> {
    let maps = std::fs::read("/proc/self/maps").ok()?;
    let line = maps.split(|&byte| byte == b'\n').find(|line| line.ends_with(b"/libtorch_cpu.so"))?;
    let start = line.iter().position(|&byte| byte == b'/')?;
    Some(Path::new(std::ffi::OsStr::from_bytes(&line[start..])).parent()?.to_owned())
}

/// Pins what makes CUDA arithmetic repeat itself, and in what numbers it multiplies. Must come before the first use of CUDA
/// and before any thread. Where nothing is said, libtorch multiplies in TF32 in convolutions alone.
#[expect(unsafe_code, reason = "the environment is how cuBLAS is told to be deterministic")]
pub fn pin_cuda_environment(products: Products) {
    let (never, products_too) = match products {
        Products::Float32 => (Some("0"), None),
        Products::Tf32 => (None, Some("1")),
    };
    for (name, value) in [
        ("CUDA_DEVICE_ORDER", Some("PCI_BUS_ID")),
        ("CUBLAS_WORKSPACE_CONFIG", Some(":4096:8")),
        ("NVIDIA_TF32_OVERRIDE", never),
        ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", products_too),
    ] {
        // SAFETY: called while the process has one thread, so nobody reads the environment meanwhile.
        match value {
            Some(value) => unsafe { std::env::set_var(name, value) },
            None => unsafe { std::env::remove_var(name) },
        }
    }
}

/// Opens a library for the rest of the process's life, its symbols visible to those opened later.
#[expect(unsafe_code, reason = "libtorch finds its CUDA backend only in a library that is already open")]
pub fn open_library(path: &Path) -> Result<(), NotOpened> {
    // SAFETY: the initialisers that run are those of libtorch, which this process already trusts.
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }
        .map_err(|source| NotOpened { path: path.to_owned(), source })?;
    std::mem::forget(library);
    Ok(())
}

/// Version of the libtorch that this process runs on, as that library itself says.
#[expect(unsafe_code, reason = "libtorch says its version through a function that `tch` doesn't bind")]
pub fn libtorch_version() -> String {
    let process = Library::this();
    // SAFETY: torch/csrc/inductor/aoti_torch/c/shim.h declares `uint64_t aoti_torch_abi_version()`, part of libtorch's stable
    // C interface; it only returns a constant.
    let packed = unsafe {
        process.get::<unsafe extern "C" fn() -> u64>(b"aoti_torch_abi_version\0").map(|version| version())
    };
    // torch/headeronly/version.h: major, minor and patch in the three highest bytes.
    packed.map_or_else(
        |_| "of unknown version".to_owned(),
        |packed| {
            let [major, minor, patch, ..] = packed.to_be_bytes();
            format!("{major}.{minor}.{patch}")
        },
    )
}
