//! The models of one point in the form of the unlearning challenge: those that were kept, or carried out again and held to
//! what is recorded.

use std::{
    fs,
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use sweep_files::{Staged, TEMPORARY};
use sweep_inputs::checkpoint::{ModelArchive, TorchWriteError};

use super::{Arguments, ExportError, in_order, network, the_point};
use crate::{
    cli::{
        CommandError, Ground,
        progress::{Counter, Manner},
        run, terminal,
    },
    session::{Session, finished},
    store::{Cache, Recorded},
};

/// Models that the competition asked for.
const ASKED_FOR: usize = 512;

pub(super) fn write(
    recorded: &Recorded,
    (point, out): (&str, &Path),
    arguments: &Arguments,
    ground: &Ground,
) -> Result<(), CommandError> {
    let dir = &arguments.dir;
    let network = network(dir, recorded)?;
    let point = the_point::named(&recorded.plan, point)?;
    let title = recorded.plan.points[point].title();
    let runs = finished(recorded, point);
    if runs.is_empty() {
        return Err(ExportError::NothingFinished { point: title }.into());
    }
    let program = ground.program()?;
    let session = run::session(ground, dir, None, (&program, &Manner::None));
    let session = Session { jobs: arguments.jobs, ..session };
    let unwritable = |source: TorchWriteError| ExportError::Unwritable { path: out.to_owned(), source };
    let broken = |error: io::Error| unwritable(error.into());
    let file = BufWriter::new(Staged::beside(out, TEMPORARY).map_err(broken)?);
    let mut submission = ModelArchive::new(file);
    let counter = Counter::new("carrying out again");
    let models = models_beside(out);
    let done = Cache::open(&models).map_err(ExportError::from)?;
    session.repeat(recorded, &runs, (arguments.trust, &done), &mut |state| -> Result<(), ExportError> {
        let state = in_order(network, state)
            .ok_or_else(|| ExportError::OtherNetwork { network: network.name.clone() })?;
        submission.add(&state, arguments.width()).map_err(unwritable)?;
        counter.set(submission.models() as usize, runs.len());
        Ok(())
    })?;
    counter.finish();
    let file = submission.finish().map_err(broken)?;
    file.into_inner().map_err(io::Error::from).and_then(Staged::settle).map_err(broken)?;
    // What it was made of is in it now; somebody else's file among it stays.
    for entry in done.entries().map_err(ExportError::from)? {
        done.remove(&entry.run).map_err(ExportError::from)?;
    }
    let _ = fs::remove_dir(&models);
    let planned = recorded.plan.runs_of(point).count();
    terminal::talk(&said(out, &title, (runs.len(), planned)));
    Ok(())
}

/// Where models stay until all are there.
fn models_beside(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".models");
    name.into()
}

fn said(out: &Path, title: &str, (models, planned): (usize, usize)) -> String {
    let missing = planned - models;
    let unfinished = match missing {
        0 => String::new(),
        _ => format!("; {missing} runs of the point have not finished, so it has no model of them"),
    };
    let fewer = if models == ASKED_FOR { "" } else { " (the competition asked for 512)" };
    format!(
        "{}: {models} models of `{title}`{fewer}, each with the confidences that are recorded{unfinished}",
        out.display()
    )
}
