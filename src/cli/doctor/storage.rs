//! The place where results are kept: whose it is, what it is made of, whether it locks, and how long "on the disk" takes.

use std::{
    io,
    path::Path,
    time::{Duration, Instant},
};

use rustix::fs::statfs;
use sweep_disk::{Access, Disk, Lock, Sharing};

use super::Finding;

/// Room that a sweep's journal, models and report may take, in bytes.
const LITTLE_ROOM: u64 = 2 << 30;
/// Below this no sweep should be started, in bytes.
const NO_ROOM: u64 = 128 << 20;
/// Commits that are timed.
const COMMITS: usize = 32;
/// A commit that takes longer holds the scheduler up.
const SLOW: Duration = Duration::from_millis(50);
/// What is written to try the place out.
const PROBE: &str = ".sweep-doctor";

/// Numbers of file systems as the kernel's `statfs(2)` gives them.
const NETWORK: [(u64, &str); 9] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x6573_5546, "FUSE"),
    (0x0bd0_0bd0, "Lustre"),
    (0x4750_4653, "GPFS"),
    (0x1983_0326, "BeeGFS"),
    (0x00c3_6400, "Ceph"),
];
const LOCAL: [(u64, &str); 8] = [
    (0xef53, "ext4"),
    (0x5846_5342, "XFS"),
    (0x9123_683e, "Btrfs"),
    (0x2fc1_2fc1, "ZFS"),
    (0xf2f5_2010, "F2FS"),
    (0x794c_7630, "overlay"),
    (0xca45_1a4e, "bcachefs"),
    (0x3153_464a, "JFS"),
];
const FORGETFUL: [(u64, &str); 2] = [(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs")];

pub(super) fn examine(disk: &dyn Disk, folder: &Path) -> Vec<Finding> {
    let mut findings = vec![owner(disk, folder), kind(folder), room(disk, folder)];
    match probed(disk, folder) {
        Ok(mut probed) => findings.append(&mut probed),
        Err(error) => findings.push(Finding::fail(
            "writing",
            format!("{}: {error}", folder.display()),
            "choose a folder that you may write to: --out DIR",
        )),
    }
    // What the probe left is no use to anybody, and a probe that failed left nothing.
    let _ = disk.remove(&folder.join(PROBE));
    findings
}

fn owner(disk: &dyn Disk, folder: &Path) -> Finding {
    let name = folder.display();
    match disk.access(folder) {
        Ok(Access::Ours) => Finding::ok("results", format!("in {name}")),
        Ok(other) => Finding::warn(
            "results",
            format!("{name} {other}"),
            "keep results in a folder of your own: --out DIR",
        ),
        Err(error) => {
            Finding::fail("results", format!("{name}: {error}"), "choose another folder: --out DIR")
        }
    }
}

fn kind(folder: &Path) -> Finding {
    let found = match statfs(folder) {
        Ok(found) => found.f_type as u64 & 0xffff_ffff,
        Err(error) => {
            return Finding::warn("file system", format!("unknown: {error}"), "keep results on a local disk");
        }
    };
    let named = |known: &[(u64, &'static str)]| {
        known.iter().find(|(number, _)| *number == found).map(|(_, name)| *name)
    };
    if let Some(name) = named(&LOCAL) {
        return Finding::ok("file system", name);
    }
    if let Some(name) = named(&FORGETFUL) {
        return Finding::warn(
            "file system",
            format!("{name}: gone after a restart"),
            "keep results on a disk: --out DIR",
        );
    }
    match named(&NETWORK) {
        Some(name) => Finding::warn(
            "file system",
            format!("{name}: shared over a network or run by a program"),
            "one scheduler per results folder, and a local disk where there is one",
        ),
        None => Finding::warn(
            "file system",
            format!("unknown kind {found:#x}"),
            "a local disk is the safest place",
        ),
    }
}

fn room(disk: &dyn Disk, folder: &Path) -> Finding {
    let way_out = "remove what you don't need, or choose another disk: --out DIR";
    match disk.free(folder) {
        Ok(free) => {
            let found = format!("{:.1} GiB", free as f64 / f64::from(1 << 30));
            if free < NO_ROOM {
                Finding::fail("free space", found, way_out)
            } else if free < LITTLE_ROOM {
                Finding::warn("free space", found, way_out)
            } else {
                Finding::ok("free space", found)
            }
        }
        Err(error) => Finding::warn("free space", format!("unknown: {error}"), way_out),
    }
}

/// Writes, locks and renames as a sweep does.
fn probed(disk: &dyn Disk, folder: &Path) -> io::Result<Vec<Finding>> {
    let probe = folder.join(PROBE);
    disk.create_dir(&probe)?;
    let lock = locks(disk, &probe.join("lock"));
    let file = probe.join("journal");
    disk.create_new(&file, b"")?;
    let mut took = Vec::with_capacity(COMMITS);
    for commit in 0..COMMITS {
        let started = Instant::now();
        disk.append(&file, commit as u64, b"\n")?;
        disk.sync_data(&file)?;
        took.push(started.elapsed());
    }
    disk.rename(&file, &probe.join("renamed"))?;
    disk.sync_dir(&probe)?;
    Ok(vec![lock, speed(&mut took)])
}

fn speed(took: &mut [Duration]) -> Finding {
    took.sort();
    let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let found = format!("median {:.1} ms, longest {:.1} ms of {}", ms(median), ms(longest), took.len());
    if median > SLOW {
        Finding::warn("commit", found, "every finished run waits for this; a local disk is faster")
    } else {
        Finding::ok("commit", found)
    }
}

fn locks(disk: &dyn Disk, path: &Path) -> Finding {
    let way_out =
        "keep results on a file system with flock(2): a local disk, or NFS mounted without local_lock";
    let first = disk.try_lock(path, "{}", Sharing::Sole);
    let second = disk.try_lock(path, "{}", Sharing::Sole);
    match (first, second) {
        (Ok(Lock::Held(_)), Ok(Lock::Busy { .. })) => Finding::ok("locks", "a second holder is refused"),
        (Ok(Lock::Held(_)), Ok(Lock::Held(_))) => Finding::fail("locks", "two holders at once", way_out),
        (Err(error), _) | (_, Err(error)) => Finding::fail("locks", error.to_string(), way_out),
        (Ok(Lock::Busy { .. }), _) => Finding::warn("locks", "another doctor is at work here", "try again"),
    }
}
