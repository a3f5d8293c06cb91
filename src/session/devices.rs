//! Which devices a pool works on: those that the grid names, or every GPU that is visible and free, or the processor.

use std::{env, ffi::OsString, num::NonZeroU32};

use sweep_protocol::terms::{Device, Products};

use super::{Remark, SessionError, Watcher};
use crate::{
    gpu::{Gpu, NoGpu, gpus},
    grid::PoolSettings,
};

/// Names the GPUs that CUDA sees.
const VISIBLE: &str = "CUDA_VISIBLE_DEVICES";

/// What the version that a torch worker tells ends with where it computes on a GPU: its bits are not a processor's, so it is
/// part of the id of every run, and a worker on another kind of device is refused.
const ON_GPUS: &str = ", cuda";

/// Runs that a worker on a GPU carries out together where nobody says how many.
const ROWS_OF_A_GPU: u32 = 16;

/// How many runs of one point a worker of ours on a device is given together at most. A processor gains nothing from more
/// than one.
pub(super) fn cohort(pool: &PoolSettings, device: Device) -> u32 {
    let fitting = if device == Device::Cpu { 1 } else { ROWS_OF_A_GPU };
    pool.cohort.map_or(fitting, NonZeroU32::get)
}

/// What ids are to say of how a pool's runs are computed, after the engine's version: on which kind of device, and how
/// many at once.
pub fn kind_of_devices(pool: &PoolSettings) -> Result<String, SessionError> {
    let kind = kind(pool.devices.as_deref(), &Granted::here(), gpus)?;
    let device = if kind == ON_GPUS { Device::Cuda(0) } else { Device::Cpu };
    if device == Device::Cpu && pool.precision != Products::Float32 {
        return Err(SessionError::NotOnProcessors { precision: pool.precision });
    }
    let kind = format!("{kind}{}", pool.precision.in_version());
    // The numbers of runs in rows are those of single runs to rounding, not to the bit.
    Ok(match cohort(pool, device) {
        1 => kind,
        rows => format!("{kind}, {rows} rows"),
    })
}

/// Devices that are named are what they are, there or not; a pool that takes what is free computes on GPUs where any is
/// visible.
fn kind(
    named: Option<&[Device]>,
    granted: &Granted,
    gpus: impl FnOnce() -> Result<Vec<Gpu>, NoGpu>,
) -> Result<&'static str, SessionError> {
    let Some(named) = named else {
        let chosen_none = granted.0.as_ref().is_some_and(Vec::is_empty);
        let is_visible = !chosen_none && gpus().is_ok_and(|gpus| !granted.visible(&gpus).is_empty());
        return Ok(if is_visible { ON_GPUS } else { "" });
    };
    match named.iter().filter(|device| **device != Device::Cpu).count() {
        0 => Ok(""),
        all if all == named.len() => Ok(ON_GPUS),
        _ => Err(SessionError::MixedDevices),
    }
}

/// The GPUs that this process may use, where a cluster or the user has chosen some of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted(Option<Vec<String>>);

impl Granted {
    pub(super) fn here() -> Self {
        let value = |name| env::var(name).ok();
        Self::of(value(VISIBLE).as_deref(), value("SLURM_JOB_GPUS").as_deref())
    }

    /// An allocation that names its GPUs is believed even where nothing hides the others.
    fn of(visible: Option<&str>, allocated: Option<&str>) -> Self {
        let names = |list: &str| {
            list.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self(visible.or(allocated).map(names))
    }

    /// How workers are told, where somebody has chosen.
    pub(super) fn variable(&self) -> Option<(OsString, OsString)> {
        self.0.as_ref().map(|names| (VISIBLE.into(), names.join(",").into()))
    }

    /// What this process may use of the driver's GPUs, each as `cuda:N` and by name. A name that the driver doesn't know is
    /// that of a part of a GPU, or of one that this process can't look at, and is believed.
    fn visible<'g>(&self, gpus: &'g [Gpu]) -> Vec<(Device, Option<&'g Gpu>)> {
        let called = |name: &str| gpus.iter().find(|gpu| gpu.is_called(name));
        match &self.0 {
            None => gpus.iter().map(|gpu| (Device::Cuda(gpu.number), Some(gpu))).collect(),
            Some(names) => (0..)
                .zip(names)
                .filter(|(_, name)| called(name).is_some() || name.parse::<u32>().is_err())
                .map(|(place, name)| (Device::Cuda(place), called(name)))
                .collect(),
        }
    }

    fn refuse(&self, devices: &[Device]) -> Result<(), SessionError> {
        let Some(names) = &self.0 else { return Ok(()) };
        let beyond =
            devices.iter().find(|device| matches!(device, Device::Cuda(at) if *at as usize >= names.len()));
        match beyond {
            Some(&device) => Err(SessionError::NotGranted { device, granted: names.len() }),
            None => Ok(()),
        }
    }
}

