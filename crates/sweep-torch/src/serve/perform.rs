//! Runs, from their job to their answers.

use std::{
    any::Any,
    cell::RefCell,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    time::Instant,
};

use sweep_inputs::{
    artifact,
    checkpoint::{self, StateDict},
};
use sweep_protocol::{
    curves::{Curves, Reading},
    measurement::Measurement,
    message::{Inputs, Job, Start},
    serve::{Answer, Progress},
};
use tch::{Cuda, Device, Kind};

use super::{images, unfinished::Unfinished};
use crate::{
    draws::{Draws, Seeded},
    examples::Examples,
    inputs::Shelf,
    measure::{Measured, NotFinite, Outputs, measure},
    network::{Network, Weights, build},
    own::{self, Acquaintance, Left, OwnGround},
    phase::{Done, Participant, Surroundings, Unusable, Watch, carry_out_together, check, seed},
    python::Interpreters,
    reconstruct::NoReconstruction,
};

impl Watch for Progress<'_> {
    fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        Progress::stepped(self, step)
    }

    /// Nobody knows how many moves there will be.
    fn works(&mut self, moves: u64) -> ControlFlow<()> {
        self.expect(moves);
        Progress::stepped(self, moves)
    }
}

/// Hears of a run, and keeps what its loops read.
struct Scribe<'p, 'w> {
    progress: &'p mut Progress<'w>,
    device: Device,
    accuracies: bool,
    readings: Vec<Reading>,
    /// Since when something is measured that is no part of the recipe.
    since: Option<Instant>,
    /// Seconds that such things have taken.
    aside_s: f64,
}

impl Watch for Scribe<'_, '_> {
    fn stepped(&mut self, step: u64) -> ControlFlow<()> {
        Watch::stepped(self.progress, step)
    }

    fn works(&mut self, moves: u64) -> ControlFlow<()> {
        self.progress.works(moves)
    }

    fn wants_accuracies(&self) -> bool {
        self.accuracies
    }

    fn aside(&mut self, begins: bool) {
        wait_for(self.device);
        if begins {
            self.since = Some(Instant::now());
        } else if let Some(since) = self.since.take() {
            self.aside_s += since.elapsed().as_secs_f64();
        }
    }

    fn read(&mut self, readings: &[Reading]) {
        self.readings.extend(readings);
    }
}

/// How a worker carries runs out.
pub(super) struct Bench<'a> {
    pub(super) device: Device,
    /// Rows that runs in lockstep are computed in.
    pub(super) width: usize,
    pub(super) shelf: &'a mut Shelf,
    pub(super) interpreters: &'a Interpreters,
    pub(super) acquaintance: &'a Acquaintance,
}

impl Bench<'_> {
    /// Carries out the runs of one job, and answers each by its place.
    pub(super) fn perform(
        &mut self,
        jobs: &[Job],
        progress: &mut [Progress<'_>],
        answer: &mut dyn FnMut(usize, Answer),
    ) {
        if let Some(inputs) = jobs[0].inputs.as_ref().filter(|inputs| inputs.network.own.is_some()) {
            for (place, (job, progress)) in jobs.iter().zip(progress).enumerate() {
                answer(place, answered(caught(|| self.carry_out_own(job, inputs, progress))));
            }
            return;
        }
        let alone = jobs[0].recipe.apart().is_some();
        let mut from = 0;
        while from < jobs.len() {
            let width = if alone { 1 } else { self.width };
            let cohort = from..from + width.min(jobs.len() - from);
            from = cohort.end;
            match caught(|| self.carry_out(&jobs[cohort.clone()], width, &mut progress[cohort.clone()])) {
                Ok(carried) => {
                    for (place, run) in cohort.zip(carried.runs) {
                        let job = &jobs[place];
                        let alive = &mut || progress[place].report();
                        let result = caught(|| carried.ground.measured(job, (run, carried.each), alive));
                        answer(place, answered(result));
                    }
                }
                Err(problem) => cohort.for_each(|place| answer(place, answer_of(&problem))),
            }
        }
    }
}

/// What becomes of an attempt that may panic, as libtorch makes it do.
fn caught<T>(attempt: impl FnOnce() -> Result<T, Unfinished>) -> Result<T, Unfinished> {
    catch_unwind(AssertUnwindSafe(attempt))
        .unwrap_or_else(|panic| Err(Unfinished::Torch { message: text(panic.as_ref()) }))
}

