use std::{
    fs::{self, File},
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use sweep_disk::OsDisk;
use sweep_protocol::terms::RunId;
use tempfile::TempDir;

use super::{Change, Claims, Committed, Lease, Life, Lookout, Owner, Squeue, Taken, Task, slurm, squeue};

const LEASE: Lease = Lease { beat: Duration::from_secs(10), silence: Duration::from_mins(10) };

fn run(number: u64) -> RunId {
    format!("{number:032x}").parse().expect("32 hexadecimal digits")
}

/// A scheduler of this machine that lives, called `name`.
fn living(name: &str) -> Owner {
    Owner { name: name.to_owned(), ..Owner::here(None) }
}

/// A scheduler of this machine whose process is gone.
fn dead(name: &str) -> Owner {
    // The process that this one is never started when the machine did.
    Owner { started: 0, ..living(name) }
}

/// A scheduler of a host that can't be looked at from here.
fn far(name: &str) -> Owner {
    Owner { host: "far".into(), boot: "another".into(), ..living(name) }
}

fn join(dir: &Path, owner: Owner) -> Claims {
    Claims::join(Arc::new(OsDisk), dir, LEASE, Lookout::new(owner, Squeue::new(Duration::MAX)))
        .expect("a folder")
}

/// Lets the last beat of a claim be this long ago.
fn silent_for(dir: &Path, claim: &str, seconds: u64) {
    let then = SystemTime::now() - Duration::from_secs(seconds);
    let file = File::options().write(true).open(dir.join("claims").join(claim)).expect("a claim");
    file.set_modified(then).expect("a file of ours");
}

/// What is recorded about the first run.
fn end(folder: &TempDir) -> Vec<u8> {
    fs::read(folder.path().join("done").join(run(1).as_str())).expect("an end")
}

fn first_claim() -> String {
    format!("{}.1", run(1))
}

#[test]
fn one_of_two_gets_a_run_and_the_other_hears_of_its_end() {
    let folder = TempDir::new().expect("a folder");
    let (mut one, mut two) = (join(folder.path(), living("one")), join(folder.path(), living("two")));
    assert_eq!(one.take(&run(1)).expect("claims"), Taken::Ours(1));
    assert_eq!(one.take(&run(1)).expect("claims"), Taken::Ours(1), "what is ours stays ours");
    assert_eq!(two.take(&run(1)).expect("claims"), Taken::Theirs);
    assert_eq!(two.look().expect("a look"), []);
    assert_eq!(one.commit(&run(1), b"end").expect("a commit"), Committed::Recorded);
    assert_eq!(two.look().expect("a look"), [Change::Decided(run(1))]);
    assert_eq!(end(&folder), b"end");
    assert_eq!(two.take(&run(1)).expect("claims"), Taken::Theirs, "nobody looked who lives");
}

#[test]
fn many_threads_get_every_run_once() {
    const RUNS: u64 = 50;
    let folder = TempDir::new().expect("a folder");
    let taken: Vec<RunId> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let mut claims = join(folder.path(), living(&format!("thread-{thread}")));
                scope.spawn(move || {
                    let mine = |&number: &u64| claims.take(&run(number)).expect("claims") == Taken::Ours(1);
                    (0..RUNS).filter(mine).map(run).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
    });
    let once: std::collections::BTreeSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), once.len()), (RUNS as usize, RUNS as usize));
}

#[test]
fn a_claim_that_was_given_up_is_free_at_once_under_a_new_number() {
    let folder = TempDir::new().expect("a folder");
    let (mut one, mut two) = (join(folder.path(), living("one")), join(folder.path(), living("two")));
    one.take(&run(1)).expect("claims");
    assert_eq!(two.take(&run(1)).expect("claims"), Taken::Theirs);
    one.release(&run(1)).expect("a release");
    assert_eq!(two.look().expect("a look"), [Change::Free(run(1))]);
    assert_eq!(two.take(&run(1)).expect("claims"), Taken::Ours(2));
    assert_eq!(one.commit(&run(1), b"end").expect("a commit"), Committed::Late, "it was given up");
}

