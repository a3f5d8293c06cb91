//! The promises, each with how it is tried.

use std::{fs, path::Path, time::Duration};

use sweep_disk::OsDisk;
use sweep_inputs::npy;
use sweep_protocol::{
    curves::{Curves, MOST_BYTES},
    measurement::{Measurement, NamedFile},
    message::{FromWorker, Job},
};

use super::{
    Check, Kit, Verdict,
    jobs::{Aim, Jobs},
    stand::{Answered, Stand, Wrong},
};
use crate::{
    engine::{Exit, Manner},
    store,
};

/// A run that lasts longer must have said that it moves.
const SILENCE: Duration = Duration::from_secs(10);

/// What came of a trial: what was found, or why it could not be tried.
enum Trial {
    Kept(String),
    NotTried(String),
}

type Tried = Result<Trial, Wrong>;

/// A promise of the protocol.
pub(super) struct Promise {
    name: &'static str,
    protocol: &'static str,
    tried: fn(&Kit<'_>, &Jobs) -> Tried,
}

pub(super) const HANDSHAKE: Promise = Promise {
    name: "handshake",
    protocol: "the first message is `hello`, with the format, the engine's name and version, and where it computes",
    tried: |_, _| Ok(Trial::NotTried(String::new())),
};

/// All others.
pub(super) const PROMISES: [Promise; 9] = [
    Promise {
        name: "run",
        protocol: "a job is answered under its run, once; the files that `finished` names lie in the run's folder, complete: \
                   confidences.npy is float64 [S], all finite",
        tried: run,
    },
    Promise {
        name: "repeat",
        protocol: "everything random derives from the job's seed: the same job gives the same bytes in any process, another \
                   seed gives others, and S is the same in every run",
        tried: repeat,
    },
    Promise {
        name: "progress",
        protocol: "while a run is at work it reports its progress at least every few seconds; `step` never goes down or \
                   beyond `steps`",
        tried: progress,
    },
    Promise {
        name: "divergence",
        protocol: "a loss or weights that stop being finite are `diverged`, never a measurement",
        tried: divergence,
    },
    Promise {
        name: "failure",
        protocol: "a run that can't be done is `failed`, with a message for people",
        tried: failure,
    },
    Promise { name: "end", protocol: "when its input ends it exits, with code 0", tried: end },
    Promise { name: "kill", protocol: "at SIGTERM it exits within 10 s, whatever it does", tried: kill },
    Promise { name: "flood", protocol: "a line may have up to 1 MiB", tried: flood },
    Promise {
        name: "garbage",
        protocol: "a line that is no message ends it, with a code other than 0 and without an answer",
        tried: garbage,
    },
];

impl Promise {
    /// Tries an engine.
    pub(super) fn hold(&self, kit: &Kit<'_>, jobs: &Jobs) -> Check {
        match (self.tried)(kit, jobs) {
            Ok(Trial::Kept(found)) => self.kept(found),
            Ok(Trial::NotTried(why)) => self.not_tried(why),
            Err(wrong) => self.wrong(wrong),
        }
    }

    pub(super) fn kept(&self, found: String) -> Check {
        self.check(Verdict::Ok, found)
    }

    pub(super) fn not_tried(&self, why: String) -> Check {
        self.check(Verdict::NotTried, why)
    }

    pub(super) fn wrong(&self, wrong: Wrong) -> Check {
        self.check(Verdict::Wrong, wrong.0)
    }

