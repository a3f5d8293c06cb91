//! The torch engine and the GPUs: whether they are there, start, and work together.

use super::Finding;
use crate::{
    gpu::{Gpu, NoGpu, gpus},
    session::{Findings, SessionError, TorchEngine},
};

const CUDA: &str =
    "scripts/setup-libtorch --cuda, or activate an environment with `pip install torch==2.11.0`";

pub(super) fn examine() -> Vec<Finding> {
    let (mut findings, torch) = match engine() {
        Ok((finding, torch)) => (vec![finding, Finding::ok("processor", &torch.processor)], Some(torch)),
        Err(error) => (vec![without(&error)], None),
    };
    findings.extend(examine_gpus(&gpus(), torch.as_ref()));
    findings
}

fn engine() -> Result<(Finding, Findings), SessionError> {
    let engine = TorchEngine::here()?;
    let (version, found) = (engine.version()?, engine.findings()?);
    let folder = found.libtorch.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let by = engine.libtorch.as_ref().map_or_else(|| "it was built with".to_owned(), |it| it.by.to_string());
    let text = format!("{version} ({}), libtorch {by} ({folder})", engine.worker.display());
    Ok((Finding::ok("torch engine", text), found))
}

fn without(error: &SessionError) -> Finding {
    let way_out = match error {
        SessionError::Libtorch(_) => "or unset SWEEP_LIBTORCH",
        SessionError::Package(_) | SessionError::NoTorchWorker { .. } => {
            "grids with engine = \"toy\" work without it"
        }
        _ => "scripts/setup-libtorch && cargo build --workspace; grids with engine = \"toy\" work without it",
    };
    Finding::fail("torch engine", error.to_string(), way_out)
}

/// One line for each GPU, or why there is none; and whether the engine can use them.
pub(super) fn examine_gpus(gpus: &Result<Vec<Gpu>, NoGpu>, torch: Option<&Findings>) -> Vec<Finding> {
    let gpus = match gpus {
        Ok(gpus) => gpus,
        Err(why @ (NoGpu::NoDriver | NoGpu::Empty)) => return vec![Finding::ok("GPU", why.to_string())],
        Err(why) => {
            return vec![Finding::warn(
                "GPU",
                why.to_string(),
                "mend the driver; sweeps compute on the processor",
            )];
        }
    };
    let each = |gpu: &Gpu| {
        if gpu.is_filled() {
            let way_out = "it is passed over unless a grid names it: `devices = [\"cuda:N\"]`";
            Finding::warn("GPU", format!("{gpu}: another program fills it"), way_out)
        } else {
            Finding::ok("GPU", gpu.to_string())
        }
    };
    let problem = torch.and_then(|torch| torch.cuda_problem.as_ref());
    let unusable = problem.map(|problem| Finding::fail("CUDA", problem.as_str(), CUDA));
    gpus.iter().map(each).chain(unusable).collect()
}
