//! The environments of Python on this machine: one order in which they are looked at, and what lies in their packages.
//!
//! Functions of the user's own, the installed worker and its libtorch are looked for by these rules and no others.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

/// What of this process's environment decides it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Whereabouts {
    /// The interpreter that `SWEEP_PYTHON` names: no other is looked at.
    pub named: Option<PathBuf>,
    /// The environments that are active, that of Python (`VIRTUAL_ENV`) before that of conda (`CONDA_PREFIX`).
    pub active: Vec<PathBuf>,
    /// The folder that this program is in.
    pub beside: Option<PathBuf>,
    /// Where programs are.
    pub path: Vec<PathBuf>,
    /// Where Python looks for modules first.
    pub python_path: Vec<PathBuf>,
    /// The user's own folder.
    pub home: Option<OsString>,
}

impl Whereabouts {
    /// Interpreters in the order in which they are looked at: the named one alone; or those of the active environments, the one
    /// beside this program, and the first `python3` where programs are.
    pub fn interpreters(&self) -> Vec<PathBuf> {
        if let Some(named) = &self.named {
            let is_word = named.components().count() == 1;
            let found = named.to_str().filter(|_| is_word).and_then(|word| self.on_path(word));
            return vec![found.unwrap_or_else(|| named.clone())];
        }
        let active =
            self.active.iter().filter_map(|folder| in_folder(&folder.join("bin"), &["python", "python3"]));
        // The name alone may be anybody's in a folder of programs that is no environment.
        let beside = self.beside.iter().filter_map(|folder| in_folder(folder, &["python3"]));
        let mut found: Vec<PathBuf> = Vec::new();
        for program in active.chain(beside).chain(self.on_path("python3")) {
            if !found.contains(&program) {
                found.push(program);
            }
        }
        found
    }

    /// A program by its name; of what the search path names relative to the working folder there may be a stranger's.
    pub fn on_path(&self, program: &str) -> Option<PathBuf> {
        let absolute = self.path.iter().filter(|folder| folder.is_absolute());
        absolute.map(|folder| folder.join(program)).find(|path| path.is_file())
    }
}

fn in_folder(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    names.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// Folders of packages below an environment, whatever its Python is.
pub fn packages(environment: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(environment.join("lib")) else { return Vec::new() };
    let names = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut pythons: Vec<PathBuf> = names
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"python3.")))
        .collect();
    pythons.sort();
    pythons
        .iter()
        .flat_map(|python| ["site-packages", "dist-packages"].map(|name| python.join(name)))
        .collect()
}

/// The version of the PyTorch in this folder, `2.11.0+cpu`: the text between the quotes of `__version__ = '…'`.
pub fn torch_version(torch: &Path) -> Option<String> {
    let bytes = sweep_files::given_content(&torch.join("version.py"), &[], 1 << 16).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("__version__"))?;
    let value = line.split(['\'', '"']).nth(1)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte);
    (!value.is_empty() && value.len() <= 64 && value.bytes().all(is_plain)).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::Whereabouts;

    #[test]
    fn interpreters_come_in_one_order() {
        let root = tempfile::tempdir().expect("a temporary folder");
        let at = |path: &str| root.path().join(path);
        let put = |path: &str| {
            fs::create_dir_all(at(path).parent().expect("below the root")).expect("writable");
            fs::write(at(path), "").expect("writable");
            at(path)
        };
        let (conda, beside, path) = (put("conda/bin/python3"), put("own/python3"), put("usr/python3"));
        let mut here = Whereabouts {
            active: vec![at("venv"), at("conda")],
            beside: Some(at("own")),
            path: vec!["relative".into(), at("none"), at("usr")],
            ..Whereabouts::default()
        };
        assert_eq!(here.interpreters(), [conda.clone(), beside.clone(), path.clone()]);
        let venv = put("venv/bin/python");
        assert_eq!(here.interpreters(), [venv, conda, beside, path.clone()]);
        here.named = Some("python3".into());
        assert_eq!(here.interpreters(), [path], "a name is looked up");
        here.named = Some("/x/python".into());
        assert_eq!(here.interpreters(), [Path::new("/x/python")], "no other is looked at");
    }
}
