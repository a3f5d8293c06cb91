//! Words: each means one thing, and `docs/glossary.md` says which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::{CRATES, modules, modules::root};

/// Names that several types of the house have. A little above the present number, which is to fall.
const MOST_SHARED_NAMES: usize = 100;
/// What a command line's `clap` structures are called, one in each file.
const OF_EVERY_COMMAND: [&str; 1] = ["Arguments"];

/// A row of the glossary.
struct Row {
    word: String,
    /// The path of its type, from the crate on.
    path: Vec<String>,
    /// Words that are not to be used for it.
    not: Vec<String>,
}

fn words() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/glossary.md")).expect("the glossary");
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains("::"));
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [word, path, _, not] = cells[..] else { panic!("four cells: {row}") };
        let path = path.trim_matches('`').split("::").map(str::to_owned).collect();
        let not = not.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
        Row { word: word.to_owned(), path, not }
    })
    .collect()
}

#[test]
fn every_word_is_a_type_of_the_house() {
    let words = words();
    assert!(words.len() > 40, "{} rows are read", words.len());
    let lost: Vec<String> =
        words.iter().filter(|word| !is_defined(&word.path)).map(|word| word.path.join("::")).collect();
    assert!(lost.is_empty(), "docs/glossary.md names what isn't there: {lost:?}");
    let mut once = BTreeSet::new();
    let twice: Vec<&String> =
        words.iter().map(|word| &word.word).filter(|word| !once.insert(*word)).collect();
    assert!(twice.is_empty(), "explained twice: {twice:?}");
}

fn is_defined(path: &[String]) -> bool {
    let [name, inside @ .., last] = path else { return false };
    let Some(one) = CRATES.iter().find(|one| one.name().as_ref() == Some(name)) else { return false };
    let path = [&["crate".to_owned()], inside, std::slice::from_ref(last)].concat();
    one.home(&one.modules[0], &path).is_some_and(|home| home.defines.contains(last))
}

#[test]
fn words_that_are_not_to_be_used_name_nothing() {
    let defined: BTreeMap<&String, &String> =
        modules().flat_map(|module| module.defines.iter().map(|name| (name, &module.file))).collect();
    for word in words() {
        for not in &word.not {
            let found = defined.get(not);
            assert!(
                found.is_none(),
                "{}: `{not}` is called {} in this house",
                found.expect("found"),
                word.word
            );
        }
    }
}

#[test]
fn few_names_are_shared_by_several_types() {
    // A file that several programs have is one place.
    let mut places: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for module in modules() {
        for name in module.defines.iter().filter(|name| !OF_EVERY_COMMAND.contains(&name.as_str())) {
            places.entry(name).or_default().insert(&module.file);
        }
    }
    places.retain(|_, files| files.len() > 1);
    let shared = places
        .iter()
        .map(|(name, files)| format!("{name}: {}", files.iter().copied().collect::<Vec<_>>().join(" ")));
    let shared: Vec<String> = shared.collect();
    assert!(shared.len() <= MOST_SHARED_NAMES, "{} names\n{}", shared.len(), shared.join("\n"));
}
