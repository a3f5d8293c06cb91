//! Which Python runs the user's functions, and which PyTorch it would import: looked up in its folders, not asked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sweep_protocol::recipe::Interpreter;

use super::{
    NotCallable,
    environments::{Whereabouts, packages, torch_version},
};

/// The interpreter that a grid names, or the first of those that are [looked at](Whereabouts::interpreters) with a PyTorch; with
/// its version.
pub fn find(named: Option<&str>, here: &Whereabouts) -> Result<Interpreter, NotCallable> {
    let (program, torch) = chosen(named, here)?;
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| NotCallable::Interpreter(format!("the path `{}` is not UTF-8", path.display())))
    };
    match torch {
        Some(torch) => Ok(Interpreter { program: text(&program)?, torch }),
        None => Err(NotCallable::Interpreter(format!(
            "`{}` has no PyTorch that can be found; activate an environment that has one, install it (pip install torch), or \
             name another by `interpreter = \"…\"` in [python]",
            program.display()
        ))),
    }
}

/// An interpreter and its PyTorch; the first of all where none has one.
fn chosen(named: Option<&str>, here: &Whereabouts) -> Result<(PathBuf, Option<String>), NotCallable> {
    let lacking = |what: &str| {
        NotCallable::Interpreter(format!("{what}; name one by `interpreter = \"…\"` in [python]"))
    };
    let mut programs = match named {
        None => here.interpreters(),
        Some(named) if !named.contains('/') => {
            vec![here.on_path(named).ok_or_else(|| lacking(&format!("there is no program `{named}`")))?]
        }
        Some(named) => vec![std::path::absolute(named).unwrap_or_else(|_| named.into())],
    };
    programs.retain(|program| program.is_file());
    let with_torch = programs.iter().find_map(|program| Some((program.clone(), Some(torch(program, here)?))));
    let first = programs.into_iter().next().map(|program| (program, None));
    with_torch.or(first).ok_or_else(|| match (named, &here.named) {
        (Some(named), _) => lacking(&format!("there is no file `{named}`")),
        (None, Some(named)) => {
            lacking(&format!("SWEEP_PYTHON names `{}`, which is no file", named.display()))
        }
        (None, None) => lacking("no environment is active and there is no `python3`"),
    })
}

/// The folders in which a module is looked for, in the order of Python: the working folder, which is the empty path, what the
/// environment names, and packages with the folders that their `.pth` files add.
pub fn search_path(named: Option<&str>, here: &Whereabouts) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    let folders = chosen(named, here).ok().and_then(|(program, _)| folders(&program, here));
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
    folders.iter().find_map(|folder| torch_version(&folder.join("torch")))
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
