//! What the world does at the scheduler's word, and whether that word was right.

use sweep::{
    engine::Manner,
    outcome::{Cause, Outcome, Status},
    pool::core::{Action, Attempt, End, Event, Hindrance},
    store::Source,
};
use sweep_protocol::message::Failure;

use super::{
    disk::{Disk, Failed, Record},
    fault::Fault,
    life::{Life, MOST, Occurrence},
    worker::{Doing, Obedience, Process, measurement, milliseconds},
    world::{GRACE, World},
};

impl World {
    pub(super) fn carry_out(&mut self, life: &mut Life, action: Action) -> Result<Option<End>, Failed> {
        match action {
            Action::Start { slot } => self.start(life, slot),
            Action::Perform { slot, cohort, rows } => self.perform(life, slot, &cohort, rows)?,
            Action::Stop { slot, manner } => self.stop(life, slot, manner),
            Action::Consult { run } => {
                let hit = self.faults.strikes(Fault::CacheHit, 2, &mut self.chance);
                let measurement = hit.then(|| measurement(run, 0));
                life.events.push_back(Event::Cached { run, measurement });
            }
            Action::Commit { run, attempt, outcome, source } => {
                self.commit(life, (run, attempt), &outcome, source)?;
            }
            Action::Tell(_) => {}
            Action::End(end) => return Ok(Some(end)),
        }
        Ok(None)
    }

    fn start(&mut self, life: &mut Life, slot: usize) {
        assert!(life.processes[slot].is_none(), "two processes at slot {slot}");
        assert!(!life.halted, "a worker is started for nothing");
        let number = life.attendance.arrives(slot);
        life.unused_since[slot] = None;
        for (fault, hindrance) in
            [(Fault::Shortage, Hindrance::Shortage), (Fault::NoProgram, Hindrance::Fault)]
        {
            if self.faults.strikes(fault, 5, &mut self.chance) {
                life.events.push_back(Event::StartFailed { slot, reason: "it can't".into(), hindrance });
                return;
            }
        }
        let mut process = Process::new(number, &mut self.faults, &mut self.chance);
        for (after, word) in process.start(&mut self.faults, &mut self.chance) {
            life.plan(self.now + after, Occurrence::Said { slot, process: number, word });
        }
        life.processes[slot] = Some(process);
    }

    fn perform(
        &mut self,
        life: &mut Life,
        slot: usize,
        cohort: &[Attempt],
        rows: Option<u32>,
    ) -> Result<(), Failed> {
        assert_eq!(rows, life.room[slot], "slot {slot} is told how many rows it has memory for");
        let most = (self.cohort.min(MOST) as u32).min(rows.unwrap_or(u32::MAX));
        assert!((1..=most as usize).contains(&cohort.len()), "{} runs at once", cohort.len());
        for &Attempt { run, number: attempt } in cohort {
            self.hand_out(life, run, attempt)?;
        }
        let runs: Vec<usize> = cohort.iter().map(|attempt| attempt.run).collect();
        life.attendance.handed(slot, &runs);
        let process = life.processes[slot].as_ref().expect("runs are handed to a process");
        assert_eq!(process.doing, Doing::Idle, "runs {runs:?} are handed to a process that isn't idle");
        let process = life.processes[slot].as_mut().expect("runs are handed to a process");
        process.rows = if Disk::has_company(runs[0]) { most } else { 1 };
        let other = runs.iter().max().map_or(0, |last| last + 1);
        for &Attempt { run, number: attempt } in cohort {
            let is_dead = self.accelerators[slot] == Some(0);
            let fault = if is_dead && self.faults.strikes(Fault::DeadAccelerator, 1, &mut self.chance) {
                Some(Fault::DeadAccelerator)
            } else {
                self.faults.one_of(Fault::OF_RUNS, 1, &mut self.chance)
            };
            let rules = self.rules();
            let process = life.processes[slot].as_mut().expect("runs are handed to a process");
            let number = process.number;
            for (after, word) in process.perform((run, attempt), (fault, other), &rules, &mut self.chance) {
                life.plan(self.now + after, Occurrence::Said { slot, process: number, word });
            }
        }
        Ok(())
    }

