//! What carrying a sweep out has cost, summed over its schedulers. It decides nothing: what can't be read counts as nothing. A
//! scheduler that was killed had no time to say what it has spent.

use std::fs;

use serde::{Deserialize, Serialize};

use super::{Folder, Share, Store, StoreError, opening::writer};
use sweep_disk::replace;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 1 << 12;

/// Time that was spent.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlay {
    /// Schedulers that carried something out and ended in order.
    pub sessions: u64,
    /// Seconds that they were at work, one after the other or side by side.
    pub wall_s: f64,
    /// Seconds that processors spent on them and their workers.
    pub processor_s: f64,
    /// Seconds that GPUs were held, whether they were busy or not.
    pub gpu_s: f64,
}

impl Outlay {
    fn plus(self, other: Self) -> Self {
        Self {
            sessions: self.sessions.saturating_add(other.sessions),
            wall_s: self.wall_s + other.wall_s,
            processor_s: self.processor_s + other.processor_s,
            gpu_s: self.gpu_s + other.gpu_s,
        }
    }

    fn is_sound(&self) -> bool {
        [self.wall_s, self.processor_s, self.gpu_s].iter().all(|seconds| (0.0..1e12).contains(seconds))
    }

    /// Reads one, if it is sound.
    fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(Self::is_sound)
    }
}

impl Store {
    /// Adds what this scheduler has spent.
    pub fn spend(&mut self, cost: Outlay) -> Result<(), StoreError> {
        self.whole()?;
        let path = self.folder.cost(self.share.as_ref());
        let before =
            self.disk.read(&path, LARGEST).ok().and_then(|bytes| Outlay::parse(&bytes)).unwrap_or_default();
        let bytes = serde_json::to_vec(&before.plus(cost)).expect("plain data serialises");
        let writer = writer(self.share.as_ref());
        self.guard(|disk| replace(disk, &path, &bytes, &writer))
            .map_err(|source| StoreError::Write { path: path.clone(), source })
    }
}

impl Folder {
    /// What all schedulers have spent here; none where none has said so.
    pub fn read_cost(&self) -> Option<Outlay> {
        let names = fs::read_dir(self.path()).ok()?.flatten().map(|entry| entry.file_name());
        let own = names.filter(|name| {
            let name = name.to_str().unwrap_or_default();
            let share = name.strip_prefix("cost.").and_then(|rest| rest.strip_suffix(".json"));
            name == "cost.json" || share.is_some_and(|share| Share::known(share).is_some())
        });
        let mut names: Vec<_> = own.collect();
        names.sort();
        let costs = names
            .iter()
            .filter_map(|name| Outlay::parse(&sweep_files::read(&self.path().join(name), LARGEST).ok()?));
        costs.reduce(Outlay::plus)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Folder, Outlay};

    #[test]
    fn costs_of_all_schedulers_are_summed_and_damage_counts_as_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let results = Folder::new(folder.path());
        assert_eq!(results.read_cost(), None);
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("writable");
        write("cost.json", r#"{"sessions":2,"wall_s":3.5,"processor_s":7.0,"gpu_s":0.0}"#);
        write("cost.node7.json", r#"{"sessions":1,"wall_s":1.5,"processor_s":2.0,"gpu_s":1.5}"#);
        for (name, text) in [
            ("cost.a.json", "{"),
            ("cost.b.json", r#"{"sessions":1,"wall_s":-1,"processor_s":0,"gpu_s":0}"#),
            ("cost.c.json", r#"{"sessions":1,"wall_s":1e300,"processor_s":0,"gpu_s":0}"#),
            ("costs.json", r#"{"sessions":1,"wall_s":1,"processor_s":0,"gpu_s":0}"#),
        ] {
            write(name, text);
        }
        let sum = Outlay { sessions: 3, wall_s: 5.0, processor_s: 9.0, gpu_s: 1.5 };
        assert_eq!(results.read_cost(), Some(sum));
    }
}