#[test]
fn a_claim_is_taken_over_when_it_is_silent_and_its_owner_is_gone_or_silent_for_very_long() {
    for (owner, silent, taken) in [
        (dead("gone"), 39, Taken::Theirs),
        (dead("gone"), 45, Taken::Ours(2)),
        (living("slow"), 45, Taken::Theirs),
        (far("far"), 45, Taken::Theirs),
        (living("hung"), 700, Taken::Ours(2)),
        (far("far"), 700, Taken::Ours(2)),
    ] {
        let folder = TempDir::new().expect("a folder");
        join(folder.path(), owner.clone()).take(&run(1)).expect("claims");
        silent_for(folder.path(), &first_claim(), silent);
        let found = join(folder.path(), living("other")).take(&run(1)).expect("claims");
        assert_eq!(found, taken, "{} after {silent} s", owner.name);
    }
}

#[test]
fn a_beat_keeps_a_claim() {
    let folder = TempDir::new().expect("a folder");
    let mut owner = join(folder.path(), dead("gone"));
    owner.take(&run(1)).expect("claims");
    silent_for(folder.path(), &first_claim(), 45);
    owner.beat(&run(1)).expect("a beat");
    assert_eq!(join(folder.path(), living("other")).take(&run(1)).expect("claims"), Taken::Theirs);
}

#[test]
fn whoever_was_taken_over_commits_too_late_and_so_does_the_second_of_two() {
    let folder = TempDir::new().expect("a folder");
    let mut stopped = join(folder.path(), living("stopped"));
    stopped.take(&run(1)).expect("claims");
    silent_for(folder.path(), &first_claim(), 700);
    let mut thief = join(folder.path(), living("thief"));
    assert_eq!(thief.take(&run(1)).expect("claims"), Taken::Ours(2));
    assert_eq!(stopped.commit(&run(1), b"old").expect("a commit"), Committed::Late);
    assert_eq!(thief.commit(&run(1), b"new").expect("a commit"), Committed::Recorded);
    assert_eq!(end(&folder), b"new");
}

#[test]
fn a_second_life_takes_over_from_the_first_at_once() {
    let life = |restarts| {
        let task = Task { id: "17_3".into(), restarts };
        Owner { task: Some(task), ..living(&format!("life-{restarts}")) }
    };
    let folder = TempDir::new().expect("a folder");
    join(folder.path(), life(0)).take(&run(1)).expect("claims");
    assert_eq!(join(folder.path(), life(1)).take(&run(1)).expect("claims"), Taken::Ours(2));
    assert_eq!(join(folder.path(), life(0)).take(&run(1)).expect("claims"), Taken::Theirs);
}

#[test]
fn a_run_that_costs_every_owner_is_given_up() {
    let folder = TempDir::new().expect("a folder");
    let mut found = Vec::new();
    for owner in 1..=6 {
        let mut claims = join(folder.path(), dead(&format!("gone-{owner}")));
        found.push(claims.take(&run(1)).expect("claims"));
        silent_for(folder.path(), &format!("{}.{owner}", run(1)), 45);
    }
    let mut expected: Vec<Taken> = (1..=5).map(Taken::Ours).collect();
    expected.push(Taken::Doomed(6));
    assert_eq!(found, expected);
}

