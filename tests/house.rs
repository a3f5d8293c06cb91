//! The house rules that a compiler doesn't know: which module may use which, which package may appear where, and how
//! large a room may grow.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use walkdir::WalkDir;

const MAX_LINES: usize = 400;
const DRAWERS: [&str; 7] = ["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// A package and the only places of the sources that may name it.
const ONLY_IN: [(&str, &[&str]); 7] = [
    ("tch::", &["crates/sweep-torch/"]),
    ("polars", &["src/frame/"]),
    ("plotters", &["src/plot/", "examples/"]),
    ("rayon", &["src/score/", "src/frame/", "crates/inputs/", "examples/"]),
    ("crossbeam_channel", &["src/pool/", "src/engine/", "src/measuring/"]),
    ("clap", &["src/cli/", "src/main.rs"]),
    ("indicatif", &["src/cli/"]),
];

struct Source {
    path: String,
    /// The file without its tests and without comments.
    code: String,
    /// Lines before the tests.
    lines: usize,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut files: Vec<PathBuf> = ["src", "crates", "examples"]
        .iter()
        .flat_map(|folder| WalkDir::new(root().join(folder)).into_iter().filter_map(Result::ok))
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter(|path| {
            !path.ends_with("tests.rs") && !path.components().any(|part| part.as_os_str() == "tests")
        })
        .collect();
    files.sort();
    assert!(files.len() > 50, "the walk over the sources finds them: {} files", files.len());
    files.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Source {
    let text = fs::read_to_string(path).expect("a source file is readable");
    let before_tests: Vec<&str> = text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).collect();
    let code = before_tests
        .iter()
        .filter(|line| !line.trim_start().starts_with("//"))
        .fold(String::new(), |code, line| code + line.split(" // ").next().unwrap_or_default() + "\n");
    let path = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
    Source { path, code, lines: before_tests.len() }
}

/// Position of each module of the root package in `src/lib.rs`.
fn floors() -> BTreeMap<String, usize> {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("the library exists");
    let floors: BTreeMap<String, usize> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .enumerate()
        .map(|(floor, name)| (name.to_owned(), floor))
        .collect();
    assert!(
        floors.contains_key("plan") && floors.contains_key("cli"),
        "src/lib.rs lists the modules: {floors:?}"
    );
    floors
}

#[test]
fn imports_point_up_the_list_of_modules() {
    let floors = floors();
    let mut broken = Vec::new();
    for source in sources() {
        let Some(own) = source.path.strip_prefix("src/").map(|path| path.trim_end_matches(".rs")) else {
            continue;
        };
        let own = own.split('/').next().unwrap_or_default();
        let Some(own_floor) = floors.get(own) else { continue };
        for used in modules_used(&source.code) {
            if floors.get(&used).is_some_and(|floor| floor > own_floor) {
                broken.push(format!("{}: `{own}` uses `{used}`, which stands below it", source.path));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Names `x` of every `crate::x` and of every member of `crate::{…}`.
fn modules_used(code: &str) -> Vec<String> {
    let mut used = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        let path = &code[start + "crate::".len()..];
        match path.strip_prefix('{') {
            Some(group) => used.extend(members(group).iter().map(|member| leading_word(member))),
            None => used.push(leading_word(path)),
        }
    }
    used
}

/// The members of an import group, whose opening brace was just passed.
fn members(group: &str) -> Vec<&str> {
    let (mut members, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (position, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => {
                members.push(&group[start..position]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                members.push(&group[start..position]);
                start = position + 1;
            }
            _ => {}
        }
    }
    members
}

fn leading_word(text: &str) -> String {
    text.trim_start()
        .chars()
        .take_while(|character| character.is_alphanumeric() || *character == '_')
        .collect()
}

#[test]
fn packages_appear_only_where_they_belong() {
    let mut strays = Vec::new();
    for source in sources() {
        for (package, places) in ONLY_IN {
            let at_home = places.iter().any(|place| source.path.starts_with(place));
            if !at_home && mentions(&source.code, package) {
                strays.push(format!("{}: `{package}` belongs to {}", source.path, places.join(", ")));
            }
        }
    }
    assert!(strays.is_empty(), "{}", strays.join("\n"));
}

/// Whether the code names the package as a path, not as part of another word.
fn mentions(code: &str, package: &str) -> bool {
    let package = package.trim_end_matches("::");
    code.match_indices(&format!("{package}::")).any(|(start, _)| {
        !code[..start].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
    })
}

#[test]
fn rooms_stay_small() {
    let large: Vec<String> = sources()
        .iter()
        .filter(|source| source.lines > MAX_LINES)
        .map(|source| {
            format!("{}: {} lines before its tests, at most {MAX_LINES}", source.path, source.lines)
        })
        .collect();
    assert!(large.is_empty(), "{}", large.join("\n"));
}

#[test]
fn there_are_rooms_and_no_drawers() {
    let drawers: Vec<String> = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path.trim_end_matches(".rs").split('/').any(|part| DRAWERS.contains(&part)))
        .collect();
    assert!(drawers.is_empty(), "{drawers:?}");
}

/// A folder's door, or a module without a folder: a file beside its parent's `lib.rs`. A file inside a folder may speak
/// through its only type.
#[test]
fn every_room_says_what_it_owns() {
    let silent: Vec<String> = sources()
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path.ends_with("/mod.rs") || root().join(path).with_file_name("lib.rs").is_file())
        .filter(|path| {
            let text = fs::read_to_string(root().join(path)).expect("a source file is readable");
            !text.starts_with("//!")
        })
        .collect();
    assert!(silent.is_empty(), "no `//!` at the top of {silent:?}");
}

#[test]
fn the_walk_reads_paths_as_rust_does() {
    assert_eq!(modules_used("use crate::score::Score;"), ["score"]);
    assert_eq!(modules_used("use crate::{plan::{Plan, Run}, store::Store};\nfn f() {}"), ["plan", "store"]);
    assert_eq!(modules_used("let x = crate::pool::run(crate::grid::Grid);"), ["pool", "grid"]);
    assert!(mentions("use polars::prelude;", "polars") && !mentions("use my_polars::x;", "polars"));
}
