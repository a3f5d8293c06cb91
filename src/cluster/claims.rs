//! `claims/<run>.<attempt>` and `done/<run>`: who works on a run, and whose end of it stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use sweep_disk::{Disk, When};
use sweep_protocol::terms::RunId;

use super::{Life, Lookout, Owner};

/// Beats that a claim may miss before its owner is looked for.
const MISSED: u32 = 4;
/// Owners in a row that a run may cost before nobody takes it any more.
const MOST_LOST: u32 = 4;
/// Claims of a run beyond which none was counted.
const MOST_ATTEMPTS: u32 = 1 << 30;
/// Longest claim that is read, in bytes.
const LONGEST: u64 = 1 << 16;

/// How long a claim is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Time between two beats of a run that moves.
    pub beat: Duration,
    /// Longest that a living owner lets a run stand still.
    pub silence: Duration,
}

/// What a claim file says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    owner: Owner,
    /// How many owners were lost at this run before.
    lost: u32,
}

/// The latest claim of a run.
#[derive(Debug)]
enum Found {
    /// Its owner gave it up.
    Released { lost: u32 },
    /// Its owner has not been heard of for this long.
    Held { claim: Claim, silent: Duration },
}

/// An attempt to claim a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is ours, as this attempt.
    Ours(u32),
    /// It is ours, as this attempt, and has cost so many owners that it had better not be tried again.
    Doomed(u32),
    /// Somebody else has it.
    Theirs,
    /// Its end is recorded.
    Decided,
}

/// What became of an end that was to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    /// It stands.
    Recorded,
    /// Another end stands, or another owner has taken the run over.
    Late,
}

/// What has changed about a run that was somebody else's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Its end is recorded.
    Decided(RunId),
    /// Its owner has given it up, or is gone.
    Free(RunId),
}

/// A claim of a run that has no end, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Who has it.
    pub owner: Owner,
    /// Time since its last beat, by the file system's clock.
    pub silent: Duration,
}

/// The claims on the runs of one results folder, and our part in them.
#[derive(Debug)]
pub struct Claims {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    done: PathBuf,
    lease: Lease,
    lookout: Lookout,
    /// The highest attempt of each claimed run when the folder was looked at last.
    latest: BTreeMap<RunId, u32>,
    ours: BTreeMap<RunId, u32>,
    /// Runs that were asked for in vain.
    theirs: BTreeSet<RunId>,
    /// The file system's time when the folder was looked at last.
    now: Duration,
}

impl Claims {
    /// Takes part in a shared folder.
    pub fn join(disk: Arc<dyn Disk>, dir: &Path, lease: Lease, lookout: Lookout) -> io::Result<Self> {
        let (claims, done) = (dir.join("claims"), dir.join("done"));
        for folder in [&claims, &done] {
            disk.create_dir(folder)?;
        }
        disk.sync_dir(dir)?;
        let mut joined = Self {
            disk,
            folder: claims,
            done,
            lease,
            lookout,
            latest: BTreeMap::new(),
            ours: BTreeMap::new(),
            theirs: BTreeSet::new(),
            now: Duration::ZERO,
        };
        joined.look()?;
        Ok(joined)
    }

    /// Our name in the folder.
    pub fn name(&self) -> &str {
        &self.lookout.here().name
    }

    /// Time between two beats of a run that moves.
    pub fn beat_every(&self) -> Duration {
        self.lease.beat
    }

    /// Claims a run, if nobody else has it.
    pub fn take(&mut self, run: &RunId) -> io::Result<Taken> {
        if let Some(&attempt) = self.ours.get(run) {
            return Ok(Taken::Ours(attempt));
        }
        let latest = self.latest.get(run).copied().unwrap_or(0);
        let lost = match self.found(run, latest)? {
            Some(Found::Released { lost }) => lost,
            Some(Found::Held { claim, silent }) if self.is_stale(&claim, silent) => {
                claim.lost.saturating_add(1)
            }
            Some(Found::Held { .. }) => {
                self.theirs.insert(run.clone());
                return Ok(Taken::Theirs);
            }
            None => 0,
        };
        if self.has_ended(run)? {
            return Ok(Taken::Decided);
        }
        let attempt = latest + 1;
        if !self.claim_as(run, attempt, lost)? {
            self.theirs.insert(run.clone());
            return Ok(Taken::Theirs);
        }
        // Whoever had it may have recorded its end between our looks.
        if self.has_ended(run)? {
            self.release(run)?;
            return Ok(Taken::Decided);
        }
        Ok(if lost > MOST_LOST { Taken::Doomed(attempt) } else { Taken::Ours(attempt) })
    }

