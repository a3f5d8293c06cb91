//! SIG: signals to a sweep on a terminal with job control, alone and one after the other, at random moments.
//!
//! Whatever is sent, the sweep ends in time with the code that says so, leaves no process, and the same command goes on
//! where it stopped and comes to the same results. The terminal is that of `script`, the job control that of `bash`.

use std::{
    io::Write,
    process::{Child, ChildStdin, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    chance::Chance,
    processes::{Ended, Scene, is_zombie, kill, wait_until},
    report::Report,
};

/// Starts the sweep as a job in the foreground; one that is stopped goes on once a line comes in.
const SHELL: &str = r#"
set -m
# A key that comes when the sweep has ended already is not for the shell.
trap : INT
"$SWEEP" gate.toml --out r --jobs 3
code=$?
while [ $code -eq 148 ]; do
    : > stopped
    read -r _
    fg > /dev/null
    code=$?
done
echo $code > code
"#;
/// How long a sweep may take to end once it is told to: a worker has 10 s to obey.
const IN_TIME: Duration = Duration::from_secs(20);
/// How long a process may outlive its scheduler.
const OUTLIVES: Duration = Duration::from_secs(5);
/// Longer than a run of the grid may stand still.
const PAUSE: Duration = Duration::from_secs(4);

/// What is done to the sweep.
#[derive(Debug, Clone, Copy)]
enum Script {
    /// Ctrl-C on the terminal, so many times.
    Interrupts(u32),
    /// A signal to the scheduler.
    Signal(&'static str),
    /// Two signals to the scheduler, the second soon after the first.
    Two(&'static str, &'static str),
    /// The terminal goes away.
    HangUp,
    /// Ctrl-Z, a pause, `fg`.
    Pause,
    /// A signal to the scheduler and all of its workers, as a cluster sends it.
    Everybody(&'static str),
}

const SCRIPTS: [(Script, &str); 10] = [
    (Script::Interrupts(1), "130"),
    (Script::Interrupts(2), "130"),
    (Script::Interrupts(3), "130"),
    (Script::Signal("TERM"), "143"),
    (Script::Signal("HUP"), "143"),
    (Script::Signal("USR1"), "75"),
    (Script::Two("USR1", "TERM"), "143"),
    (Script::HangUp, ""),
    (Script::Pause, "0"),
    (Script::Everybody("TERM"), "143"),
];

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let mut chance = Chance::new(trials);
    let peace = Scene::new(1, 60, 100);
    assert!(peace.sweep("r", "8").wait().expect("a child of ours").success(), "the grid runs in peace");
    let expected = peace.outcomes("r");
    let mut longest = Duration::ZERO;
    for number in 0..trials {
        let (script, code) = SCRIPTS[(number % SCRIPTS.len() as u64) as usize];
        let moment = 1 + chance.below(20) as usize;
        report.trial(&format!("script {number}: {script:?} after {moment} runs"), || {
            let scene = Scene::new(1, 60, 100);
            longest = longest.max(play(&scene, script, code, moment));
            let before = scene.bench.ended("r");
            let goes_on = scene.sweep("r", "8").wait().expect("a child of ours");
            assert!(goes_on.success(), "the same command ends with {goes_on}");
            let all = scene.bench.ended("r");
            assert!(all.starts_with(&before), "what was recorded stays");
            assert_eq!(all.len(), expected.len(), "every run ends once");
            for (id, found) in scene.outcomes("r") {
                // Who is stopped for longer than a run may stand still must not take its workers for hung.
                assert!(found.attempt == 1 || !matches!(script, Script::Pause), "run {id} was tried again");
                assert!(Ended::is_like(&found, &expected[&id]), "run {id} came to something else");
            }
        });
    }
    report.figure(format!("the slowest end took {longest:.1?}"));
    report
}

/// Plays one script; returns how long the sweep took to end.
fn play(scene: &Scene, script: Script, code: &str, moment: usize) -> Duration {
    scene.bench.write("job.sh", SHELL);
    // `exec`, because a shell in between would die of a key that comes when the sweep has ended, and take the terminal with it.
    let mut terminal = scene.command("script", &["--quiet", "--command", "exec bash job.sh", "/dev/null"]);
    terminal.env("SWEEP", env!("CARGO_BIN_EXE_sweep")).stdin(Stdio::piped());
    let mut terminal = terminal.spawn().expect("`script` (util-linux) gives a terminal");
    let mut keyboard = terminal.stdin.take().expect("a pipe");
    wait_until("runs", || scene.ended("r") >= moment);
    let scheduler = scheduler(scene);
    let since = act(scene, script, (&mut terminal, &mut keyboard), scheduler);
    wait_until("the end of the sweep", || !is_alive(scheduler));
    let took = since.elapsed();
    assert!(took <= IN_TIME || matches!(script, Script::Pause), "it took {took:?} to end");
    if !code.is_empty() {
        wait_until("its exit code", || scene.bench.path("code").exists());
        wait_until("its exit code", || scene.bench.read("code").ends_with('\n'));
        assert_eq!(scene.bench.read("code").trim(), code, "its exit code");
    }
    drop(keyboard);
    let _ = terminal.kill();
    terminal.wait().expect("a child of ours");
    scene.expect_empty(OUTLIVES);
    took
}

/// Does what the script says; returns when the sweep was told to end.
fn act(
    scene: &Scene,
    script: Script,
    (terminal, keyboard): (&mut Child, &mut ChildStdin),
    scheduler: u32,
) -> Instant {
    // A terminal whose sweep has ended already takes no more keys.
    let mut press = |key: &[u8]| drop(keyboard.write_all(key).and_then(|()| keyboard.flush()));
    let since = Instant::now();
    match script {
        Script::Interrupts(times) => {
            for time in 0..times {
                if time > 0 {
                    // Keys that are pressed faster than they are read are one signal.
                    thread::sleep(Duration::from_millis(20));
                }
                press(b"\x03");
            }
        }
        Script::Signal(signal) => kill(signal, scheduler),
        Script::Two(first, second) => {
            kill(first, scheduler);
            kill(second, scheduler);
        }
        Script::HangUp => terminal.kill().expect("a child of ours"),
        Script::Pause => {
            press(b"\x1a");
            wait_until("the job to stop", || scene.bench.path("stopped").exists());
            let before = scene.ended("r");
            thread::sleep(PAUSE);
            assert_eq!(scene.ended("r"), before, "it is stopped");
            press(b"\n");
        }
        Script::Everybody(signal) => {
            for pid in std::iter::once(scheduler).chain(crate::processes::children(scheduler)) {
                kill(signal, pid);
            }
        }
    }
    since
}

/// The scheduler among the processes of a scene: the one that has the grid on its command line and is `sweep`.
fn scheduler(scene: &Scene) -> u32 {
    let is_scheduler = |pid: &u32| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.starts_with(env!("CARGO_BIN_EXE_sweep").as_bytes())
            && crate::processes::contains(&words, b"gate.toml")
    };
    scene.processes().into_iter().find(is_scheduler).expect("the sweep runs")
}

fn is_alive(pid: u32) -> bool {
    std::path::Path::new("/proc").join(pid.to_string()).exists() && !is_zombie(pid)
}
