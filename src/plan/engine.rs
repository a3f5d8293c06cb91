//! Who carries the runs of a plan out, as it enters their ids.

use serde::{Deserialize, Serialize};
use sweep_protocol::terms::ContentHash;

/// An engine: what a worker says of itself, and how it is started where it doesn't come with sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PlannedEngine {
    /// Its name, printed with every number.
    pub name: String,
    /// Its version, and that of what it stands on.
    pub version: String,
    /// Whether it trains networks on data. The numbers of one that doesn't are shown as simulated.
    pub trains: bool,
    /// The user's command; nothing for an engine that comes with sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<EngineCommand>,
}

/// A command of the user's that speaks the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineCommand {
    /// The program and its arguments; paths are relative to the working folder.
    pub words: Vec<String>,
    /// Those of the words that name files of the user's, with what they contained.
    pub files: Vec<EngineFile>,
}

/// A file that a command names: a program or a script below the grid's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineFile {
    /// Which word of the command it is.
    pub word: usize,
    /// Hash of its bytes.
    pub blake3: ContentHash,
}

/// What a plan calls an engine that nobody has asked who it is. No worker may bear the name.
pub const UNASKED: &str = "(not asked)";

impl PlannedEngine {
    /// An engine that comes with sweep.
    pub fn ours(name: &str, version: &str, trains: bool) -> Self {
        Self { name: name.to_owned(), version: version.to_owned(), trains, command: None }
    }

    /// A command that was not started, so that nobody knows who it is. A plan for it is good for looking at alone: its ids
    /// are those of no result.
    pub fn unasked(command: EngineCommand, trains: bool) -> Self {
        Self { name: UNASKED.to_owned(), version: String::new(), trains, command: Some(command) }
    }

    /// Everything about the engine that decides results. A command enters with the content of its files in place of their
    /// names, so that neither an edited script is taken for the old one nor a moved one for another.
    pub fn identity(&self) -> String {
        let Self { name, version, .. } = self;
        match &self.command {
            None => format!("{name} {version}"),
            Some(command) => {
                let words = serde_json::to_string(&command.contents()).expect("plain data serialises");
                format!("command {name} {version}: {words}")
            }
        }
    }
}

impl EngineCommand {
    /// The command as a person reads it.
    pub fn line(&self) -> String {
        self.words.join(" ")
    }

    fn contents(&self) -> Vec<String> {
        let content = |(position, word): (usize, &String)| {
            let file = self.files.iter().find(|file| file.word == position);
            file.map_or_else(|| word.clone(), |file| format!("blake3 {}", file.blake3))
        };
        self.words.iter().enumerate().map(content).collect()
    }
}