    /// Claims a run whose end is to be taken back, however many owners it has cost; whoever still works on it comes too
    /// late. False if somebody else was faster.
    pub fn take_back(&mut self, run: &RunId) -> io::Result<bool> {
        let attempt = self.latest.get(run).copied().unwrap_or(0) + 1;
        self.claim_as(run, attempt, 0)
    }

    /// Removes the end of a run that was taken back, and gives the run up.
    pub fn remove_end(&mut self, run: &RunId) -> io::Result<()> {
        self.disk.remove(&self.done.join(run.as_str()))?;
        self.disk.sync_dir(&self.done)?;
        self.release(run)
    }

    fn claim_as(&mut self, run: &RunId, attempt: u32, lost: u32) -> io::Result<bool> {
        let claim = Claim { owner: self.lookout.here().clone(), lost };
        let text = serde_json::to_vec(&claim).expect("plain data serialises");
        let is_ours = self.link_new(&text, &self.claim(run, attempt))?;
        self.latest.insert(run.clone(), attempt);
        if is_ours {
            self.ours.insert(run.clone(), attempt);
        }
        Ok(is_ours)
    }

    /// Shows that our run is alive.
    pub fn beat(&self, run: &RunId) -> io::Result<()> {
        match self.ours.get(run) {
            Some(&attempt) => self.disk.touch(&self.claim(run, attempt), When::Now),
            None => Ok(()),
        }
    }

    /// The runs that are ours.
    pub fn ours(&self) -> Vec<RunId> {
        self.ours.keys().cloned().collect()
    }

    /// Gives our claim on a run up. Its file stays, so that no attempt has the number of another.
    pub fn release(&mut self, run: &RunId) -> io::Result<()> {
        let Some(attempt) = self.ours.remove(run) else { return Ok(()) };
        self.disk.touch(&self.claim(run, attempt), When::Never)
    }

    /// Records the end of our run, unless somebody has taken it over. When this returns `Recorded`, it is on the disk;
    /// where the disk was full, the run is still ours.
    pub fn commit(&mut self, run: &RunId, end: &[u8]) -> io::Result<Committed> {
        let Some(&attempt) = self.ours.get(run) else { return Ok(Committed::Late) };
        let is_ours = !exists(&*self.disk, &self.claim(run, attempt + 1))?;
        let stands = is_ours && self.link_new(end, &self.done.join(run.as_str()))?;
        self.ours.remove(run);
        if !stands {
            self.theirs.insert(run.clone());
        }
        // Once the name is there, no failure may look like one after which another try is worth it.
        self.disk.sync_dir(&self.done).map_err(io::Error::other)?;
        Ok(if stands { Committed::Recorded } else { Committed::Late })
    }

    /// Looks at the folder again; returns what has changed about the runs that we asked for in vain.
    pub fn look(&mut self) -> io::Result<Vec<Change>> {
        self.now = self.clock()?;
        self.latest = latest(&*self.disk, &self.folder)?;
        let done = ended(&*self.disk, &self.done)?;
        let mut changes = Vec::new();
        for run in std::mem::take(&mut self.theirs) {
            if done.contains(&run) {
                changes.push(Change::Decided(run));
                continue;
            }
            let attempt = self.latest.get(&run).copied().unwrap_or(0);
            match self.found(&run, attempt)? {
                Some(Found::Held { claim, silent }) if !self.is_stale(&claim, silent) => {
                    self.theirs.insert(run);
                }
                Some(_) | None => changes.push(Change::Free(run)),
            }
        }
        if changes.iter().any(|change| matches!(change, Change::Decided(_))) {
            self.disk.sync_dir(&self.done)?;
        }
        Ok(changes)
    }

    /// Every claim that is held of a run without an end, by run. Changes nothing; time is that of the latest sign of life.
    pub fn standing(disk: &dyn Disk, dir: &Path) -> io::Result<BTreeMap<RunId, Standing>> {
        let (claims, done) = (dir.join("claims"), dir.join("done"));
        let done = ended(disk, &done)?;
        let mut held = Vec::new();
        for (run, attempt) in latest(disk, &claims)?.into_iter().filter(|(run, _)| !done.contains(run)) {
            let found = read_claim(disk, &claims.join(format!("{run}.{attempt}")))?;
            held.extend(
                found.filter(|(_, beat)| !beat.is_zero()).map(|(claim, beat)| (run, claim.owner, beat)),
            );
        }
        let now = held.iter().map(|(_, _, beat)| *beat).max().unwrap_or_default();
        let standing = held
            .into_iter()
            .map(|(run, owner, beat)| (run, Standing { owner, silent: now.saturating_sub(beat) }));
        Ok(standing.collect())
    }

