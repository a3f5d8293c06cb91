//! Which Python runs the user's functions, and which PyTorch it would import: looked up in its folders, not asked.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use sweep_protocol::recipe::Interpreter;

use super::NotCallable;

/// What of this process's environment decides it.
#[derive(Debug, Clone, Default)]
pub struct Whereabouts {
    /// The active virtual environment.
    pub virtual_env: Option<OsString>,
    /// The active environment of conda.
    pub conda_prefix: Option<OsString>,
    /// Where programs are.
    pub path: Vec<PathBuf>,
    /// Where Python looks for modules first.
    pub python_path: Vec<PathBuf>,
    /// The user's own folder.
    pub home: Option<OsString>,
}

/// The interpreter that a grid names, that of the active environment, or `python3`; with the version of its PyTorch.
pub fn find(named: Option<&str>, here: &Whereabouts) -> Result<Interpreter, NotCallable> {
    let program = program(named, here)?;
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| NotCallable::Interpreter(format!("the path `{}` is not UTF-8", path.display())))
    };
    match torch(&program, here) {
        Some(torch) => Ok(Interpreter { program: text(&program)?, torch }),
        None => Err(NotCallable::Interpreter(format!(
            "`{}` has no PyTorch that can be found; activate an environment that has one, install it (pip install torch), or \
             name another by `interpreter = \"…\"` in [python]",
            program.display()
        ))),
    }
}

fn program(named: Option<&str>, here: &Whereabouts) -> Result<PathBuf, NotCallable> {
    let lacking = |what: &str| {
        NotCallable::Interpreter(format!("{what}; name one by `interpreter = \"…\"` in [python]"))
    };
    if let Some(named) = named {
        if !named.contains('/') {
            return on_path(named, here).ok_or_else(|| lacking(&format!("there is no program `{named}`")));
        }
        let path = std::path::absolute(named).unwrap_or_else(|_| named.into());
        return if path.is_file() { Ok(path) } else { Err(lacking(&format!("there is no file `{named}`"))) };
    }
    let active = [&here.virtual_env, &here.conda_prefix].into_iter().flatten();
    let mut programs =
        active.map(|folder| Path::new(folder).join("bin/python")).filter(|path| path.is_file());
    programs
        .next()
        .or_else(|| on_path("python3", here))
        .ok_or_else(|| lacking("no environment is active and there is no `python3`"))
}

fn on_path(program: &str, here: &Whereabouts) -> Option<PathBuf> {
    let absolute = here.path.iter().filter(|folder| folder.is_absolute());
    absolute.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The folders in which a module is looked for, in the order of Python: the working folder, which is the empty path, what the
/// environment names, and packages with the folders that their `.pth` files add.
pub fn search_path(named: Option<&str>, here: &Whereabouts) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    let folders = program(named, here).ok().and_then(|program| folders(&program, here));
    for folder in folders.unwrap_or_default() {
        let added = added(&folder);
        found.push(folder);
        found.extend(added);
    }
    found
}

/// What the `.pth` files of a folder of packages add; lines that would be executed are not.
fn added(packages: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(packages) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "pth")).collect();
    files.sort();
    let mut added = Vec::new();
    for file in files {
        let text = sweep_files::given_content(&file, &[], 1 << 16).ok();
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let lines = text.lines().map(str::trim_end);
        let paths =
            lines.filter(|line| !line.is_empty() && !line.starts_with(['#']) && !line.starts_with("import"));
        added.extend(paths.map(|line| packages.join(line)).filter(|path| path.is_dir()));
    }
    added
}

/// The version of the PyTorch that a program would import, with what it was built for: `2.11.0+cpu`.
fn torch(program: &Path, here: &Whereabouts) -> Option<String> {
    let folders = folders(program, here)?;
    folders.iter().find_map(|folder| version(&folder.join("torch/version.py")))
}

/// Where a program looks for packages.
fn folders(program: &Path, here: &Whereabouts) -> Option<Vec<PathBuf>> {
    let environment = program.parent()?.parent()?;
    let mut folders: Vec<PathBuf> =
        here.python_path.iter().filter(|folder| folder.is_absolute()).cloned().collect();
    folders.extend(packages(environment));
    let sees_system = match fs::read_to_string(environment.join("pyvenv.cfg")) {
        Ok(settings) => settings.lines().any(|line| {
            line.split_once('=').is_some_and(|(key, value)| {
                key.trim() == "include-system-site-packages" && value.trim().eq_ignore_ascii_case("true")
            })
        }),
        // No virtual environment: what belongs to the user and to the machine is seen.
        Err(_) => true,
    };
    if sees_system {
        folders.extend(here.home.iter().flat_map(|home| packages(&Path::new(home).join(".local"))));
        let real = program.canonicalize().ok()?;
        folders.extend(real.parent().and_then(Path::parent).into_iter().flat_map(packages));
        folders.extend(packages(Path::new("/usr/local")));
        folders.push("/usr/lib/python3/dist-packages".into());
    }
    Some(folders)
}

/// Folders of packages below an environment, whatever its Python is.
fn packages(environment: &Path) -> Vec<PathBuf> {
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

/// The text between the quotes of `__version__ = '2.11.0+cpu'`.
fn version(path: &Path) -> Option<String> {
    let bytes = sweep_files::given_content(path, &[], 1 << 16).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("__version__"))?;
    let value = line.split(['\'', '"']).nth(1)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".+-_".contains(&byte);
    (!value.is_empty() && value.len() <= 64 && value.bytes().all(is_plain)).then(|| value.to_owned())
}
