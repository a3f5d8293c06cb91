//! `engine`: the name of one that comes with sweep, or a command of the user's that speaks the protocol.

use toml::de::DeValue;

use super::{
    error::Problems,
    table::{Node, Table, text, unknown_name, wrong_type},
};

/// Names of the engines that come with sweep.
const ENGINES: &[&str] = &["torch", "toy"];
/// What a command is.
const EXPECTED: &str = "a list of words, the program first: [\"python3\", \"my_engine.py\"]";

/// Who carries runs out, as a grid says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineChoice {
    /// `sweep-torch`, beside this program.
    Torch,
    /// This program: it draws confidences and trains nothing.
    Toy,
    /// The program and its arguments. Whether it trains, the grid says by naming data.
    Command(Vec<String>),
}

impl EngineChoice {
    /// Whether `name` is that of an engine that comes with sweep: no command may bear it.
    pub fn is_ours(name: &str) -> bool {
        ENGINES.contains(&name)
    }

    /// What a grid writes for it.
    pub(super) fn written(&self) -> &'static str {
        match self {
            Self::Torch => "engine = \"torch\"",
            Self::Toy => "engine = \"toy\"",
            Self::Command(_) => "an engine of your own",
        }
    }
}

pub(super) fn read(root: &Table<'_>, problems: &mut Problems) -> EngineChoice {
    let Some(node) = root.get("engine") else { return EngineChoice::Torch };
    if let DeValue::Table(_) = node.get_ref() {
        return command(node, problems);
    }
    match text("engine", node, problems) {
        None | Some(("torch", _)) => EngineChoice::Torch,
        Some(("toy", _)) => EngineChoice::Toy,
        Some((other, span)) => {
            problems.push(unknown_name("engine", other, ENGINES, span));
            EngineChoice::Torch
        }
    }
}

fn command(node: &Node<'_>, problems: &mut Problems) -> EngineChoice {
    let Some(table) = Table::of("[engine]", node, problems) else { return EngineChoice::Command(Vec::new()) };
    table.refuse_unknown(&["command"], problems);
    let words = table.require("command", problems).map_or_else(Vec::new, |node| words(node, problems));
    EngineChoice::Command(words)
}

fn words(node: &Node<'_>, problems: &mut Problems) -> Vec<String> {
    let items = match node.get_ref() {
        DeValue::Array(items) if !items.is_empty() => items,
        _ => {
            problems.push(wrong_type("command", EXPECTED, node));
            return Vec::new();
        }
    };
    let mut words: Vec<String> = Vec::with_capacity(items.len());
    for item in items {
        let Some((word, _)) = text("command", item, problems) else { continue };
        // A program without a name can't be started, and no argument holds the byte that ends it.
        if word.contains('\0') || (words.is_empty() && word.is_empty()) {
            problems.push(wrong_type("command", EXPECTED, item));
        }
        words.push(word.to_owned());
    }
    words
}
