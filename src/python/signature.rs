//! What a function can be called with, from its `def` alone.

use sweep_protocol::{recipe::Takes, terms::Set};

use super::{
    Duty,
    source::{Code, Constructor, is_name, parts},
};

/// The parameters of a function or of the constructor of a class, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    duty: Duty,
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

/// What `sweep` gives by position: the network with three loaders, or with the data; with the loaders of a training; to a
/// network nothing.
const LOADERS: usize = 4;
const TENSORS: usize = 2;
const TRAINING: usize = 3;

/// What `sweep` gives a network by name, where it has such a keyword: the number of classes.
const CLASSES: [&str; 2] = ["classes", "num_classes"];
/// The same for the pixels of a side of an image.
const SIZE: &str = "size";

impl Signature {
    pub(super) fn of(source: &Code, function: &str, duty: Duty) -> Option<Self> {
        let class = source.constructor(function).filter(|_| duty == Duty::Network);
        let list = match class {
            // It inherits its constructor, of which nothing is known.
            Some(Constructor::Inherited) => "**_",
            Some(Constructor::Takes(list)) => list.split_once(',').map_or("", |(_, rest)| rest),
            None => source.parameters(function)?,
        };
        let mut signature = Self {
            duty,
            positional: Vec::new(),
            keyword_only: Vec::new(),
            takes_rest: false,
            takes_any: false,
            garbled: None,
        };
        let mut only_by_name = false;
        for part in parts(list) {
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

    /// What it is called with before its keyword arguments; a training function on whatever set.
    pub fn takes(&self) -> Takes {
        match self.duty {
            Duty::Unlearning if self.second() == Some("data") => Takes::Tensors,
            Duty::Unlearning => Takes::Loaders,
            Duty::Training => Takes::Training(Set::Train),
            Duty::Network => Takes::Nothing,
        }
    }

    /// How many positions `sweep` fills.
    fn filled(&self) -> usize {
        match self.takes() {
            Takes::Tensors => TENSORS,
            Takes::Loaders => LOADERS,
            Takes::Training(_) => TRAINING,
            Takes::Nothing => 0,
        }
    }

    /// The keywords that `sweep` gives a network, which has them: for the number of classes, and for the size of images.
    pub fn sizes(&self) -> (Option<&str>, Option<&str>) {
        let open = || self.open().map(|parameter| parameter.name.as_str());
        let is_network = self.duty == Duty::Network;
        let classes = open().find(|name| is_network && CLASSES.contains(name));
        (classes, open().find(|name| is_network && *name == SIZE))
    }

    /// Whether it can be called at all.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(garbled) = &self.garbled {
            return Err(format!("`{}` is no parameter that can be read", garbled.escape_debug()));
        }
        if self.positional.len() < self.filled() && !self.takes_rest {
            let wanted = match self.duty {
                Duty::Unlearning => "(net, retain_loader, forget_loader, val_loader, …) or (net, data, …)",
                Duty::Training => "(net, train_loader, val_loader, …)",
                Duty::Network => "(…)",
            };
            return Err(format!("it takes too few arguments; write {wanted}"));
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
        let (classes, size) = self.sizes();
        let by_position = |name: &str| {
            self.positional.iter().take(self.filled()).any(|parameter| parameter.name == name)
                || [classes, size].contains(&Some(name))
        };
        let is_known = |name: &str| self.takes_any || self.open().any(|parameter| parameter.name == name);
        let mut faults = Vec::new();
        for &name in given {
            if by_position(name) {
                faults.push(Given::Taken(name));
            } else if !is_known(name) {
                faults.push(Given::Unknown(name));
            }
        }
        let missing = |parameter: &&Formal| {
            let name = parameter.name.as_str();
            !parameter.has_default && !given.contains(&name) && ![classes, size].contains(&Some(name))
        };
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
