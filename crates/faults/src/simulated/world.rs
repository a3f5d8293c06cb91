//! The names and contents of the simulated disk, as they are and as they would be after a power failure.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io,
    path::{Component, Path, PathBuf},
    sync::Weak,
    time::Duration,
};

use sweep_chance::Chance;
use sweep_disk::Sharing;

use super::Kept;

/// Where the clock of the file system begins, after 1970.
const BEGINNING: Duration = Duration::from_hours(24 * 365);
/// Bytes that a device writes at once.
const SECTOR: usize = 64;

/// A change of names that a device makes as a whole: a folder, a name in it, and what it now stands for.
pub(super) type Renaming = Vec<(usize, OsString, Option<usize>)>;

/// A change of content.
#[derive(Debug, Clone)]
pub(super) enum Writing {
    Bytes { at: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

/// When a file was last modified.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp {
    pub(super) now: Duration,
    on_device: Duration,
}

#[derive(Debug)]
pub(super) enum Node {
    File { now: Vec<u8>, on_device: Vec<u8>, pending: Vec<Writing>, stamp: Stamp },
    Dir { now: BTreeMap<OsString, usize>, on_device: BTreeMap<OsString, usize> },
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    pub(super) pending: Vec<Renaming>,
    pub(super) locks: BTreeMap<PathBuf, Vec<(Sharing, Weak<str>)>>,
    /// What time it is.
    pub(super) clock: Duration,
}

impl Default for World {
    fn default() -> Self {
        let (pending, locks) = (Vec::new(), BTreeMap::new());
        Self { nodes: vec![Node::empty_dir()], pending, locks, clock: BEGINNING }
    }
}

impl Node {
    pub(super) fn empty_dir() -> Self {
        Self::Dir { now: BTreeMap::new(), on_device: BTreeMap::new() }
    }
}

enum Draws {
    Always(bool),
    Random(Box<Chance>),
}

impl Draws {
    fn of(kept: Kept) -> Self {
        match kept {
            Kept::None => Self::Always(false),
            Kept::All => Self::Always(true),
            Kept::Some(seed) => Self::Random(Box::new(Chance::of_seed(seed))),
        }
    }

    fn keeps(&mut self) -> bool {
        match self {
            Self::Always(keeps) => *keeps,
            Self::Random(chance) => chance.coin(),
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
    /// Lets the power fail and come back.
    pub(super) fn lose_power(&mut self, kept: Kept) {
        let mut draws = Draws::of(kept);
        for renaming in std::mem::take(&mut self.pending) {
            if draws.keeps() {
                self.reach_device(&renaming);
            }
        }
        for node in &mut self.nodes {
            match node {
                Node::File { now, on_device, pending, stamp } => {
                    pending.drain(..).for_each(|writing| draws.tear(&writing, on_device));
                    now.clone_from(on_device);
                    if draws.keeps() {
                        stamp.on_device = stamp.now;
                    }
                    stamp.now = stamp.on_device;
                }
                Node::Dir { now, on_device } => now.clone_from(on_device),
            }
        }
    }

    /// A file that is made with this content; the device learns of its beginning together with its name.
    pub(super) fn new_file(&self, bytes: &[u8]) -> Node {
        let pending = vec![Writing::Bytes { at: 0, bytes: bytes.to_vec() }];
        let stamp = Stamp { now: self.clock, on_device: self.clock };
        Node::File { now: bytes.to_vec(), on_device: Vec::new(), pending, stamp }
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<usize> {
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
    pub(super) fn place<'a>(&self, path: &'a Path) -> io::Result<(usize, &'a OsStr)> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok((self.find(path.parent().unwrap_or(Path::new("")))?, name))
    }

    pub(super) fn names(&mut self, dir: usize) -> io::Result<&mut BTreeMap<OsString, usize>> {
        match &mut self.nodes[dir] {
            Node::Dir { now, .. } => Ok(now),
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn rename(&mut self, renaming: Renaming) -> io::Result<()> {
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

    pub(super) fn reach_device(&mut self, renaming: &Renaming) {
        for (dir, name, node) in renaming {
            let Node::Dir { on_device, .. } = &mut self.nodes[*dir] else { continue };
            match node {
                Some(node) => on_device.insert(name.clone(), *node),
                None => on_device.remove(name),
            };
        }
    }

    pub(super) fn add(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        let (dir, name) = self.place(path)?;
        if self.names(dir)?.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.nodes.push(node);
        let node = self.nodes.len() - 1;
        self.rename(vec![(dir, name.to_owned(), Some(node))])?;
        Ok(node)
    }

    pub(super) fn write(
        &mut self,
        path: &Path,
        writing: impl FnOnce(usize) -> io::Result<Writing>,
    ) -> io::Result<()> {
        let (node, clock) = (self.find(path)?, self.clock);
        let Node::File { now, pending, stamp, .. } = &mut self.nodes[node] else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        let writing = writing(now.len())?;
        apply(&writing, now);
        pending.push(writing);
        stamp.now = clock;
        Ok(())
    }
}