fn answered(result: Result<Measurement, Unfinished>) -> Answer {
    match result {
        Ok(measurement) => Answer::Finished(Box::new(measurement.into())),
        Err(problem) => answer_of(&problem),
    }
}

fn answer_of(problem: &Unfinished) -> Answer {
    match problem {
        Unfinished::Diverged { step } => Answer::Diverged { step: *step },
        problem => Answer::Failed { failure: problem.failure(), message: problem.to_string() },
    }
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words").to_owned()
}

/// Runs whose recipe is done, or has come to an end before.
struct CarriedOut {
    ground: Yardstick,
    runs: Vec<CarriedRun>,
    /// What each took of the time that they took together, in seconds.
    each: f64,
}

/// A run whose recipe is done, or has come to an end before.
struct CarriedRun {
    weights: Weights,
    end: Result<Done, Unfinished>,
    curves: Curves,
}

/// What runs are measured with.
struct Yardstick {
    network: Network,
    examples: Rc<Examples>,
}

impl Bench<'_> {
    /// Carries the recipe of some jobs out, in rows where there are several.
    fn carry_out(
        &mut self,
        jobs: &[Job],
        width: usize,
        progress: &mut [Progress<'_>],
    ) -> Result<CarriedOut, Unfinished> {
        let Job { inputs, recipe, .. } = &jobs[0];
        let inputs = inputs.as_ref().ok_or(Unfinished::NoInputs)?;
        let network = build(&inputs.network)?;
        let examples = {
            let progress = RefCell::new(&mut *progress);
            let report = || progress.borrow_mut().iter_mut().for_each(Progress::report);
            self.shelf.examples(inputs, &report)?
        };
        check(recipe, network.layout(), &examples)?;
        let mut draws: Vec<Seeded> = jobs.iter().map(|job| Seeded::new(job.seed)).collect();
        let mut weights = Vec::with_capacity(jobs.len());
        for draws in &mut draws {
            weights.push(begin(&network, inputs, self.shelf, self.device, draws)?);
        }
        for progress in progress.iter_mut() {
            progress.expect(recipe.steps(&examples.sizes()));
        }
        let clock = Instant::now();
        let known = self.shelf.pass_cache(inputs);
        let ground = Surroundings {
            network: &network,
            examples: &examples,
            known: &known,
            interpreters: self.interpreters,
        };
        let (device, accuracies) = (self.device, jobs[0].accuracies);
        let scribe = |progress| Scribe {
            progress,
            device,
            accuracies,
            readings: Vec::new(),
            since: None,
            aside_s: 0.0,
        };
        let mut scribes: Vec<Scribe<'_, '_>> = progress.iter_mut().map(scribe).collect();
        let runs = weights.iter_mut().zip(&mut draws).zip(&mut scribes);
        let runs = runs.map(|((weights, draws), watch)| Participant { weights, draws, watch }).collect();
        let ends = carry_out_together(recipe, ground, runs, width);
        wait_for(self.device);
        let aside: f64 = scribes.iter().map(|scribe| scribe.aside_s).sum();
        let each = (clock.elapsed().as_secs_f64() - aside) / jobs.len() as f64;
        let curves = scribes.into_iter().map(|scribe| Curves::of(scribe.readings));
        let runs = weights.into_iter().zip(ends).zip(curves).map(|((weights, end), curves)| CarriedRun {
            weights,
            end: end.map_err(Unfinished::from),
            curves,
        });
        Ok(CarriedOut { runs: runs.collect(), ground: Yardstick { network, examples }, each })
    }
}

impl Bench<'_> {
    /// Carries out and measures a run on a network of the user's own.
    fn carry_out_own(
        &mut self,
        job: &Job,
        inputs: &Inputs,
        progress: &mut Progress<'_>,
    ) -> Result<Measurement, Unfinished> {
        let own = inputs.network.own.as_ref().ok_or(Unfinished::NoInputs)?;
        let examples = {
            let progress = RefCell::new(&mut *progress);
            self.shelf.examples(inputs, &|| progress.borrow_mut().report())?
        };
        job.recipe.check(None, Some(&examples.sizes())).map_err(Unusable::from)?;
        let start = match &inputs.start {
            Start::Fresh => None,
            Start::Checkpoint { path, blake3 } => Some(self.shelf.state(path, blake3)?),
        };
        let ground = OwnGround {
            network: &inputs.network,
            own,
            examples: &examples,
            device: self.device,
            interpreters: self.interpreters,
            known: self.acquaintance,
        };
        let seed = seed(0, &mut Seeded::new(job.seed))?;
        let works = &mut |moves| progress.works(moves);
        let Left { state, said, steps, unchanged, called } =
            own::carry_out(&job.recipe, ground, start.as_deref(), seed, works)?;
        let clock = Instant::now();
        let measured = measure(&said, &examples, job.retain_sample);
        let measured = measured.map_err(|NotFinite| Unfinished::Diverged { step: steps })?;
        let times = (called.as_secs_f64(), clock.elapsed().as_secs_f64());
        kept(job, measured, Ran { steps, unchanged, times, curves: Curves::default() }, || state)
    }
}

