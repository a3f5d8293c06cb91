//! The git commit that a folder's work tree is at, read from git's own files: git itself isn't started, because what a stranger's
//! repository says may make it start programs. Whether files were changed since is therefore not known.

use std::path::{Path, PathBuf};

/// Largest file of references that is read, in bytes.
const MOST_REFERENCES: u64 = 1 << 24;
/// Largest of the other files.
const MOST: u64 = 1 << 12;
/// References may name one another; git itself follows five.
const MOST_STEPS: usize = 5;

/// The commit of the work tree that the file lies in; none where it lies in none, or its files say something unexpected.
pub(super) fn commit_of(file: &Path) -> Option<String> {
    let file = file.canonicalize().ok()?;
    let git = file.ancestors().skip(1).find_map(repository)?;
    // A further work tree shares the references of the first.
    let common = match text(&git.join("commondir"), MOST) {
        Some(named) => git.join(named),
        None => git.clone(),
    };
    let mut said = text(&git.join("HEAD"), MOST)?;
    for _ in 0..MOST_STEPS {
        if is_hash(&said) {
            return Some(said);
        }
        let reference = said.strip_prefix("ref: ").filter(|name| is_reference(name))?.to_owned();
        let loose = [&git, &common].into_iter().find_map(|folder| text(&folder.join(&reference), MOST));
        said = loose.or_else(|| packed(&common, &reference))?;
    }
    None
}

/// The folder of git's files that belongs to a work tree, if the folder is the root of one.
fn repository(folder: &Path) -> Option<PathBuf> {
    let place = folder.join(".git");
    if place.is_dir() {
        return Some(place);
    }
    let named = text(&place, MOST)?;
    Some(folder.join(named.strip_prefix("gitdir: ")?))
}

/// The first line of a file.
fn text(path: &Path, most: u64) -> Option<String> {
    let text = String::from_utf8(sweep_files::read(path, most).ok()?).ok()?;
    Some(text.lines().next()?.trim_end().to_owned())
}

fn packed(common: &Path, reference: &str) -> Option<String> {
    let text =
        String::from_utf8(sweep_files::read(&common.join("packed-refs"), MOST_REFERENCES).ok()?).ok()?;
    let line = text.lines().find(|line| line.split_once(' ').is_some_and(|(_, name)| name == reference))?;
    line.split(' ').next().map(str::to_owned)
}

fn is_hash(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_reference(name: &str) -> bool {
    name.starts_with("refs/") && !name.split('/').any(|part| part.is_empty() || part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::commit_of;

    const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A work tree with a grid in a folder of it, and git's files.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in [("grids/grid.toml", "")].iter().chain(files) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        folder
    }

    fn is_found(files: &[(&str, &str)]) -> bool {
        found(files).as_deref() == Some(HASH)
    }

    fn found(files: &[(&str, &str)]) -> Option<String> {
        commit_of(&tree(files).path().join("grids/grid.toml"))
    }

    #[test]
    fn the_commit_is_read_from_wherever_git_keeps_it() {
        assert!(is_found(&[(".git/HEAD", HASH)]), "no branch");
        let head = (".git/HEAD", "ref: refs/heads/main\n");
        assert!(is_found(&[head, (".git/refs/heads/main", &format!("{HASH}\n"))]), "a branch");
        let packed =
            format!("# pack-refs\n{} refs/heads/other\n{HASH} refs/heads/main\n^{HASH}\n", "f".repeat(40));
        assert!(is_found(&[head, (".git/packed-refs", &packed)]), "packed");
        let further = [
            (".git", "gitdir: elsewhere/worktrees/two\n"),
            ("elsewhere/worktrees/two/HEAD", "ref: refs/heads/main\n"),
            ("elsewhere/worktrees/two/commondir", "../..\n"),
            ("elsewhere/refs/heads/main", HASH),
        ];
        assert!(is_found(&further), "a further work tree");
    }

    #[test]
    fn whatever_else_stands_there_is_no_commit() {
        for files in [
            &[(".git/HEAD", "ref: refs/heads/main")][..],
            &[(".git/HEAD", "")],
            &[(".git/HEAD", "0123")],
            &[(".git/HEAD", "ref: ../../secret"), ("secret", HASH)],
            &[(".git/HEAD", "ref: refs/../../secret"), ("secret", HASH)],
            &[(".git/HEAD", "ref: refs/a"), (".git/refs/a", "ref: refs/a")],
            &[(".git", "a file")],
        ] {
            assert_eq!(found(files), None, "{files:?}");
        }
        assert_eq!(commit_of(std::path::Path::new("the grid of the rehearsal")), None, "no file at all");
    }
}
