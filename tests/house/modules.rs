//! The modules of every package as a compiler sees them: found from `lib.rs`, `main.rs` and the examples on, by their
//! declarations, without what is compiled for tests alone.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use quote::ToTokens;
use syn::{Attribute, ImplItem, Item, ItemMod, Meta, UseTree, Visibility, spanned::Spanned};

use super::paths::{self, Segments};

/// The folder of the repository.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A library, program or example.
pub(super) struct Crate {
    /// Modules with their submodules, the root first.
    pub(super) modules: Vec<Module>,
    /// Where modules for tests alone stand: folders, each beside a file of its name.
    pub(super) tests: Vec<PathBuf>,
}

/// A module that isn't for tests alone.
pub(super) struct Module {
    /// Its file, from the repository's root on.
    pub(super) file: String,
    /// Its name as a path from the crate on; empty for the root.
    pub(super) path: Segments,
    /// Submodules, in the order of their declarations.
    pub(super) children: Vec<String>,
    /// What its `use` declarations bring in by which name, as they are written.
    pub(super) imports: BTreeMap<String, Segments>,
    /// Every path of its code, as it is written; those of `pub use` apart.
    pub(super) paths: Vec<Segments>,
    /// Every path that it hands on by `pub use`, as it is written.
    pub(super) exports: Vec<Segments>,
    /// Types and traits that it defines.
    pub(super) defines: Vec<String>,
    /// Lines of the file without those of tests; none for a module inside a file.
    pub(super) lines: Option<usize>,
    /// Whether the file begins with `//!`.
    pub(super) says_what_it_owns: bool,
}

impl Crate {
    /// Reads a crate from the file of its root on.
    pub(super) fn read(file: &Path) -> Self {
        let mut found = Self { modules: Vec::new(), tests: Vec::new() };
        let folder = file.parent().expect("a file has a folder");
        found.read_file(file, folder, &[]);
        found
    }

    /// What it is called in code that uses it; nothing for a program.
    pub(super) fn name(&self) -> Option<String> {
        let package = self.modules[0].file.strip_suffix("src/lib.rs")?;
        let package = package.trim_start_matches("crates/").trim_end_matches('/').replace('-', "_");
        Some(match package.as_str() {
            "" => "sweep".to_owned(),
            named if named.starts_with("sweep_") => named.to_owned(),
            short => format!("sweep_{short}"),
        })
    }

    /// The module of exactly this path.
    pub(super) fn module(&self, path: &[String]) -> Option<&Module> {
        self.modules.iter().find(|module| module.path == path)
    }

    /// The module in which a path of `from` ends, followed through what doors hand on; nothing where it leads out of the
    /// crate.
    pub(super) fn home(&self, from: &Module, path: &[String]) -> Option<&Module> {
        let absolute = from.absolute(path)?;
        self.descend(&absolute, 0)
    }

    fn descend(&self, absolute: &[String], detours: usize) -> Option<&Module> {
        const TOO_MANY: usize = 16;
        assert!(detours < TOO_MANY, "imports lead in a circle: {absolute:?}");
        let mut here = self.module(&[])?;
        for (depth, name) in absolute.iter().enumerate() {
            if here.children.contains(name) {
                // A module for tests alone isn't there.
                here = self.module(&absolute[..=depth])?;
            } else if let Some(import) = here.imports.get(name) {
                let mut onward = here.absolute(import)?;
                onward.extend_from_slice(&absolute[depth + 1..]);
                return if onward == absolute { Some(here) } else { self.descend(&onward, detours + 1) };
            } else {
                break;
            }
        }
        Some(here)
    }
}

impl Module {
    /// A path from the crate's root on, if it is one of this crate.
    fn absolute(&self, path: &[String]) -> Option<Segments> {
        let mut base = self.path.clone();
        let mut rest = path;
        match path.first().map(String::as_str)? {
            "crate" => {
                base.clear();
                rest = &path[1..];
            }
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            first if self.children.iter().any(|child| child == first) => {}
            _ => return None,
        }
        base.extend_from_slice(rest);
        Some(base)
    }
}

impl Crate {
    /// Reads a file and the modules that it declares; `folder` is where those stand.
    fn read_file(&mut self, file: &Path, folder: &Path, path: &[String]) {
        let text = fs::read_to_string(file).expect("a source file is readable");
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let own = self.modules.len();
        let tests = self.read_module(file, folder, path, parsed.items);
        let module = &mut self.modules[own];
        module.lines = Some(text.lines().count() - tests);
        module.says_what_it_owns = text.starts_with("//!");
    }

