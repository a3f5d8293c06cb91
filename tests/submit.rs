//! `sweep submit --print`: whatever a folder is called, the shell that reads the commands finds the words that were meant.

use std::{
    fs,
    process::{Command, Stdio},
};

use crate::harness::Bench;

/// Pieces that a shell, sbatch or getopt would like to take for something else.
const NASTY: [&str; 25] = [
    "$(touch canary)",
    "`touch canary`",
    "; touch canary;",
    "& touch canary &",
    "| touch canary",
    "> canary",
    "< canary",
    "'; touch canary; '",
    "\"; touch canary; \"",
    "\\",
    "\\'",
    "%A_%a",
    "%%",
    "#SBATCH --uid=0",
    "--wrap=touch canary",
    "-n9",
    "~",
    "*",
    "?[a-z]",
    "{a,b}",
    "!!",
    "$HOME",
    "${IFS}",
    "é ✂ 名",
    " ",
];
/// Where they stand.
const AROUND: [(&str, &str); 8] =
    [("", ""), ("a", ""), ("", "b"), ("a ", " b"), ("'", "'"), ("\"", "\""), ("x=", "y"), ("--", "")];

const GRID: &str = r#"
name = "NAME"
engine = "toy"
seeds = 2
[cluster.slurm]
partition = "gpu,long"
account = "a.b@c"
gres = "gpu:a100:1"
cpus = 4
mem = "16G"
time = "90m"
signal-before = "2m"
extra = ["--nice=100", "--exclude=n[1-2]"]
[method.simulated]
"#;

fn names() -> Vec<String> {
    let names: Vec<String> = NASTY
        .iter()
        .flat_map(|nasty| AROUND.map(|(before, after)| format!("{before}{nasty}{after}")))
        .collect();
    assert_eq!(names.len(), 200);
    names
}

fn grid() -> String {
    GRID.replace("NAME", "n-1").replace(", \"--exclude=n[1-2]\"", "")
}

#[test]
fn two_hundred_hostile_folders_reach_sbatch_as_they_are() {
    let bench = Bench::new();
    bench.write("g.toml", grid());
    for name in names() {
        let folder = bench.path("out").join(&name);
        let out = format!("--out={}", folder.display());
        if name.contains(['%', '\\']) {
            // Slurm would expand them in the names of logs, quoted or not.
            bench.sweep(["submit", "g.toml", &out, "--print"]).expect_code(2);
            continue;
        }
        let printed =
            bench.sweep(["submit", "g.toml", &out, "--print", "--workers", "3"]).expect_code(0).stdout;
        bench.write("printed.sh", &printed);
        let checked = Command::new("bash").args(["-n", "printed.sh"]).current_dir(bench.path("")).status();
        assert!(checked.expect("bash is here").success(), "bash -n: {printed}");

        let heard = Command::new("bash")
            .args(["-c", "sbatch() { printf '%s\\0' \"$@\" END; }; . ./printed.sh"])
            .current_dir(bench.path(""))
            .stdin(Stdio::null())
            .output()
            .expect("bash is here");
        let heard = String::from_utf8(heard.stdout).expect("UTF-8");
        let words: Vec<&str> = heard.split_terminator('\0').collect();
        let job = folder.join("slurm/job.sh").display().to_string();
        let program = env!("CARGO_BIN_EXE_sweep");
        let chdir = format!("--chdir={}", folder.display());
        let array = [
            "--parsable",
            "--job-name=sweep:n-1",
            &chdir,
            "--open-mode=append",
            "--partition=gpu,long",
            "--account=a.b@c",
            "--array=0-2",
            "--output=slurm/%A_%a.log",
            "--signal=B:USR1@120",
            "--requeue",
            "--gres=gpu:a100:1",
            "--mem=16G",
            "--cpus-per-task=4",
            "--time=90",
            "--nice=100",
            &job,
            program,
            "work",
            ".",
            "END",
        ];
        let report = [
            "--parsable",
            "--job-name=sweep:n-1:report",
            &chdir,
            "--open-mode=append",
            "--partition=gpu,long",
            "--account=a.b@c",
            "--output=slurm/report-%j.log",
            "--dependency=afterany:ARRAY",
            &job,
            program,
            "report",
            ".",
            "END",
        ];
        assert_eq!(words, [&array[..], &report[..]].concat(), "{name}");
        let directives = printed.lines().filter(|line| line.starts_with("#SBATCH")).count();
        assert_eq!(directives, 0, "{printed}");
    }
    assert!(!bench.path("canary").exists() && !bench.path("out").exists(), "printing does nothing");
}

#[test]
fn names_and_values_that_are_no_plain_words_are_refused() {
    let bench = Bench::new();
    for name in names() {
        // A literal text of TOML holds everything but its own quotes.
        let literal = format!("'''{name}'''");
        let text = grid().replace("\"n-1\"", &literal);
        let plain = |letter: char| letter.is_ascii_alphanumeric() || ",.:=_@+-".contains(letter);
        if name.contains('\'') || name.chars().all(plain) {
            continue;
        }
        bench.write("g.toml", &text);
        let said = bench.sweep(["submit", "g.toml", "--print"]).expect_code(2);
        assert!(said.stdout.is_empty(), "{name}: {}", said.stdout);
        for key in
            ["partition = \"gpu,long\"", "account = \"a.b@c\"", "mem = \"16G\"", "gres = \"gpu:a100:1\""]
        {
            let word = key.split(' ').next().unwrap_or_default();
            bench.write("g.toml", grid().replace(key, &format!("{word} = {literal}")));
            bench.sweep(["submit", "g.toml", "--print"]).expect_code(2);
        }
    }
}

#[test]
fn extra_options_are_checked_word_by_word() {
    let bench = Bench::new();
    for extra in [
        "--wrap=id",
        "--wr=id",
        "--array=0-9",
        "--arr=0-9",
        "--output=/etc/x",
        "-o/etc/x",
        "--export=NONE",
        "nice",
        "--",
        "--nice 5",
        "--nice=5\\n#SBATCH --uid=0",
        "--comment=$(id)",
        "--comment='x'",
    ] {
        bench.write("g.toml", grid().replace("--nice=100", extra));
        let said = bench.sweep(["submit", "g.toml", "--print"]).expect_code(2);
        assert!(said.stderr.contains("extra"), "{extra}: {}", said.stderr);
    }
}

#[test]
fn folders_with_control_characters_are_refused() {
    let bench = Bench::new();
    bench.write("g.toml", grid());
    for folder in ["a\nb", "a\n#SBATCH --uid=0", "a\tb", "a\u{1b}[2J"] {
        let said = bench.sweep(["submit", "g.toml", "--print", "--out", folder]).expect_code(2);
        assert!(said.stdout.is_empty() && said.stderr.contains("control characters"), "{}", said.stderr);
    }
    assert!(fs::read_dir(bench.path("")).expect("the bench").count() == 1, "nothing was made");
}

#[test]
fn without_slurm_the_way_out_is_named_and_nothing_is_made() {
    let bench = Bench::new();
    bench.write("g.toml", grid());
    let said = bench
        .command(["submit", "g.toml", "--out", "r"])
        .env("PATH", "/nowhere")
        .output()
        .expect("it starts");
    assert_eq!(said.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&said.stderr).contains("login node"), "{said:?}");
    assert!(!bench.path("r").exists());
}
