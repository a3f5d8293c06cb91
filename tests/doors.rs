//! Whose files are read and written: links, pipes, devices, other people's folders, places that can hold no results, and a
//! standard output that takes nothing more.

use std::{
    fs,
    os::unix::{
        ffi::OsStringExt,
        fs::{PermissionsExt, symlink},
    },
    path::Path,
    process::Stdio,
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use sweep::store::Cache;

use crate::{
    harness::Bench,
    trust::{GRID, signed, some_run, swept},
};

fn pipe(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::from(0o600), 0).expect("a pipe");
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn no_link_leads_out_of_the_results() {
    for folder in ["figures", "runs"] {
        let bench = swept();
        bench.write("elsewhere/canary", "alive");
        fs::rename(bench.path(format!("r/{folder}")), bench.path("moved")).expect("ours");
        symlink(
            bench.path(if folder == "runs" { "moved" } else { "elsewhere" }),
            bench.path(format!("r/{folder}")),
        )
        .expect("ours");
        for command in [&["report", "r"][..], &["fsck", "r"], &["small.toml", "--out", "r"]] {
            let said = bench.sweep(command).expect_code(4);
            let all = said.stdout + &said.stderr;
            assert!(all.contains("symbolic link") && all.contains(folder), "{command:?}: {all}");
        }
        assert_eq!(fs::read_dir(bench.path("elsewhere")).expect("readable").count(), 1, "written through");
    }
    let bench = swept();
    let secret = bench.write("secret.json", r#"{"key":"TOPSECRET"}"#);
    fs::remove_file(bench.path("r/provenance.json")).expect("ours");
    symlink(secret, bench.path("r/provenance.json")).expect("ours");
    bench.sweep(["report", "r"]).expect_code(0);
    assert!(!bench.read("r/report.html").contains("TOPSECRET"));
    bench.sweep(["fsck", "r"]).expect_code(4);
}

#[test]
fn the_folder_and_the_log_of_a_run_are_no_links() {
    let bench = swept();
    let run = some_run(&bench);
    let id = run.file_name().expect("a name").to_string_lossy().into_owned();
    fs::rename(&run, bench.path("moved")).expect("ours");
    symlink(bench.path("moved"), &run).expect("ours");
    bench.sweep(["fsck", "r"]).expect_code(4);
    bench.sweep(["small.toml", "--out", "r"]).expect_code(4);
    bench.sweep(["fsck", "r", "--repair"]).expect_code(0);
    bench.sweep(["small.toml", "--out", "r"]).expect_code(0);
    assert!(run.join("confidences.npy").is_file(), "it was repeated");
    let log = run.join("worker.log");
    bench.write("secret", "TOPSECRET");
    let _ = fs::remove_file(&log);
    symlink(bench.path("secret"), &log).expect("ours");
    let said = bench.sweep(["logs", "r", &id]);
    assert!(!said.stdout.contains("TOPSECRET"), "{}", said.stdout);
}

#[test]
fn no_pipe_and_no_device_is_waited_for() {
    let bench = swept();
    let array = some_run(&bench).join("confidences.npy");
    fs::remove_file(&array).expect("ours");
    pipe(&array);
    fs::remove_file(bench.path("r/provenance.json")).expect("ours");
    pipe(&bench.path("r/provenance.json"));
    // That these end is what is tried.
    bench.sweep(["report", "r"]).expect_code(0);
    bench.sweep(["compare", "r", "r"]);
    bench.sweep(["fsck", "r"]).expect_code(4);
    pipe(&bench.path("pipe.npy"));
    for odd in ["pipe.npy", "/dev/zero"] {
        let said = bench.sweep(["score", "--unlearned", odd, "--retrained", "pipe.npy"]).expect_code(3);
        assert!(said.stderr.contains("no regular file"), "{}", said.stderr);
    }
}

#[test]
fn what_others_can_write_to_is_not_believed() {
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
    let of_runs: fn(&Bench) -> _ = |bench| bench.path("r/runs");
    let of_journal: fn(&Bench) -> _ = |bench| bench.path("r/journal.jsonl");
    let of_plan: fn(&Bench) -> _ = |bench| bench.path("r/plan.json");
    let whole: fn(&Bench) -> _ = |bench| bench.path("r");
    for (place, wide) in [(whole, 0o722), (of_runs, 0o777), (of_journal, 0o666), (of_plan, 0o620)] {
        let bench = swept();
        open(&place(&bench), wide);
        for command in
            [&["report", "r"][..], &["status", "r"], &["compare", "r", "r"], &["small.toml", "--out", "r"]]
        {
            let said = bench.sweep(command).expect_code(4);
            assert!(said.stderr.contains("chmod go-w"), "{command:?}: {}", said.stderr);
        }
        assert!(bench.sweep(["fsck", "r"]).code == Some(4));
    }
}

#[test]
fn a_cache_that_others_can_write_to_is_refused() {
    let bench = Bench::new();
    let dir = bench.path("cache");
    Cache::open(&dir).expect("it is made");
    assert_eq!(mode(&dir), 0o700);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).expect("ours");
    let refused = Cache::open(&dir).expect_err("others set the hashes there").to_string();
    assert!(refused.contains("chmod go-w") && refused.contains("--cache"), "{refused}");
    let said = bench.sweep(["fsck", "--cache=cache"]).expect_code(4);
    assert!(said.stdout.contains("chmod go-w"), "{}", said.stdout);
}

#[test]
fn everything_in_results_is_its_owners_alone_whatever_the_umask_is() {
    let bench = Bench::new();
    bench.write("small.toml", GRID);
    let program = env!("CARGO_BIN_EXE_sweep");
    let script = format!("umask 000; exec '{program}' small.toml --out r");
    let ended = std::process::Command::new("sh").args(["-c", &script]).current_dir(bench.path(".")).output();
    assert!(ended.expect("sh starts").status.success());
    for entry in walkdir::WalkDir::new(bench.path("r")) {
        let entry = entry.expect("readable");
        let want = if entry.file_type().is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(entry.path()), want, "{}", entry.path().display());
    }
}

