//! PLACE: something odd lies where results are looked for: a pipe, a link to a stranger's file or folder, a device without end,
//! a folder in place of a file, files that others can write to. Every command ends, nothing outside is read or written, and no
//! other number is shown.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use walkdir::WalkDir;

use crate::{
    chance::Chance,
    command::{ended, points, same},
    harness::Bench,
    report::Report,
    toy,
};

/// What nobody may see.
const SECRET: &str = "TOPSECRET";
/// Something odd.
type Odd = (&'static str, fn(&Path, &Bench));
const ODD: [Odd; 7] = [
    ("a pipe", |place, _| mknodat(CWD, place, FileType::Fifo, Mode::from(0o600), 0).expect("a pipe")),
    ("a link to a secret", |place, bench| symlink(bench.path("secret"), place).expect("ours")),
    ("a link to a folder", |place, bench| symlink(bench.path("elsewhere"), place).expect("ours")),
    ("a link to /dev/zero", |place, _| symlink("/dev/zero", place).expect("ours")),
    ("a link into nothing", |place, _| symlink("nowhere", place).expect("ours")),
    ("a folder", |place, _| fs::create_dir(place).expect("ours")),
    ("an empty file", |place, _| fs::write(place, "").expect("ours")),
];

pub(crate) fn run(trials: u64) -> Report {
    let mut report = Report::default();
    let bench = Bench::new();
    bench.write("gate.toml", toy::GRID);
    bench.write("secret", format!("{{\"key\":\"{SECRET}\"}}"));
    bench.write("elsewhere/secret", SECRET);
    bench.sweep(["gate.toml", "--out", "sound", "--replicates", "0"]).expect_code(0);
    let whole = points(&bench, "sound");
    let (mut chance, mut refused) = (Chance::new(18), 0);
    for number in 0..trials {
        let copied = Command::new("cp").args(["-a", "sound", "r"]).current_dir(bench.path(".")).status();
        assert!(copied.expect("cp starts").success());
        let changed = replace_one(&bench, &mut chance);
        report.trial(&format!("{number}: {changed}"), || {
            for command in [
                &["report", "r", "--replicates", "0"][..],
                &["status", "r"],
                &["compare", "sound", "r"],
                &["fsck", "r"],
                &["logs", "r", ""],
                &["run", "gate.toml", "--out", "r", "--replicates", "0", "--progress", "none"],
                &["fsck", "r", "--repair"],
            ] {
                let said = ended(&bench, command);
                refused += u64::from(said.code != Some(0));
                let page = fs::read_to_string(bench.path("r/report.html")).unwrap_or_default();
                let is_told = [&said.stdout, &said.stderr, &page].iter().any(|text| text.contains(SECRET));
                assert!(!is_told, "{command:?} tells a secret");
                if said.code == Some(0) && ["report", "run"].contains(&command[0]) {
                    same(&whole, &points(&bench, "r"));
                }
            }
            let secret = bench.read("elsewhere/secret");
            assert_eq!((secret.as_str(), entries(&bench.path("elsewhere"))), (SECRET, 2), "written through");
            assert!(bench.read("secret").contains(SECRET), "written through");
        });
        fs::remove_dir_all(bench.path("r")).expect("ours");
    }
    report.figure(format!("{refused} of {} commands said what is wrong", trials * 7));
    report
}

/// Puts something odd in the place of a file or folder of the results, or opens it to others; says what.
fn replace_one(bench: &Bench, chance: &mut Chance) -> String {
    let below = WalkDir::new(bench.path("r")).min_depth(1).sort_by_file_name();
    let places: Vec<PathBuf> = below.into_iter().map(|entry| entry.expect("ours").into_path()).collect();
    let place = &places[chance.below(places.len() as u64) as usize];
    let which = chance.below(ODD.len() as u64 + 1) as usize;
    let what = if let Some((what, put)) = ODD.get(which) {
        let is_folder = place.is_dir();
        if is_folder { fs::remove_dir_all(place) } else { fs::remove_file(place) }.expect("ours");
        put(place, bench);
        what
    } else {
        fs::set_permissions(place, fs::Permissions::from_mode(0o777)).expect("ours");
        "open to others"
    };
    format!("{}: {what}", place.display())
}

fn entries(dir: &Path) -> usize {
    WalkDir::new(dir).into_iter().count()
}
