//! What a function can be called with, from its `def` alone.

use super::source::{Code, is_name, parts};

/// The parameters of a function, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Those that can be given by position.
    positional: Vec<Formal>,
    /// Those that can be given by name alone.
    keyword_only: Vec<Formal>,
    /// Whether it takes any number of positions (`*args`).
    takes_rest: bool,
    /// Whether it takes any keyword (`**kwargs`).
    takes_any: bool,
    /// What is no parameter in a part of the list.
    garbled: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Formal {
    name: String,
    has_default: bool,
    /// Whether its name is the function's own affair (before a `/`).
    position_only: bool,
}

/// What speaks against a set of keyword arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given<'a> {
    /// The function has no such keyword.
    Unknown(&'a str),
    /// It is what `sweep` gives by position.
    Taken(&'a str),
    /// It has no default and isn't given.
    Missing(&'a str),
}

/// What `sweep` gives by position: the network with three loaders, or with the data.
const LOADERS: usize = 4;
const TENSORS: usize = 2;

impl Signature {
    pub(super) fn of(source: &Code, function: &str) -> Option<Self> {
        let mut signature = Self {
            positional: Vec::new(),
            keyword_only: Vec::new(),
            takes_rest: false,
            takes_any: false,
            garbled: None,
        };
        let mut only_by_name = false;
        for part in parts(source.parameters(function)?) {
            if part == "/" {
                signature.positional.iter_mut().for_each(|parameter| parameter.position_only = true);
            } else if part.starts_with("**") {
                signature.takes_any = true;
            } else if let Some(rest) = part.strip_prefix('*') {
                signature.takes_rest = !rest.trim().is_empty();
                only_by_name = true;
            } else {
                let parameter = Formal::of(part);
                if !is_name(&parameter.name) {
                    signature.garbled = Some(parameter.name.clone());
                }
                let list = if only_by_name { &mut signature.keyword_only } else { &mut signature.positional };
                list.push(parameter);
            }
        }
        Some(signature)
    }

    /// Name of the second parameter.
    pub(super) fn second(&self) -> Option<&str> {
        self.positional.get(1).map(|parameter| parameter.name.as_str())
    }

    /// How many positions `sweep` fills.
    fn filled(&self) -> usize {
        if self.second() == Some("data") { TENSORS } else { LOADERS }
    }

    /// Whether it can be called at all.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(garbled) = &self.garbled {
            return Err(format!("`{}` is no parameter that can be read", garbled.escape_debug()));
        }
        if self.positional.len() < self.filled() && !self.takes_rest {
            return Err("it takes too few arguments; write (net, retain_loader, forget_loader, val_loader, …) or (net, data, …)"
                .to_owned());
        }
        Ok(())
    }

    /// Those that are left for hyper-parameters.
    fn open(&self) -> impl Iterator<Item = &Formal> {
        let named = self.positional.iter().skip(self.filled()).filter(|parameter| !parameter.position_only);
        named.chain(&self.keyword_only)
    }

    /// Names of the hyper-parameters, in order.
    pub fn names(&self) -> Vec<&str> {
        self.open().map(|parameter| parameter.name.as_str()).collect()
    }

    /// Everything that is wrong with keyword arguments of these names.
    pub fn faults<'a>(&'a self, given: &[&'a str]) -> Vec<Given<'a>> {
        let by_position =
            |name: &str| self.positional.iter().take(self.filled()).any(|parameter| parameter.name == name);
        let is_known = |name: &str| self.takes_any || self.open().any(|parameter| parameter.name == name);
        let mut faults = Vec::new();
        for &name in given {
            if by_position(name) {
                faults.push(Given::Taken(name));
            } else if !is_known(name) {
                faults.push(Given::Unknown(name));
            }
        }
        let missing =
            |parameter: &&Formal| !parameter.has_default && !given.contains(&parameter.name.as_str());
        let required = self.positional.iter().skip(self.filled()).chain(&self.keyword_only);
        faults.extend(required.filter(missing).map(|parameter| Given::Missing(&parameter.name)));
        faults
    }
}

impl Formal {
    /// `name`, `name: annotation`, `name = default`, `name: annotation = default`.
    fn of(part: &str) -> Self {
        let end = part.find([':', '=']).unwrap_or(part.len());
        let name = part[..end].trim().to_owned();
        let has_default = default(part).is_some();
        Self { name, has_default, position_only: false }
    }
}

/// What follows the `=` that no bracket encloses.
fn default(part: &str) -> Option<&str> {
    let mut open = 0_usize;
    for (place, byte) in part.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            b'=' if open == 0 => return Some(&part[place + 1..]),
            _ => {}
        }
    }
    None
}
