//! A function of the user's own, written for PyTorch, as data.

use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::is_default;
use crate::terms::{ContentHash, Set, Value};

/// Calls a Python function that unlearns, trains, or makes a network. Everything that decides what it does stands here, so it is part of the run's id:
/// the bytes of its file and of what that imports from its own folder, its arguments, the interpreter and its PyTorch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Python {
    /// The file, as the grid names it.
    pub file: String,
    /// The module that it is, where the grid names that: `package.module`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The function in it.
    pub function: String,
    /// What it is called with.
    #[serde(default, skip_serializing_if = "is_default")]
    pub takes: Takes,
    /// Its keyword arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, Value>,
    /// Examples in a batch of the loaders.
    #[serde(default, skip_serializing_if = "is_default")]
    pub batch_size: BatchSize,
    /// Hash of the file's bytes.
    pub blake3: ContentHash,
    /// What it imports from its own folder, in the order of the paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Imported>,
    /// The program that runs it.
    pub interpreter: Interpreter,
}

impl Python {
    /// The folder that its module is imported from: that of the file, or of the package that it is in.
    pub fn root(&self) -> &Path {
        root(Path::new(&self.file), self.module.as_deref())
    }

    /// What is the user's own: all below that folder, or the package alone where others are installed beside it.
    pub fn own(&self) -> PathBuf {
        own(Path::new(&self.file), self.module.as_deref())
    }
}

/// The folder that a file is imported from as this module, or by its own name.
pub fn root<'f>(file: &'f Path, module: Option<&str>) -> &'f Path {
    let steps = module.map_or(1, |module| module.split('.').count());
    let above = usize::from(module.is_some() && file.file_name().is_some_and(|name| name == "__init__.py"));
    file.ancestors().nth(steps + above).unwrap_or(Path::new(""))
}

/// What of that folder is the user's own.
pub fn own(file: &Path, module: Option<&str>) -> PathBuf {
    let root = root(file, module);
    let is_installed =
        root.file_name().is_some_and(|name| name == "site-packages" || name == "dist-packages");
    let package = file.ancestors().find(|above| above.parent() == Some(root));
    match package {
        Some(package) if is_installed && module.is_some() => package.to_owned(),
        _ => root.to_owned(),
    }
}

/// What a function is called with before its keyword arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// `(net, retain_loader, forget_loader, val_loader)`, the signature of the NeurIPS 2023 competition.
    #[default]
    Loaders,
    /// `(net, data)`: tensors on the device of the run.
    Tensors,
    /// `(net, train_loader, val_loader)`: it trains the network on this set.
    Training(Set),
    /// Nothing: what it gives is a network.
    Nothing,
}

/// Examples in a batch; 64 by default, as in the competition's starting kit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchSize(pub NonZeroU32);

impl Default for BatchSize {
    fn default() -> Self {
        Self(NonZeroU32::MIN.saturating_add(63))
    }
}

/// A file of the user's that the function's file imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// Below the folder of the function's file.
    pub path: String,
    /// Hash of its bytes.
    pub blake3: ContentHash,
}

/// A Python with PyTorch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpreter {
    /// The program, with its whole path.
    pub program: String,
    /// Version of the PyTorch that it imports.
    pub torch: String,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{own, root};

    #[test]
    fn the_root_of_a_module_is_above_its_packages() {
        for (file, module, folder, owned) in [
            ("a/m.py", None, "a", "a"),
            ("m.py", None, "", ""),
            ("m.py", Some("m"), "", ""),
            ("src/p/m.py", Some("p.m"), "src", "src"),
            ("src/p/q/__init__.py", Some("p.q"), "src", "src"),
            ("/e/site-packages/p/m.py", Some("p.m"), "/e/site-packages", "/e/site-packages/p"),
            ("/e/site-packages/m.py", Some("m"), "/e/site-packages", "/e/site-packages/m.py"),
        ] {
            assert_eq!(root(Path::new(file), module), Path::new(folder), "{file}");
            assert_eq!(own(Path::new(file), module), Path::new(owned), "{file}");
        }
    }
}
