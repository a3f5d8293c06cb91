//! The house rules that a compiler doesn't know: which module may use which, what may appear where, and how large a room
//! may grow. ARCHITECTURE.md's table says what belongs where; here is what its words mean.

mod circles;
mod glossary;
mod modules;
mod paths;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use modules::{Crate, Module, root};
use walkdir::WalkDir;

const MAX_LINES: usize = 400;
/// Circles of files inside a module that are still there; the number may only fall.
const MOST_CIRCLES: usize = 11;
const DRAWERS: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// Whether a path is something.
type IsIt = fn(&[String]) -> bool;

/// What ARCHITECTURE.md says where it may appear, and which paths are it.
const WATCHED: [(&str, IsIt); 12] = [
    ("`rand_chacha`", |path| is_of("rand_chacha", path)),
    ("`tch`", |path| is_of("tch", path)),
    ("`polars`", |path| is_of("polars", path)),
    ("`plotters`", |path| is_of("plotters", path)),
    ("`rayon`", |path| is_of("rayon", path)),
    ("`crossbeam-channel`", |path| is_of("crossbeam_channel", path)),
    ("`clap`", |path| is_of("clap", path)),
    ("`indicatif`", |path| is_of("indicatif", path)),
    ("writing files", writes),
    ("network", uses_a_network),
    ("clock", reads_a_clock),
    ("environment", asks_the_environment),
];

fn is_of(package: &str, path: &[String]) -> bool {
    path.len() > 1 && path[0] == package
}

fn writes(path: &[String]) -> bool {
    const IN_FS: [&str; 12] = [
        "write",
        "rename",
        "create_dir",
        "create_dir_all",
        "remove_file",
        "remove_dir",
        "remove_dir_all",
        "copy",
        "hard_link",
        "symlink",
        "set_permissions",
        "DirBuilder",
    ];
    let named = |name: &str| path.iter().any(|step| step == name);
    has_pair(path, &["fs"], &IN_FS)
        || has_pair(path, &["File"], &["create", "create_new", "options"])
        || has_pair(path, &["OFlags"], &["CREATE", "WRONLY", "RDWR"])
        || named("OpenOptions")
        || has_pair(path, &["sweep_files"], &["replace", "Staged", "create_dir", "create_dirs"])
        || is_of("tempfile", path)
}

fn uses_a_network(path: &[String]) -> bool {
    has_pair(
        path,
        &["net"],
        &["TcpListener", "TcpStream", "UdpSocket", "UnixListener", "UnixStream", "UnixDatagram"],
    ) || ["socket2", "hyper", "reqwest", "ureq"].iter().any(|package| is_of(package, path))
}

fn reads_a_clock(path: &[String]) -> bool {
    has_pair(path, &["Instant", "SystemTime", "Timestamp", "Zoned"], &["now"])
}

fn asks_the_environment(path: &[String]) -> bool {
    let module = path.iter().position(|step| step == "env").filter(|at| *at == 0 || path[at - 1] == "std");
    module.and_then(|at| path.get(at + 1)).is_some_and(|asked| asked != "consts")
}

/// Whether one of the first words is followed by one of the second.
fn has_pair(path: &[String], first: &[&str], second: &[&str]) -> bool {
    path.windows(2).any(|pair| first.contains(&pair[0].as_str()) && second.contains(&pair[1].as_str()))
}

/// Every library, program and example of the workspace.
static CRATES: LazyLock<Vec<Crate>> = LazyLock::new(|| {
    let mut packages = vec![root().to_owned()];
    let inner = fs::read_dir(root().join("crates")).expect("a folder of packages");
    packages.extend(inner.map(|entry| entry.expect("a package").path()));
    packages.sort();
    let found: Vec<Crate> =
        packages.iter().flat_map(|package| roots(package)).map(|file| Crate::read(&file)).collect();
    let files = found.iter().map(|one| one.modules.len()).sum::<usize>();
    assert!(files > 200, "the walk over the sources finds them: {files} modules");
    found
});

/// The files that the libraries, programs and examples of a package begin with.
fn roots(package: &Path) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> =
        ["src/lib.rs", "src/main.rs"].iter().map(|file| package.join(file)).collect();
    for entry in fs::read_dir(package.join("examples")).into_iter().flatten() {
        let path = entry.expect("an example").path();
        roots.push(if path.is_dir() { path.join("main.rs") } else { path });
    }
    roots.retain(|file| file.is_file());
    roots.sort();
    roots
}

fn modules() -> impl Iterator<Item = &'static Module> {
    CRATES.iter().flat_map(|one| &one.modules)
}