#[test]
fn an_end_that_is_taken_back_makes_room_for_another_and_clears_the_count_of_the_lost() {
    let folder = TempDir::new().expect("a folder");
    for owner in 1..=6 {
        join(folder.path(), dead(&format!("gone-{owner}"))).take(&run(1)).expect("claims");
        silent_for(folder.path(), &format!("{}.{owner}", run(1)), 45);
    }
    let mut last = join(folder.path(), living("last"));
    assert_eq!(last.take(&run(1)).expect("claims"), Taken::Doomed(7));
    assert_eq!(last.commit(&run(1), b"given up").expect("a commit"), Committed::Recorded);
    let (mut user, mut other) = (join(folder.path(), living("user")), join(folder.path(), living("other")));
    assert!(user.take_back(&run(1)).expect("claims"));
    assert!(!other.take_back(&run(1)).expect("claims"), "one of two");
    assert_eq!(end(&folder), b"given up", "it stands until it is removed");
    user.remove_end(&run(1)).expect("claims");
    assert_eq!(user.take(&run(1)).expect("claims"), Taken::Ours(9));
    assert_eq!(user.commit(&run(1), b"at last").expect("a commit"), Committed::Recorded);
    assert_eq!(end(&folder), b"at last");
}

#[test]
fn claims_without_an_end_are_listed_with_their_owners() {
    let folder = TempDir::new().expect("a folder");
    assert!(Claims::standing(&OsDisk, folder.path()).expect("no claims yet").is_empty());
    let mut claims = join(folder.path(), living("one"));
    for number in 1..=3 {
        claims.take(&run(number)).expect("claims");
    }
    claims.commit(&run(1), b"end").expect("a commit");
    claims.release(&run(2)).expect("a release");
    let standing = Claims::standing(&OsDisk, folder.path()).expect("claims");
    let owners: Vec<_> =
        standing.iter().map(|(run, claim)| (run.clone(), claim.owner.name.as_str())).collect();
    assert_eq!(owners, [(run(3), "one")]);
}

#[test]
fn nothing_of_ours_stays_open_in_the_folder() {
    let folder = TempDir::new().expect("a folder");
    let mut claims = join(folder.path(), living("one"));
    claims.take(&run(1)).expect("claims");
    claims.commit(&run(1), b"end").expect("a commit");
    drop(claims);
    let names = fs::read_dir(folder.path().join("claims")).expect("a folder");
    let names: Vec<_> = names.map(|entry| entry.expect("a name").file_name()).collect();
    assert_eq!(names, [first_claim().as_str()], "no temporary file, no clock");
}

#[test]
fn the_dead_of_this_machine_are_known_and_the_others_are_not() {
    let mut lookout = Lookout::new(living("here"), Squeue::new(Duration::MAX));
    assert_eq!(lookout.life(&living("here")), Life::Lives);
    assert_eq!(lookout.life(&dead("gone")), Life::Ended);
    assert_eq!(lookout.life(&far("far")), Life::Unknown);
}

#[test]
fn what_squeue_prints_is_read_and_strange_states_count_as_running() {
    use super::JobState::{Gone, Running, Waiting};
    let tasks = squeue::listed("17_0|RUNNING\n17_1|PENDING\n18|COMPLETING\nnonsense\n");
    let states: Vec<_> = tasks.iter().map(|(task, word)| (task.as_str(), squeue::state(word))).collect();
    assert_eq!(states, [("17_0", Running), ("17_1", Waiting), ("18", Running)]);
    for (word, state) in
        [("PREEMPTED", Running), ("REQUEUED", Waiting), ("TIMEOUT", Gone), ("SOMETHING_NEW", Running)]
    {
        assert_eq!(squeue::state(word), state, "{word}");
    }
}

#[test]
fn partitions_and_their_limits_are_read() {
    const PARTITIONS: &str = "PartitionName=batch Default=YES MaxTime=01:00:00 State=UP\n\
                              PartitionName=long Default=NO MaxTime=7-12:30:00\nPartitionName=open MaxTime=UNLIMITED";
    let of = |named| slurm::partition(PARTITIONS, named);
    assert_eq!(of(None), Some(("batch".to_owned(), Some(60))));
    assert_eq!(of(Some("long")), Some(("long".to_owned(), Some((7 * 24 + 12) * 60 + 30))));
    assert_eq!(of(Some("open")), Some(("open".to_owned(), None)));
    assert_eq!(of(Some("lon")), None);
}