fn begin(
    network: &Network,
    inputs: &Inputs,
    shelf: &mut Shelf,
    device: Device,
    draws: &mut dyn Draws,
) -> Result<Weights, Unfinished> {
    let place = (Kind::Float, device);
    match &inputs.start {
        Start::Fresh => Ok(Weights::born(network, draws, place)?),
        Start::Checkpoint { path, blake3 } => {
            let state = shelf.state(path, blake3)?;
            Weights::from_state(network, &state, place)
                .map_err(|mismatch| Unfinished::Weights { path: path.clone(), mismatch })
        }
    }
}

impl Yardstick {
    /// Measures a run that took so many seconds. `alive` is called now and then.
    fn measured(
        &self,
        job: &Job,
        (CarriedRun { weights, end, curves }, unlearn_s): (CarriedRun, f64),
        alive: &mut dyn FnMut(),
    ) -> Result<Measurement, Unfinished> {
        let Done { steps, unchanged, called } = end?;
        // Starting an interpreter is no part of a function of the user's own.
        let unlearn_s = called.map_or(unlearn_s, |called| called.as_secs_f64());
        // The floor has no phases and is meant to change nothing.
        let unchanged = unchanged && !job.recipe.phases.is_empty();
        let clock = Instant::now();
        let said = Outputs::by(&self.network, &weights, &self.examples);
        let measured = measure(&said, &self.examples, job.retain_sample)
            .map_err(|NotFinite| Unfinished::Diverged { step: steps })?;
        let looked = images::look(job, &weights, &self.examples, alive).map_err(|problem| match problem {
            NoReconstruction::NotFinite => Unfinished::Diverged { step: steps },
            problem => problem.into(),
        })?;
        let times = (unlearn_s, clock.elapsed().as_secs_f64());
        let ran = Ran { steps, unchanged, times, curves };
        let measurement = kept(job, measured, ran, || weights.state())?;
        let reconstruction = looked.map(|looked| looked.write(job)).transpose()?;
        Ok(Measurement { reconstruction, ..measurement })
    }
}

/// How a run went that was measured.
struct Ran {
    steps: u64,
    unchanged: bool,
    /// Seconds in its recipe and in measuring.
    times: (f64, f64),
    /// What its loops read.
    curves: Curves,
}

/// Writes what is kept of a run, and names it.
fn kept(
    job: &Job,
    measured: Measured,
    Ran { steps, unchanged, times: (unlearn_s, measure_s), curves }: Ran,
    state: impl FnOnce() -> StateDict,
) -> Result<Measurement, Unfinished> {
    let (confidences, examples) = artifact::write_arrays(job, &measured.confidences, measured.rows.as_ref())?;
    let weights = if job.keep_weights {
        let bytes = checkpoint::write_safetensors(&state());
        Some(artifact::write(&job.folder, "model.safetensors", &bytes)?)
    } else {
        None
    };
    // A run is worth more than its curves: one that can't write them goes without.
    let curves = (!curves.readings().is_empty()).then(|| curves.to_csv());
    let curves = curves.and_then(|text| artifact::write(&job.folder, "curves.csv", text.as_bytes()).ok());
    let accuracy = measured.accuracy;
    let renamed = job.recipe.phases.is_empty().then_some(measured.renamed);
    Ok(Measurement {
        accuracy,
        unlearn_s,
        measure_s,
        steps,
        confidences,
        weights,
        examples,
        reconstruction: None,
        curves,
        unchanged,
        renamed,
    })
}

/// Waits until the device has done what it was given.
fn wait_for(device: Device) {
    if let Device::Cuda(index) = device {
        Cuda::synchronize(index as i64);
    }
}