    /// A claim is stale if it has been silent for longer than its owner would allow, or for a few beats while its owner is
    /// known to be gone; that of an earlier life of this task at once.
    fn is_stale(&mut self, claim: &Claim, silent: Duration) -> bool {
        let Lease { beat, silence } = self.lease;
        self.lookout.is_earlier_life(&claim.owner)
            || silent > silence + MISSED * beat
            || (silent > MISSED * beat
                && matches!(self.lookout.life(&claim.owner), Life::Ended | Life::Requeued))
    }

    fn found(&self, run: &RunId, attempt: u32) -> io::Result<Option<Found>> {
        if attempt == 0 {
            return Ok(None);
        }
        let found = read_claim(&*self.disk, &self.claim(run, attempt))?;
        Ok(found.map(|(claim, beat)| {
            if beat.is_zero() {
                Found::Released { lost: claim.lost }
            } else {
                Found::Held { claim, silent: self.now.saturating_sub(beat) }
            }
        }))
    }

    fn claim(&self, run: &RunId, attempt: u32) -> PathBuf {
        self.folder.join(format!("{run}.{attempt}"))
    }

    /// Whether the end of a run is recorded. Whoever counts on it must find it behind a power failure, too.
    fn has_ended(&self, run: &RunId) -> io::Result<bool> {
        let ended = exists(&*self.disk, &self.done.join(run.as_str()))?;
        if ended {
            self.disk.sync_dir(&self.done)?;
        }
        Ok(ended)
    }

    /// Gives a new file its name, unless the name is taken.
    fn link_new(&self, content: &[u8], name: &Path) -> io::Result<bool> {
        let temporary = self.folder.join(format!(".{}.tmp", self.name()));
        self.disk.remove(&temporary)?;
        self.disk.create_new(&temporary, content)?;
        self.disk.sync_data(&temporary)?;
        let linked = self.disk.link_new(&temporary, name)?;
        // The next one begins with it, so that one that stays does no harm; but the answer is known.
        let _ = self.disk.remove(&temporary);
        Ok(linked)
    }

    /// What time it is on the file system: no two hosts' clocks need agree.
    fn clock(&self) -> io::Result<Duration> {
        let path = self.clock_file();
        if !exists(&*self.disk, &path)? {
            self.disk.create_new(&path, &[])?;
        }
        self.disk.touch(&path, When::Now)?;
        self.disk.modified(&path)
    }

    fn clock_file(&self) -> PathBuf {
        self.folder.join(format!(".{}.clock", self.name()))
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        // What is left is in nobody's way.
        let _ = self.disk.remove(&self.clock_file());
    }
}

fn exists(disk: &dyn Disk, path: &Path) -> io::Result<bool> {
    Ok(if_there(disk.modified(path))?.is_some())
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A claim with its last beat, which is zero where it was given up; nothing where there is none.
fn read_claim(disk: &dyn Disk, path: &Path) -> io::Result<Option<(Claim, Duration)>> {
    let Some(bytes) = if_there(disk.read(path, LONGEST))? else { return Ok(None) };
    let claim = serde_json::from_slice(&bytes)?;
    Ok(Some((claim, disk.modified(path)?)))
}

fn names(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<String>> {
    let names = if_there(disk.list(folder))?.unwrap_or_default();
    Ok(names.into_iter().filter_map(|name| name.into_string().ok()).collect())
}

fn latest(disk: &dyn Disk, claims: &Path) -> io::Result<BTreeMap<RunId, u32>> {
    let mut latest = BTreeMap::new();
    for name in names(disk, claims)? {
        let Some((run, attempt)) = name.split_once('.') else { continue };
        if let (Ok(run), Ok(attempt)) = (run.parse::<RunId>(), attempt.parse::<u32>()) {
            if attempt > MOST_ATTEMPTS {
                let problem = format!("`{}` is no claim: nobody counts so far", claims.join(&name).display());
                return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
            }
            let highest = latest.entry(run).or_insert(0);
            *highest = attempt.max(*highest);
        }
    }
    Ok(latest)
}

fn ended(disk: &dyn Disk, done: &Path) -> io::Result<BTreeSet<RunId>> {
    Ok(names(disk, done)?.into_iter().filter_map(|name| name.parse().ok()).collect())
}
