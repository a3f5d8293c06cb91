//! Looks the shared cache over for damage, and sets aside what is damaged: it is made again when it is needed.

use std::{io, path::Path};

use sweep_files::stamp;
use sweep_protocol::terms::RunId;

use super::{
    Access, Disk, Fault, Finding, Folder, StoreError, artifacts,
    cache::{MAX_MEASUREMENT, MEASUREMENT, opened},
    fsck::{Checked, is_left_over, set_aside},
};

/// Expensive passes over the data, in the cache's folder.
const PASSES: &str = "passes";
/// How the files of passes end.
const PASS: &str = ".f32";
/// Bytes of a checksum, with which the file of a pass begins.
const HASH: usize = 32;
/// Largest file of a pass that is looked at, in bytes.
const MAX_PASS: u64 = 4 << 30;

/// Looks a cache over and changes nothing; its runs are counted as recorded.
pub fn fsck_cache(disk: &dyn Disk, dir: &Path) -> Result<Checked, StoreError> {
    let reading = |source| StoreError::Read { path: dir.to_owned(), source };
    let mut found = Found { disk, findings: Vec::new(), runs: 0 };
    let access = disk.access(dir).map_err(reading)?;
    if access != Access::Ours {
        found.add(dir, Fault::Exposed(access));
    }
    for name in disk.list(dir).map_err(reading)? {
        let path = dir.join(&name);
        if is_left_over(&name) {
            found.add(&path, Fault::LeftOver);
        } else if name == PASSES {
            found.passes(&path)?;
        } else if let Some(run) = name.to_str().and_then(|name| name.parse::<RunId>().ok()) {
            found.entry(&path, &run);
        }
    }
    Ok(Checked { findings: found.findings, recorded: found.runs, holder: None })
}

/// Sets aside, in `quarantine/`, what is damaged.
pub fn repair_cache(disk: &dyn Disk, dir: &Path) -> Result<Checked, StoreError> {
    let folder = Folder::new(dir);
    for Finding { path, fault } in &fsck_cache(disk, dir)?.findings {
        if matches!(fault, Fault::NotAsKept) {
            set_aside(disk, &folder, path)?;
        }
    }
    fsck_cache(disk, dir)
}

struct Found<'a> {
    disk: &'a dyn Disk,
    findings: Vec<Finding>,
    runs: usize,
}

impl Found<'_> {
    fn add(&mut self, path: &Path, fault: Fault) {
        self.findings.push(Finding { path: path.to_owned(), fault });
    }

    /// A run that all sweeps share.
    fn entry(&mut self, path: &Path, run: &RunId) {
        let is_whole = || {
            is_ours(self.disk.inner_access(path))?;
            let measurement = opened(run, self.disk.read(&path.join(MEASUREMENT), MAX_MEASUREMENT).ok()?)?;
            let holds = artifacts(&measurement)?.iter().all(|artifact| {
                self.disk.hash(&path.join(&artifact.file)).is_ok_and(|hash| hash == artifact.blake3)
            });
            holds.then_some(())
        };
        if is_whole().is_some() {
            self.runs += 1;
        } else {
            self.add(path, Fault::NotAsKept);
        }
    }

    fn passes(&mut self, dir: &Path) -> Result<(), StoreError> {
        let reading = |source| StoreError::Read { path: dir.to_owned(), source };
        match self.disk.inner_access(dir).map_err(reading)? {
            Access::Ours => {}
            access => self.add(dir, Fault::Exposed(access)),
        }
        for name in self.disk.list(dir).map_err(reading)? {
            let path = dir.join(&name);
            let Some(name) = name.to_str().filter(|name| name.ends_with(PASS)) else { continue };
            let bytes = self.disk.read(&path, MAX_PASS).unwrap_or_default();
            let whole = bytes.split_at_checked(HASH);
            if whole.is_none_or(|(found, numbers)| stamp(name, numbers) != found) {
                self.add(&path, Fault::NotAsKept);
            }
        }
        Ok(())
    }
}

fn is_ours(access: io::Result<Access>) -> Option<()> {
    (access.ok()? == Access::Ours).then_some(())
}
