//! How a worker process is ended: asked, told, killed; always reaped, with everything in its group.

use std::{
    fmt, io,
    os::unix::process::ExitStatusExt,
    process::{Child, ExitStatus},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How long a killed process is waited for where nothing else can be done meanwhile.
const AT_MOST: Duration = Duration::from_secs(5);

/// How patient the end of a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Its input is closed; told to end only if it doesn't by itself within half of the grace.
    Gentle,
    /// Its input is closed and it is told to end; killed after the grace.
    Firm,
    /// It is killed.
    Kill,
}

/// How a worker process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// Nobody knows.
    Unknown,
}

impl fmt::Display for Exit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(formatter, "it exited with code {code}"),
            Self::Signal(9) => formatter
                .write_str("it was killed (signal 9), by somebody or by the kernel for want of memory"),
            Self::Signal(signal) => write!(formatter, "it died of signal {signal}"),
            Self::Unknown => formatter.write_str("it ended unseen"),
        }
    }
}

impl From<io::Result<ExitStatus>> for Exit {
    fn from(status: io::Result<ExitStatus>) -> Self {
        match status.map(|status| (status.code(), status.signal())) {
            Ok((Some(code), _)) => Self::Code(code),
            Ok((None, Some(signal))) => Self::Signal(signal),
            Ok((None, None)) | Err(_) => Self::Unknown,
        }
    }
}

/// Ends a process whose input is closed already, and everything in its group; returns when it is gone.
pub(super) fn end(mut child: Child, manner: Manner, grace: Duration, hurry: &AtomicBool) -> Exit {
    let Some(group) = group(&child) else { return child.wait().into() };
    let gone = match manner {
        Manner::Gentle => {
            ends_within(group, grace / 2, hurry)
                || (told_to_end(group) && ends_within(group, grace / 2, hurry))
        }
        Manner::Firm => told_to_end(group) && ends_within(group, grace, hurry),
        Manner::Kill => false,
    };
    if !gone {
        // It may be gone in this very moment, which is what is wanted.
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    // Not reaped yet, so the number still belongs to this group: nobody else's process can be hit.
    let _ = kill_process_group(group, Signal::KILL);
    let exit = child.wait().into();
    reap(group);
    exit
}

/// Kills a process and everything in its group, and doesn't wait long for one that can't be killed.
pub(super) fn abandon(mut child: Child) {
    let Some(group) = group(&child) else { return };
    let _ = kill_process_group(group, Signal::KILL);
    ends_within(group, AT_MOST, &AtomicBool::new(false));
    let _ = child.try_wait();
    reap(group);
}

/// Reaps what a killed worker has left behind in its group: this process has adopted it.
fn reap(group: Pid) {
    let deadline = Instant::now() + AT_MOST;
    while let Ok(left) = waitid(WaitId::Pgid(Some(group)), WaitIdOptions::EXITED | WaitIdOptions::NOHANG) {
        if left.is_none() {
            if Instant::now() > deadline {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The process, which leads a group of its own.
pub(super) fn group(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

fn told_to_end(group: Pid) -> bool {
    kill_process_group(group, Signal::TERM).is_ok()
}

/// Looks without reaping.
fn ends_within(group: Pid, grace: Duration, hurry: &AtomicBool) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    let deadline = Instant::now() + grace;
    let mut pause = Duration::from_millis(1);
    loop {
        match waitid(WaitId::Pid(group), options) {
            Ok(None) if Instant::now() < deadline && !hurry.load(Ordering::Relaxed) => thread::sleep(pause),
            Ok(None) => return false,
            Ok(Some(_)) | Err(_) => return true,
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