    fn hand_out(&mut self, life: &Life, run: usize, attempt: u32) -> Result<(), Failed> {
        assert!(!self.disk.ended().contains_key(&run), "P2: run {run} has ended and is handed out again");
        assert!(!life.halted, "run {run} is handed out though nothing new may be started");
        assert!(attempt > self.disk.attempts(run), "P4: attempt {attempt} at run {run} is not a new one");
        for original in self.originals.clone().filter(|_| !self.originals.contains(&run)) {
            let status = self.disk.ended().get(&original);
            assert_eq!(status, Some(&Status::Finished), "run {run} comes before an original");
        }
        assert!(life.at_work(run).next().is_none(), "run {run} is at work twice");
        self.disk.append(Record::Started { run, attempt }, &mut self.faults, &mut self.chance)?;
        let (times, in_order) = &mut self.handed_out[run];
        *times += 1;
        assert!(
            *times <= *in_order,
            "P3: run {run} is carried out {times} times, {in_order} of them in order"
        );
        Ok(())
    }

    fn stop(&mut self, life: &mut Life, slot: usize, manner: Manner) {
        life.attendance.leaves(slot);
        let hurried = life.hurried;
        let Some(process) = life.processes[slot].as_mut() else { panic!("nobody to stop at slot {slot}") };
        let is_first = !std::mem::replace(&mut process.is_leaving, true);
        let at_work = !process.runs.is_empty();
        assert!(!(is_first && at_work && process.behaves) || hurried, "P6: a worker that behaves is stopped");
        for &run in process.runs.iter().filter(|_| is_first) {
            // Whatever the reason: the attempt is over and another is in order.
            life.deaths[run] += u32::from(!hurried && !process.is_crowded);
            self.handed_out[run].1 += 1;
        }
        let number = process.number;
        let last_word = process.last_word.take();
        let patience = match manner {
            Manner::Kill => milliseconds(5),
            Manner::Firm | Manner::Gentle if process.obedience == Obedience::IgnoresTerm => GRACE,
            Manner::Firm | Manner::Gentle => milliseconds(5 + self.chance.below(500)),
        };
        let gone = if process.obedience == Obedience::Unkillable { None } else { Some(patience) };
        if let Some(word) = last_word {
            life.plan(self.now + milliseconds(2), Occurrence::Said { slot, process: number, word });
        }
        if let Some(after) = gone {
            life.plan(self.now + after, Occurrence::Gone { slot, process: number });
        }
    }

    fn commit(
        &mut self,
        life: &mut Life,
        (run, attempt): (usize, u32),
        outcome: &Outcome,
        source: Source,
    ) -> Result<(), Failed> {
        assert!(!self.disk.ended().contains_key(&run), "P4: run {run} has two outcomes");
        match outcome {
            Outcome::Finished(found) => {
                assert_eq!(*found, measurement(run, attempt), "P5: a measurement of something else");
            }
            Outcome::Failed { cause: Cause::WorkerLost | Cause::Reported(Failure::Device), .. } => {
                let retries = self.rules().retries;
                assert!(life.deaths[run] > retries, "P7: run {run} failed after {} deaths", life.deaths[run]);
            }
            Outcome::Failed { cause: Cause::Reported(Failure::Refused), .. } | Outcome::Cancelled => {
                panic!("{outcome:?} is no outcome")
            }
            Outcome::Diverged { .. } | Outcome::Failed { .. } | Outcome::TimedOut { .. } => {}
        }
        assert_eq!(source == Source::Cached, attempt == 0, "an attempt was made or it was not");
        life.attendance.ended(run);
        let status = outcome.status();
        self.disk.append(Record::Ended { run, status }, &mut self.faults, &mut self.chance)?;
        self.acknowledged.insert(run, status);
        life.halted |= self.originals.contains(&run) && status != Status::Finished;
        Ok(())
    }
}
