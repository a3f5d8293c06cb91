/// Which process sits at each slot, and which runs it was handed: tells what counts from what comes too late.
///
/// Processes are numbered, and a run is handed out again only when the process that had it before is being ended. So a
/// word about a run counts if it comes from the present process at a slot, which isn't being ended, about a run
/// that it was handed last.
#[derive(Debug, Clone)]
pub struct Attendance {
    places: Vec<Place>,
}

#[derive(Debug, Clone, Default)]
struct Place {
    process: u64,
    is_leaving: bool,
    runs: Vec<usize>,
}

impl Attendance {
    /// Nobody is there.
    pub fn new(slots: usize) -> Self {
        Self { places: vec![Place::default(); slots] }
    }

    /// A new process takes a slot; returns its number.
    pub fn arrives(&mut self, slot: usize) -> u64 {
        let process = self.places[slot].process + 1;
        self.places[slot] = Place { process, is_leaving: false, runs: Vec::new() };
        process
    }

    /// The process at a slot is being ended: nothing that it says counts any more, only that it is gone.
    pub fn leaves(&mut self, slot: usize) {
        self.places[slot].is_leaving = true;
    }

    /// Whether this is the process at the slot, and not one that was replaced.
    pub fn is_present(&self, slot: usize, process: u64) -> bool {
        self.places[slot].process == process
    }

    /// Whether what this process says counts.
    pub fn may_speak(&self, slot: usize, process: u64) -> bool {
        self.is_present(slot, process) && !self.places[slot].is_leaving
    }

    /// Runs are handed to the process at a slot, and are nobody else's.
    pub fn handed(&mut self, slot: usize, runs: &[usize]) {
        for &run in runs {
            self.ended(run);
        }
        self.places[slot].runs = runs.to_vec();
    }

    /// The runs that the process at a slot was handed last and that haven't ended.
    pub fn runs_at(&self, slot: usize) -> &[usize] {
        &self.places[slot].runs
    }

    /// The end of a run is taken note of; returns the slot that had it.
    pub fn ended(&mut self, run: usize) -> Option<usize> {
        let slot = self.places.iter().position(|place| place.runs.contains(&run))?;
        self.places[slot].runs.retain(|&at| at != run);
        Some(slot)
    }
}

#[cfg(test)]
mod tests {
    use super::Attendance;

    #[test]
    fn only_the_present_process_is_heard_and_only_while_it_stays() {
        let mut attendance = Attendance::new(2);
        let first = attendance.arrives(0);
        assert!(attendance.may_speak(0, first));
        attendance.leaves(0);
        assert!(!attendance.may_speak(0, first) && attendance.is_present(0, first), "only its end counts");
        let second = attendance.arrives(0);
        assert!(!attendance.is_present(0, first) && attendance.may_speak(0, second));
    }

    #[test]
    fn a_run_is_at_one_slot() {
        let mut attendance = Attendance::new(2);
        attendance.handed(0, &[6, 7]);
        attendance.handed(1, &[7]);
        assert_eq!((attendance.runs_at(0), attendance.runs_at(1)), (&[6][..], &[7][..]));
        assert_eq!((attendance.ended(7), attendance.ended(7)), (Some(1), None));
    }
}