#[test]
fn a_standard_output_that_takes_nothing_is_no_success_and_a_closed_one_no_failure() {
    let bench = swept();
    let commands = [
        &["report", "r", "--format", "json"][..],
        &["compare", "r", "r"],
        &["status", "r"],
        &["fsck", "r"],
        &["plan", "small.toml"],
        &["plan", "small.toml", "--format", "json"],
        &["schema"],
        &["methods"],
        &["--help"],
    ];
    for command in commands {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a device of Linux");
        let ended = bench.command(command).stdout(full).output().expect("it starts");
        assert_eq!(ended.status.code(), Some(4), "{command:?}");
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = bench.command(command).stdout(writer).stderr(Stdio::piped()).output().expect("it starts");
        assert_eq!(ended.status.code(), Some(0), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn places_that_can_hold_no_results_are_refused_before_anything_is_written() {
    let bench = swept();
    bench.write("cache.toml", GRID.replace("\"small\"", "\"cache\""));
    let strange = std::ffi::OsString::from_vec(b"strange-\xff".to_vec());
    fs::create_dir_all(bench.path("results/cache")).expect("ours");
    let refused = |arguments: Vec<std::ffi::OsString>| {
        let said = bench.sweep(arguments).expect_code(2);
        assert!(said.stderr.contains("can't hold the results"), "{}", said.stderr);
    };
    refused(vec!["cache.toml".into()]);
    refused(vec!["small.toml".into(), "--out".into(), "/".into()]);
    refused(vec!["small.toml".into(), "--out".into(), "r/runs".into()]);
    refused(vec!["small.toml".into(), "--out".into(), strange.clone()]);
    assert!(!bench.path(&strange).exists());
    assert_eq!(fs::read_dir(bench.path("results/cache")).expect("readable").count(), 0);
}

#[test]
fn messages_name_what_is_missing() {
    let bench = Bench::new();
    bench.write("small.toml", GRID);
    bench.sweep(["small.toml", "--out", "r", "--shared"]).expect_code(0);
    let journal = bench.journals("r").remove(0);
    let text = fs::read_to_string(&journal).expect("readable");
    // No version writes what is no JSON: damage, not another version.
    let line = text.lines().nth(1).expect("a second line");
    let (covered, _) = line.split_once(",\"crc32c\"").expect("a line of a journal");
    let absurd = signed(&format!("{},\"crc32c\"", covered.replacen(':', ":1e400,\"x\":", 1)));
    fs::write(&journal, text.replace(line, &absurd)).expect("ours");
    let said = bench.sweep(["fsck", "r"]).expect_code(4);
    assert!(said.stdout.contains("damaged") && !said.stdout.contains("version"), "{}", said.stdout);

    let bench = swept();
    fs::remove_file(bench.path("r/sweep.lock")).expect("ours");
    pipe(&bench.path("r/sweep.lock"));
    let said = bench.sweep(["fsck", "r"]).expect_code(4);
    assert!(said.stderr.contains("sweep.lock"), "{}", said.stderr);
}

#[test]
fn a_claim_that_nobody_can_count_on_from_is_no_panic() {
    let bench = Bench::new();
    bench.write("small.toml", GRID);
    bench.sweep(["small.toml", "--out", "r", "--shared"]).expect_code(0);
    let run = bench.ended("r").remove(0);
    bench.write(&format!("r/claims/{run}.4294967295"), "{}");
    let said = bench.sweep(["small.toml", "--out", "r", "--retry", "finished"]).expect_code(4);
    assert!(said.stderr.contains("is no claim"), "{}", said.stderr);
}

#[test]
fn the_shared_cache_is_looked_over_and_what_is_damaged_is_set_aside() {
    let bench = Bench::new();
    bench.write("results/cache/passes/0.f32", vec![0; 40]);
    bench.write("results/cache/00000000000000000000000000000001/measurement.json", "{}");
    let said = bench.sweep(["fsck", "--cache"]).expect_code(4);
    assert_eq!(said.stdout.matches("is not what was kept there").count(), 2, "{}", said.stdout);
    bench.sweep(["fsck", "--cache=results/cache", "--repair"]).expect_code(0);
    assert_eq!(fs::read_dir(bench.path("results/cache/quarantine")).expect("readable").count(), 2);
}

#[test]
fn a_group_shares_on_request_and_nobody_else() {
    let bench = Bench::new();
    bench.write("small.toml", GRID);
    bench.sweep(["small.toml", "--out", "r", "--group"]).expect_code(0);
    for entry in walkdir::WalkDir::new(bench.path("r")) {
        let entry = entry.expect("readable");
        let want = if entry.file_type().is_dir() { 0o770 } else { 0o660 };
        assert_eq!(mode(entry.path()), want, "{}", entry.path().display());
    }
    bench.sweep(["report", "r"]).expect_code(4);
    for command in
        [&["report", "r", "--group"][..], &["fsck", "r", "--group"], &["small.toml", "--out", "r", "--group"]]
    {
        bench.sweep(command).expect_code(0);
    }
    let by_variable = bench.command(["report", "r"]).env("SWEEP_GROUP", "1").output().expect("it starts");
    assert!(by_variable.status.success());
    fs::set_permissions(bench.path("r/journal.jsonl"), fs::Permissions::from_mode(0o666)).expect("ours");
    bench.sweep(["report", "r", "--group"]).expect_code(4);
}