    /// Reads the items of a module and says how many lines are for tests alone.
    fn read_module(&mut self, file: &Path, folder: &Path, path: &[String], items: Vec<Item>) -> usize {
        let (items, tests) = without_tests(items);
        self.tests.extend(tests.modules.iter().map(|name| folder.join(name)));
        let (declared, items): (Vec<Item>, Vec<Item>) =
            items.into_iter().partition(|item| matches!(item, Item::Mod(_)));
        let inner = declared.into_iter().filter_map(|item| match item {
            Item::Mod(module) => Some(module),
            _ => None,
        });
        let inner: Vec<ItemMod> = inner.collect();
        self.modules.push(Module::of(file, path.to_owned(), &inner, items));
        let mut lines = tests.lines;
        for module in inner {
            let name = module.ident.to_string();
            let folder = folder.join(&name);
            let path = [path, &[name]].concat();
            match module.content {
                Some((_, items)) => lines += self.read_module(file, &folder, &path, items),
                None => self.read_file(&file_of(&folder), &folder, &path),
            }
        }
        lines
    }
}

impl Module {
    fn of(file: &Path, path: Segments, inner: &[ItemMod], items: Vec<Item>) -> Self {
        let file = file.strip_prefix(root()).unwrap_or(file).to_string_lossy().into_owned();
        let children = inner.iter().map(|module| module.ident.to_string()).collect();
        let mut module = Self {
            file,
            path,
            children,
            imports: BTreeMap::new(),
            paths: Vec::new(),
            exports: Vec::new(),
            defines: Vec::new(),
            lines: None,
            says_what_it_owns: false,
        };
        for item in items {
            module.defines.extend(name_of_type(&item));
            if let Item::Use(mut declared) = item {
                imports(&declared.tree, &mut Vec::new(), &mut module.imports);
                let visibility = std::mem::replace(&mut declared.vis, Visibility::Inherited);
                let stays = matches!(visibility, Visibility::Inherited);
                let used = paths::of(declared.into_token_stream());
                if stays { &mut module.paths } else { &mut module.exports }.extend(used);
            } else {
                module.paths.extend(paths::of(item.into_token_stream()));
            }
        }
        module
    }
}

fn name_of_type(item: &Item) -> Option<String> {
    let name = match item {
        Item::Enum(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The file of a module whose own modules stand in `folder`.
fn file_of(folder: &Path) -> PathBuf {
    let beside = folder.with_extension("rs");
    if beside.is_file() { beside } else { folder.join("mod.rs") }
}

/// The names that a `use` brings in.
fn imports(tree: &UseTree, before: &mut Segments, found: &mut BTreeMap<String, Segments>) {
    let mut bring = |name: String, path: Segments| found.insert(name, path);
    match tree {
        UseTree::Path(step) => {
            before.push(step.ident.to_string());
            imports(&step.tree, before, found);
            before.pop();
        }
        UseTree::Name(last) if last.ident == "self" => {
            if let Some(name) = before.last() {
                bring(name.clone(), before.clone());
            }
        }
        UseTree::Name(last) => {
            let name = last.ident.to_string();
            bring(name.clone(), [before.as_slice(), &[name]].concat());
        }
        UseTree::Rename(last) => {
            bring(last.rename.to_string(), [before.as_slice(), &[last.ident.to_string()]].concat());
        }
        UseTree::Group(group) => group.items.iter().for_each(|item| imports(item, before, found)),
        UseTree::Glob(_) => {}
    }
}

/// What was left out because it is compiled for tests alone.
#[derive(Default)]
struct Tests {
    lines: usize,
    /// Names of modules.
    modules: Vec<String>,
}

fn without_tests(items: Vec<Item>) -> (Vec<Item>, Tests) {
    let mut tests = Tests::default();
    let mut kept = Vec::new();
    for mut item in items {
        if is_test(attributes(&item)) {
            tests.lines += lines_of(&item);
            if let Item::Mod(module) = item {
                tests.modules.push(module.ident.to_string());
            }
            continue;
        }
        if let Item::Impl(block) = &mut item {
            block.items.retain(|member| {
                let is_test = matches!(member, ImplItem::Fn(function) if is_test(&function.attrs));
                tests.lines += if is_test { lines_of(member) } else { 0 };
                !is_test
            });
        }
        kept.push(item);
    }
    (kept, tests)
}

fn lines_of(item: &impl Spanned) -> usize {
    let span = item.span();
    span.end().line + 1 - span.start().line
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item is behind `#[cfg(test)]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        Meta::Path(_) | Meta::NameValue(_) => false,
    })
}
