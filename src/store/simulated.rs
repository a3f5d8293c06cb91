use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    fmt, io,
    path::{Component, Path},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use sweep_protocol::terms::ContentHash;

use super::{
    Access, Disk,
    disk::{Held, Lock, Sharing},
};

/// Bytes that a device writes at once.
const SECTOR: usize = 64;

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

/// A change of names that a device makes as a whole: a folder, a name in it, and what it now stands for.
type Renaming = Vec<(usize, OsString, Option<usize>)>;

/// A change of content.
#[derive(Debug, Clone)]
enum Writing {
    Bytes { at: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

#[derive(Debug)]
enum Node {
    File { now: Vec<u8>, on_device: Vec<u8>, pending: Vec<Writing> },
    Dir { now: BTreeMap<OsString, usize>, on_device: BTreeMap<OsString, usize> },
}

#[derive(Debug)]
struct World {
    nodes: Vec<Node>,
    pending: Vec<Renaming>,
    locks: BTreeMap<std::path::PathBuf, Vec<(Sharing, Weak<str>)>>,
}

/// A file system in memory that forgets, at a power failure, what was not synced: all of it, or parts.
///
/// Names and contents reach its device in any order. Only what `fsync` promises is promised: content after
/// [`Disk::sync_data`], names after [`Disk::sync_dir`], a rename as a whole or not at all.
#[derive(Debug)]
pub struct SimulatedDisk(Mutex<World>);

impl Default for SimulatedDisk {
    fn default() -> Self {
        let root = Node::Dir { now: BTreeMap::new(), on_device: BTreeMap::new() };
        Self(Mutex::new(World { nodes: vec![root], pending: Vec::new(), locks: BTreeMap::new() }))
    }
}

impl SimulatedDisk {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the power fail and come back.
    pub fn lose_power(&self, kept: Kept) {
        let mut world = self.world();
        let mut draws = match kept {
            Kept::None => Draws::Always(false),
            Kept::All => Draws::Always(true),
            Kept::Some(seed) => Draws::Random(Box::new(ChaCha8Rng::seed_from_u64(seed))),
        };
        for renaming in std::mem::take(&mut world.pending) {
            if draws.keeps() {
                world.reach_device(&renaming);
            }
        }
        for node in &mut world.nodes {
            match node {
                Node::File { now, on_device, pending } => {
                    pending.drain(..).for_each(|writing| draws.tear(&writing, on_device));
                    now.clone_from(on_device);
                }
                Node::Dir { now, on_device } => now.clone_from(on_device),
            }
        }
    }

    /// Writes a file as a careful program would, synced with its name; replaces one that is there.
    pub fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.remove(path)?;
        self.create_new(path, bytes)?;
        self.sync_data(path)?;
        self.sync_dir(path.parent().unwrap_or(Path::new("")))
    }
}

enum Draws {
    Always(bool),
    Random(Box<ChaCha8Rng>),
}

impl Draws {
    fn keeps(&mut self) -> bool {
        match self {
            Self::Always(keeps) => *keeps,
            Self::Random(random) => random.next_u32() % 2 == 0,
        }
    }

    /// Brings a change of content to the device: all, none, or some of its sectors.
    fn tear(&mut self, writing: &Writing, on_device: &mut Vec<u8>) {
        let torn = matches!(self, Self::Random(_)) && self.keeps();
        if !torn {
            if self.keeps() {
                apply(writing, on_device);
            }
            return;
        }
        let Writing::Bytes { at, bytes } = writing else { return };
        for (index, sector) in bytes.chunks(SECTOR).enumerate() {
            if self.keeps() {
                let at = at + index * SECTOR;
                apply(&Writing::Bytes { at, bytes: sector.to_vec() }, on_device);
            }
        }
    }
}

/// Where a file ends before the place that is written to, zeros fill the hole.
fn apply(writing: &Writing, content: &mut Vec<u8>) {
    match writing {
        Writing::Cut { length } => content.truncate(*length),
        Writing::Bytes { at, bytes } => {
            content.resize(content.len().max(at + bytes.len()), 0);
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
}

impl World {
    fn find(&self, path: &Path) -> io::Result<usize> {
        let mut node = 0;
        for component in path.components() {
            let Component::Normal(name) = component else { continue };
            let Node::Dir { now, .. } = &self.nodes[node] else {
                return Err(io::ErrorKind::NotADirectory.into());
            };
            node = *now.get(name).ok_or(io::ErrorKind::NotFound)?;
        }
        Ok(node)
    }

    /// The folder of a path and its last name.
    fn place<'a>(&self, path: &'a Path) -> io::Result<(usize, &'a OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name))
    }

    fn names(&mut self, dir: usize) -> io::Result<&mut BTreeMap<OsString, usize>> {
        match &mut self.nodes[dir] {
            Node::Dir { now, .. } => Ok(now),
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn rename(&mut self, renaming: Renaming) -> io::Result<()> {
        for (dir, name, node) in &renaming {
            let names = self.names(*dir)?;
            match node {
                Some(node) => names.insert(name.clone(), *node),
                None => names.remove(name),
            };
        }
        self.pending.push(renaming);
        Ok(())
    }

    fn reach_device(&mut self, renaming: &Renaming) {
        for (dir, name, node) in renaming {
            let Node::Dir { on_device, .. } = &mut self.nodes[*dir] else { continue };
            match node {
                Some(node) => on_device.insert(name.clone(), *node),
                None => on_device.remove(name),
            };
        }
    }

    fn add(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let (dir, name) = self.place(path)?;
        if self.names(dir)?.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.nodes.push(node);
        let node = self.nodes.len() - 1;
        self.rename(vec![(dir, name.to_owned(), Some(node))])?;
        Ok(node)
    }

    fn write(&mut self, path: &Path, writing: impl FnOnce(usize) -> io::Result<Writing>) -> io::Result<()> {
        let node = self.find(path)?;
        let Node::File { now, pending, .. } = &mut self.nodes[node] else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let writing = writing(now.len())?;
        apply(&writing, now);
        pending.push(writing);
        Ok(())
    }
}

impl Disk for SimulatedDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let added = self.world().add(path, Node::Dir { now: BTreeMap::new(), on_device: BTreeMap::new() });
        match added {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.list(path).map(|_| ()),
            result => result.map(|_| ()),
        }
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let writing = Writing::Bytes { at: 0, bytes: bytes.to_vec() };
        let file = Node::File { now: bytes.to_vec(), on_device: Vec::new(), pending: vec![writing] };
        self.world().add(path, file).map(|_| ())
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
        if let Node::File { now, on_device, pending } = &mut world.nodes[node] {
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