/// The devices that the grid names, each of which must be there; or all GPUs that nobody else fills; or the processor.
pub(super) fn devices(
    named: Option<&[Device]>,
    granted: &Granted,
    gpus: impl FnOnce() -> Result<Vec<Gpu>, NoGpu>,
    watcher: &dyn Watcher,
) -> Result<Vec<Device>, SessionError> {
    match named {
        Some(devices) => {
            granted.refuse(devices)?;
            let mut wanted = devices.iter().copied().filter(|device| *device != Device::Cpu).peekable();
            if let Some(&first) = wanted.peek() {
                let there = gpus().map_err(|why| SessionError::NoGpu { wanted: first, why })?;
                let visible = granted.visible(&there);
                let is_missing = |device: &Device| visible.iter().all(|(visible, _)| visible != device);
                if let Some(wanted) = wanted.find(is_missing) {
                    return Err(SessionError::NoSuchGpu { wanted, there: listed(&there) });
                }
            }
            Ok(devices.to_vec())
        }
        None if granted.0.as_ref().is_some_and(Vec::is_empty) => Ok(vec![Device::Cpu]),
        None => match gpus() {
            Ok(there) => free(&granted.visible(&there), watcher),
            Err(NoGpu::NoDriver) => Ok(vec![Device::Cpu]),
            Err(why) => {
                watcher.remark(&Remark::NoGpu(why));
                Ok(vec![Device::Cpu])
            }
        },
    }
}

/// The GPUs that nobody else fills. A sweep that finds none doesn't spend the night on the processor instead.
fn free(visible: &[(Device, Option<&Gpu>)], watcher: &dyn Watcher) -> Result<Vec<Device>, SessionError> {
    let (filled, free): (Vec<_>, Vec<_>) =
        visible.iter().partition(|(_, gpu)| gpu.is_some_and(Gpu::is_filled));
    let filled: Vec<Gpu> = filled.iter().filter_map(|(_, gpu)| gpu.cloned()).collect();
    match (free.is_empty(), filled.is_empty()) {
        (true, true) => Ok(vec![Device::Cpu]),
        (true, false) => Err(SessionError::AllFilled { filled: listed(&filled) }),
        (false, _) => {
            for gpu in filled {
                watcher.remark(&Remark::Filled(gpu));
            }
            Ok(free.iter().map(|(device, _)| *device).collect())
        }
    }
}