#[test]
fn imports_point_up_the_list_of_modules() {
    let broken: Vec<String> = CRATES.iter().flat_map(downward).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What a crate's modules use of those that their root lists below them.
fn downward(one: &Crate) -> BTreeSet<String> {
    let list = &one.modules[0].children;
    let floor = |module: &Module| list.iter().position(|name| Some(name) == module.path.first());
    let mut broken = BTreeSet::new();
    for module in &one.modules {
        let Some(own) = floor(module) else { continue };
        for path in module.paths.iter().chain(&module.exports) {
            let below = one.home(module, path).and_then(floor).filter(|used| *used > own);
            if let Some(used) = below {
                let (own, used) = (&list[own], &list[used]);
                broken.insert(format!("{}: `{own}` uses `{used}`, which stands below it", module.file));
            }
        }
    }
    broken
}

#[test]
fn everything_appears_only_where_it_belongs() {
    let table = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the map exists");
    let table = places(&table);
    let named: Vec<&str> = table.keys().map(String::as_str).collect();
    let mut watched: Vec<&str> = WATCHED.iter().map(|(what, _)| *what).collect();
    watched.sort_unstable();
    assert_eq!(named, watched, "ARCHITECTURE.md's table `only here` and what is watched");
    let wrong: Vec<String> =
        WATCHED.iter().flat_map(|(what, is_it)| strays(what, *is_it, &table[*what])).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The table `only here`: what, and in which places.
fn places(text: &str) -> BTreeMap<String, Vec<String>> {
    let rows = text.lines().skip_while(|line| !line.starts_with("| only here |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| {
        let (what, where_) = row.trim_matches('|').split_once('|')?;
        let places = where_.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some((what.trim().to_owned(), places))
    })
    .collect()
}

/// Files outside of the places, and places where it isn't.
fn strays(what: &str, is_it: IsIt, places: &[String]) -> BTreeSet<String> {
    let mut empty: BTreeSet<&String> = places.iter().collect();
    let mut wrong = BTreeSet::new();
    for module in modules() {
        let Some(path) = module.paths.iter().chain(&module.exports).find(|path| is_it(path)) else {
            continue;
        };
        let home: Vec<&String> =
            places.iter().filter(|place| module.file.starts_with(place.as_str())).collect();
        if home.is_empty() {
            let (file, path) = (&module.file, path.join("::"));
            wrong.insert(format!("{file}: `{path}` is {what}, which belongs to {}", places.join(", ")));
        }
        empty.retain(|place| !home.contains(place));
    }
    wrong.extend(
        empty.into_iter().map(|place| format!("{place}: there is no {what}; ARCHITECTURE.md says so")),
    );
    wrong
}

#[test]
fn circles_become_fewer() {
    let found: Vec<String> = CRATES.iter().flat_map(circles::circles).map(|files| files.join(" ")).collect();
    assert!(
        found.len() <= MOST_CIRCLES,
        "files that need each other, {}:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn rooms_stay_small() {
    let large: Vec<String> = modules()
        .filter_map(|module| Some((module, module.lines.filter(|lines| *lines > MAX_LINES)?)))
        .map(|(module, lines)| {
            format!("{}: {lines} lines without its tests, at most {MAX_LINES}", module.file)
        })
        .collect();
    assert!(large.is_empty(), "{}", large.join("\n"));
}

#[test]
fn there_are_rooms_and_no_drawers() {
    let drawers: Vec<&str> = modules()
        .filter(|module| module.path.iter().any(|part| DRAWERS.contains(&part.as_str())))
        .map(|module| module.file.as_str())
        .collect();
    assert!(drawers.is_empty(), "{drawers:?}");
}

/// A folder's door, or a module without a folder: a file beside its parent's `lib.rs`. A file inside a folder may speak
/// through its only type.
#[test]
fn every_room_says_what_it_owns() {
    let silent: Vec<&str> = modules()
        .filter(|module| module.lines.is_some() && !module.says_what_it_owns)
        .filter(|module| module.path.len() < 2 || !module.children.is_empty())
        .map(|module| module.file.as_str())
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:?}");
}

#[test]
fn every_file_is_part_of_a_program() {
    let known: BTreeSet<&str> = modules().map(|module| module.file.as_str()).collect();
    let tests: Vec<&PathBuf> = CRATES.iter().flat_map(|one| &one.tests).collect();
    let lost: Vec<PathBuf> = ["src", "crates", "examples"]
        .iter()
        .flat_map(|folder| WalkDir::new(root().join(folder)).into_iter().filter_map(Result::ok))
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| !tests.iter().any(|test| path.starts_with(test) || path.with_extension("") == **test))
        .map(|path| path.strip_prefix(root()).expect("below the root").to_owned())
        .filter(|path| !known.contains(path.to_string_lossy().as_ref()))
        // Cargo's own roots, which are no part of what is shipped.
        .filter(|path| {
            !path.ends_with("build.rs") && path.iter().nth(2).is_none_or(|folder| folder != "tests")
        })
        .collect();
    assert!(lost.is_empty(), "declared by no module: {lost:?}");
}

#[test]
fn nothing_that_is_shipped_depends_on_what_makes_it_fail() {
    let packages = fs::read_dir(root().join("crates")).expect("a folder of packages");
    let packages = packages.map(|entry| entry.expect("a package").path()).chain([root().to_owned()]);
    let packages: Vec<PathBuf> = packages.map(|package| package.join("Cargo.toml")).collect();
    assert!(packages.len() > 5, "{packages:?}");
    let failing: Vec<&PathBuf> = packages.iter().filter(|manifest| ships_faults(manifest)).collect();
    assert!(failing.is_empty(), "sweep-faults is for tests: {failing:?}");
}

fn ships_faults(manifest: &Path) -> bool {
    let text = fs::read_to_string(manifest).expect("a manifest");
    let table: toml::Table = text.parse().expect("TOML");
    let shipped = ["dependencies", "build-dependencies"].map(|kind| table.get(kind));
    shipped.iter().flatten().any(|table| table.get("sweep-faults").is_some())
}

/// A crate of these files, each with its text.
fn written(files: &[(&str, &str)]) -> Crate {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("in the folder")).expect("writable");
        fs::write(file, text).expect("writable");
    }
    Crate::read(&folder.path().join("lib.rs"))
}

