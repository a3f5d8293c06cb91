//! `include = "base.toml"`: a file beside the grid that says what the grid itself doesn't. It may include another one in turn.

use std::{fs, path::Path};

use toml::de::{DeTable, DeValue};

use super::{
    error::{Mistake, Problem, Problems, shown},
    source::{Source, Sources, Span},
    table::{Entries, Node, is_safe_name, wrong_type},
    text::{LONGEST, parse, text_of},
};

/// The key.
pub(super) const INCLUDE: &str = "include";
/// Files of one chain at most.
const MOST: usize = 8;
/// What the grid is called beside its results, where the files that it includes lie too.
const GRID: &str = "grid.toml";

/// A file that a grid includes, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// Its name beside the grid.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Adds the files that the grid at `path` includes, nearest first.
pub(super) fn follow(sources: &mut Sources, path: &Path) -> Result<(), Vec<Problem>> {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut chain = vec![name(path)];
    while let Some((included, span)) = sources.files().last().map_or(Ok(None), asked)? {
        let refuse = |reason: String| {
            let mistake = Mistake::NotIncluded { name: shown(&included), reason };
            vec![Problem::at(span.clone(), mistake)]
        };
        if chain.contains(&included) {
            return Err(refuse(format!("it includes itself: {} → {included}", chain.join(" → "))));
        }
        if chain.len() > MOST {
            return Err(refuse(format!("it is the {}th of a chain, and {MOST} are enough", chain.len())));
        }
        let place = path.with_file_name(&included);
        let text = read(&place).map_err(refuse)?;
        sources.add_file(&place.display().to_string(), &text);
        chain.push(included);
    }
    Ok(())
}

/// The file that a text wants included, and where it says so.
fn asked(source: &Source) -> Result<Option<(String, Span)>, Vec<Problem>> {
    let root = parse(source)?;
    let Some(node) = root.get(INCLUDE) else { return Ok(None) };
    let mut problems = Problems::default();
    let Some((name, span)) = super::table::text(INCLUDE, node, &mut problems) else {
        return Err(problems.0);
    };
    let stem = name.strip_suffix(".toml").unwrap_or_default();
    if is_safe_name(name) && is_safe_name(stem) && name != GRID {
        return Ok(Some((name.to_owned(), span)));
    }
    let problem = wrong_type(INCLUDE, "the name of a file beside the grid, ending in .toml", node);
    Err(vec![problem.help(format!(
        "put the file into the grid's folder, under a name of A-Z a-z 0-9 . _ - that is not `{GRID}`: results keep it under that name"
    ))])
}

fn read(place: &Path) -> Result<String, String> {
    let found = fs::symlink_metadata(place).map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err("it is no plain file, or a link to one".to_owned());
    }
    text_of(place).map_err(|mistake| match mistake {
        Mistake::FileTooLarge { .. } => format!("it is larger than {LONGEST} bytes"),
        Mistake::NotText => "it is no UTF-8 text".to_owned(),
        Mistake::Unreadable(error) => error.to_string(),
        other => other.to_string(),
    })
}

/// Takes from an included file what isn't there yet. Who says `stages` has said how many models a point gets, and doesn't want the
/// other file's `seeds`; nor the other way round.
pub(super) fn take_over<'s>(root: &mut Entries<'s>, mut written: Entries<'s>, sources: &Sources) {
    if stages(root).is_some() {
        written.remove("seeds");
    } else if root.get("seeds").is_some()
        && let Some(DeValue::Table(search)) = written.get_mut("sweep").map(Node::get_mut)
    {
        search.remove("stages");
        if search.is_empty() {
            written.remove("sweep");
        }
    }
    fill(root, written, sources);
}

fn stages<'t>(root: &'t Entries<'_>) -> Option<&'t Node<'t>> {
    let DeValue::Table(search) = root.get("sweep")?.get_ref() else { return None };
    search.get("stages")
}

