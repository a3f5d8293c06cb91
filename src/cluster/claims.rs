//! `claims/<run>.<attempt>` and `done/<run>`: who works on a run, and whose end of it stands.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::fs::{AtFlags, CWD, OFlags, Timespec, Timestamps, UTIME_NOW, utimensat};
use serde::{Deserialize, Serialize};
use sweep_protocol::terms::RunId;

use super::{Life, Lookout, Owner};

/// Beats that a claim may miss before its owner is looked for.
const MISSED: u32 = 4;
/// Owners in a row that a run may cost before nobody takes it any more.
const MOST_LOST: u32 = 4;
/// Longest claim or end that is read, in bytes.
const LONGEST: u64 = 1 << 24;

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
    pub fn join(dir: &Path, lease: Lease, lookout: Lookout) -> io::Result<Self> {
        let (claims, done) = (dir.join("claims"), dir.join("done"));
        for folder in [&claims, &done] {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut joined = Self {
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
            Some(Found::Held { claim, silent }) if self.is_stale(&claim, silent) => claim.lost + 1,
            Some(Found::Held { .. }) => {
                self.theirs.insert(run.clone());
                return Ok(Taken::Theirs);
            }
            None => 0,
        };
        if exists(&self.done.join(run.as_str()))? {
            return Ok(Taken::Decided);
        }
        let attempt = latest + 1;
        let claim = Claim { owner: self.lookout.here().clone(), lost };
        let text = serde_json::to_vec(&claim).expect("plain data serialises");
        if !self.link_new(&text, &self.claim(run, attempt))? {
            self.latest.insert(run.clone(), attempt);
            self.theirs.insert(run.clone());
            return Ok(Taken::Theirs);
        }
        self.ours.insert(run.clone(), attempt);
        // Whoever had it may have recorded its end between our looks.
        if exists(&self.done.join(run.as_str()))? {
            self.release(run)?;
            return Ok(Taken::Decided);
        }
        Ok(if lost > MOST_LOST { Taken::Doomed(attempt) } else { Taken::Ours(attempt) })
    }

    /// Shows that our run is alive.
    pub fn beat(&self, run: &RunId) -> io::Result<()> {
        match self.ours.get(run) {
            Some(&attempt) => touch(&self.claim(run, attempt)),
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
        set_time(&self.claim(run, attempt), Timespec { tv_sec: 0, tv_nsec: 0 })
    }

    /// Records the end of our run, unless somebody has taken it over. When this returns `Recorded`, it is on the disk;
    /// where the disk was full, the run is still ours.
    pub fn commit(&mut self, run: &RunId, end: &[u8]) -> io::Result<Committed> {
        let Some(&attempt) = self.ours.get(run) else { return Ok(Committed::Late) };
        let stands =
            !exists(&self.claim(run, attempt + 1))? && self.link_new(end, &self.done.join(run.as_str()))?;
        self.ours.remove(run);
        if !stands {
            return Ok(Committed::Late);
        }
        // Once the name is there, no failure may look like one after which another try is worth it.
        File::open(&self.done)?.sync_all().map_err(io::Error::other)?;
        Ok(Committed::Recorded)
    }

    /// The recorded end of a run.
    pub fn end(&self, run: &RunId) -> io::Result<Vec<u8>> {
        read(&self.done.join(run.as_str())).map(|(bytes, _)| bytes)
    }

    /// Looks at the folder again; returns what has changed about the runs that we asked for in vain.
    pub fn look(&mut self) -> io::Result<Vec<Change>> {
        self.now = self.clock()?;
        self.latest = latest(&self.folder)?;
        let done = ended(&self.done)?;
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
        Ok(changes)
    }

    /// Every claim that is held of a run without an end, by run. Changes nothing; time is that of the latest sign of life.
    pub fn standing(dir: &Path) -> io::Result<BTreeMap<RunId, Standing>> {
        let (claims, done) = (dir.join("claims"), dir.join("done"));
        if !exists(&claims)? || !exists(&done)? {
            return Ok(BTreeMap::new());
        }
        let done = ended(&done)?;
        let mut held = Vec::new();
        for (run, attempt) in latest(&claims)?.into_iter().filter(|(run, _)| !done.contains(run)) {
            let found = read_claim(&claims.join(format!("{run}.{attempt}")))?;
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
        let found = read_claim(&self.claim(run, attempt))?;
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

    /// Gives a new file its name, unless the name is taken.
    fn link_new(&self, content: &[u8], name: &Path) -> io::Result<bool> {
        let temporary = self.folder.join(format!(".{}.tmp", self.name()));
        gone_is_fine(fs::remove_file(&temporary))?;
        let mut file = private().write(true).create_new(true).open(&temporary)?;
        file.write_all(content)?;
        file.sync_data()?;
        let linked = fs::hard_link(&temporary, name);
        // Over a network the first answer may be lost and the second say that the name exists: the count tells.
        let ours = file.metadata()?.nlink() == 2;
        gone_is_fine(fs::remove_file(&temporary))?;
        match linked {
            Ok(()) => Ok(true),
            Err(_) if ours => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What time it is on the file system: no two hosts' clocks need agree.
    fn clock(&self) -> io::Result<Duration> {
        let path = self.folder.join(format!(".{}.clock", self.name()));
        let file = private().write(true).create(true).truncate(false).open(&path)?;
        touch(&path)?;
        Ok(modified(&file.metadata()?))
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        // What is left is in nobody's way.
        let _ = fs::remove_file(self.folder.join(format!(".{}.clock", self.name())));
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    options
}

fn touch(path: &Path) -> io::Result<()> {
    set_time(path, Timespec { tv_sec: 0, tv_nsec: UTIME_NOW })
}

fn set_time(path: &Path, time: Timespec) -> io::Result<()> {
    let both = Timestamps { last_access: time, last_modification: time };
    Ok(utimensat(CWD, path, &both, AtFlags::SYMLINK_NOFOLLOW)?)
}

fn modified(metadata: &fs::Metadata) -> Duration {
    Duration::new(metadata.mtime().max(0) as u64, metadata.mtime_nsec().max(0) as u32)
}

fn exists(path: &Path) -> io::Result<bool> {
    fs::symlink_metadata(path)
        .map(|_| true)
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(false) } else { Err(error) })
}

fn gone_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Opening a file makes a network's client ask the server again, so content and time are fresh.
fn read(path: &Path) -> io::Result<(Vec<u8>, Duration)> {
    let file = private().read(true).open(path)?;
    let beat = modified(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok((bytes, beat))
}

/// A claim with its last beat, which is zero where it was given up; nothing where there is none.
fn read_claim(path: &Path) -> io::Result<Option<(Claim, Duration)>> {
    match read(path) {
        Ok((bytes, beat)) => Ok(Some((serde_json::from_slice(&bytes)?, beat))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().into_string().unwrap_or_default()));
    names.collect()
}

fn latest(claims: &Path) -> io::Result<BTreeMap<RunId, u32>> {
    let mut latest = BTreeMap::new();
    for name in names(claims)? {
        let Some((run, attempt)) = name.split_once('.') else { continue };
        if let (Ok(run), Ok(attempt)) = (run.parse::<RunId>(), attempt.parse::<u32>()) {
            let highest = latest.entry(run).or_insert(0);
            *highest = attempt.max(*highest);
        }
    }
    Ok(latest)
}

fn ended(done: &Path) -> io::Result<BTreeSet<RunId>> {
    Ok(names(done)?.into_iter().filter_map(|name| name.parse().ok()).collect())
}
