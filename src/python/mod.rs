//! Functions of the user's own, read and never executed: what they can be called with, what their files import, and which
//! Python would run them.
//!
//! [`Callee`] is what a grid names, [`Function`] what is found of it on this machine. Only a run calls it.

mod environments;
mod imports;
mod interpreter;
mod place;
mod signature;
mod source;
#[cfg(test)]
mod tests;

pub use environments::{Whereabouts, packages, torch_version};
pub use interpreter::{find, search_path};
pub use signature::{Given, Signature};

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use sweep_protocol::{
    recipe::{BatchSize, Imported, Interpreter, Phase, Python, Recipe},
    terms::{ContentHash, Value},
};
use thiserror::Error;

/// Longest file that is read, in bytes.
const LONGEST: u64 = 4 << 20;

/// Why a function can't be called.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotCallable {
    /// The words don't name a function of a file.
    #[error("it is not of the form \"FILE.py:FUNCTION\" or \"package.module:FUNCTION\"")]
    NoTarget,
    /// No module of that name.
    #[error(
        "there is no module `{module}` in the working folder, in PYTHONPATH or in the packages of the interpreter; install it \
         there (pip install -e .), or name its file"
    )]
    NoModule {
        /// The module.
        module: String,
    },
    /// A file can't be read.
    #[error("`{}` can't be read: {reason}; paths are relative to the working folder", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file has no such function.
    #[error("`{file}` defines no {what} `{function}` at its top level{}", known(.functions))]
    NoFunction {
        /// The file.
        file: String,
        /// What is looked for.
        what: &'static str,
        /// The function.
        function: String,
        /// Those that it has.
        functions: Vec<String>,
    },
    /// The function can't be called as it must be.
    #[error("`{function}` can't be called: {reason}")]
    Signature {
        /// The function.
        function: String,
        /// Why.
        reason: String,
    },
    /// The file imports more than is looked at.
    #[error(
        "`{file}` imports more than {limit} files of its own folder; put the method into a folder of its own"
    )]
    TooManyImports {
        /// The file.
        file: String,
        /// Most files.
        limit: usize,
    },
    /// No Python with PyTorch.
    #[error("{0}")]
    Interpreter(String),
}

fn known(functions: &[String]) -> String {
    if functions.is_empty() {
        return "; it defines none".to_owned();
    }
    format!(
        "; it defines {}",
        functions.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    )
}

/// What something of the user's own is for, which decides how it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// A method: `(net, retain_loader, forget_loader, val_loader, …)` or `(net, data, …)`.
    Unlearning,
    /// Trains the original and the retrained models: `(net, train_loader, val_loader, …)`.
    Training,
    /// Makes the network, from keyword arguments alone: a class or a function.
    Network,
}

/// A function or class of a file or module, as a grid names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Callee {
    /// What it is for.
    pub duty: Duty,
    /// The file, relative to the working folder, or the module: `package.module`.
    pub file: String,
    /// The function.
    pub function: String,
}

impl Callee {
    /// Reads `FILE.py:FUNCTION` or `package.module:FUNCTION`.
    pub fn parse(text: &str, duty: Duty) -> Result<Self, NotCallable> {
        let (file, function) = text.rsplit_once(':').ok_or(NotCallable::NoTarget)?;
        let target = Self { duty, file: file.to_owned(), function: function.to_owned() };
        let is_place = match target.module() {
            Some(module) => module.split('.').all(source::is_name),
            None => Path::new(file).file_stem().is_some() && !file.contains('\0'),
        };
        if is_place && source::is_name(function) { Ok(target) } else { Err(NotCallable::NoTarget) }
    }

    /// The module, where no file is named.
    fn module(&self) -> Option<&str> {
        let is_file = Path::new(&self.file).extension().is_some_and(|ending| ending == "py");
        (!is_file).then_some(&*self.file)
    }

    /// Finds out what there is to know of the function without executing anything; modules are looked for in `folders`
    /// ([`search_path`]).
    pub fn read(&self, folders: &[PathBuf]) -> Result<Function, NotCallable> {
        let file = match self.module() {
            Some(module) => place::of_module(module, folders)
                .ok_or_else(|| NotCallable::NoModule { module: module.to_owned() })?,
            None => PathBuf::from(&self.file),
        };
        let path = file.as_path();
        let (text, blake3) = read(path)?;
        let source = source::Code::of(&text);
        let classes = source.classes().filter(|_| self.duty == Duty::Network);
        let signature =
            Signature::of(&source, &self.function, self.duty).ok_or_else(|| NotCallable::NoFunction {
                file: self.file.clone(),
                what: if self.duty == Duty::Network { "class or function" } else { "function" },
                function: self.function.clone(),
                functions: classes.chain(source.functions()).map(str::to_owned).collect(),
            })?;
        signature
            .check()
            .map_err(|reason| NotCallable::Signature { function: self.function.clone(), reason })?;
        let imports = imports::of((path, self.module()), &source, folders)?;
        let module = self.module().map(str::to_owned);
        Ok(Function { signature, file: path.display().to_string(), module, blake3, imports })
    }
}

/// A file's text and the hash of its bytes.
fn read(path: &Path) -> Result<(String, ContentHash), NotCallable> {
    let unreadable =
        |reason: io::Error| NotCallable::Unreadable { path: path.to_owned(), reason: reason.to_string() };
    let bytes = sweep_files::given_content(path, &[], LONGEST).map_err(unreadable)?;
    let blake3 = ContentHash::from(*blake3::hash(&bytes).as_bytes());
    // Python reads a file that isn't UTF-8 by the encoding that it declares; what decides here is all ASCII.
    Ok((String::from_utf8_lossy(&bytes).into_owned(), blake3))
}

/// What is known of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// What it can be called with.
    pub signature: Signature,
    /// Its file.
    pub file: String,
    /// The module, where the grid names that.
    pub module: Option<String>,
    /// Hash of its file's bytes.
    pub blake3: ContentHash,
    /// What the file imports from its own folder.
    pub imports: Vec<Imported>,
}

/// The functions of a grid as they were found, and who calls them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Functions {
    /// The Python that runs them; none where no function is called.
    pub interpreter: Option<Result<Interpreter, NotCallable>>,
    /// What is known of each.
    pub found: BTreeMap<Callee, Result<Function, NotCallable>>,
}

impl Functions {
    /// The recipe that calls a function; its arguments are still to come.
    pub fn call(&self, target: &Callee, batch_size: BatchSize) -> Result<Python, NotCallable> {
        let function = self.found.get(target).cloned().unwrap_or(Err(NotCallable::NoTarget))?;
        let missing = || Err(NotCallable::Interpreter("no Python was looked for".to_owned()));
        let interpreter = self.interpreter.clone().unwrap_or_else(missing)?;
        Ok(Python {
            file: function.file,
            module: function.module,
            function: target.function.clone(),
            takes: function.signature.takes(),
            arguments: BTreeMap::new(),
            batch_size,
            blake3: function.blake3,
            imports: function.imports,
            interpreter,
        })
    }
}

/// The recipe of one point: the call with its arguments.
pub fn recipe(call: &Python, arguments: &BTreeMap<String, Value>) -> Recipe {
    Recipe { phases: vec![Phase::Python(Python { arguments: arguments.clone(), ..call.clone() })] }
}
