//! The simulated disk: a file system in memory, as far as results use one.

mod world;

use std::{
    ffi::OsString,
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sweep_disk::{Access, Disk, Held, Lock, Sharing, When};
use sweep_protocol::terms::ContentHash;

use world::{Node, Renaming, World, Writing};

/// What a device keeps, at a power failure, of the changes that were not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// None of them is there.
    None,
    /// All of them are there, as after the death of a process.
    All,
    /// Each is there or not, whatever came before it; what was written to files may be torn. The draws follow this seed.
    Some(u64),
}

/// A file system in memory that forgets, at a power failure, what was not synced: all of it, or parts.
///
/// Names and contents reach its device in any order. Only what `fsync` promises is promised: content after
/// [`Disk::sync_data`], names after [`Disk::sync_dir`], a rename as a whole or not at all. When a file was last modified may
/// always be forgotten, back to when it was made. Time stands still unless it is let pass.
#[derive(Debug, Default)]
pub struct SimulatedDisk(Mutex<World>);

impl SimulatedDisk {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the power fail and come back.
    pub fn lose_power(&self, kept: Kept) {
        self.world().lose_power(kept);
    }

    /// Lets this much time pass.
    pub fn pass(&self, time: Duration) {
        self.world().clock += time;
    }

    /// Writes a file as a careful program would, synced with its name; replaces one that is there.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.remove(path)?;
        self.create_new(path, bytes)?;
        self.sync_data(path)?;
        self.sync_dir(path.parent().unwrap_or(Path::new("")))
    }
}

impl Disk for SimulatedDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let added = self.world().add(path, Node::empty_dir());
        match added {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.list(path).map(|_| ()),
            result => result.map(|_| ()),
        }
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.world();
        let file = world.new_file(bytes);
        world.add(path, file).map(|_| ())
    }

    fn reserve(&self, path: &Path, _bytes: u64) -> io::Result<()> {
        match self.create_new(path, &[]) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            result => result,
        }
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.world().write(path, |length| {
            if length as u64 == at {
                Ok(Writing::Bytes { at: length, bytes: bytes.to_vec() })
            } else {
                Err(io::Error::other("somebody else wrote to it"))
            }
        })
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.world().write(path, |_| Ok(Writing::Cut { length: length as usize }))
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let node = world.find(path)?;
        if let Node::File { now, on_device, pending, .. } = &mut world.nodes[node] {
            on_device.clone_from(now);
            pending.clear();
        }
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let dir = world.find(path)?;
        let (here, elsewhere) = std::mem::take(&mut world.pending)
            .into_iter()
            .partition(|renaming: &Renaming| renaming.iter().any(|(folder, ..)| *folder == dir));
        world.pending = elsewhere;
        let here: Vec<Renaming> = here;
        for renaming in &here {
            world.reach_device(renaming);
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let node = world.find(from)?;
        let ((from_dir, from_name), (to_dir, to_name)) = (world.place(from)?, world.place(to)?);
        if let Ok(there) = world.find(to)
            && let Node::Dir { now, .. } = &world.nodes[there]
            && !now.is_empty()
        {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        world.rename(vec![(from_dir, from_name.to_owned(), None), (to_dir, to_name.to_owned(), Some(node))])
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let node = world.find(from)?;
        let (dir, name) = world.place(to)?;
        if world.names(dir)?.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.rename(vec![(dir, name.to_owned(), Some(node))])
    }

    fn link_new(&self, from: &Path, to: &Path) -> io::Result<bool> {
        match self.link(from, to) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            linked => linked.map(|()| true),
        }
    }

    fn touch(&self, path: &Path, when: When) -> io::Result<()> {
        let mut world = self.world();
        let (node, clock) = (world.find(path)?, world.clock);
        if let Node::File { stamp, .. } = &mut world.nodes[node] {
            stamp.now = if when == When::Now { clock } else { Duration::ZERO };
        }
        Ok(())
    }

    fn modified(&self, path: &Path) -> io::Result<Duration> {
        let world = self.world();
        match &world.nodes[world.find(path)?] {
            Node::File { stamp, .. } => Ok(stamp.now),
            Node::Dir { .. } => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let Ok((dir, name)) = world.place(path) else { return Ok(()) };
        if world.names(dir)?.contains_key(name) {
            return world.rename(vec![(dir, name.to_owned(), None)]);
        }
        Ok(())
    }

    fn read(&self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let world = self.world();
        match &world.nodes[world.find(path)?] {
            Node::File { now, .. } if now.len() as u64 <= limit => Ok(now.clone()),
            Node::File { .. } => Err(io::ErrorKind::FileTooLarge.into()),
            Node::Dir { .. } => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        Ok(ContentHash::from(*blake3::hash(&self.read(path, u64::MAX)?).as_bytes()))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut world = self.world();
        let dir = world.find(path)?;
        Ok(world.names(dir)?.keys().cloned().collect())
    }

    fn free(&self, _path: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn access(&self, path: &Path) -> io::Result<Access> {
        self.list(path).map(|_| Access::Ours)
    }

    fn inner_access(&self, path: &Path) -> io::Result<Access> {
        self.access(path)
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        let world = self.world();
        let holders = world.locks.get(path).into_iter().flatten();
        Ok(holders.filter_map(|(_, holder)| holder.upgrade()).map(|holder| holder.to_string()).next())
    }

    fn try_lock(&self, path: &Path, holder: &str, sharing: Sharing) -> io::Result<Lock> {
        let mut world = self.world();
        let holders = world.locks.entry(path.to_owned()).or_default();
        holders.retain(|(_, holder)| holder.strong_count() > 0);
        let rival = holders.iter().find(|(other, _)| sharing == Sharing::Sole || *other == Sharing::Sole);
        if let Some((_, rival)) = rival {
            let holder = rival.upgrade().map_or_else(String::new, |holder| holder.to_string());
            return Ok(Lock::Busy { holder });
        }
        let held: Arc<str> = holder.into();
        holders.push((sharing, Arc::downgrade(&held)));
        Ok(Lock::Held(Box::new(SimulatedLock(held))))
    }
}

struct SimulatedLock(Arc<str>);

impl fmt::Debug for SimulatedLock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Held for SimulatedLock {
    fn usurper(&self) -> io::Result<Option<String>> {
        Ok(None)
    }
}