    fn check(&self, verdict: Verdict, found: String) -> Check {
        Check { name: self.name, verdict, found, protocol: self.protocol }
    }
}

fn run(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    let first = jobs.job(Aim::Measure, 1)?;
    let values = measured(&stand, &first)?;
    // A second answer to the first job would be taken for one to the second.
    let again = measured(&stand, &jobs.job(Aim::Measure, 2)?)?;
    if values.len() != again.len() {
        return Err(Wrong(format!("one run has {} confidences, the next {}", values.len(), again.len())));
    }
    Ok(Trial::Kept(format!("two runs of {} confidences", values.len())))
}

fn repeat(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let bytes = |stand: &Stand, seed| -> Result<Vec<u8>, Wrong> {
        let job = jobs.job(Aim::Measure, seed)?;
        measured(stand, &job)?;
        Ok(fs::read(job.folder.join("confidences.npy"))?)
    };
    let (stand, _) = Stand::start(kit)?;
    let (first, other, again) = (bytes(&stand, 7)?, bytes(&stand, 8)?, bytes(&stand, 7)?);
    stand.kill();
    if first != again {
        return Err(Wrong("the same job gave other confidences when it came again".to_owned()));
    }
    if first == other {
        return Err(Wrong("another seed gave the same confidences".to_owned()));
    }
    let (stand, _) = Stand::start(kit)?;
    if first != bytes(&stand, 7)? {
        return Err(Wrong("the same job gave other confidences in another process".to_owned()));
    }
    Ok(Trial::Kept("the same bytes again, in two processes".to_owned()))
}

fn progress(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    let Answered { reports, took, .. } = stand.perform(&jobs.job(Aim::Move, 1)?)?;
    match reports {
        0 if took > SILENCE => Err(Wrong(format!("a run of {} s reported none", took.as_secs()))),
        0 => Ok(Trial::NotTried("the run was too short to report any".to_owned())),
        reports => Ok(Trial::Kept(format!("{reports} reports"))),
    }
}

fn divergence(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    let job = jobs.job(Aim::Diverge, 1)?;
    match stand.perform(&job)?.message {
        FromWorker::Diverged { step, .. } => Ok(Trial::Kept(format!("noticed after step {step}"))),
        FromWorker::Failed { message, .. } => Ok(Trial::NotTried(format!("it was not provoked: {message}"))),
        FromWorker::Finished { measurement, .. } => {
            examined(&job.folder, *measurement)?;
            Ok(Trial::NotTried("it was not provoked: the numbers are finite".to_owned()))
        }
        other => Err(Wrong(format!("the answer is `{}`", other.word()))),
    }
}

fn failure(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    match stand.perform(&jobs.job(Aim::Fail, 1)?)?.message {
        FromWorker::Failed { message, .. } if message.trim().is_empty() => {
            Err(Wrong("its failure has no message".to_owned()))
        }
        FromWorker::Failed { message, .. } => Ok(Trial::Kept(message)),
        other => Err(Wrong(format!("a job that names what isn't there was `{}`", other.word()))),
    }
}

fn end(kit: &Kit<'_>, _: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    match stand.end(Manner::Gentle)? {
        Exit::Code(0) => Ok(Trial::Kept("it exited with code 0".to_owned())),
        Exit::Signal(_) => Err(Wrong("it had to be told to end when its input had ended".to_owned())),
        exit => Err(Wrong(exit.to_string())),
    }
}

fn kill(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    stand.tell(&jobs.job(Aim::Last, 1)?)?;
    match stand.end(Manner::Firm)? {
        Exit::Signal(9) => Err(Wrong("it had to be killed".to_owned())),
        exit => Ok(Trial::Kept(exit.to_string())),
    }
}

fn flood(kit: &Kit<'_>, jobs: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    let answer = stand.perform(&jobs.job(Aim::Flood, 1)?)?.message;
    Ok(Trial::Kept(format!("a job of 1 MB was `{}`", answer.word())))
}

fn garbage(kit: &Kit<'_>, _: &Jobs) -> Tried {
    let (stand, _) = Stand::start(kit)?;
    stand.tell_bytes(b"this is no message\n");
    stand.falls_silent()?;
    match stand.end(Manner::Gentle)? {
        Exit::Code(0) => Err(Wrong("it exited with code 0, as if all was well".to_owned())),
        exit => Ok(Trial::Kept(exit.to_string())),
    }
}

/// The confidences of a job that must be finished; \[S\].
fn measured(stand: &Stand, job: &Job) -> Result<Vec<f64>, Wrong> {
    match stand.perform(job)?.message {
        FromWorker::Finished { measurement, .. } => examined(&job.folder, *measurement),
        FromWorker::Failed { message, .. } => Err(Wrong(format!("it failed: {message}"))),
        other => Err(Wrong(format!("the answer is `{}`", other.word()))),
    }
}

fn examined(folder: &Path, named: Measurement<NamedFile>) -> Result<Vec<f64>, Wrong> {
    if ![named.unlearn_s, named.measure_s].iter().all(|seconds| seconds.is_finite() && *seconds >= 0.0) {
        return Err(Wrong("`unlearn_s` and `measure_s` must be seconds, 0 or more".to_owned()));
    }
    let curved = named.curves.is_some();
    let described = store::described(&OsDisk, folder, named);
    let described = described.ok_or_else(|| {
        Wrong("it names a file that isn't in the run's folder, or not with these bytes".to_owned())
    })?;
    if curved {
        let left = described.curves.as_ref().ok_or_else(|| {
            Wrong(
                "it names curves that are not there, or not with these bytes; its runs would go without"
                    .to_owned(),
            )
        })?;
        let read = sweep_files::read(&folder.join(&left.file), MOST_BYTES).map_err(|error| error.to_string());
        let read = read.and_then(|bytes| Curves::parse(&bytes).map_err(|fault| fault.to_string()));
        read.map_err(|why| Wrong(format!("{}: {why}; its runs would go without", left.file)))?;
    }
    let array = npy::read(&folder.join(&described.confidences.file))?;
    if array.shape.len() != 1 || array.values.is_empty() {
        return Err(Wrong(format!("confidences.npy has the shape {:?}, not [S]", array.shape)));
    }
    if let Some(position) = array.values.iter().position(|value| !value.is_finite()) {
        return Err(Wrong(format!("confidence {position} is not finite, and the run is not `diverged`")));
    }
    Ok(array.values)
}