/// Tables with a header of their own are filled up key by key; everything
/// else, tables in braces among it, stands as it is where it was written first.
fn fill<'s>(root: &mut Entries<'s>, written: Entries<'s>, sources: &Sources) {
    for (key, node) in written {
        match root.get_mut(&key) {
            None => {
                root.insert(key, node);
            }
            Some(there) if is_open(there, sources) && is_open(&node, sources) => {
                if let (DeValue::Table(own), DeValue::Table(more)) = (there.get_mut(), node.into_inner()) {
                    fill(own, more, sources);
                }
            }
            Some(_) => {}
        }
    }
}

/// Whether it is a table that is not written in braces.
fn is_open(node: &Node<'_>, sources: &Sources) -> bool {
    matches!(node.get_ref(), DeValue::Table(_))
        && !sources.slice(&node.span()).is_some_and(|text| text.starts_with('{'))
}

/// The problem of a text that names a file and lies nowhere, and of an override.
pub(super) fn refuse_elsewhere(root: &DeTable<'_>, sources: &Sources) -> Option<Problem> {
    let node = root.get(INCLUDE)?;
    let in_file = sources
        .files()
        .any(|file| file.start <= node.span().start && node.span().start <= file.start + file.text.len());
    let followed = sources.files().count() > 1;
    (!in_file || !followed).then(|| {
        Problem::at(node.span(), Mistake::IncludeElsewhere).help("write it into the file of the grid")
    })
}