#[test]
fn what_stands_below_tests_is_seen() {
    let text = "mod top;\n#[cfg(test)]\nmod tests {\n    use crate::low::X;\n}\nmod low;\n";
    let top =
        "#[cfg(test)]\nmod tests;\nuse std::fs;\nfn f() {\n    fs::write(\"a\", crate::low::x()).ok();\n}\n";
    let one = written(&[("lib.rs", text), ("top.rs", top), ("low.rs", "pub struct X;\n")]);
    assert_eq!(one.modules[0].lines, Some(2), "{text}");
    let broken: Vec<String> = downward(&one).into_iter().collect();
    assert!(
        matches!(broken.as_slice(), [only] if only.ends_with("`top` uses `low`, which stands below it")),
        "{broken:?}"
    );
    assert!(one.modules[1].paths.iter().any(|path| writes(path)));
}

#[test]
fn paths_lead_to_where_things_are_defined() {
    let one = written(&[
        ("lib.rs", "mod a;\nmod b;\npub use b::inner::Deep as Shown;\n"),
        ("a.rs", "use crate::Shown;\nfn f() { vec![super::b::Door::new()]; }\n"),
        ("b/mod.rs", "mod inner;\npub use inner::Door;\n"),
        ("b/inner.rs", "pub struct Deep;\npub struct Door;\n"),
    ]);
    let a = &one.modules[1];
    let homes: Vec<String> =
        a.paths.iter().filter_map(|path| one.home(a, path)).map(|home| home.path.join("::")).collect();
    assert_eq!(homes, ["b::inner", "b::inner"]);
}

#[test]
fn the_watch_knows_what_it_looks_for() {
    let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<String>>();
    for writing in
        ["std::fs::write", "fs::rename", "File::create_new", "OpenOptions::new", "tempfile::tempdir"]
    {
        assert!(writes(&path(writing)), "{writing}");
    }
    assert!(!writes(&path("fs::read")) && !writes(&path("File::open")));
    assert!(reads_a_clock(&path("jiff::Timestamp::now")) && !reads_a_clock(&path("Instant")));
    assert!(asks_the_environment(&path("std::env::var")) && asks_the_environment(&path("env::args_os")));
    assert!(!asks_the_environment(&path("std::env::consts::OS")) && !asks_the_environment(&path("std::env")));
    assert!(uses_a_network(&path("std::net::TcpListener")) && !uses_a_network(&path("std::net::Ipv4Addr")));
    assert!(is_of("polars", &path("polars::prelude")) && !is_of("polars", &path("my_polars::x")));
}

#[test]
fn a_circle_is_found_and_a_door_is_none() {
    let one = written(&[
        ("lib.rs", "mod a;\n"),
        ("a/mod.rs", "mod x;\nmod y;\nmod z;\npub use y::Y;\nfn f() { x::g(z::Z) }\npub struct Own;\n"),
        ("a/x.rs", "use super::{Own, Y};\n"),
        ("a/y.rs", "pub struct Y;\nfn f() { super::x::g() }\n"),
        ("a/z.rs", "use super::{Own, Y};\n"),
    ]);
    let found = circles::circles(&one);
    assert!(matches!(found.as_slice(), [group] if group.len() == 2), "{found:?}");
    assert!(found[0][0].ends_with("a/x.rs") && found[0][1].ends_with("a/y.rs"), "{found:?}");
}