fn listed(gpus: &[Gpu]) -> String {
    gpus.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, num::NonZeroU32};

    use sweep_protocol::terms::{
        Device::{self, Cpu, Cuda},
        Products,
    };

    use super::{Granted, ON_GPUS, PoolSettings, Remark, SessionError, devices, kind, kind_of_devices};
    use crate::{
        gpu::{Gpu, Memory, NoGpu},
        plan::Plan,
        pool::Observer,
        session::{Unwatched, Watcher},
        store::Notice,
    };

    fn gpu(number: u32, used: u64) -> Gpu {
        let memory = Some(Memory { total: 80_000, used });
        let (uuid, model) = (format!("GPU-{number}{number}"), "NVIDIA H100".to_owned());
        Gpu { number, uuid, model, driver: "580.1".to_owned(), memory }
    }

    /// Two free GPUs and one that somebody fills.
    fn three() -> Vec<Gpu> {
        vec![gpu(0, 300), gpu(1, 70_000), gpu(2, 4)]
    }

    /// Keeps what is remarked.
    #[derive(Default)]
    struct Ears(RefCell<Vec<String>>);

    impl Watcher for Ears {
        fn notice(&self, _: &Notice) {}

        fn remark(&self, remark: &Remark) {
            self.0.borrow_mut().push(remark.to_string());
        }

        fn begins<'p>(&'p self, _: &'p Plan, _: usize, _: &[usize]) -> Box<dyn Observer + 'p> {
            Box::new(Unwatched)
        }
    }

    fn chosen(
        named: Option<&[Device]>,
        visible: Option<&str>,
        gpus: Result<Vec<Gpu>, NoGpu>,
    ) -> (Result<Vec<Device>, SessionError>, Vec<String>) {
        let ears = Ears::default();
        let devices = devices(named, &Granted::of(visible, None), || gpus, &ears);
        (devices, ears.0.into_inner())
    }

    #[test]
    fn every_gpu_that_is_visible_and_free_is_taken_and_the_others_are_told() {
        let (devices, remarks) = chosen(None, None, Ok(three()));
        assert_eq!(devices.expect("two are free"), [Cuda(0), Cuda(2)]);
        assert!(remarks.len() == 1 && remarks[0].contains("cuda:1, NVIDIA H100"), "{remarks:?}");

        // The first of the visible ones is the filled one, the second is GPU 0.
        let (devices, remarks) = chosen(None, Some("1,0"), Ok(three()));
        assert_eq!((devices.expect("one is free"), remarks.len()), (vec![Cuda(1)], 1));
        let (devices, _) = chosen(None, Some("GPU-2"), Ok(three()));
        assert_eq!(devices.expect("it is free"), [Cuda(0)]);
        let (devices, _) = chosen(None, Some("MIG-7"), Ok(three()));
        assert_eq!(devices.expect("a part is believed"), [Cuda(0)]);
        let (devices, _) = chosen(None, Some(""), Ok(three()));
        assert_eq!(devices.expect("none is visible"), [Cpu]);
    }

    #[test]
    fn a_sweep_doesn_t_flee_to_the_processor_from_gpus_that_are_filled() {
        let (devices, _) = chosen(None, None, Ok(vec![gpu(0, 70_000)]));
        let said = devices.expect_err("none is free").to_string();
        assert!(said.contains("cuda:0") && said.contains("devices"), "{said}");
        let (devices, _) = chosen(Some(&[Cuda(0)]), None, Ok(vec![gpu(0, 70_000)]));
        assert_eq!(devices.expect("named ones are taken"), [Cuda(0)]);
    }

    #[test]
    fn a_gpu_that_is_named_must_be_there() {
        let (devices, _) = chosen(Some(&[Cuda(0), Cuda(7)]), None, Ok(three()));
        assert!(matches!(devices, Err(SessionError::NoSuchGpu { wanted: Cuda(7), .. })), "{devices:?}");
        let (devices, _) = chosen(Some(&[Cuda(0)]), None, Err(NoGpu::NoDriver));
        let said = devices.expect_err("no driver").to_string();
        assert!(said.contains("no GPU: the driver isn't there"), "{said}");
        let (devices, _) = chosen(Some(&[Cuda(1)]), Some("5"), Ok(three()));
        assert!(matches!(devices, Err(SessionError::NotGranted { .. })), "{devices:?}");
        let (devices, _) = chosen(Some(&[Cpu]), None, Err(NoGpu::NoDriver));
        assert_eq!(devices.expect("the processor is always there"), [Cpu]);
    }

    #[test]
    fn a_machine_without_a_driver_computes_on_its_processor_and_an_ill_driver_is_told() {
        let (devices, remarks) = chosen(None, None, Err(NoGpu::NoDriver));
        assert_eq!((devices.expect("the processor"), remarks.len()), (vec![Cpu], 0));
        let said = "NVIDIA-SMI has failed".to_owned();
        let (devices, remarks) = chosen(None, None, Err(NoGpu::Refused { said }));
        assert_eq!(devices.expect("the processor"), [Cpu]);
        assert!(remarks[0].contains("NVIDIA-SMI has failed"), "{remarks:?}");
    }

    #[test]
    fn ids_tell_gpus_from_the_processor_and_a_sweep_has_one_of_both() {
        let kind = |named, visible, gpus| kind(named, &Granted::of(visible, None), || gpus);
        assert_eq!(kind(Some(&[Cpu]), None, Ok(three())).expect("one kind"), "");
        assert_eq!(kind(Some(&[Cuda(0), Cuda(1)]), None, Err(NoGpu::NoDriver)).expect("one kind"), ON_GPUS);
        let both = kind(Some(&[Cpu, Cuda(0)]), None, Ok(three()));
        assert!(matches!(both, Err(SessionError::MixedDevices)), "{both:?}");
        assert_eq!(kind(None, None, Ok(vec![gpu(0, 70_000)])).expect("one kind"), ON_GPUS, "filled or not");
        assert_eq!(kind(None, Some(""), Ok(three())).expect("one kind"), "");
        assert_eq!(kind(None, None, Err(NoGpu::NoDriver)).expect("one kind"), "");
    }

    #[test]
    fn ids_tell_in_what_numbers_gpus_multiply_and_processors_know_one_kind() {
        let pool = |device, precision| PoolSettings {
            devices: Some(vec![device]),
            cohort: Some(NonZeroU32::MIN),
            precision,
            ..PoolSettings::default()
        };
        let of = |device, precision| kind_of_devices(&pool(device, precision));
        assert_eq!(of(Cuda(0), Products::Float32).expect("one kind"), ", cuda");
        assert_eq!(of(Cuda(0), Products::Tf32).expect("one kind"), ", cuda, products in tf32");
        assert_eq!(of(Cpu, Products::Float32).expect("one kind"), "");
        let said = of(Cpu, Products::Tf32).expect_err("not there").to_string();
        assert!(said.contains("tf32") && said.contains("precision"), "{said}");
    }

    #[test]
    fn the_list_of_visible_gpus_goes_on_to_the_workers() {
        let told = |visible, allocated| {
            Granted::of(visible, allocated).variable().map(|(_, value)| value.into_string())
        };
        assert_eq!(told(Some(" 4, 6 "), Some("1")), Some(Ok("4,6".to_owned())));
        assert_eq!(told(None, Some("1,3")), Some(Ok("1,3".to_owned())));
        assert_eq!(told(None, None), None);
    }
}