/// The files that are included, nearest first.
pub(super) fn included(sources: &Sources) -> Vec<Included> {
    let file = |source: &Source| Included {
        name: Path::new(&source.name).file_name().unwrap_or_default().to_string_lossy().into_owned(),
        text: source.text.clone(),
    };
    sources.files().skip(1).map(file).collect()
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::Included;
    use crate::grid::{Color, Grid, GridError, GridFile};

    const BASE: &str = r#"
engine = "toy"
seeds = 4
tags = ["base"]
[pool]
run-timeout = "1h"
stall-timeout = "5m"
[method.simulated]
shift = { linspace = [0.0, 1.0, 3] }
spread = [1.0, 2.0]
"#;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("writable");
        }
        folder
    }

    fn checked(folder: &Path, sets: &[&str]) -> Result<Grid, GridError> {
        let mut file = GridFile::read(&folder.join("mine.toml"))?;
        for assignment in sets {
            file.set(assignment)?;
        }
        file.check()
    }

    fn refused(files: &[(&str, &str)]) -> String {
        let folder = folder(files);
        checked(folder.path(), &[]).expect_err("refused").render(Color::Plain)
    }

    #[test]
    fn what_the_grid_says_wins_and_the_rest_comes_from_the_base() {
        let mine = "name = \"mine\"\ninclude = \"base.toml\"\nseeds = 2\n[pool]\nstall-timeout = \"7m\"\n\
                    [method.simulated]\nshift = { logspace = [0.1, 1.0, 2] }\n";
        let folder = folder(&[("mine.toml", mine), ("base.toml", BASE)]);
        let grid = checked(folder.path(), &["method.simulated.spread=[3.0]"]).expect("a sound grid");
        let settings = grid.settings();
        assert_eq!((settings.seeds, settings.remarks.tags.as_slice()), (2, &["base".to_owned()][..]));
        let minutes = |time: Option<std::time::Duration>| time.map(|time| time.as_secs() / 60);
        assert_eq!(
            (minutes(settings.pool.run_timeout), minutes(settings.pool.stall_timeout)),
            (Some(60), Some(7))
        );
        // A table in braces is a value: the axis of the base is not mixed into this one.
        let space = grid.spaces.iter().find(|space| space.label == "simulated").expect("the label");
        assert_eq!(space.kept.len(), 2, "two shifts and the spread of the command line");
        assert_eq!(grid.included(), [Included { name: "base.toml".to_owned(), text: BASE.to_owned() }]);
    }

    #[test]
    fn stages_and_seeds_say_the_same_thing_and_the_grid_has_its_way() {
        let staged = "name = \"mine\"\ninclude = \"base.toml\"\n[sweep]\nstages = [4, 8]\n";
        let files = folder(&[("mine.toml", staged), ("base.toml", BASE)]);
        let grid = checked(files.path(), &[]).expect("the base's seeds are not asked for");
        assert_eq!((grid.settings().seeds, grid.settings().stages.as_slice()), (8, &[4, 8][..]));
        let plain = "name = \"mine\"\ninclude = \"base.toml\"\nseeds = 5\n";
        let base = BASE.replace("seeds = 4\n", "").replace("[pool]", "[sweep]\nstages = [4, 8]\n[pool]");
        let files = folder(&[("mine.toml", plain), ("base.toml", &base)]);
        let grid = checked(files.path(), &[]).expect("the base's stages are not asked for");
        assert_eq!((grid.settings().seeds, grid.settings().stages.as_slice()), (5, &[][..]));
    }

    #[test]
    fn a_chain_is_followed_and_the_nearest_wins() {
        let folder = folder(&[
            ("mine.toml", "name = \"mine\"\ninclude = \"near.toml\""),
            ("near.toml", "include = \"far.toml\"\nseeds = 8"),
            ("far.toml", BASE),
        ]);
        let grid = checked(folder.path(), &[]).expect("a sound grid");
        assert_eq!(grid.settings().seeds, 8);
        assert_eq!(
            grid.included().iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
            ["near.toml", "far.toml"]
        );
    }

    #[test]
    fn a_mistake_is_shown_in_the_file_in_which_it_was_written() {
        let said = refused(&[
            ("mine.toml", "name = \"mine\"\ninclude = \"base.toml\"\n"),
            ("base.toml", &BASE.replace("spread", "spraed")),
        ]);
        assert!(said.contains("base.toml:10:1") && said.contains("did you mean `spread`?"), "{said}");
        let said = refused(&[
            ("mine.toml", "name = \"mine\"\ninclude = \"base.toml\"\n"),
            ("base.toml", "seeds = \n"),
        ]);
        assert!(said.contains("base.toml:1") && said.contains("not valid TOML"), "{said}");
    }

    #[test]
    fn only_plain_files_beside_the_grid_are_included_and_none_twice() {
        for (name, part) in [
            ("../base.toml", "the name of a file beside the grid"),
            ("/etc/hosts", "the name of a file beside the grid"),
            ("sub/base.toml", "the name of a file beside the grid"),
            (".toml", "the name of a file beside the grid"),
            ("base", "ending in .toml"),
            ("grid.toml", "that is not `grid.toml`"),
            ("none.toml", "No such file"),
            ("mine.toml", "it includes itself: mine.toml → mine.toml"),
            ("back.toml", "it includes itself: mine.toml → back.toml → mine.toml"),
            ("folder.toml", "no plain file"),
        ] {
            let folder = folder(&[
                ("mine.toml", &format!("name = \"mine\"\ninclude = \"{name}\"\n")),
                ("back.toml", "include = \"mine.toml\""),
            ]);
            fs::create_dir(folder.path().join("folder.toml")).expect("writable");
            let said = checked(folder.path(), &[]).expect_err("refused").render(Color::Plain);
            assert!(said.contains(part) && said.contains(".toml:"), "{name}: {said}");
        }
        let folder = folder(&[("mine.toml", "include = \"link.toml\"")]);
        let target = tempfile::NamedTempFile::new().expect("a file elsewhere");
        std::os::unix::fs::symlink(target.path(), folder.path().join("link.toml")).expect("writable");
        let said = checked(folder.path(), &[]).expect_err("refused").render(Color::Plain);
        assert!(said.contains("a link to one"), "{said}");
        let said = refused(&[("mine.toml", "include = [\"base.toml\"]")]);
        assert!(said.contains("`include` must be a text, not a list"), "{said}");
    }

    #[test]
    fn neither_the_command_line_nor_a_text_without_a_folder_includes() {
        let folder = folder(&[("mine.toml", "name = \"mine\"\nseeds = 2\n"), ("base.toml", BASE)]);
        let said = checked(folder.path(), &["include=base.toml"]).expect_err("refused").render(Color::Plain);
        assert!(said.contains("only the file of a grid includes another"), "{said}");
        let file = GridFile::parse("a text", "include = \"base.toml\"").expect("TOML");
        let said = file.check().expect_err("refused").render(Color::Plain);
        assert!(said.contains("only the file of a grid includes another"), "{said}");
    }
}
