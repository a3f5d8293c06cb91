//! A file system in memory that forgets, at a power failure, everything that was not synced.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sweep_protocol::terms::ContentHash;

use super::{Disk, disk::Lock};

/// What a name stands for; a folder has no content.
type Inode = Option<usize>;

#[derive(Debug, Default)]
struct World {
    /// Content of each file now, and as it is on the device.
    files: Vec<(Vec<u8>, Vec<u8>)>,
    names: BTreeMap<PathBuf, Inode>,
    names_on_device: BTreeMap<PathBuf, Inode>,
    locks: BTreeMap<PathBuf, Arc<()>>,
}

#[derive(Debug, Default)]
pub(super) struct MemoryDisk(Mutex<World>);

impl MemoryDisk {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lose_power(&self) {
        let mut world = self.world();
        world.names = world.names_on_device.clone();
        for (now, on_device) in &mut world.files {
            now.clone_from(on_device);
        }
    }

    /// Writes a file as a careful worker would: synced with its name.
    pub(super) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut world = self.world();
        world.files.push((bytes.to_vec(), bytes.to_vec()));
        let inode = Some(world.files.len() - 1);
        world.names.insert(path.to_owned(), inode);
        world.names_on_device.insert(path.to_owned(), inode);
    }
}

impl World {
    fn inode(&self, path: &Path) -> io::Result<usize> {
        match self.names.get(path) {
            Some(Some(inode)) => Ok(*inode),
            Some(None) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn file(&mut self, path: &Path) -> io::Result<&mut (Vec<u8>, Vec<u8>)> {
        let inode = self.inode(path)?;
        Ok(&mut self.files[inode])
    }

    fn add(&mut self, path: &Path, inode: Inode) -> io::Result<()> {
        let parent = path.parent().unwrap_or(Path::new(""));
        if parent != Path::new("") && self.names.get(parent) != Some(&None) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.names.insert(path.to_owned(), inode);
        Ok(())
    }
}

impl Disk for MemoryDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.world().add(path, None)
    }

    fn create_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.world();
        if world.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.files.push((bytes.to_vec(), Vec::new()));
        let inode = world.files.len() - 1;
        world.add(path, Some(inode))
    }

    fn append(&self, path: &Path, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.world();
        let (now, _) = world.file(path)?;
        assert_eq!(now.len() as u64, at, "the store knows where the journal ends");
        now.extend_from_slice(bytes);
        Ok(())
    }

    fn truncate(&self, path: &Path, length: u64) -> io::Result<()> {
        self.world().file(path)?.0.truncate(length as usize);
        Ok(())
    }

    fn sync_data(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let (now, on_device) = world.file(path)?;
        on_device.clone_from(now);
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        let World { names, names_on_device, .. } = &mut *world;
        names_on_device.retain(|name, _| name.parent() != Some(path));
        let here = names.iter().filter(|(name, _)| name.parent() == Some(path));
        names_on_device.extend(here.map(|(name, inode)| (name.clone(), *inode)));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let below: Vec<_> = world.names.keys().filter(|name| name.starts_with(from)).cloned().collect();
        if below.is_empty() {
            return Err(io::ErrorKind::NotFound.into());
        }
        for name in below {
            let rest = name.strip_prefix(from).expect("it starts with it");
            let target = if rest == Path::new("") { to.to_owned() } else { to.join(rest) };
            let inode = world.names.remove(&name).expect("it was listed");
            world.names.insert(target.clone(), inode);
            // What is in a folder moves with it on the device too; only its own name waits for a sync.
            if name != from
                && let Some(inode) = world.names_on_device.remove(&name)
            {
                world.names_on_device.insert(target, inode);
            }
        }
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let inode = world.inode(from)?;
        world.add(to, Some(inode))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.world().names.retain(|name, _| !name.starts_with(path));
        Ok(())
    }

    fn read(&self, path: &Path, _limit: u64) -> io::Result<Vec<u8>> {
        Ok(self.world().file(path)?.0.clone())
    }

    fn hash(&self, path: &Path) -> io::Result<ContentHash> {
        Ok(ContentHash::from(*blake3::hash(&self.read(path, u64::MAX)?).as_bytes()))
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let world = self.world();
        if world.names.get(path) != Some(&None) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let here = world.names.keys().filter(|name| name.parent() == Some(path));
        Ok(here.filter_map(|name| name.file_name()).map(OsString::from).collect())
    }

    fn try_lock(&self, path: &Path, holder: &str) -> io::Result<Lock> {
        let mut world = self.world();
        let lock = world.locks.entry(path.to_owned()).or_default().clone();
        if Arc::strong_count(&lock) > 2 {
            return Ok(Lock::Busy { holder: holder.to_owned() });
        }
        Ok(Lock::Held(Box::new(lock)))
    }
}
